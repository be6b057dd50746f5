"""The file of a workbook: without the time of its making, without marks on text that looks like numbers."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import Final

_LONG_AGO: Final = datetime(2000, 1, 1)
_TIMES: Final = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_CELLS: Final = re.compile(rb'<dimension ref="([A-Z0-9:]+)"')
_END_OF_PAGE: Final = b"</headerFooter>"


def settled(workbook: bytes) -> bytes:
    """Return the same workbook with bytes that depend on its cells alone."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _TIMES.sub(rb"\g<1>" + _LONG_AGO.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), content)
            if name.startswith("xl/worksheets/sheet"):
                content = _unmarked(content)
            entry = zipfile.ZipInfo(name, _LONG_AGO.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            target.writestr(entry, content)
    return packed.getvalue()


def _unmarked(page: bytes) -> bytes:
    """Tell Excel that text such as `60,100` is meant as text, so that no green corner is shown."""
    cells = _CELLS.search(page)
    if cells is None:
        return page
    meant = b'<ignoredErrors><ignoredError sqref="' + cells[1] + b'" numberStoredAsText="1"/></ignoredErrors>'
    return page.replace(_END_OF_PAGE, _END_OF_PAGE + meant, 1)
