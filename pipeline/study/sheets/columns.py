"""Columns and rows: the cells of a sheet are read into pydantic rows, whose fields describe the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from pipeline.study.faults import Fault
from pipeline.study.sheets.tables import SheetCell, SheetRow, TypedSheet
from pipeline.study.wording import enumerate_words, quoted


class Row(BaseModel):
    """A row of a sheet."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


RowT = TypeVar("RowT", bound=Row)
LEAST_NEEDED = 3
"""Fewest required columns of a sheet for a row that fills only one of them to count as a note. Convention:
with one or two required columns, a row that fills one may be meant."""
MOST_NOTE_CELLS = 2
"""Most filled cells of a note or a total below a table: a word, and perhaps a sum. Convention: a row with
three filled cells is a row of the table."""


def column(
    sentence: str,
    *,
    header: str = "",
    example: str = "",
    required: bool = False,
    default: Any = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a pydantic field with the sentence that explains its column.

    `header`: the name of the column in the sheet; "": that of the field.
    """
    facts: dict[str, Any] = {"example": example, "required": required, "choices": list(choices)}
    return Field(default, alias=header or None, description=sentence, json_schema_extra=facts)


def column_names(model: type[Row]) -> tuple[str, ...]:
    """Return the column names of a sheet in the order of its model."""
    return tuple(column_fields(model))


@cache
def column_fields(model: type[Row]) -> Mapping[str, FieldInfo]:
    """Return the field of each column of a sheet, by the column's name."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


@cache
def _field_names(model: type[Row]) -> Mapping[str, str]:
    return {field.alias or name: name for name, field in model.model_fields.items()}


def value_in(row: Row, column: str) -> Any:
    """Return the value of a row in a column."""
    return getattr(row, _field_names(type(row))[column])


def column_facts(model: type[Row], name: str) -> Mapping[str, Any]:
    """Return the facts of a column: `example`, `required` and `choices`."""
    facts = column_fields(model)[name].json_schema_extra
    return facts if isinstance(facts, dict) else {}


@cache
def required_columns(model: type[Row]) -> tuple[str, ...]:
    """Return the columns that every row must fill."""
    return tuple(name for name in column_names(model) if column_facts(model, name)["required"])


@dataclass(frozen=True, slots=True)
class Entry(Generic[RowT]):
    """A row with the location of each of its cells."""

    row: RowT
    sheet: str
    typed: SheetRow

    def at(self, name: str) -> str:
        """Return the location of a column's cell in this row, as Excel names it."""
        cell = self.typed.cells.get(name)
        return cell.where if cell else f"{self.sheet}!{self.typed.number}"


def read_rows(sheet: TypedSheet, model: type[RowT]) -> tuple[tuple[Entry[RowT], ...], tuple[Fault, ...]]:
    """Read the rows of a sheet.

    Returns
    -------
    rows
        Each row with its cells.
    faults
        A fault for each missing column, and for each cell that is empty although required, or cannot be read.
    """
    faults = _missing_columns(sheet, model) if sheet.rows or sheet.columns else []
    rows = []
    for typed in sheet.rows:
        note = _note(typed, model)
        if note:
            faults.append(note)
            continue
        row, wrong = read_row(typed.cells, model)
        rows.append(Entry(row, sheet.name, typed))
        faults += wrong
    return tuple(rows), tuple(faults)


def _note(typed: SheetRow, model: type[Row]) -> Fault | None:
    """Return the fault of a row that is a note or a total below the table; None for a row of data."""
    needed = [name for name in required_columns(model) if name in typed.cells]
    missing = [name for name in needed if typed.cells[name].is_empty]
    filled = [cell for cell in typed.cells.values() if not cell.is_empty]
    if len(needed) < LEAST_NEEDED or len(missing) < len(needed) - 1 or len(filled) > MOST_NOTE_CELLS:
        return None
    if not filled:
        return None
    problem = f"{quoted(filled[0].value)} in a row without {enumerate_words(missing, 'and')}"
    hint = "Delete a note or a total, or put it into a sheet that starts with _."
    return Fault(filled[0].where, problem, "a whole row", hint)


def read_row(cells: Mapping[str, SheetCell], model: type[RowT]) -> tuple[RowT, list[Fault]]:
    """Read a row; a cell that cannot be read becomes a fault, and its field keeps the default."""
    values = {name: cell.value for name, cell in cells.items() if not cell.is_empty}
    faults = [
        Fault(cells[name].where, "nothing", _expectation(model, name))
        for name in required_columns(model)
        if name in cells and cells[name].is_empty and not cells[name].faulty
    ]
    try:
        return model.model_validate(values), faults
    except ValidationError as error:
        wrong = {str(detail["loc"][0]): detail for detail in error.errors(include_url=False)}
    for name, detail in wrong.items():
        context = detail.get("ctx", {})
        expected, hint = context.get("expected", detail["msg"]), context.get("hint", "")
        faults.append(Fault(cells[name].where, quoted(cells[name].value), expected, hint))
    return model.model_validate({name: value for name, value in values.items() if name not in wrong}), faults


def _missing_columns(sheet: TypedSheet, model: type[Row]) -> list[Fault]:
    return [
        Fault(sheet.name, f"no column {name}", f"a column {name}: {_expectation(model, name)}")
        for name in required_columns(model)
        if name not in sheet.columns
    ]


def _expectation(model: type[Row], name: str) -> str:
    """Return the name and the sentence of a column, with an example, for a message."""
    example = column_facts(model, name)["example"]
    sentence = (column_fields(model)[name].description or name).rstrip(".")
    return f"{name} ({sentence}), for example {example}" if example else f"{name} ({sentence})"
