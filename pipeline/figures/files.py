"""The figures of a paper, as PDF files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.figures.beads import bead_figure
from pipeline.figures.canvas import house_style, to_pdf
from pipeline.figures.gating import channel_labels, gating_figure
from pipeline.figures.response import response_figure
from pipeline.figures.washout import washout_figure
from pipeline.outcome import Outcome
from pipeline.sample_result import CalibrationResult
from pipeline.visits import visits_of

MOST_GATING_FILES = 40
"""Studies of more tubes get no PDF of every tube's gating; the report shows them all."""


def write_figures(folder: Path, outcome: Outcome) -> None:
    """Write `rd_washout.pdf`, `response.pdf`, `calibration_<beads>.pdf` and `gating_<sample_id>.pdf`.

    Parameters
    ----------
    folder
        Made where it is not there; files of the same names are replaced.
    outcome
        What was found. A figure without data is not written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with house_style():
        _write_washout(folder, outcome)
        if outcome.response is not None and outcome.response.n_evaluable:
            to_pdf(response_figure(outcome.response), folder / "response.pdf")
        _write_gating(folder, outcome)
    write_bead_figures(folder, outcome.calibrations)


def write_bead_figures(folder: Path, calibrations: Iterable[CalibrationResult]) -> None:
    """Write `calibration_<beads>.pdf` of every bead run that has a histogram or a curve."""
    folder.mkdir(parents=True, exist_ok=True)
    with house_style():
        for found in calibrations:
            if found.histogram is not None or found.curve is not None:
                to_pdf(bead_figure(found), folder / f"calibration_{found.beads}.pdf")


def _write_washout(folder: Path, outcome: Outcome) -> None:
    visits = visits_of(outcome)
    if any(visit.washout_weeks is not None for visit in visits):
        fit = outcome.washout.tobit if outcome.washout else None
        figure = washout_figure(visits, outcome.best_responses(), outcome.study.settings, fit)
        to_pdf(figure, folder / "rd_washout.pdf")


def _write_gating(folder: Path, outcome: Outcome) -> None:
    panels = {panel.name: panel for panel in outcome.study.panels}
    typed = {sample.sample_id: sample for sample in outcome.study.samples}
    if len(outcome.results) > MOST_GATING_FILES:
        return
    for result in outcome.results:
        if result.pictures:
            labels = channel_labels(panels[typed[result.sample_id].panel])
            figure = gating_figure(result.pictures, result.steps, labels)
            to_pdf(figure, folder / f"gating_{result.sample_id}.pdf")
