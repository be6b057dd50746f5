@echo off
rem Copy this file into your study folder and double-click it there: the study opens as a page in your browser.
rem Keep this window open as long as you use the page.
cd /d "%~dp0"
where cd38rd >nul 2>nul
if errorlevel 1 (
  echo cd38rd was not found. Is it installed? Close all windows like this one and try again.
  pause
  exit /b 1
)
cd38rd open .
pause
