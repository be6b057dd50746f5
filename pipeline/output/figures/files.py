"""The figures of a paper, as PDF files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.assembly.study_result import StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.output.figures.beads import bead_figure
from pipeline.output.figures.drift import drift_figure
from pipeline.output.figures.gating import channel_labels, gating_figure
from pipeline.output.figures.response import response_figure
from pipeline.output.figures.style.canvas import house_style, to_pdf
from pipeline.output.figures.survival import survival_figure
from pipeline.output.figures.swimmer import swimmer_figures, swimmers
from pipeline.output.figures.washout import washout_figure
from pipeline.study.quantity_name import axis_name, density_name, population_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_figures(folder: Path, study_result: StudyResult) -> None:
    """Write `rd_washout.pdf`, `response.pdf`, `swimmer.pdf`, `survival.pdf`, `calibration.pdf`, `gating.pdf`.

    Parameters
    ----------
    folder
        Made where it is not there; figures of an earlier run are removed.
    study_result
        What was found. A figure without data is not written.
    """
    _clear(folder, "rd_washout.pdf", "response.pdf", "swimmer.pdf", "survival.pdf", "gating.pdf")
    with house_style():
        _write_washout(folder, study_result)
        if study_result.response is not None and study_result.response.n_evaluable:
            to_pdf(
                [response_figure(study_result.response, density_name(study_result.study))],
                folder / "response.pdf",
            )
        _write_courses(folder, study_result)
        _write_gating(folder, study_result)
    write_bead_figures(folder, study_result.calibrations)


def write_bead_figures(folder: Path, calibrations: Iterable[CalibrationResult]) -> None:
    """Write `calibration.pdf`: a page per bead run that has a histogram or a curve."""
    _clear(folder, "calibration.pdf")
    shown = [found for found in calibrations if found.histogram is not None or found.curve is not None]
    if shown:
        to_pdf(_bead_pages(shown), folder / "calibration.pdf")


def _bead_pages(shown: Iterable[CalibrationResult]) -> Iterator[Figure]:
    for found in shown:
        yield bead_figure(found, title=f"Bead run {found.beads}")
        if found.drift:
            yield drift_figure(found.drift, title=f"Bead run {found.beads} against earlier ones")


def _clear(folder: Path, *names: str) -> None:
    """Make the folder, without the figures of an earlier run: one that has no data any more must not stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _write_washout(folder: Path, study_result: StudyResult) -> None:
    if any(visit.washout_weeks is not None for visit in study_result.visits):
        fit = study_result.washout.curve if study_result.washout else None
        figure = washout_figure(
            study_result.visits,
            study_result.best_responses(),
            study_result.study.settings,
            fit,
            axis_name(study_result.study),
        )
        to_pdf([figure], folder / "rd_washout.pdf")


def _write_courses(folder: Path, study_result: StudyResult) -> None:
    courses, month_days = study_result.courses, study_result.study.settings.month_days
    if swimmers(courses):
        to_pdf(swimmer_figures(courses, month_days), folder / "swimmer.pdf")
        to_pdf([survival_figure(courses, month_days)], folder / "survival.pdf")


def _write_gating(folder: Path, study_result: StudyResult) -> None:
    if any(result.pictures for result in study_result.results):
        to_pdf(_gating_pages(study_result), folder / "gating.pdf")


def _gating_pages(study_result: StudyResult) -> Iterator[Figure]:
    panels = {panel.name: panel for panel in study_result.study.panels}
    typed = {sample.sample_id: sample for sample in study_result.study.samples}
    for result in study_result.results:
        if result.pictures:
            labels = channel_labels(panels[typed[result.sample_id].panel])
            yield gating_figure(
                result.pictures,
                result.steps,
                labels,
                title=result.sample_id,
                wanted=population_name(study_result.study),
            )
