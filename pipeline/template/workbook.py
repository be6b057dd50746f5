"""The workbook to fill in: headers with comments, drop-downs, guesses in colour, and all settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from pipeline.study.sheets.columns import Row, column_facts, column_fields, column_names, required_columns
from pipeline.study.sheets.rows import STUDY_SHEETS
from pipeline.study.sheets.tables import column_letter
from pipeline.template.colours import FILES_NOT_USED, FILES_SHEET, GUESSED, TO_FILL
from pipeline.template.guesses import GuessedRow
from pipeline.template.settings_sheets import (
    OWN_COLUMNS,
    add_all_settings,
    add_setting_choices,
    everyday_rows,
)

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

SPARE_ROWS = 300
"""Empty rows below the last row that also have drop-downs."""

HEADER_FILL, HEADER_POINTS = "DDEBF7", 31
REMARKS = {"samples": "beads", "panels": "host", "beads": "levels", "doses": "drug"}
"""Column before the reason of a guess, by sheet."""
_WIDTHS = {
    "competes_with_drug": 12,
    "f_p_ratio_sd": 13,
    "kit": 16,
    "channel": 16,
    "_default": 18,
    "f_p_ratio": 9,
    "host": 8,
    "target": 9,
    "panel": 10,
}
"""Widths of columns; they keep the reason of a guess on the screen."""
_REFERENCES = {("samples", "panel"): "panels", ("samples", "beads"): "beads"}
_NUMBERS = {"dose", "serum_trough_ug_ml", "f_p_ratio", "f_p_ratio_sd", "assigned_cv", "value", "age", "ecog",
            "disease_control_days", "weight_kg", "albumin_g_l", "prior_lines", "exposure_weeks", "teae_grade",
            "infusions", "infusions_interrupted", "serum_ug_ml", "related_grade", "n_patients", "level",
            "hours", "sequence", "low", "high", "goal_percent"}  # fmt: skip
_FILE_COLUMNS = {"samples": ("fcs_file", "fmo_file", "isotype_file"), "beads": ("fcs_file",)}
_LONGEST_LIST = 255
"""Most characters that Excel allows in a drop-down without a cell range."""

_GUIDE = (
    "How to fill in this workbook",
    "1. Orange cells: fill in or check. Yellow cells: guesses from the files, confirm or correct them.",
    "2. Bold columns must be filled. Point at a column's name to read what it is, with an example.",
    "3. Columns and sheets whose names start with _ are not read, but for _files_not_used.",
    "4. File names are relative to the folder of this workbook and may not leave it.",
    "5. Dates are Excel dates or 2024-05-31. Decimal point or comma, no thousands separator.",
    "6. Levels of beads: from dim to bright, split by semicolons, as on the lot's sheet; a blank bead is 0.",
    "7. Kit and levels are typed once per lot: the other bead runs of the lot may leave them empty.",
    "8. Save and close. Then: cd38rd check <folder> lists every fault; cd38rd run <folder> computes.",
    "9. New files later: cd38rd init <folder> --update adds their rows and changes nothing that is typed.",
    "",
)
_GUIDE_TO_SHEETS = (
    "The sheets",
    "samples: one row per stained tube: patient, day, files, bead run.",
    "panels: one row per channel of the antibody mix; exactly one has the role cd38.",
    "beads: one row per bead acquisition, with the lot's values.",
    "doses: one row per dose; the last one of the washed-out drug before a marrow gives the washout.",
    "patients: response, follow-up and traits; may stay as it is.",
    "settings: the choices that people make. Empty: the default.",
    "gates: thresholds that a person sets in place of an automatic one; may stay empty.",
    "statements: sentences of a paper or poster whose numbers are to be checked; may stay empty.",
    "validation: tubes that show what the assay is worth, such as replicates of a pool; may stay empty.",
    "adverse_events: a row per adverse event with its grade; may stay empty.",
    "_files_not_used: FCS files that are in no row, and why. A file that is named there is left out.",
    "_more_settings: every setting with its default, for experts. It is locked: to change a setting,",
    "    choose its name in a free row of the sheet settings, and type the value beside it.",
    "_files: hidden; the FCS files that the drop-downs offer.",
)


def template_workbook(
    rows: Mapping[str, Sequence[GuessedRow]],
    unused: Sequence[tuple[str, str]] = (),
    files: Sequence[str] = (),
) -> Workbook:
    """Return the workbook.

    Parameters
    ----------
    rows
        The first rows of each sheet, by sheet.
    unused
        (file, reason) of FCS files that no row names.
    files
        Every FCS file, for the drop-downs of the columns that name a file.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font

    workbook = Workbook()
    guide = workbook.active
    guide.title = "_guide"
    for number, line in enumerate((*_GUIDE, *_GUIDE_TO_SHEETS)):
        guide.append([line])
        is_title = number in (0, len(_GUIDE))
        guide.cell(guide.max_row, 1).font = Font("Calibri", 11, bold=is_title)
    set_up_printing(guide)
    guide.column_dimensions["A"].width = 110
    for name, model in STUDY_SHEETS.items():
        sheet = workbook.create_sheet(name)
        _write_header(sheet, name, model)
        listed = everyday_rows() if name == "settings" else rows.get(name, ())
        _write_rows(sheet, name, model, listed)
        _add_choices(sheet, name, model, len(listed))
    if files:
        _offer_files(workbook, files, {name: len(listed) for name, listed in rows.items()})
    _write_unused(workbook.create_sheet(FILES_NOT_USED), unused)
    set_up_printing(add_all_settings(workbook))
    workbook.active = workbook.sheetnames.index("samples")
    guide.sheet_view.tabSelected = False
    return workbook


