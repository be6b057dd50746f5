#!/bin/sh
# Copy this file into your study folder and double-click it there: the study opens as a page in your browser.
# Keep this window open as long as you use the page.
cd "$(dirname "$0")" || exit 1
PATH="$HOME/.local/bin:$PATH"

if ! command -v cd38rd > /dev/null; then
  echo "cd38rd was not found. Is it installed? Close all windows like this one and try again."
else
  cd38rd open .
fi
printf 'Press Enter to close this window. '
read -r _
