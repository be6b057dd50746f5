"""Defects of cd38rd: their text for users, and results/log.txt. A bad tube is no defect: see prepared.py."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pipeline.files.own_folder import private_folder
from pipeline.files.whole import NotWrittenError

LOG_FILE = "log.txt"
LOGGERS = ("pipeline", "gating", "calibration")
THE_DATA = "the data"
"""Words for what is not at fault, if a defect is in a model or a table."""

Made = TypeVar("Made")

log = logging.getLogger(__name__)


class DefectError(Exception):
    """A defect of cd38rd stopped the run, as `--on-error stop` demands."""

    def __init__(self, name: str, failure: str, sound: str = "this file") -> None:
        super().__init__(
            f"{name}: {defect_note(failure, sound)}. "
            "Stopped, as asked by --on-error stop; every finished tube is kept"
        )


def defect_note(failure: str, sound: str = "this file") -> str:
    """Return the text of a row about a defect.

    Parameters
    ----------
    failure
        Type and text of the exception.
    sound
        What is not at fault.
    """
    return (
        f"a defect of cd38rd, not of {sound}: {failure}. "
        f"Its traceback is in results/{LOG_FILE}: please report it, without patient data"
    )


@dataclass(slots=True)
class CaughtDefects:
    """The parts of a result that defects of cd38rd prevented; each defect is logged.

    Attributes
    ----------
    kind
        Word before each name in the log, for example `model `.
    refusals
        Exceptions that mean that the data do not allow a part: they are raised, and are no defects.
    failures
        By the name of the part: type and text of the exception.
    """

    kind: str = ""
    refusals: tuple[type[Exception], ...] = ()
    failures: dict[str, str] = field(default_factory=dict)

    def caught(self, name: str, make: Callable[[], Made]) -> Made | None:
        """Return the part; None if a defect prevented it, with the traceback in the log."""
        try:
            return make()
        except self.refusals:
            raise
        except Exception as defect:
            self.failures[name] = f"{type(defect).__name__}: {defect}"
            log.exception("%s%s: %s", self.kind, name, self.failures[name])
            return None


class _LogFile(logging.FileHandler):
    """A log that stays silent if the disk is full, since the results report the full disk."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the name is logging's
        """Leave the line out."""

    def close(self) -> None:
        """Close the file, even if its last lines cannot be written."""
        with suppress(OSError):
            super().close()


def _log_file(path: Path) -> _LogFile:
    handler = _LogFile(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


@contextmanager
def logged_to(results: Path) -> Iterator[None]:
    """Append the log messages of the three packages to results/log.txt while a command runs."""
    path = results / LOG_FILE
    try:
        handler = _log_file(path)
    except OSError as error:
        raise NotWrittenError(
            path, error.strerror or str(error), isinstance(error, PermissionError)
        ) from None
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
        handler.close()


def keep_traceback(error: Exception, results: Path | None) -> Path | None:
    """Append the traceback of a defect to a log, and return that log.

    Parameters
    ----------
    error
        The defect.
    results
        Folder with the results of the study. If there is none, or if it cannot be written, the log is in
        this user's own folder of cd38rd.

    Returns
    -------
    Path
        The log, such as results/log.txt; None if no log could be written.
    """
    if results is not None and results.is_dir() and _is_kept(error, results / LOG_FILE):
        return results / LOG_FILE
    try:
        own = private_folder() / LOG_FILE
    except OSError:
        return None
    return own if _is_kept(error, own) else None


def _is_kept(error: Exception, path: Path) -> bool:
    """Append a traceback to a log; tell whether all of it is there, since a disk may be full."""
    kind, text = type(error), "".join(traceback.format_exception(error))
    try:
        before = path.stat().st_size if path.exists() else 0
        handler = _log_file(path)
        words = f"a defect of cd38rd: {kind.__name__}"
        handler.handle(
            log.makeRecord(log.name, logging.ERROR, "", 0, words, (), (kind, error, error.__traceback__))
        )
        handler.close()
        return path.stat().st_size - before >= len(text.encode("utf-8", "replace"))
    except OSError:
        return False