def coloured_cells(workbook: Workbook) -> tuple[int, int]:
    """Return the numbers of orange and of yellow cells."""
    fills = [
        cell.fill.fgColor.rgb[-6:]
        for sheet in workbook.worksheets
        for row in sheet.iter_rows(min_row=2)
        for cell in row
        if cell.fill.fill_type == "solid"
    ]
    return fills.count(TO_FILL), fills.count(GUESSED)


def _write_header(sheet: Worksheet, name: str, model: type[Row]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    columns = _columns(name, model)
    required = required_columns(model)
    for index, column in enumerate(columns, start=1):
        cell = sheet.cell(1, index, column)
        cell.font = Font("Calibri", 11, bold=column in required, italic=column.startswith("_"))
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.fill = PatternFill("solid", fgColor=HEADER_FILL)
        sheet.column_dimensions[column_letter(index)].width = _width(column)
        if not column.startswith("_"):
            cell.comment = Comment(_explanation(model, column), "cd38rd", height=160, width=320)
    sheet.row_dimensions[1].height = HEADER_POINTS
    sheet.freeze_panes = "B2" if name == "samples" else "A2"
    set_up_printing(sheet)


def set_up_printing(sheet: Worksheet) -> None:
    """Set up printing: landscape, all columns on one page, the column names on each page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _columns(name: str, model: type[Row]) -> list[str]:
    """Return the columns of a sheet; columns for the user only are placed where they need no scrolling."""
    columns = list(column_names(model))
    if name == "settings":
        return [*columns, *OWN_COLUMNS]
    if name in REMARKS:
        columns.insert(columns.index(REMARKS[name]) + 1, "_guessed")
    return columns


def _width(column: str) -> int:
    if column in _WIDTHS:
        return _WIDTHS[column]
    wide = {"fcs_file": 34, "fmo_file": 34, "isotype_file": 34, "levels": 34, "_guessed": 70,
            "_what_it_does": 100, "name": 28, "value": 28, "reason": 30, "statement": 90}  # fmt: skip
    return wide.get(column, max(12, len(column) + 3))


def _explanation(model: type[Row], column: str) -> str:
    facts = column_facts(model, column)
    lines = [column_fields(model)[column].description or column]
    lines.append("Required." if facts["required"] else "Optional.")
    if facts["choices"]:
        lines.append(f"One of: {', '.join(facts['choices'])}.")
    if facts["example"]:
        lines.append(f"Example: {facts['example']}")
    return "\n".join(lines)


def _write_rows(sheet: Worksheet, name: str, model: type[Row], rows: Sequence[GuessedRow]) -> None:
    from openpyxl.styles import PatternFill

    columns = _columns(name, model)
    for number, row in enumerate(rows, start=2):
        for index, column in enumerate(columns, start=1):
            value = row.why if column == "_guessed" else row.values.get(column)
            cell = sheet.cell(number, index, value if value != "" else None)
            _as_text(cell)
            if column != "_guessed" and (colour := colour_of(name, row, column)):
                cell.fill = PatternFill("solid", fgColor=colour)
    for index, column in enumerate(columns, start=1):
        number_format = _number_format(model, name, column)
        sheet.column_dimensions[column_letter(index)].number_format = number_format
        for number in range(2, len(rows) + 2):
            sheet.cell(number, index).number_format = number_format


def _as_text(cell: Cell | MergedCell) -> None:
    """Store a text as text: the name of a file may begin like a formula."""
    if isinstance(cell.value, str):
        cell.data_type = "s"


def colour_of(sheet: str, row: GuessedRow, column: str) -> str:
    """Return the colour of a cell: orange to fill in or check, yellow to confirm, "": no colour."""
    value = row.values.get(column)
    if not value:
        to_fill = {*required_columns(STUDY_SHEETS[sheet]), *row.to_fill}.difference(row.to_leave)
        return TO_FILL if column in to_fill else ""
    if column in row.to_check:
        return TO_FILL
    return GUESSED if column in row.guessed else ""


def has_days(sheet: str, column: str) -> bool:
    """Whether a column holds dates."""
    return _is_date(STUDY_SHEETS[sheet], column)


def _number_format(model: type[Row], sheet: str, column: str) -> str:
    """Return the number format for dates, numbers or text; as text Excel keeps `1-2` and `007`."""
    if _is_date(model, column):
        return "yyyy-mm-dd"
    return "General" if column in _NUMBERS and sheet != "settings" else "@"


def _is_date(model: type[Row], column: str) -> bool:
    field = column_fields(model).get(column)
    return field is not None and (field.annotation is date or "date" in str(field.annotation))


def _add_choices(sheet: Worksheet, name: str, model: type[Row], n_rows: int) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    for index, column in enumerate(_columns(name, model), start=1):
        letter = column_letter(index)
        if column.startswith("_"):
            continue
        choices = column_facts(model, column)["choices"]
        source = _REFERENCES.get((name, column))
        if source:
            formula = f"={source}!$A$2:$A${SPARE_ROWS}"
        elif choices and len(",".join(choices)) + 2 <= _LONGEST_LIST:
            formula = f'"{",".join(choices)}"'
        else:
            continue
        rule = DataValidation(
            type="list", formula1=formula, allow_blank=True, showErrorMessage=source is None
        )
        rule.errorTitle, rule.error = column, "Choose one of the list."
        rule.add(f"{letter}2:{letter}{n_rows + 1 + SPARE_ROWS}")
        sheet.add_data_validation(rule)
    if name == "settings":
        add_setting_choices(sheet)


def _offer_files(workbook: Workbook, files: Sequence[str], n_rows: Mapping[str, int]) -> None:
    """Add a drop-down of all FCS files to the columns that name a file; other names may be typed, too."""
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet = workbook.create_sheet(FILES_SHEET)
    sheet.sheet_state = "hidden"
    for number, file in enumerate(files, start=1):
        _as_text(sheet.cell(number, 1, file))
    for name, columns in _FILE_COLUMNS.items():
        model = STUDY_SHEETS[name]
        for column in columns:
            letter = column_letter(_columns(name, model).index(column) + 1)
            rule = DataValidation(
                type="list",
                formula1=f"={FILES_SHEET}!$A$1:$A${len(files)}",
                allow_blank=True,
                showErrorMessage=False,
            )
            rule.add(f"{letter}2:{letter}{n_rows.get(name, 0) + 1 + SPARE_ROWS}")
            workbook[name].add_data_validation(rule)


def _write_unused(sheet: Worksheet, unused: Sequence[tuple[str, str]]) -> None:
    sheet.append(["file", "why it is in no row"])
    for row, (name, why) in enumerate(unused, start=2):
        for column, text in enumerate((name, why), start=1):
            _as_text(sheet.cell(row, column, text))
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 50, 100
