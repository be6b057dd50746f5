"""The workbook to fill in: headers with comments, drop-downs, guesses in colour, every setting printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from pipeline.study.settings import Settings, setting_facts, setting_text
from pipeline.study.sheets.columns import Row, column_facts, column_names, required_columns
from pipeline.study.sheets.rows import SHEETS
from pipeline.study.sheets.tables import column_letter
from pipeline.template.guesses import GuessedRow

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

SPARE_ROWS = 300
"""Rows below the last one that have drop-downs for what will be typed."""

GUESSED, TO_FILL, HEADER = "FFF2CC", "F8CBAD", "DDEBF7"
REMARKS = {"samples", "panels", "beads", "doses"}
_REFERENCES = {("samples", "panel"): "panels", ("samples", "beads"): "beads"}
_NUMBERS = {"dose", "serum_trough_ug_ml", "f_p_ratio", "f_p_ratio_sd", "assigned_cv", "value", "age", "ecog",
            "disease_control_days", "weight_kg", "albumin_g_l", "prior_lines", "exposure_weeks", "teae_grade",
            "infusions", "infusions_interrupted", "serum_ug_ml", "n_patients"}  # fmt: skip
FILES = "_files"
_FILE_COLUMNS = {"samples": ("fcs_file", "fmo_file", "isotype_file"), "beads": ("fcs_file",)}
_LONGEST_LIST = 255
"""Characters Excel allows in a drop-down that is written out."""

_GUIDE = (
    "How to fill in this workbook",
    "1. Every sheet is a table: one row per tube, channel, bead run, dose, patient, setting or gate.",
    "2. Bold columns must be filled. Point at a column's name to read what it is, with an example.",
    "3. Yellow cells are guesses from the files: confirm or correct them. Orange cells: fill in or check.",
    "4. Columns and sheets whose names start with _ are yours: they are not read.",
    "5. File names are relative to the folder of this workbook and may not leave it.",
    "6. Dates are Excel dates or 2024-05-31. Decimal point or comma, no thousands separator.",
    "7. Levels of beads: from dim to bright, split by semicolons, as on the lot's sheet; a blank bead is 0.",
    "8. Kit and levels are typed once per lot: the other bead runs of the lot may leave them empty.",
    "9. Then: cd38rd check <folder> lists every fault; cd38rd run <folder> computes.",
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
        Rows to begin with, by sheet.
    unused
        (file, why) of FCS files that are in no row.
    files
        Every FCS file, offered by the columns that name one.
    """
    from openpyxl import Workbook

    workbook = Workbook()
    guide = workbook.active
    guide.title = "_guide"
    for line in _GUIDE:
        guide.append([line])
    guide.column_dimensions["A"].width = 110
    for name, model in SHEETS.items():
        sheet = workbook.create_sheet(name)
        _write_header(sheet, name, model)
        listed = _setting_rows() if name == "settings" else rows.get(name, ())
        _write_rows(sheet, name, model, listed)
        _add_choices(sheet, name, model, len(listed))
    if files:
        _offer_files(workbook, files, {name: len(listed) for name, listed in rows.items()})
    if unused:
        _write_unused(workbook.create_sheet("_files_not_used"), unused)
    workbook.active = workbook.sheetnames.index("samples")
    guide.sheet_view.tabSelected = False
    return workbook


def coloured_cells(workbook: Workbook) -> tuple[int, int]:
    """Return how many cells are orange, and how many yellow."""
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
    from openpyxl.styles import Font, PatternFill

    columns = [*column_names(model), *_own_columns(name)]
    required = required_columns(model)
    for index, column in enumerate(columns, start=1):
        cell = sheet.cell(1, index, column)
        cell.font = Font(bold=column in required, italic=column.startswith("_"))
        cell.fill = PatternFill("solid", fgColor=HEADER)
        sheet.column_dimensions[column_letter(index)].width = _width(column)
        if not column.startswith("_"):
            cell.comment = Comment(_explanation(model, column), "cd38rd", height=160, width=320)
    sheet.freeze_panes = "B2" if name == "samples" else "A2"


def _own_columns(name: str) -> tuple[str, ...]:
    if name == "settings":
        return ("_unit", "_default", "_what_it_does")
    return ("_guessed",) if name in REMARKS else ()


