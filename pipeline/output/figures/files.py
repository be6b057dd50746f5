"""The figures of a paper as PDF files, and the gating pictures of each tube as an SVG file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from pipeline.assembly.study_result import StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.files.safe_name import file_named
from pipeline.files.whole import write_whole
from pipeline.output.figures.beads import bead_figure
from pipeline.output.figures.drift import drift_figure
from pipeline.output.figures.gating import channel_labels, gating_file, gating_panels
from pipeline.output.figures.response import response_figure
from pipeline.output.figures.style.canvas import house_style, to_pdf
from pipeline.output.figures.survival import survival_figure
from pipeline.output.figures.swimmer import swimmer_figures, swimmers
from pipeline.output.figures.washout import washout_figure
from pipeline.study.quantity_name import axis_name, density_name, population_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pages: TypeAlias = "Iterator[Figure]"
"""The pages of a file, drawn one at a time; none where there are no data."""


def write_figures(folder: Path, study_result: StudyResult) -> None:
    """Write every file of `FIGURES`, and `gating/SAMPLE.svg` of every tube that has pictures.

    Parameters
    ----------
    folder
        Made where it is not there. A figure of an earlier run that has no data any more is removed.
    study_result
        What was found. A figure without data is not written.
    """
    for name, pages_of in FIGURES:
        _write(folder / name, pages_of(study_result))
    _write_gating(folder / "gating", study_result)
    (folder / "gating.pdf").unlink(missing_ok=True)  # earlier releases wrote all tubes into one file


def write_bead_figures(folder: Path, calibrations: Iterable[CalibrationResult]) -> None:
    """Write `calibration.pdf`: a page per bead run that has a histogram or a curve."""
    _write(folder / BEAD_FIGURES, _bead_pages(calibrations))


def _write(path: Path, pages: Pages) -> None:
    """Write a file that has a page at least; without any, that of an earlier run must not stay."""
    with house_style():
        first = next(pages, None)
        if first is None:
            path.unlink(missing_ok=True)
        else:
            write_whole(path, lambda unfinished: to_pdf(chain((first,), pages), unfinished))


def _bead_pages(calibrations: Iterable[CalibrationResult]) -> Pages:
    for calibration in calibrations:
        if calibration.histogram is not None or calibration.curve is not None:
            yield bead_figure(calibration, title=f"Bead run {calibration.beads}")
            if calibration.drift:
                yield drift_figure(
                    calibration.drift, title=f"Bead run {calibration.beads} against earlier ones"
                )


def _washout_pages(study_result: StudyResult) -> Pages:
    if any(visit.washout_weeks is not None for visit in study_result.visits):
        washout = study_result.washout
        yield washout_figure(
            study_result.visits,
            study_result.best_responses(),
            study_result.study.settings,
            washout.curve if washout else None,
            axis_name(study_result.study),
            contradicted=bool(washout and washout.curve_is_contradicted),
        )


def _response_pages(study_result: StudyResult) -> Pages:
    if study_result.response is not None and study_result.response.n_evaluable:
        yield response_figure(study_result.response, density_name(study_result.study))


def _swimmer_pages(study_result: StudyResult) -> Pages:
    if swimmers(study_result.courses):
        yield from swimmer_figures(study_result.courses, study_result.study.settings.month_days)


def _survival_pages(study_result: StudyResult) -> Pages:
    if swimmers(study_result.courses):
        yield survival_figure(study_result.courses, study_result.study.settings.month_days)


def _write_gating(folder: Path, study_result: StudyResult) -> None:
    """Write the pictures of each tube; those of tubes that are no more are removed."""
    panels = {panel.name: panel for panel in study_result.study.panels}
    typed = {sample.sample_id: sample for sample in study_result.study.samples}
    wanted = population_name(study_result.study)
    written = set()
    for result in study_result.results:
        if result.pictures:
            labels = channel_labels(panels[typed[result.sample_id].panel])
            pictures = gating_panels(result.pictures, result.steps, labels, wanted=wanted)
            path = file_named(folder, result.sample_id, ".svg")
            write_whole(path, gating_file(pictures, result.sample_id), durable=False)
            written.add(path.name)
    for left in folder.glob("*.svg"):
        if left.name not in written:
            left.unlink()


BEAD_FIGURES: Final = "calibration.pdf"
FIGURES: Final[tuple[tuple[str, Callable[[StudyResult], Pages]], ...]] = (
    ("rd_washout.pdf", _washout_pages),
    ("response.pdf", _response_pages),
    ("swimmer.pdf", _swimmer_pages),
    ("survival.pdf", _survival_pages),
    (BEAD_FIGURES, lambda study_result: _bead_pages(study_result.calibrations)),
)
"""The files of `results/figures/`, and what draws their pages."""
