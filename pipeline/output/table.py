"""A table of results and its CSV: the same cells give the same bytes."""

from __future__ import annotations

import csv
import io
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from calibration.curve.standard_curve import StandardCurve
from pipeline.files.formula import no_formula
from pipeline.files.whole import write_whole

log = logging.getLogger(__name__)

Cell: TypeAlias = str | int | float | bool | date | None
Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns with names, rows of cells; None = not known.

    Raises
    ------
    ValueError
        A row is longer or shorter than the columns.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"row {number} of the table has {len(row)} cells, expected {len(self.columns)}: "
                    f"one for each of {', '.join(self.columns)}"
                )


@dataclass(frozen=True, slots=True)
class Column(Generic[Facts]):
    """A column of a table: its name, and its cell from the facts of a row."""

    name: str
    cell: Callable[[Facts], Cell]


def attributes(*names: str) -> tuple[Column[Any], ...]:
    """Return columns, each named like the attribute that it shows."""
    return tuple(Column(name, attrgetter(name)) for name in names)


class WithCurve(Protocol):
    """What may have a standard curve: a bead run, or a tube."""

    @property
    def curve(self) -> StandardCurve | None:
        """Its curve; None if it has none."""


def cell_of_curve(cell: Callable[[StandardCurve], Cell], without: Cell = None) -> Callable[[WithCurve], Cell]:
    """Return the cell of a row's curve; `without`: the cell where there is no curve."""
    return lambda row: cell(row.curve) if row.curve else without


def names_of(columns: Iterable[Column[Facts]]) -> tuple[str, ...]:
    """Return the names of columns, in their order."""
    return tuple(column.name for column in columns)


def table_of(columns: Sequence[Column[Facts]], rows: Iterable[Facts]) -> Table:
    """Return a table with a row for each set of facts; header and cells come from the same columns.

    Examples
    --------
    >>> table_of((Column("text", str), Column("length", len)), ["a", "bc"])
    Table(columns=('text', 'length'), rows=(('a', 1), ('bc', 2)))
    """
    cells = tuple(tuple(column.cell(facts) for column in columns) for facts in rows)
    return Table(names_of(columns), cells)


def significant(value: float) -> float | None:
    """Round to 6 significant digits; None where it is not a finite number.

    Examples
    --------
    >>> significant(123456.789), significant(float("nan"))
    (123457.0, None)
    """
    return float(f"{value:.6g}") + 0.0 if math.isfinite(value) else None


def cell_text(value: Cell) -> str:
    """Return a cell as CSV text: 6 significant digits, ISO dates, empty = not known.

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


def csv_text(table: Table, *, as_typed: bool = False) -> str:
    """Return a table as CSV with LF line ends.

    `as_typed` leaves typed text unchanged. Otherwise no cell begins a formula, because people open such a
    file in Excel (see `no_formula`).
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    cell = _plain if as_typed else _harmless
    writer.writerows(map(cell, row) for row in table.rows)
    return text.getvalue()


def _plain(value: Cell) -> str:
    """Return `cell_text`; most cells are text already."""
    return value if type(value) is str else cell_text(value)


def _harmless(value: Cell) -> str:
    return no_formula(value) if isinstance(value, str) else cell_text(value)


def write_csv(path: Path, table: Table, *, as_typed: bool = False) -> None:
    """Write a table as UTF-8 CSV with LF line ends, as `csv_text` gives it."""
    write_whole(path, csv_text(table, as_typed=as_typed))
    log.debug("written: %s", path.name)


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
