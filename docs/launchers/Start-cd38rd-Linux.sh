#!/bin/sh
# Copy this file into your study folder and double-click it there.
# The first time it writes study.xlsx and opens it; later it checks, runs and opens the report.
cd "$(dirname "$0")" || exit 1
PATH="$HOME/.local/bin:$PATH"

show() {
  if command -v open > /dev/null; then open "$1"; elif command -v xdg-open > /dev/null; then xdg-open "$1"; fi
}

if ! command -v cd38rd > /dev/null; then
  echo "cd38rd was not found. Is it installed? Close all windows like this one and try again."
elif [ ! -e study.xlsx ] && [ ! -e samples.csv ]; then
  cd38rd init . && show study.xlsx
else
  cd38rd run .
  status=$?
  if [ "$status" -eq 0 ] || [ "$status" -eq 3 ]; then show results/report.html; fi
fi
printf 'Press Enter to close this window. '
read -r _
