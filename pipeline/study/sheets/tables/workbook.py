"""Workbooks: the cells of every sheet, as Excel and LibreOffice save them."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.study.faults import Fault
from pipeline.study.sheets.tables.grid import (
    CellValue,
    HiddenCells,
    RawSheet,
    SheetCell,
    column_letter,
    header_name,
)
from pipeline.study.sheets.tables.library_calls import WORKBOOK_EXPECTED, PackageError, by_library
from pipeline.study.sheets.tables.package import looks_of
from pipeline.study.wording import quoted

if TYPE_CHECKING:
    from openpyxl import Workbook

WORKBOOK = "study.xlsx"


def read_workbook(
    path: Path, known_sheets: Collection[str]
) -> tuple[tuple[RawSheet, ...], tuple[Fault, ...]]:
    """Read a workbook: typed values, and the values of formulas when it was saved.

    Parameters
    ----------
    known_sheets
        Names of the sheets to read. Of other sheets only the first row that is not empty is read.
    """
    problem = _workbook_problem(path)
    if problem:
        return (), (problem,)
    try:
        looks = looks_of(path, known_sheets)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _workbook_sheets(path, known_sheets, looks)
    except PackageError as error:
        return (), (error.fault,)


def _workbook_problem(path: Path) -> Fault | None:
    hint = "Take a backup, or write a new one with `cd38rd init`."
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
    except OSError as error:
        defect = f"a file that cannot be opened ({error.strerror})"
        return Fault(path.name, defect, "a readable workbook", "Is it open in another program?")
    if not start:
        return Fault(path.name, "an empty file (0 bytes)", WORKBOOK_EXPECTED, hint)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        defect = "an old .xls or a workbook with a password"
        return Fault(path.name, defect, WORKBOOK_EXPECTED, "Save it as .xlsx without a password.")
    if not zipfile.is_zipfile(path):
        defect = "a file that is no workbook, or is cut short"
        return Fault(path.name, defect, WORKBOOK_EXPECTED, hint)
    return None


def _workbook_sheets(
    path: Path, known_sheets: Collection[str], looks: Mapping[str, HiddenCells]
) -> tuple[tuple[RawSheet, ...], tuple[Fault, ...]]:
    from openpyxl import load_workbook

    sheets: list[RawSheet] = []
    faults: list[Fault] = []
    with path.open("rb") as with_values, path.open("rb") as with_formulas:
        values: Workbook = by_library(path.name, partial(load_workbook, data_only=True), with_values, True)
        formulas: Workbook = by_library(path.name, load_workbook, with_formulas, True)
        for sheet, twin in zip(values.worksheets, formulas.worksheets, strict=True):
            by_library(path.name, sheet.reset_dimensions)
            by_library(path.name, twin.reset_dimensions)
            name = header_name(sheet.title)
            struck: list[int] = []
            hidden = looks.get(sheet.title, HiddenCells())
            cells, formulae = (_rows_of(path.name, page, hidden.last_row) for page in (sheet, twin))
            read = _workbook_rows(path.name, name, cells, formulae, faults, struck)
            rows = tuple(read) if name in known_sheets else _first_filled(read)
            look = replace(hidden, struck_rows=tuple(sorted({*struck, *hidden.struck_rows})))
            sheets.append(RawSheet(name if name else sheet.title, rows, look))
    return tuple(sheets), tuple(faults)


def _rows_of(file: str, page: Any, last_row: int | None) -> Iterator[Any]:
    """Yield the rows of a sheet as openpyxl reads them, one by one."""
    rows = by_library(file, partial(page.iter_rows, max_row=last_row))
    while (row := by_library(file, next, rows, None)) is not None:
        yield row


def _first_filled(rows: Iterator[tuple[SheetCell, ...]]) -> tuple[tuple[SheetCell, ...], ...]:
    return tuple(islice((row for row in rows if any(not cell.is_empty for cell in row)), 1))


def _workbook_rows(
    file: str, sheet: str, rows: Iterator[Any], twins: Iterator[Any], faults: list[Fault], struck: list[int]
) -> Iterator[tuple[SheetCell, ...]]:
    lined: dict[int, bool] = {}
    for number, (row, twin) in enumerate(zip(rows, twins, strict=True), start=1):
        locations = (f"{sheet}!{column_letter(index)}{number}" for index in range(1, len(row) + 1))
        cells = []
        for where, cell, formula in zip(locations, row, twin, strict=False):
            fault = _cell_fault(where, cell, formula)
            faults += [fault] if fault else []
            cells.append(SheetCell(where, None if fault else _shown(file, cell), faulty=fault is not None))
            if cell.value is not None and _is_struck(file, cell, lined) and number not in struck[-1:]:
                struck.append(number)
        yield tuple(cells)


def _is_struck(file: str, cell: Any, struck_styles: dict[int, bool]) -> bool:
    """Return whether the text of a cell is struck through; `struck_styles` remembers each style's answer."""
    style = cell._style_id
    if style not in struck_styles:
        struck_styles[style] = bool(cell.has_style and by_library(file, getattr, cell, "font").strike)
    return struck_styles[style]


def _cell_fault(where: str, cell: Any, formula: Any) -> Fault | None:
    if cell.value is None:
        # A formula whose value is an empty text has the type "str"; one that was never computed has not.
        if formula.data_type != "f" or cell.data_type == "str":
            return None
        hint = "Open the workbook in Excel or LibreOffice and save it, or type the value."
        return Fault(where, "a formula without a stored value", "a value", hint)
    if cell.data_type == "e":
        return Fault(where, f"the Excel error {quoted(cell.value)}", "a value")
    return None


def _shown(file: str, cell: Any) -> CellValue:
    """Return the value of a cell; with a number format such as 000, the text that is shown: `007`."""
    value: CellValue = cell.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, int) or value.is_integer():
        zeros = re.fullmatch(r"0{2,}", by_library(file, getattr, cell, "number_format") or "")
        return str(int(value)).zfill(len(zeros[0])) if zeros else value
    return value
