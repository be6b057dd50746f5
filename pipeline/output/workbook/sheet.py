"""A sheet of rd.xlsx as data: its table, and how it is looked at and printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.output.table import Table
from pipeline.output.workbook.words import WORDS, ColumnWords
from pipeline.output.workbook.words.column import filled_in, without_words

MOST_ROWS_SHOWN: Final = 2_000
"""Rows of a table that the workbook shows; the CSV and JSON files hold all of them."""

TYPED_PREFIX: Final = "typed "
"""Before the place of a column that a person typed: its header and its cells stand as they were typed."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: one table, whose header is its first row.

    Attributes
    ----------
    names
        The study's own names in the words of columns: `marker`, `drug`, `study_drug`.
    study
        Name of the study, for the head of printed pages.
    printed
        Columns that are printed, from the left, or fewer where the letters would be too small; 0: all. The
        others are grouped, and shown.
    frozen
        Columns that stay in sight.
    file
        File of results/ that holds the table under the columns' code names; "": none does.
    typed
        Headers of the columns that a person typed, by their code.
    empty
        Text of a sheet without rows.
    most_rows
        Rows that are shown.
    all_rows
        Where all rows are.
    """

    name: str
    table: Table
    names: Mapping[str, str] = field(default_factory=dict)
    study: str = ""
    printed: int = 0
    frozen: int = 1
    file: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    empty: str = ""
    most_rows: int = MOST_ROWS_SHOWN
    all_rows: str = "rd_samples.csv, rd_patients.csv, washout.json, run.json and statistics/ hold all"

    def words(self, code: str) -> ColumnWords:
        """Return the words of a column."""
        if code in self.typed:
            return ColumnWords(self.typed[code], "As typed in the samples sheet.")
        words = WORDS.get(code)
        return filled_in(words, dict(self.names)) if words else without_words(code)
