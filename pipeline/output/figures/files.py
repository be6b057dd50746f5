"""The files of `results/figures/`: charts for a paper as PDF and SVG, pictures of tubes and beads as SVG."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from calibration.curve.acceptance_limits import BeadLimit
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.files.safe_name import file_named
from pipeline.files.whole import remove_older, write_whole
from pipeline.output.figures.beads import bead_pictures
from pipeline.output.figures.cd38 import cd38_of
from pipeline.output.figures.charts import FIGURES, Chart
from pipeline.output.figures.drift import drift_pictures
from pipeline.output.figures.gating import channel_labels, gating_panels, gating_picture
from pipeline.output.figures.svg.picture_page import (
    ONE_COLUMN,
    TWO_COLUMNS,
    Picture,
    file_of,
    pictures_in_rows,
)
from pipeline.running.this_computer.side_work import Start, at_once
from pipeline.study.quantity_name import population_name

BEAD_FIGURES: Final = "calibration"
GATING_FIGURES: Final = "gating.pdf"
CHART_WIDTHS: Final = (("", TWO_COLUMNS), (f"_{ONE_COLUMN:.0f}mm", ONE_COLUMN))
"""Suffix of the name of a chart's PDF, and its width."""

_BEADS, _GATING, _CD38 = "beads", "gating", "cd38"
_ANY: Final = re.compile(r".*\.(svg|png)", re.DOTALL)
_COLUMNS: Final = 3
_COLUMNS_ON_PAPER: Final = {TWO_COLUMNS: 2, ONE_COLUMN: 1}
"""Pictures of a bead run side by side, by the width in mm: three would have letters below 6 points."""

Titled = tuple[str, Picture]


def write_figures(
    folder: Path,
    study_result: StudyResult,
    *,
    png: bool = False,
    gating_pdf: bool = False,
    start: Start = at_once,
) -> None:
    """Write every chart, and the pictures of every tube.

    Parameters
    ----------
    folder
        The folder, created if missing. A figure of an earlier run that has no data any more is removed.
    study_result
        The results of the study. A figure without data is not written.
    png
        Whether a PNG of 300 dots an inch is written beside each SVG.
    gating_pdf
        Whether `gating.pdf` is written, a page per tube.
    start
        Does the side work: the PDFs of the charts.
    """
    for chart in FIGURES:
        _write_chart(folder, chart, study_result, png=png, start=start)
    _write_each(folder / _GATING, _gatings(study_result), png=png)
    _write_each(folder / _CD38, _histograms(study_result), png=png)
    pages = (picture for _, picture in _gatings(study_result)) if gating_pdf else iter(())
    _write_pdf(folder / GATING_FIGURES, "Gating", pages)


def write_bead_figures(
    folder: Path,
    calibrations: Iterable[CalibrationResult],
    limit: BeadLimit,
    *,
    png: bool = False,
    start: Start = at_once,
) -> None:
    """Write the bead runs that have a histogram or a curve: a page each in `calibration.pdf`, and an SVG.

    `calibration.pdf` is two columns of a journal wide, `calibration_88mm.pdf` one.
    """
    shown = [run for run in calibrations if run.histogram is not None or run.curve is not None]
    for suffix, mm in CHART_WIDTHS:
        pages = tuple(chain.from_iterable(bead_pages(run, limit, mm) for run in shown))
        start(partial(_write_pdf, folder / f"{BEAD_FIGURES}{suffix}.pdf", "Bead runs", pages, mm))
    _write_each(folder / _BEADS, ((run.bead_run, _bead_picture(run, limit)) for run in shown), png=png)


def bead_pages(run: CalibrationResult, limit: BeadLimit, mm: float) -> Iterator[Picture]:
    """Yield the pages of a bead run for a PDF of this width in mm; its letters have 6 points or more."""
    columns = _COLUMNS_ON_PAPER[mm]
    yield pictures_in_rows(bead_pictures(run, limit), f"Bead run {run.bead_run}", columns)
    if run.drift:
        title = f"Bead run {run.bead_run} against earlier ones"
        yield pictures_in_rows(drift_pictures(run.drift), title, columns, room=columns)


