@echo off
rem Copy this file into your study folder and double-click it there.
rem The first time it writes study.xlsx and opens it; later it checks, runs and opens the report.
cd /d "%~dp0"
where cd38rd >nul 2>nul
if errorlevel 1 (
  echo cd38rd was not found. Is it installed? Close all windows like this one and try again.
  pause
  exit /b 1
)
if exist study.xlsx goto run
if exist samples.csv goto run
cd38rd init .
if not errorlevel 1 start "" study.xlsx
pause
exit /b
:run
cd38rd run .
if errorlevel 1 if not errorlevel 3 goto end
if exist results\report.html start "" results\report.html
:end
pause
