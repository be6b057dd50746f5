"""The charts of a study, at any width: for the page, as SVG, and at one and two columns of a journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.response import response_picture
from pipeline.output.figures.spread.cells import cell_pictures, cell_rows
from pipeline.output.figures.spread.courses import course_picture
from pipeline.output.figures.spread.serum import serum_picture
from pipeline.output.figures.survival import survival_picture
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, Picture, in_page
from pipeline.output.figures.swimmer import swimmer_pictures, swimmers
from pipeline.output.figures.washout import MOST_POINTS_DRAWN, washout_picture
from pipeline.patients.visits import patient_rd
from pipeline.response.letter.serum import serum_pairs, typed_serum_levels
from pipeline.study.quantity_name import axis_name, density_name

Links = Mapping[str, str]
"""Where a click on a tube's point leads, by sample_id."""


class Pages(Protocol):
    """Draws the pages of a chart at a width in mm, one at a time; no page without data."""

    def __call__(self, study_result: StudyResult, mm: float, links: Links) -> Iterator[Picture]:
        """Yield the pages."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of the study: the name of its files, its title, and the function that draws it."""

    name: str
    title: str
    pages: Pages


def chart_html(chart: Chart, study_result: StudyResult, links: Links | None = None) -> str:
    """Return the first page of a chart for the report: two columns wide, and one column wide for a phone.

    "" without data. With very many points only the wide chart is drawn, because each is large.
    """
    narrow = ONE_COLUMN if len(study_result.visits) <= MOST_POINTS_DRAWN else None
    return "".join(
        in_page(picture, chart.title, name=chart.name, links=bool(links), class_=class_)
        for mm, class_ in ((TWO_COLUMNS, "broad" if narrow else ""), (narrow, "narrow"))
        if mm and (picture := next(chart.pages(study_result, mm, links or {}), None))
    )


def _washout(study_result: StudyResult, mm: float, links: Links) -> Iterator[Picture]:
    if any(visit.washout_weeks is not None for visit in study_result.visits):
        washout = study_result.washout
        yield washout_picture(
            study_result.visits,
            study_result.best_responses(),
            study_result.study.settings,
            washout.curve if washout else None,
            axis_name(study_result.study),
            contradicted=bool(washout and washout.curve_is_contradicted),
            mm=mm,
            links=links,
        )


def _response(study_result: StudyResult, mm: float, links: Links) -> Iterator[Picture]:
    if study_result.response is not None and study_result.response.n_evaluable:
        yield response_picture(study_result.response, density_name(study_result.study), mm=mm)


def _swimmer(study_result: StudyResult, mm: float, links: Links) -> Iterator[Picture]:
    return swimmer_pictures(study_result.courses, study_result.study.settings.month_days, mm=mm)


def _survival(study_result: StudyResult, mm: float, links: Links) -> Iterator[Picture]:
    if swimmers(study_result.courses):
        yield survival_picture(study_result.courses, study_result.study.settings.month_days, mm=mm)


def _cells(study_result: StudyResult, mm: float, links: Links) -> Iterator[Picture]:
    study = study_result.study
    return cell_pictures(cell_rows(study_result), study.settings.low_cell_cut, axis_name(study), mm=mm)


def _courses(study_result: StudyResult, mm: float, links: Links) -> Iterator[Picture]:
    within = study_result.washout.within if study_result.washout else None
    if within is not None and within.changes:
        responses = study_result.best_responses()
        yield course_picture(within.changes, responses, axis_name(study_result.study), mm=mm)


def _serum(study_result: StudyResult, mm: float, links: Links) -> Iterator[Picture]:
    levels = typed_serum_levels(study_result.study)
    if levels:
        pairs = serum_pairs(levels, [patient_rd(visit) for visit in study_result.visits])
        yield serum_picture(levels, pairs, axis_name(study_result.study), mm=mm)


WASHOUT: Final = Chart(
    "rd_washout", "Receptor density against weeks of washout, one point per visit", _washout
)
RESPONSE_CHART: Final = Chart("response", "Disease control rates with exact intervals", _response)
SWIMMER: Final = Chart(
    "swimmer", "A bar per patient as long as the treatment, with response and events", _swimmer
)
SURVIVAL_CHART: Final = Chart(
    "survival", "Kaplan-Meier curves of progression-free and overall survival", _survival
)
CELLS_CHART: Final = Chart(
    "rd_distribution", "Receptor density of the cells of each tube, by washout", _cells
)
COURSES: Final = Chart("rd_courses", "The course of each patient's receptor density", _courses)
SERUM_CHART: Final = Chart(
    "serum", "Serum levels of the antibodies by visit, and against receptor density", _serum
)
FIGURES: Final = (WASHOUT, RESPONSE_CHART, SWIMMER, SURVIVAL_CHART, CELLS_CHART, COURSES, SERUM_CHART)
