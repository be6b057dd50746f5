"""The results as one Excel workbook; the same study gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calibration.curve.standard_curve import CurveVerdict
from calibration.density.receptor_density import RdStatus
from pipeline.assembly.study_result import StudyResult
from pipeline.files.whole import write_whole
from pipeline.output.calibration_table import calibration_table
from pipeline.output.figures.style.palette import STATUS, VERDICT
from pipeline.output.result_tables import exposure_table, patient_table, sample_table
from pipeline.output.summary_tables import (
    Titled,
    about_table,
    limiting_tables,
    note_table,
    response_tables_of,
    washout_tables,
)
from pipeline.output.table import Cell, Table, significant

if TYPE_CHECKING:
    from openpyxl.cell import Cell as SheetCell
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.worksheet.worksheet import Worksheet

_LONG_AGO: Final = datetime(2000, 1, 1)
_TIMES: Final = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_FORMATS: Final = {
    "plasma_cell_percent": "0.000",
    "gcv_percent": "0.0",
    "between_cv_percent": "0.0",
    "washout_weeks": "0.0",
    "gating_confidence": "0.00",
    "second_opinion_agreement": "0.00",
    **{
        f"{name}{end}": "0.00"
        for name in ("theta", "theta_sentinels", "occupancy")
        for end in ("", "_low", "_high")
    },
    "slope": "0.0000",
    "intercept": "0.0000",
    "r2": "0.00000",
    "residual_sd": "0.0000",
    "p": "0.0000",
    "exact_p": "0.0000",
    "percent": "0.0",
}
_WIDE: Final = {"note": 70, "checks": 70, "text": 90, "flags": 32, "value": 60, "sentence": 90}
_WIDEST: Final = 44
_LONGEST: Final = 32_000
_ALL_ROWS: Final = "rd_samples.csv, rd_patients.csv, washout.json, run.json and statistics/ hold all"

MOST_ROWS: Final = 2_000
"""Rows of a table that the workbook shows; the CSV and JSON files hold all of them."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: one table below the other, each with a title of its own unless there is one only."""

    name: str
    tables: Titled


SHEETS: Final[tuple[tuple[str, Callable[[StudyResult], Titled]], ...]] = (
    ("Patients", lambda result: (("", patient_table(result.visits)),)),
    ("Samples", lambda result: (("", sample_table(result)),)),
    ("Exposure", lambda result: (("", exposure_table(result)),)),
    (
        "Calibration",
        lambda result: (("", calibration_table(result.calibrations)), *limiting_tables(result.limiting)),
    ),
    ("Washout", lambda result: washout_tables(result.washout)),
    ("Response", lambda result: response_tables_of(result.response)),
    ("Notes", lambda result: (("", note_table(result)),)),
    ("About", lambda result: (("", about_table(result)),)),
)
"""The sheets of rd.xlsx in their order, and what makes their tables."""


def workbook_sheets(study_result: StudyResult) -> tuple[Sheet, ...]:
    """Return the sheets of rd.xlsx, in their order."""
    return tuple(Sheet(name, tables(study_result)) for name, tables in SHEETS)


def write_workbook(path: Path, sheets: Iterable[Sheet]) -> None:
    """Write the sheets in this order.

    What a person typed is written as text, whatever it starts with: no cell of this workbook is a formula.
    """
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.remove(workbook.active)
    workbook.properties.creator = "cd38rd"
    for sheet in sheets:
        _fill(workbook.create_sheet(sheet.name), sheet)
    text = io.BytesIO()
    workbook.save(text)
    write_whole(path, _timeless(text.getvalue()))


def _fill(page: Worksheet, sheet: Sheet) -> None:
    row = 1
    for title, table in sheet.tables:
        if title:
            _title(page, row, title)
            row += 1
        row = _fill_table(page, row, table) + 2
    if len(sheet.tables) == 1 and not sheet.tables[0][0]:
        page.freeze_panes = "C2" if len(sheet.tables[0][1].columns) > 8 else "A2"
        page.auto_filter.ref = page.dimensions
    _set_widths(page, sheet)
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:1"


def _title(page: Worksheet, row: int, title: str) -> None:
    from openpyxl.styles import Font

    cell = page.cell(row, 1)
    _write_text(cell, title)
    cell.font = Font(bold=True, size=12)


