"""The folder `results/validation/`: every file in it, written from one `AssayReport`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pipeline.assay.report import AssayReport
from pipeline.files.whole import write_whole
from pipeline.output.assay.page import page_html
from pipeline.output.assay.tables import ASSAY_TABLES, AssayTable
from pipeline.output.json_files import to_json, write_json
from pipeline.output.statistics.dataset import Dataset, Variable, dictionary
from pipeline.output.statistics.files import write_parquet
from pipeline.output.table import Cell, Table, write_csv
from pipeline.output.workbook import Sheet, write_workbook

VALIDATION_PAGE, VALIDATION_WORKBOOK, VALIDATION_DATA = (
    "validation.html",
    "validation.xlsx",
    "validation.json",
)


def write_validation(folder: Path, title: str, report: AssayReport) -> None:
    """Write tables as CSV and Parquet, `validation.xlsx`, `validation.json` and page; remove old files."""
    tables = [(spec, spec.table(report)) for spec in ASSAY_TABLES]
    datasets = [_dataset(spec, table) for spec, table in tables]
    for (spec, table), data in zip(tables, datasets, strict=True):
        write_csv(folder / f"{spec.name}.csv", table)
        write_parquet(folder / f"{spec.name}.parquet", data)
    write_csv(folder / "data_dictionary.csv", dictionary(datasets))
    write_workbook(folder / VALIDATION_WORKBOOK, [_sheet(spec, table, title) for spec, table in tables])
    summary = [dict(zip(tables[0][1].columns, row, strict=True)) for row in tables[0][1].rows]
    write_json(folder / VALIDATION_DATA, {"summary": summary, "report": to_json(report)})
    write_whole(folder / VALIDATION_PAGE, page_html(title, report))


def _sheet(spec: AssayTable, table: Table, title: str) -> Sheet:
    headers = {column.name: column.headline for column in spec.columns}
    empty = "Nothing here: the sheet of what the data support says why."
    return Sheet(
        spec.title, table, study=title, typed=headers, empty=empty, all_rows=f"{spec.name}.csv holds all"
    )


def _dataset(spec: AssayTable, table: Table) -> Dataset:
    variables = tuple(
        Variable(column.name, column.words, _kind([row[k] for row in table.rows]), spec.source, column.unit)
        for k, column in enumerate(spec.columns)
    )
    rows = tuple(tuple(_plain(cell) for cell in row) for row in table.rows)
    return Dataset(spec.name, spec.title, variables, rows)


def _kind(cells: list[Cell]) -> Literal["text", "number"]:
    values = [cell for cell in cells if cell is not None]
    numbers = all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in values)
    return "number" if values and numbers else "text"


def _plain(cell: Cell) -> Cell:
    return ("yes" if cell else "no") if isinstance(cell, bool) else cell
