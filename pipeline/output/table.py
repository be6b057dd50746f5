"""A table of results and its CSV: the same cells give the same bytes."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | date | None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns with names, rows of cells; None = not known."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def significant(value: float) -> float | None:
    """Round to 6 significant digits; None where it is not a finite number.

    Examples
    --------
    >>> significant(123456.789), significant(float("nan"))
    (123457.0, None)
    """
    return float(f"{value:.6g}") + 0.0 if math.isfinite(value) else None


def cell_text(value: Cell) -> str:
    """Return a cell as it stands in a CSV: 6 significant digits, ISO dates, empty = not known.

    Examples
    --------
    >>> [cell_text(value) for value in (1234567.8, 0.000123456789, -0.0, None, True, date(2024, 5, 31))]
    ['1234570', '0.000123457', '0', '', 'yes', '2024-05-31']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def csv_text(table: Table) -> str:
    """Return a table as CSV with LF line ends; what was typed stays as it was typed."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return text.getvalue()


def _plain(value: Cell) -> str:
    """Return `cell_text`; most cells are text already."""
    return value if type(value) is str else cell_text(value)


def write_csv(path: Path, table: Table) -> None:
    """Write a table as UTF-8 CSV with LF line ends."""
    path.write_text(csv_text(table), encoding="utf-8", newline="")


def as_sentences(notes: Iterable[str]) -> str:
    """Join notes so that several can stand in one cell, each ended like a sentence.

    Examples
    --------
    >>> as_sentences(["no control tube", "", "Really?"])
    'no control tube. Really?'
    """
    return " ".join(note if note.endswith((".", "!", "?", "…")) else f"{note}." for note in notes if note)


def _number_text(value: float) -> str:
    rounded = significant(value)
    if rounded is None:
        return ""
    return str(int(rounded)) if rounded.is_integer() and abs(rounded) < 1e15 else repr(rounded)
