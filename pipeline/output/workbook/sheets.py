"""The sheets of rd.xlsx, and what makes their tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pipeline.assembly.study_result import StudyResult
from pipeline.output.calibration_table import calibration_table
from pipeline.output.result_tables import exposure_table
from pipeline.output.table import Table
from pipeline.output.workbook.sheet import Sheet, Titled, with_data
from pipeline.output.workbook.tables.histograms import MOST_BINS, histogram_table
from pipeline.output.workbook.tables.legend import legend_tables
from pipeline.output.workbook.tables.models import limiting_tables, washout_tables
from pipeline.output.workbook.tables.notes import about_table, note_table
from pipeline.output.workbook.tables.response import response_tables_of
from pipeline.output.workbook.tables.rows import (
    PRINTED_TUBES,
    PRINTED_VISITS,
    tube_table,
    typed_headers,
    typed_table,
    visit_table,
)
from pipeline.study.quantity_name import drug_of, marker_of
from pipeline.study.study import Study

Make = Callable[[StudyResult], Sheet]

_LONGEST_STUDY: Final = 80
"""Characters of the study's name at the foot of a printed page."""


def _one(
    name: str, table: Callable[[StudyResult], Table], *, printed: int = 0, frozen: int = 1, file: str = ""
) -> Make:
    """Return what makes a sheet of one table."""
    return lambda result: Sheet(name, (("", table(result)),), printed=printed, frozen=frozen, file=file)


def _several(name: str, tables: Callable[[StudyResult], Titled], file: str = "") -> Make:
    """Return what makes a sheet of titled tables."""
    return lambda result: Sheet(name, with_data(tables(result)), file=file)


def _your_rows(study_result: StudyResult) -> Sheet:
    return Sheet("Your rows", (("", typed_table(study_result)),), typed=typed_headers(study_result))


def _histograms(study_result: StudyResult) -> Sheet:
    return Sheet("Histograms", (("", histogram_table(study_result)),), most_rows=MOST_BINS)


SHEETS: Final[tuple[tuple[str, Make], ...]] = (
    ("Patients", _one("Patients", visit_table, printed=PRINTED_VISITS, frozen=2, file="rd_patients.csv")),
    ("Samples", _one("Samples", tube_table, printed=PRINTED_TUBES, frozen=2, file="rd_samples.csv")),
    ("Your rows", _your_rows),
    ("Exposure", _one("Exposure", exposure_table, frozen=2, file="statistics/exposure.csv")),
    ("Calibration", _one("Calibration", lambda r: calibration_table(r.calibrations), file="calibration.csv")),
    ("What limits", _several("What limits", lambda result: limiting_tables(result.limiting))),
    ("Washout", _several("Washout", lambda result: washout_tables(result.washout))),
    ("Response", _several("Response", lambda result: response_tables_of(result.response))),
    ("Notes", _one("Notes", note_table)),
    ("About", _one("About", about_table)),
)
"""The sheets of rd.xlsx in their order, without the legend of them all; and what makes each."""

HISTOGRAMS: Final[tuple[str, Make]] = ("Histograms", _histograms)
"""The sheet of the setting `histogram_sheet`."""


def workbook_sheets(study_result: StudyResult) -> tuple[Sheet, ...]:
    """Return the sheets of rd.xlsx, in their order."""
    study = study_result.study
    wanted = (*SHEETS, HISTOGRAMS) if study.settings.histogram_sheet else SHEETS
    names = _names(study)
    title = (study.folder.name or "study")[:_LONGEST_STUDY]
    sheets = tuple(replace(make(study_result), names=names, study=title) for _, make in wanted)
    legend = Sheet("Legend", legend_tables(sheets), names=names, study=title)
    return (*sheets[: len(SHEETS)], legend, *sheets[len(SHEETS) :])


def _names(study: Study) -> dict[str, str]:
    """Return the study's own names for the words of columns."""
    other = study.settings.study_drug.split(";")[0].strip()
    return {"marker": marker_of(study), "drug": drug_of(study), "study_drug": other}
