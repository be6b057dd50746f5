"""The sheets of rd.xlsx, and what makes their tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pipeline.assembly.study_result import StudyResult
from pipeline.output.further_tables.analyses import density_table, sensitivity_table
from pipeline.output.further_tables.changes import change_table, unnumbered_table
from pipeline.output.further_tables.letter_counts import characteristic_table
from pipeline.output.report.record.head import title_of
from pipeline.output.result_tables import exposure_table
from pipeline.output.table import Table
from pipeline.output.workbook.sheet import Sheet
from pipeline.output.workbook.tables.histograms import MOST_BINS, histogram_table
from pipeline.output.workbook.tables.legend import legend_table
from pipeline.output.workbook.tables.models import (
    PRINTED_ESTIMATES,
    PRINTED_VISITS_WITH_DRUG,
    choice_table,
    drug_table,
    estimate_table,
    limiting_table,
    wait_table,
)
from pipeline.output.workbook.tables.notes import about_table, note_table
from pipeline.output.workbook.tables.response import (
    NOT_TYPED,
    PRINTED_COMPARISONS,
    PRINTED_SURVIVAL,
    comparison_table,
    proportion_table,
    survival_table,
)
from pipeline.output.workbook.tables.rows import (
    PRINTED_BEADS,
    PRINTED_BESIDE,
    PRINTED_TUBES,
    PRINTED_VISITS,
    bead_table,
    cell_table,
    tube_table,
    visit_table,
)
from pipeline.output.workbook.tables.typed_rows import typed_headers, typed_table
from pipeline.response.tables import ResponseTables
from pipeline.study.quantity_name import drug_of, marker_of, study_drug_of
from pipeline.study.study import Study

Make = Callable[[StudyResult], Sheet]

LEGEND: Final = "Legend"
PRINTED_DENSITY, PRINTED_SENSITIVITY = 13, 11
"""Columns of the sheet of response along the density up to the strength, and all of the sensitivity."""
CELLS_SHEET: Final = "Cells"
CHANGES_SHEET, UNNUMBERED_SHEET = "Changes", "Without a density"
SHEETS_OF_SOME: Final = (CHANGES_SHEET, UNNUMBERED_SHEET)
"""Sheets that are there only where they have a row."""
_LONGEST_STUDY: Final = 80
"""Characters of the study's name at the head of a printed page."""
_SEE_NOTES: Final = "Nothing here: the sheet Notes says why."


def _sheet(
    name: str,
    table: Callable[[StudyResult], Table],
    *,
    printed: int = 0,
    frozen: int = 1,
    file: str = "",
    empty: str = _SEE_NOTES,
) -> tuple[str, Make]:
    """Return a sheet's name, and what makes it."""

    def make(result: StudyResult) -> Sheet:
        return Sheet(name, table(result), printed=printed, frozen=frozen, file=file, empty=empty)

    return name, make


def _of_response(
    name: str, table: Callable[[ResponseTables | None], Table], *, printed: int = 0
) -> tuple[str, Make]:
    """Return a sheet about response, and what makes it."""

    def make(result: StudyResult) -> Sheet:
        return _response_sheet(name, table(result.response), result, printed)

    return name, make


def _response_sheet(name: str, table: Table, result: StudyResult, printed: int) -> Sheet:
    empty = f"Nothing here: {result.no_response}." if result.no_response else NOT_TYPED
    return Sheet(name, table, printed=printed, frozen=2, empty=empty)


def _comparisons(result: StudyResult) -> Sheet:
    table = comparison_table(result.response, result.unnumbered)
    return _response_sheet("Comparisons", table, result, PRINTED_COMPARISONS)


def _your_rows(study_result: StudyResult) -> Sheet:
    typed = typed_headers(study_result)
    printed = len(typed) + PRINTED_BESIDE
    rows, all_rows = typed_table(study_result), "your samples sheet holds all"
    return Sheet("Your rows", rows, typed=typed, printed=printed, empty=_SEE_NOTES, all_rows=all_rows)


RESULT_SHEETS: Final[tuple[tuple[str, Make], ...]] = (
    _sheet("Patients", visit_table, printed=PRINTED_VISITS, frozen=2, file="rd_patients.csv"),
    _sheet("Samples", tube_table, printed=PRINTED_TUBES, frozen=2, file="rd_samples.csv"),
    ("Your rows", _your_rows),
    _sheet(CELLS_SHEET, cell_table, frozen=2, file="rd_distribution.csv"),
    _sheet(CHANGES_SHEET, change_table, frozen=1, file="rd_changes.csv"),
    _sheet(UNNUMBERED_SHEET, unnumbered_table, frozen=2, file="rd_unnumbered.csv"),
    _sheet("Exposure", exposure_table, frozen=2, file="statistics/exposure.csv"),
    _sheet("Calibration", bead_table, printed=PRINTED_BEADS, file="calibration.csv"),
    _sheet("What limits", lambda result: limiting_table(result.limiting)),
    _sheet("Washout", lambda result: estimate_table(result.washout), printed=PRINTED_ESTIMATES),
    _sheet("Waits", lambda result: wait_table(result.washout)),
    _sheet("Which model", lambda result: choice_table(result.washout)),
    _sheet("Sensitivity", sensitivity_table, printed=PRINTED_SENSITIVITY),
    _sheet(
        "Drug at visits",
        lambda result: drug_table(result.washout),
        printed=PRINTED_VISITS_WITH_DRUG,
        frozen=2,
    ),
    _of_response("Response", proportion_table),
    ("Comparisons", _comparisons),
    _of_response("Survival", survival_table, printed=PRINTED_SURVIVAL),
    _sheet("Along the density", density_table, printed=PRINTED_DENSITY, frozen=2),
    _of_response("Patients described", characteristic_table),
    _sheet("Notes", note_table, frozen=2, empty="No notes."),
    _sheet("About", about_table, frozen=2),
)
"""The sheets of rd.xlsx in their order, before the legend of them all; and what makes each."""


def _histograms(study_result: StudyResult) -> Sheet:
    rows, all_rows = histogram_table(study_result), "results/store holds all"
    return Sheet("Histograms", rows, empty=_SEE_NOTES, most_rows=MOST_BINS, all_rows=all_rows)


HISTOGRAMS: Final[tuple[str, Make]] = ("Histograms", _histograms)
"""The sheet of the setting `histogram_sheet`, after the legend."""


def workbook_sheets(study_result: StudyResult) -> tuple[Sheet, ...]:
    """Return the sheets of rd.xlsx, in their order."""
    study = study_result.study
    names, title = _names(study), title_of(study)[:_LONGEST_STUDY]
    makers = (*RESULT_SHEETS, HISTOGRAMS) if study.settings.histogram_sheet else RESULT_SHEETS
    every = (replace(make(study_result), names=names, study=title) for _, make in makers)
    sheets = tuple(sheet for sheet in every if sheet.table.rows or sheet.name not in SHEETS_OF_SOME)
    legend = Sheet(LEGEND, legend_table(sheets), names=names, study=title, frozen=3)
    last = len(sheets) - (1 if study.settings.histogram_sheet else 0)
    return (*sheets[:last], legend, *sheets[last:])


def _names(study: Study) -> dict[str, str]:
    """Return the study's own names for the words of columns."""
    study_drug = study_drug_of(study)
    return {"marker": marker_of(study), "drug": drug_of(study), "study_drug": study_drug}
