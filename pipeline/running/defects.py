"""Defects of cd38rd: their text for users, and results/log.txt. A bad tube is no defect: see prepared.py."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

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


@contextmanager
def logged_to(results: Path) -> Iterator[None]:
    """Append the log messages of the three packages to results/log.txt while a command runs."""
    path = results / LOG_FILE
    try:
        handler = _LogFile(path, encoding="utf-8")
    except OSError as error:
        raise NotWrittenError(
            path, error.strerror or str(error), isinstance(error, PermissionError)
        ) from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
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
