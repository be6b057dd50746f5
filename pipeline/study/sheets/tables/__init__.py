"""Sheets as typed: a workbook or CSV files are read into tables of cells with their locations."""

from pipeline.study.sheets.tables.csv_file import read_csv_sheet, sniff_delimiter
from pipeline.study.sheets.tables.folder import raw_sheets
from pipeline.study.sheets.tables.grid import (
    CellValue,
    HiddenCells,
    RawSheet,
    SheetCell,
    SheetRow,
    TypedSheet,
    column_letter,
    column_number,
    header_name,
)
from pipeline.study.sheets.tables.header_row import tabulate
from pipeline.study.sheets.tables.parts import PackageParts, package_parts
from pipeline.study.sheets.tables.workbook import WORKBOOK, read_workbook

__all__ = [
    "WORKBOOK",
    "CellValue",
    "HiddenCells",
    "PackageParts",
    "RawSheet",
    "SheetCell",
    "SheetRow",
    "TypedSheet",
    "column_letter",
    "column_number",
    "header_name",
    "package_parts",
    "raw_sheets",
    "read_csv_sheet",
    "read_workbook",
    "sniff_delimiter",
    "tabulate",
]
