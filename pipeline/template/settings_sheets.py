"""Settings in the workbook: a short sheet of common settings, and a locked list of all at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.study.settings import Settings, setting_facts, setting_text
from pipeline.template.guesses import GuessedRow

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

EVERYDAY = (
    "study_id",
    "population_name",
    "washed_out_drug",
    "study_drug",
    "curve_model",
    "between_run_cv",
    "lab_lloq",
    "rd_cut",
    "spillover_file",
    "compensated_panels",
    "instrument_log",
    "lyse_reagent",
    "accept_instrument_mismatch",
    "accept_voltage_mismatch",
    "accept_bead_age",
)
"""Settings that a study is likely to change. The others are for experts."""

MORE = "_more_settings"
OWN_COLUMNS = ("_unit", "_default", "_what_it_does")
SPARE_SETTINGS = 30
"""Free rows below, with the list of all settings as a drop-down. Convention: users rarely need more."""


def everyday_rows() -> tuple[GuessedRow, ...]:
    """Return the rows of the settings sheet; a setting without a row has its default."""
    return tuple(_row(name) for name in EVERYDAY)


def _row(name: str) -> GuessedRow:
    unit, sentence, _ = setting_facts(name)
    default = setting_text(getattr(Settings(), name))
    facts = {"_unit": unit, "_default": default, "_what_it_does": sentence}
    return GuessedRow({"name": name, "value": default, **facts})


def add_all_settings(workbook: Workbook) -> Worksheet:
    """Write every setting into a last sheet; it is locked, since changes there would have no effect."""
    from openpyxl.styles import Font

    sheet = workbook.create_sheet(MORE)
    sheet.append(["name", "unit", "default", "what it does"])
    for cell in sheet[1]:
        cell.font = Font("Calibri", 11, bold=True)
    for name in (*EVERYDAY, *(name for name in Settings.model_fields if name not in EVERYDAY)):
        values = _row(name).values
        sheet.append([name, *(values[column] or None for column in OWN_COLUMNS)])
    for letter, width in zip("ABCD", (32, 24, 24, 110), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    sheet.protection.sheet = True
    return sheet


def add_setting_choices(sheet: Worksheet) -> None:
    """Add drop-downs: the allowed words of a setting, and in free rows the names of all settings."""
    from openpyxl.worksheet.datavalidation import DataValidation

    for number, name in enumerate(EVERYDAY, start=2):
        _, _, choices = setting_facts(name)
        if choices:
            rule = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
            rule.add(f"B{number}")
            sheet.add_data_validation(rule)
    last = len(Settings.model_fields) + 1
    names = DataValidation(type="list", formula1=f"={MORE}!$A$2:$A${last}", allow_blank=True)
    names.showErrorMessage = False
    first = len(EVERYDAY) + 2
    names.add(f"A{first}:A{first + SPARE_SETTINGS}")
    sheet.add_data_validation(names)
