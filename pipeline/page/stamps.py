"""Stamps of files: a stamp changes if a file is written, so that the file is read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.review.review_file import REVIEW_FILE
from pipeline.study.errors import UserError


def study_stamp(folder: Path) -> tuple[Any, ...]:
    """Return a stamp that changes if a sheet or a stored result is written, but not with review.csv.

    Raises
    ------
    UserError
        The folder no longer exists.
    """
    try:
        sheets = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.casefold() in (".xlsx", ".csv") and path.name.casefold() != REVIEW_FILE
        )
    except OSError as error:
        raise UserError(
            f"the folder {folder.name} cannot be read ({error.strerror}): was it moved, or its drive removed?"
        ) from error
    store = folder / "results" / "store"
    parts = (*sheets, folder / "results" / "run.json", store, store / "alone", store / "beads")
    return tuple((path.name, file_stamp(path)) for path in parts)


def file_stamp(path: Path) -> tuple[int, int, int] | None:
    """Return size, time of change and number of a file; None if it does not exist."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def is_without_results(folder: Path) -> bool:
    """Whether a study folder is there, and holds no stored result of a tube."""
    return folder.is_dir() and not any((folder / "results" / "store").glob("*.json"))