def _fill_table(page: Worksheet, row: int, table: Table) -> int:
    """Write header and rows from `row` on; return the last row used."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    fill = PatternFill("solid", fgColor="FF24405C")
    font = Font(bold=True, color="FFFFFFFF")
    line = Border(bottom=Side("thin", color="FF24405C"))
    for column, name in enumerate(table.columns, start=1):
        head = page.cell(row, column)
        _write_text(head, name)
        head.fill, head.font, head.border = fill, font, line
        head.alignment = Alignment(vertical="center", wrap_text=True)
    shown, more = table.rows[:MOST_ROWS], len(table.rows) - MOST_ROWS
    for offset, values in enumerate(shown, start=1):
        for column, (name, value) in enumerate(zip(table.columns, values, strict=True), start=1):
            _write(page.cell(row + offset, column), name, value)
    if more <= 0:
        return row + len(shown)
    last = row + len(shown) + 1
    _write_text(page.cell(last, 1), f"{more} more rows: {_ALL_ROWS}")
    return last


def _write(cell: SheetCell, name: str, value: Cell) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        _write_text(cell, "yes" if value else "no")
    elif isinstance(value, date):
        cell.value = value
        cell.number_format = "yyyy-mm-dd"
    elif isinstance(value, int | float):
        _write_number(cell, name, value)
    else:
        _write_text(cell, value)
    if name in ("note", "checks", "text"):
        cell.alignment = _wrapped()
    if name in ("status", "verdict") and isinstance(value, str):
        _paint(cell, value)


def _write_number(cell: SheetCell, name: str, value: int | float) -> None:
    number: float | None = value if isinstance(value, int) else significant(value)
    if number is None:
        return
    cell.value = number
    cell.number_format = _number_format(name, number)


def _number_format(name: str, number: float) -> str:
    if name in _FORMATS:
        return _FORMATS[name]
    if float(number).is_integer() or abs(number) >= 100:
        return "#,##0"
    return "0.000"


def _write_text(cell: SheetCell, text: str) -> None:
    """Write text as text: `=`, `+`, `-`, `@` at its start never make a formula, now or when it is edited."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    plain = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:_LONGEST]
    cell.value = plain
    cell.data_type = "s"
    if plain[:1] in ("=", "+", "-", "@", "\t", "\r"):
        cell.quotePrefix = True


def _paint(cell: SheetCell, value: str) -> None:
    """Colour a status; its text and the bold of what needs a look stay readable in greyscale."""
    look = _look(value)
    if look is not None:
        cell.fill, cell.font = look


@cache
def _wrapped() -> Alignment:
    from openpyxl.styles import Alignment

    return Alignment(vertical="top", wrap_text=True)


@cache
def _look(value: str) -> tuple[PatternFill, Font] | None:
    from openpyxl.styles import Font, PatternFill

    look = next((look for name, look in [*STATUS.items(), *VERDICT.items()] if name == value), None)
    if look is None:
        return None
    fine = value in (RdStatus.OK.value, CurveVerdict.ACCEPT.value)
    fill = PatternFill("solid", fgColor="FF" + look.fill[1:].upper())
    return fill, Font(bold=not fine, color="FF" + look.ink[1:].upper())


def _set_widths(page: Worksheet, sheet: Sheet) -> None:
    from openpyxl.utils import get_column_letter

    widths: dict[int, float] = {}
    for _, table in sheet.tables:
        for column, name in enumerate(table.columns, start=1):
            longest = max(
                [len(name) + 3, *(len(_shown(row[column - 1])) + 2 for row in table.rows[:MOST_ROWS])]
            )
            width: float = _WIDE[name] if name in _WIDE and longest > _WIDE[name] else min(longest, _WIDEST)
            widths[column] = max(widths.get(column, 8), width)
    for column, width in widths.items():
        page.column_dimensions[get_column_letter(column)].width = width


def _shown(value: Cell) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)


def _timeless(workbook: bytes) -> bytes:
    """Return the same workbook without the time of its making."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as made, zipfile.ZipFile(packed, "w") as kept:
        for name in made.namelist():
            content = made.read(name)
            if name == "docProps/core.xml":
                content = _TIMES.sub(rb"\g<1>" + _LONG_AGO.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), content)
            entry = zipfile.ZipInfo(name, _LONG_AGO.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            kept.writestr(entry, content)
    return packed.getvalue()