def _width(column: str) -> int:
    wide = {"fcs_file": 34, "fmo_file": 34, "isotype_file": 34, "levels": 34, "_guessed": 70,
            "_what_it_does": 100, "name": 28, "value": 28, "reason": 30, "statement": 90}  # fmt: skip
    return wide.get(column, max(12, len(column) + 3))


def _explanation(model: type[Row], column: str) -> str:
    facts = column_facts(model, column)
    lines = [model.model_fields[column].description or column]
    lines.append("Required." if facts["required"] else "Optional.")
    if facts["choices"]:
        lines.append(f"One of: {', '.join(facts['choices'])}.")
    if facts["example"]:
        lines.append(f"Example: {facts['example']}")
    return "\n".join(lines)


def _setting_rows() -> tuple[GuessedRow, ...]:
    rows = []
    for name in Settings.model_fields:
        unit, sentence, _ = setting_facts(name)
        default = setting_text(getattr(Settings(), name))
        rows.append(
            GuessedRow(
                {
                    "name": name,
                    "value": default,
                    "_unit": unit,
                    "_default": default,
                    "_what_it_does": sentence,
                }
            )
        )
    return tuple(rows)


def _write_rows(sheet: Worksheet, name: str, model: type[Row], rows: Sequence[GuessedRow]) -> None:
    from openpyxl.styles import PatternFill

    columns = [*column_names(model), *_own_columns(name)]
    guess, to_fill = PatternFill("solid", fgColor=GUESSED), PatternFill("solid", fgColor=TO_FILL)
    for number, row in enumerate(rows, start=2):
        for index, column in enumerate(columns, start=1):
            value = row.why if column == "_guessed" else row.values.get(column)
            cell = sheet.cell(number, index, value if value != "" else None)
            if column in row.to_check and value:
                cell.fill = to_fill
            elif column in row.guessed and value:
                cell.fill = guess
            elif not value and column in {*required_columns(model), *row.to_fill}.difference(row.to_leave):
                cell.fill = to_fill
    for index, column in enumerate(columns, start=1):
        number_format = _number_format(model, name, column)
        sheet.column_dimensions[column_letter(index)].number_format = number_format
        for number in range(2, len(rows) + 2):
            sheet.cell(number, index).number_format = number_format


def _number_format(model: type[Row], sheet: str, column: str) -> str:
    """Return dates as dates, numbers as they come, all else as text: Excel leaves `1-2` and `007` alone."""
    if _is_date(model, column):
        return "yyyy-mm-dd"
    return "General" if column in _NUMBERS and sheet != "settings" else "@"


def _is_date(model: type[Row], column: str) -> bool:
    field = model.model_fields.get(column)
    return field is not None and (field.annotation is date or "date" in str(field.annotation))


def _add_choices(sheet: Worksheet, name: str, model: type[Row], n_rows: int) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    for index, column in enumerate(column_names(model), start=1):
        letter = column_letter(index)
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
        _add_setting_choices(sheet)


def _offer_files(workbook: Workbook, files: Sequence[str], n_rows: Mapping[str, int]) -> None:
    """Let the columns that name a file offer every FCS file; another name may be typed all the same."""
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet = workbook.create_sheet(FILES)
    sheet.sheet_state = "hidden"
    for file in files:
        sheet.append([file])
    for name, columns in _FILE_COLUMNS.items():
        model = SHEETS[name]
        for column in columns:
            letter = column_letter(column_names(model).index(column) + 1)
            rule = DataValidation(
                type="list",
                formula1=f"={FILES}!$A$1:$A${len(files)}",
                allow_blank=True,
                showErrorMessage=False,
            )
            rule.add(f"{letter}2:{letter}{n_rows.get(name, 0) + 1 + SPARE_ROWS}")
            workbook[name].add_data_validation(rule)


def _add_setting_choices(sheet: Worksheet) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    for number, name in enumerate(Settings.model_fields, start=2):
        _, _, choices = setting_facts(name)
        if choices:
            rule = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
            rule.add(f"B{number}")
            sheet.add_data_validation(rule)


def _write_unused(sheet: Worksheet, unused: Sequence[tuple[str, str]]) -> None:
    sheet.append(["file", "why it is in no row"])
    for name, why in unused:
        sheet.append([name, why])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 50, 100
