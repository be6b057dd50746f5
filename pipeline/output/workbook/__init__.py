"""rd.xlsx as a scientist would have made it: words and units, a legend, reported values, pages that print."""

from pipeline.output.workbook.pages.writing import sheet_name, write_workbook
from pipeline.output.workbook.sheet import MOST_ROWS_SHOWN, Sheet
from pipeline.output.workbook.sheets import RESULT_SHEETS, workbook_sheets

__all__ = ["MOST_ROWS_SHOWN", "RESULT_SHEETS", "Sheet", "sheet_name", "workbook_sheets", "write_workbook"]
