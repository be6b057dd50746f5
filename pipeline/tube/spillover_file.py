"""A spillover matrix that the study names in a CSV file, used instead of the files' own."""

from __future__ import annotations

import csv
from pathlib import Path

from gating.events.compensation import SpilloverMatrix, UnusableSpilloverError, spillover_from_rows
from pipeline.files.content import must_not_wait
from pipeline.study.errors import UserError


def read_spillover(folder: Path, name: str) -> SpilloverMatrix:
    """Return the matrix of a CSV file: channel names in the first row, then a row of numbers per channel.

    Parameters
    ----------
    folder
        The study folder; `name` is relative to it.

    Raises
    ------
    UserError
        If the file cannot be read or holds no usable matrix.
    """
    path = folder / name
    expected = "a CSV with channel names in its first row and one row of numbers per channel"
    try:
        must_not_wait(path)
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{name}: cannot be read ({error}), expected {expected}") from None
    separator = ";" if text.partition("\n")[0].count(";") else ","
    try:
        matrix = spillover_from_rows(list(csv.reader(text.splitlines(), delimiter=separator)), name)
        matrix.inverse()
    except (UnusableSpilloverError, csv.Error) as error:
        raise UserError(f"{error}; expected {expected}") from None
    return matrix
