"""Stamps of files: another one once a file was written, so that what was read of it is read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.study.errors import UserError


def study_stamp(folder: Path) -> tuple[Any, ...]:
    """Return what differs once a sheet or a stored result was written; review.csv is not among them.

    Raises
    ------
    UserError
        The folder is not there any more.
    """
    try:
        sheets = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.casefold() in (".xlsx", ".csv") and path.name.casefold() != "review.csv"
        )
    except OSError as error:
        raise UserError(
            f"the folder {folder.name} cannot be read ({error.strerror}): was it moved, or its drive removed?"
        ) from error
    store = folder / "results" / "store"
    parts = (*sheets, folder / "results" / "run.json", store, store / "alone", store / "beads")
    return tuple((path.name, file_stamp(path)) for path in parts)


def file_stamp(path: Path) -> tuple[int, int, int] | None:
    """Return size, time of change and number of a file; None where it is not there."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino
