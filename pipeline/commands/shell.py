"""How a command meets the shell: errors become a sentence and a status, libraries are silent."""

from __future__ import annotations

import os
import sys
import warnings

import typer

from pipeline.commands.exit_status import ExitStatus


def complain(text: str) -> None:
    """Print a sentence on standard error."""
    typer.echo(text if "\n" in text else f"cd38rd: {text}", err=True)


def sentence_and_status(error: Exception) -> ExitStatus:
    """Print what an error says, and return the status it ends with; with CD38RD_DEBUG a defect is raised."""
    from pipeline.fcs import FcsError
    from pipeline.files.whole import NotWrittenError
    from pipeline.running.defects import DefectFoundError
    from pipeline.study.errors import UsageError, UserError

    if isinstance(error, DefectFoundError):
        complain(str(error))
        return ExitStatus.SOME_FAILED
    if isinstance(error, UserError | FcsError | NotWrittenError):
        complain(str(error))
        return ExitStatus.WRONG_USAGE if isinstance(error, UsageError) else ExitStatus.FAULTS
    if os.environ.get("CD38RD_DEBUG"):
        raise error
    complain(
        f"a defect of cd38rd, not of your study: {type(error).__name__}: {error}. "
        "Nothing you typed was changed. Set CD38RD_DEBUG=1 to see where, and please report it"
    )
    return ExitStatus.DEFECT


def hush_libraries() -> None:
    """Show no warning of a library, which says nothing to a user, but with CD38RD_DEBUG or python -W."""
    if not sys.warnoptions and not os.environ.get("CD38RD_DEBUG"):
        warnings.simplefilter("ignore")
        os.environ.setdefault("PYTHONWARNINGS", "ignore")  # workers too


def write_utf8() -> None:
    """Windows consoles and pipes may default to a code page that lacks ± and ·."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
