"""Opening the sheets in the computer's usual program, and the command that does the same by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pipeline.commands.shell import in_quotes
from pipeline.page.stages.watching import sheet_files

SECONDS_TO_FAIL = 3.0
"""Time in which a program that cannot open a file says so. Convention: one that opens it goes on, or has
handed it over by then."""


def sheets_to_open(folder: Path) -> Path | None:
    """Return the workbook, or the folder of the CSV files; None if there are no sheets."""
    files = sheet_files(folder)
    if not files:
        return None
    return files[0] if files[0].suffix.casefold() == ".xlsx" else folder


def opening_command(path: Path) -> str:
    """Return the command that opens a file or folder in its usual program."""
    return f"{_program() or 'start'} {in_quotes(path)}"


def open_in_its_program(path: Path) -> str:
    """Open a file or folder in its usual program; return why that failed, "" if it did not."""
    try:
        if sys.platform == "win32":
            os.startfile(path)
            return ""
        started = subprocess.Popen(
            [_program(), str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"no program of this computer opens {path.name} ({error.strerror})"
    try:
        failed = started.wait(SECONDS_TO_FAIL) != 0
    except subprocess.TimeoutExpired:
        failed = False
    return f"no program of this computer opens {path.name}" if failed else ""


def _program() -> str:
    return {"win32": "", "darwin": "open"}.get(sys.platform, "xdg-open")
