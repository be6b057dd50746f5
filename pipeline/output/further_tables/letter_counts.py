"""Patients' characteristics and the further tables of a letter: a row per share or median."""

from __future__ import annotations

from typing import Final

from pipeline.output.table import Cell, Table
from pipeline.response.characteristics import Characteristic
from pipeline.response.letter.cytogenetics import is_named
from pipeline.response.letter.part import TypedPart
from pipeline.response.statistics.counts import Proportion
from pipeline.response.tables import ResponseTables
from pipeline.study.quantity_name import PERCENT

LETTER_COLUMNS: Final = ("table", "row", "k", "n", "percent", "median", "low", "high", "unit", "method")

ANOTHER: Final = "another abnormality, as typed"
"""Replaces free text in files that leave the study, because free text may hold a name."""


def characteristic_table(tables: ResponseTables | None, *, as_typed: bool = True) -> Table:
    """Return baseline characteristics, exposure, safety, serum levels, and every part of the letter.

    Parameters
    ----------
    tables
        None: no table.
    as_typed
        Whether an abnormality unknown to the program keeps its typed name.
    """
    if tables is None:
        return Table(LETTER_COLUMNS, ())
    titled = (
        ("Patients before the study drug", tables.baseline, False),
        ("Exposure, safety and serum", tables.safety, False),
        *(
            (part.title, part.rows, isinstance(part, TypedPart) and not as_typed)
            for part in (tables.letter.parts if tables.letter else ())
        ),
    )
    return Table(
        LETTER_COLUMNS,
        tuple(_row(title, row, hides_text=hides) for title, rows, hides in titled for row in rows if row.n),
    )


def _row(title: str, row: Characteristic, *, hides_text: bool) -> tuple[Cell, ...]:
    name = ANOTHER if hides_text and not is_named(row.name) else row.name
    if isinstance(row, Proportion):
        return (title, name, row.k, row.n, row.percent, None, row.low, row.high, PERCENT, row.method)
    return (title, name, None, row.n, None, row.median, row.low, row.high, row.unit, row.method)
