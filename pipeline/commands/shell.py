"""From command to shell: errors become a sentence and an exit status, and libraries stay silent."""

from __future__ import annotations

import os
import shlex
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from pipeline.commands.exit_status import ExitStatus
from pipeline.study.wording import in_lines

if TYPE_CHECKING:
    from pipeline.commands.exit_status import RunSummary
    from pipeline.running.progress import Reporter


StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="The study folder.", show_default=False)]


class OneLineStop(TyperGroup):
    """The group of commands; Ctrl-C ends each of them with one line."""

    def invoke(self, ctx: Any) -> Any:  # typer has its own copy of click, whose types are private
        """Run the typed command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            complain("stopped; every finished tube is kept: run the same command again to go on")
            raise typer.Exit(ExitStatus.INTERRUPTED) from None


def examples(*lines: str) -> str:
    """Return examples for the help, with a blank line between two of them."""
    return "\n\n".join(("Examples:" if len(lines) > 1 else "Example:", *lines))


def in_quotes(path: Path) -> str:
    """Return a path as it is typed after a command: in quotes if a blank or a sign would split it.

    >>> in_quotes(Path("my_study")), in_quotes(Path("my study"))
    ('my_study', '"my study"')
    """
    text = str(path)
    if os.name == "posix" and any(letter in text for letter in '"$`\\!'):
        return shlex.quote(text)
    return f'"{text}"' if any(letter in text for letter in " &()';#*?<>|[]{}~") else text


def complain(text: str) -> None:
    """Print a sentence on standard error, broken into short lines."""
    typer.echo(in_lines(text if "\n" in text else f"cd38rd: {text}"), err=True)


def sentence_and_status(error: Exception, words: Sequence[str] = ()) -> ExitStatus:
    """Print the text of an error, and return its exit status; with CD38RD_DEBUG a defect is raised.

    Parameters
    ----------
    error
        What ended the command.
    words
        The words of the command; the first study folder among them gets the traceback of a defect.
    """
    from pipeline.fcs import FcsError
    from pipeline.files.whole import NotWrittenError
    from pipeline.running.defects import DefectError
    from pipeline.study.errors import UsageError, UserError

    if isinstance(error, DefectError):
        complain(str(error))
        return ExitStatus.SOME_FAILED
    if isinstance(error, NotWrittenError):
        complain(str(error))
        return ExitStatus.NOT_WRITTEN
    if isinstance(error, UserError | FcsError):
        complain(str(error))
        return ExitStatus.WRONG_USAGE if isinstance(error, UsageError) else ExitStatus.FAULTS
    if os.environ.get("CD38RD_DEBUG"):
        raise error
    complain(
        f"a defect of cd38rd, not of your study: {type(error).__name__}: {error}. "
        f"Nothing you typed was changed. {_where_traceback_is(error, words)}: please report it, without "
        "patient data"
    )
    return ExitStatus.DEFECT


def _where_traceback_is(error: Exception, words: Sequence[str]) -> str:
    """Keep the traceback of a defect, and return in words where it is; it is printed if no file takes it."""
    from pipeline.running.defects import keep_traceback

    log_file = keep_traceback(error, _results_of(words))
    if log_file is not None:
        return f"Its traceback is in {log_file}"
    typer.echo("".join(traceback.format_exception(error)), err=True)
    return "Its traceback is printed above"


def _results_of(words: Sequence[str]) -> Path | None:
    """Return the results of the first study folder among the words of a command; None: there are none."""
    for folder in (inner for word in words for inner in (Path(word), Path(word) / "study")):
        with suppress(OSError, ValueError):  # a word that cannot be a path
            is_study = any((folder / name).exists() for name in ("study.xlsx", "samples.csv"))
            if is_study and (folder / "results").is_dir():
                return folder.resolve() / "results"
    return None


def hush_libraries() -> None:
    """Hide the warnings of libraries, which mean nothing to a user, except with CD38RD_DEBUG or python -W."""
    if not sys.warnoptions and not os.environ.get("CD38RD_DEBUG"):
        warnings.simplefilter("ignore")
        os.environ.setdefault("PYTHONWARNINGS", "ignore")  # workers too


def write_utf8() -> None:
    """Write UTF-8, since Windows consoles and pipes may default to a code page without ± and ·."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def finish(
    study: Path, work: Callable[[Path], RunSummary], *, quiet: bool = False, for_programs: bool = False
) -> None:
    """Do a command's work on a study, print its summary, and exit with its status."""
    summary = work(study_folder(study))
    if for_programs:
        from pipeline.running.progress import print_json

        texts = {"text": summary.text, "faults": summary.faults, "failures": summary.failures}
        print_json({"status": int(summary.exit_status), **texts})
        raise typer.Exit(summary.exit_status)
    if summary.faults:
        complain(summary.faults)
    if not quiet and summary.text:
        typer.echo(in_lines(summary.text))
    if summary.failures:
        complain(summary.failures)
    raise typer.Exit(summary.exit_status)


def with_reporter(
    work: Callable[[Path, Reporter], RunSummary], *, quiet: bool, for_programs: bool = False
) -> Callable[[Path], RunSummary]:
    """Return the work together with a progress display."""
    from pipeline.running.progress import reporter

    def shown(folder: Path) -> RunSummary:
        with reporter(quiet=quiet, for_programs=for_programs) as progress:
            return work(folder, progress)

    return shown


def study_folder(folder: Path) -> Path:
    """Return the folder; for a simulated one, the study inside it."""
    _must_be_folder(folder)
    folder = folder.resolve()  # the workers of a cluster run in other folders
    inner = folder / "study"
    if not any((folder / name).exists() for name in ("study.xlsx", "samples.csv")) and inner.is_dir():
        complain(f"{folder} holds a study in {inner}: using that one")
        return inner
    return folder


def _must_be_folder(folder: Path) -> None:
    from pipeline.study.errors import UsageError

    if not folder.is_dir():
        actual = "a file" if folder.exists() else "nothing"
        raise UsageError(f"{folder}: found {actual}, expected a folder")
