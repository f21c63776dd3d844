@echo off
setlocal
if defined RESEARCH_COPILOT_NODE (
  set ELECTRON_RUN_AS_NODE=1
  "%RESEARCH_COPILOT_NODE%" "%~dp0..\..\dist\cli.js" %*
) else (
  node "%~dp0..\..\dist\cli.js" %*
)
