"""Defects of cd38rd: what is said of them, and results/log.txt. A bad tube is none: see prepared.py."""

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
"""What a defect in a model or a table is not of."""

Made = TypeVar("Made")

log = logging.getLogger(__name__)


class DefectError(Exception):
    """A defect of cd38rd stopped the run, as was asked for."""

    def __init__(self, name: str, failure: str, sound: str = "this file") -> None:
        super().__init__(
            f"{name}: {defect_note(failure, sound)}. "
            "Stopped, as asked by --on-error stop; every finished tube is kept"
        )


def defect_note(failure: str, sound: str = "this file") -> str:
    """Return what a row says of a defect.

    Parameters
    ----------
    failure
        Kind and text of the exception.
    sound
        What is not at fault.
    """
    return (
        f"a defect of cd38rd, not of {sound}: {failure}. "
        f"Its traceback is in results/{LOG_FILE}: please report it, without patient data"
    )


@dataclass(slots=True)
class CaughtDefects:
    """The parts of a result that a defect of cd38rd left out; each is logged, and the other parts are made.

    Attributes
    ----------
    kind
        Word before each name in the log: `model `.
    refusals
        Exceptions by which a part says that the data do not allow it: they are raised, and are no defects.
    failures
        By the name of the part: kind and text of the exception.
    """

    kind: str = ""
    refusals: tuple[type[Exception], ...] = ()
    failures: dict[str, str] = field(default_factory=dict)

    def caught(self, name: str, make: Callable[[], Made]) -> Made | None:
        """Return the part; None, with its traceback in the log, where a defect kept it from being made."""
        try:
            return make()
        except self.refusals:
            raise
        except Exception as defect:
            self.failures[name] = f"{type(defect).__name__}: {defect}"
            log.exception("%s%s: %s", self.kind, name, self.failures[name])
            return None


class _LogFile(logging.FileHandler):
    """A log that a full disk cuts short: the results say that, and no traceback is shown for it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the name is logging's
        """Leave the line out."""

    def close(self) -> None:
        """Close the file, though its last lines cannot be written."""
        with suppress(OSError):
            super().close()


@contextmanager
def logged_to(results: Path) -> Iterator[None]:
    """Append what the three packages log to results/log.txt, while a command runs."""
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
