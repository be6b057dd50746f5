"""How a sheet is looked at and printed: frozen header, filter, landscape, page numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.output.workbook.pages.cells import safe_text
from pipeline.output.workbook.sheet import Sheet

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_A4: Final = 9
_MARGIN, _FOOT = 0.4, 0.6
"""Inches."""


def set_up_page(page: Worksheet, sheet: Sheet, printed: int) -> None:
    """Freeze and filter a single table, and set up the printed pages.

    Parameters
    ----------
    printed
        Columns that are printed, from the left; 0: all.
    """
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.page import PageMargins

    last = 1 + min(len(sheet.table.rows), sheet.most_rows)
    page.freeze_panes = page.cell(2, sheet.frozen + 1).coordinate
    page.auto_filter.ref = f"A1:{get_column_letter(len(sheet.table.columns))}{last}"
    page.print_title_rows = "1:1"
    if printed:
        page.print_area = f"A1:{get_column_letter(printed)}{page.max_row}"
        page.sheet_properties.outlinePr.summaryRight = False
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = _A4
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.page_margins = PageMargins(_MARGIN, _MARGIN, _FOOT, _FOOT, 0.3, 0.3)
    page.print_options.gridLines = True
    page.oddHeader.left.text = _in_a_header(sheet.study)
    page.oddHeader.right.text = "&A"
    page.oddFooter.left.text = "cd38rd"
    page.oddFooter.right.text = "Page &P of &N"


def _in_a_header(name: str) -> str:
    """Return a name as a header shows it, where & begins a code."""
    return safe_text(name).replace("&", "&&")
