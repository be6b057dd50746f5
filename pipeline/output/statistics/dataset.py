"""A dataset: named variables with label, type and origin, and rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.output.table import Cell, Table, significant

Kind = Literal["text", "number", "whole", "date"]


@dataclass(frozen=True, slots=True)
class Variable:
    """A column. In XPORT a name has at most 8 characters and a label at most 40.

    Attributes
    ----------
    origin
        Where the value comes from, or how it is derived.
    """

    name: str
    label: str
    kind: Kind = "text"
    origin: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Variables and rows of cells; None or "" = missing.

    `xport`: written as SAS XPORT version 5 too, else as Parquet; CSV is always written.
    """

    name: str
    label: str
    variables: tuple[Variable, ...]
    rows: tuple[tuple[Cell, ...], ...]
    xport: bool = False

    @property
    def table(self) -> Table:
        """The dataset as a table for CSV."""
        return Table(tuple(variable.name for variable in self.variables), self.rows)

    def column(self, index: int) -> list[Cell]:
        """Return a column's cells in their type: numbers of 6 significant digits, None = missing."""
        if self.variables[index].kind == "number":
            return [_number(row[index]) for row in self.rows]
        return [None if row[index] == "" else row[index] for row in self.rows]


def dataset(
    name: str, label: str, variables: Sequence[Variable], rows: Iterable[tuple[Cell, ...]], *, xport: bool
) -> Dataset:
    """Return a dataset whose rows all have a cell per variable.

    Raises
    ------
    ValueError
        A row is longer or shorter than the variables.
    """
    every = tuple(rows)
    if any(len(row) != len(variables) for row in every):
        raise ValueError(f"{name}: expected {len(variables)} cells in every row")
    return Dataset(name, label, tuple(variables), every, xport)


def dictionary(datasets: Iterable[Dataset]) -> Table:
    """Return the data dictionary: a row per variable of every dataset."""
    columns = ("dataset", "dataset_label", "variable", "label", "type", "unit", "origin")
    rows = (
        (data.name, data.label, v.name, v.label, v.kind, v.unit, v.origin)
        for data in datasets
        for v in data.variables
    )
    return Table(columns, tuple(rows))


def _number(value: Cell) -> Cell:
    if value is None or value == "":
        return None
    return significant(float(value)) if isinstance(value, int | float) else value
