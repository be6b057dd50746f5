"""A sheet of rd.xlsx as data: its tables, and how they are looked at and printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from pipeline.output.table import Table
from pipeline.output.workbook.words import WORDS, ColumnWords
from pipeline.output.workbook.words.column import filled_in, without_words

Titled: TypeAlias = tuple[tuple[str, Table], ...]
"""Tables below each other, each with its title; "" where it has none."""

MOST_ROWS: Final = 2_000
"""Rows of a table that the workbook shows; the CSV and JSON files hold all of them."""

TYPED: Final = "typed "
"""Before the place of a column that a person typed: its header and its cells stand as they were typed."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: one table below the other, each with a title of its own unless there is one only.

    Attributes
    ----------
    names
        The study's own names in the words of columns: `marker`, `drug`, `study_drug`.
    study
        Name of the study, for the foot of printed pages.
    printed
        Columns that are printed, from the left; 0: all. The others are grouped, and shown.
    frozen
        Columns that stay in sight.
    file
        File of results/ that holds the table under the columns' code names; "": none does.
    typed
        Headers of the columns that a person typed, by their code.
    most_rows
        Rows of a table that are shown.
    """

    name: str
    tables: Titled
    names: Mapping[str, str] = field(default_factory=dict)
    study: str = ""
    printed: int = 0
    frozen: int = 1
    file: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    most_rows: int = MOST_ROWS

    @property
    def is_one_table(self) -> bool:
        """Whether its header is row 1, with one table below it."""
        return len(self.tables) == 1 and not self.tables[0][0]

    def words(self, code: str) -> ColumnWords:
        """Return the words of a column."""
        if code in self.typed:
            return ColumnWords(self.typed[code], "As typed in the samples sheet.")
        words = WORDS.get(code)
        return filled_in(words, dict(self.names)) if words else without_words(code)


def has_data(table: Table) -> bool:
    """Tell whether a table counts anybody; one without counts has data if it has rows.

    Examples
    --------
    >>> has_data(Table(("group", "k", "n"), (("ORR", 0, 0),))), has_data(Table(("text",), (("a",),)))
    (False, True)
    """
    if {"first", "second"} <= set(table.columns):
        places = (table.columns.index("first"), table.columns.index("second"))
        return any(not str(row[place]).endswith("/0") for row in table.rows for place in places)
    if "n" not in table.columns:
        return bool(table.rows)
    place = table.columns.index("n")
    return any(row[place] for row in table.rows)


def with_data(titled: Titled) -> Titled:
    """Leave out the tables that have nothing to show, and name them in one sentence at the end."""
    kept = tuple((title, table) for title, table in titled if has_data(table))
    empty = [title[:1].lower() + title[1:] for title, table in titled if title and not has_data(table)]
    if not empty or len(titled) == 1:
        return kept or titled
    said = Table(("text",), ((f"Nobody and nothing to show for: {'; '.join(empty)}.",),))
    return (*kept, ("Without data", said))


def sentences(texts: Iterable[str]) -> Table:
    """Return sentences as a table, a row each."""
    return Table(("text",), tuple((text,) for text in texts))