def _write_chart(folder: Path, chart: Chart, study_result: StudyResult, *, png: bool, start: Start) -> None:
    for suffix, mm in CHART_WIDTHS:
        on_paper = tuple(chart.pages(study_result, mm, {}))
        start(partial(_write_pdf, folder / f"{chart.name}{suffix}.pdf", chart.title, on_paper))
    pages = chart.pages(study_result, TWO_COLUMNS, {})
    named = ((f"{chart.name}_{k}" if k > 1 else chart.name, page) for k, page in enumerate(pages, start=1))
    _write_each(folder, named, png=png, only=re.compile(rf"{re.escape(chart.name)}(_\d+)?\.(svg|png)"))


def _write_pdf(path: Path, title: str, pages: Iterable[Picture], mm: float | None = None) -> None:
    """Write a PDF of at least one page, `mm` wide. Without a page, remove the file of an earlier run."""
    drawn = iter(pages)
    first = next(drawn, None)
    if first is None:
        remove_older(path)
        return
    from pipeline.output.figures.paper.canvas import to_pdf
    from pipeline.output.figures.paper.drawing import figure_of

    figures = (figure_of(picture, mm) for picture in chain((first,), drawn))
    write_whole(path, lambda unfinished: to_pdf(figures, unfinished, title))


def _write_each(folder: Path, pictures: Iterable[Titled], *, png: bool, only: re.Pattern[str] = _ANY) -> None:
    """Write pictures as files of a folder; those of an earlier run that are no more are removed.

    `only` is the pattern of their names, for a folder that holds other files too.
    """
    written = set()
    for name, picture in pictures:
        path = file_named(folder, name, ".svg")
        write_whole(path, file_of(picture, name), durable=False)
        written.add(path.name)
        if png:
            written.add(_write_png(path.with_suffix(".png"), name, picture))
    for file in folder.glob("*.*"):
        if only.fullmatch(file.name) and file.name not in written:
            remove_older(file)


def _write_png(path: Path, title: str, picture: Picture) -> str:
    from pipeline.output.figures.paper.canvas import to_png
    from pipeline.output.figures.paper.drawing import figure_of

    write_whole(path, lambda unfinished: to_png(figure_of(picture), unfinished, title), durable=False)
    return path.name


def _bead_picture(run: CalibrationResult, limit: BeadLimit) -> Picture:
    pictures = (*bead_pictures(run, limit), *drift_pictures(run.drift))
    return pictures_in_rows(pictures, f"Bead run {run.bead_run}", _COLUMNS)


def _gatings(study_result: StudyResult) -> Iterator[Titled]:
    labels, wanted = _labels(study_result), population_name(study_result.study)
    for result in study_result.results:
        if result.pictures:
            channel_names = labels[result.sample_id]
            panels = gating_panels(result.pictures, result.steps, channel_names, wanted=wanted)
            yield result.sample_id, gating_picture(panels, result.sample_id)


def _histograms(study_result: StudyResult) -> Iterator[Titled]:
    labels = _labels(study_result)
    runs = {sample.sample_id: sample.bead_run for sample in study_result.study.samples}
    curves = {run.bead_run: run.curve for run in study_result.calibrations}
    for result in study_result.results:
        curve = curves.get(runs[result.sample_id])
        picture = cd38_of(result, curve, labels[result.sample_id])
        if picture is not None:
            yield result.sample_id, pictures_in_rows([picture], result.sample_id, 1)


def _labels(study_result: StudyResult) -> dict[str, dict[str, str]]:
    """Return the channel labels of each tube."""
    labels_by_panel = {panel.name: channel_labels(panel) for panel in study_result.study.panels}
    return {sample.sample_id: labels_by_panel.get(sample.panel, {}) for sample in study_result.study.samples}
