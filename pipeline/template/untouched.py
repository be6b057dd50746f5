"""Whether a workbook is as `cd38rd init` wrote it: nobody has typed into it, so it may be written again."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl import Workbook

PROPERTY = "cd38rd_cells"


def seal(workbook: Workbook) -> None:
    """Write into a workbook's properties what its cells hold."""
    from openpyxl.packaging.custom import StringProperty

    workbook.custom_doc_props.append(StringProperty(name=PROPERTY, value=_cells(workbook)))


def is_untouched(path: Path) -> bool:
    """Return whether a workbook was written by init and every cell still holds what it held then."""
    import zipfile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        workbook = load_workbook(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, InvalidFileException):
        return False
    sealed = {name: workbook.custom_doc_props[name].value for name in workbook.custom_doc_props.names}
    return sealed.get(PROPERTY) == _cells(workbook)


def _cells(workbook: Workbook) -> str:
    """Return a digest of every cell that holds something, by sheet and place."""
    digest = hashlib.sha256()
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value not in (None, ""):
                    digest.update(f"{sheet.title}!{cell.coordinate}={_text(cell.value)}\n".encode())
    return digest.hexdigest()


def _text(value: object) -> str:
    """Return a value as any program that saved the workbook would give it back."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    return repr(float(value)) if isinstance(value, int | float) else str(value)
