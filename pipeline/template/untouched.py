"""The check whether a workbook is as `cd38rd init` wrote it: nothing typed, marked or hidden since."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.study.sheets.tables.library_calls import PackageError, by_library

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell, MergedCell

PROPERTY = "cd38rd_cells"


def seal(workbook: Workbook) -> None:
    """Write a digest of the cells and their marks into a workbook's properties."""
    from openpyxl.packaging.custom import StringProperty

    workbook.custom_doc_props.append(StringProperty(name=PROPERTY, value=_cells(workbook)))


def is_untouched(path: Path) -> bool:
    """Return whether init wrote the workbook and no cell has changed since."""
    from openpyxl import load_workbook

    try:
        workbook: Workbook = by_library(path.name, load_workbook, path)
    except PackageError:
        return False
    sealed = {name: workbook.custom_doc_props[name].value for name in workbook.custom_doc_props.names}
    return sealed.get(PROPERTY) == _cells(workbook)


def _cells(workbook: Workbook) -> str:
    """Return a digest of every cell that is marked or not empty, by sheet and cell address.

    Comments, colours, struck-out cells and hidden rows are a user's work, as typed words are.
    """
    digest = hashlib.sha256()
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                content = "" if cell.value in (None, "") else _text(cell.value)
                if words := content + _marks(cell):
                    digest.update(f"{sheet.title}!{cell.coordinate}={words}\n".encode())
        lines = (*sheet.row_dimensions.items(), *sheet.column_dimensions.items())
        hidden = sorted(str(index) for index, line in lines if line.hidden)
        digest.update(f"{sheet.title}: {sheet.sheet_state} {hidden}\n".encode())
    return digest.hexdigest()


def _marks(cell: Cell | MergedCell) -> str:
    """Return the comment, the colour and the strike-through of a cell, in words; "" if there are none."""
    comment = " ".join(cell.comment.text.split()) if cell.comment else ""
    colour = str(cell.fill.fgColor.rgb)[-6:] if cell.fill.fill_type == "solid" else cell.fill.fill_type or ""
    struck = "struck" if cell.font.strike else ""
    return f"|{comment}|{colour}|{struck}" if comment or colour or struck else ""


def _text(value: object) -> str:
    """Return a value as a text that does not depend on the program that saved the workbook."""
    if isinstance(value, date):
        return value.isoformat().removesuffix("T00:00:00")
    return repr(float(value)) if isinstance(value, int | float) else str(value)
