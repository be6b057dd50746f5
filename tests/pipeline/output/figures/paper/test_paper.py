"""Pictures on paper: sizes that a journal asks for, letters that are read, nothing cut or struck."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch, Rectangle

from calibration.curve.acceptance_limits import ERROR
from helpers.golden_pictures import drift_series
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.beads import bead_pictures
from pipeline.output.figures.cd38 import cd38_of
from pipeline.output.figures.charts import FIGURES, WASHOUT
from pipeline.output.figures.files import CHART_WIDTHS, bead_pages, write_bead_figures, write_figures
from pipeline.output.figures.gating import gating_panels, gating_picture
from pipeline.output.figures.paper.drawing import figure_of
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, Picture
from pipeline.output.figures.washout import MOST_LABELS, drawable, washout_picture
from pipeline.study.settings import Settings
from pipeline.washout import fit_tobit

SMALLEST = 6.0
"""Points that a letter of a journal's figure has at least."""

MM = 25.4


def boxes_of(figure: Figure) -> dict[str, tuple[float, float, float, float]]:
    """Return where each text lies, in points from the lower left corner."""
    figure.set_dpi(72)
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    return {
        f"{k}: {text.get_text()}": text.get_window_extent(renderer).extents for k, text in enumerate(texts)
    }


def page(picture: Picture) -> tuple[Figure, dict]:
    figure = figure_of(picture)
    return figure, boxes_of(figure)


def cut_off(figure: Figure, boxes: dict) -> list[str]:
    wide, high = 72 * figure.get_size_inches()
    return [
        t
        for t, (x0, y0, x1, y1) in boxes.items()
        if x0 < -0.5 or y0 < -0.5 or x1 > wide + 0.5 or y1 > high + 0.5
    ]


def overprinted(boxes: dict) -> list[tuple[str, str]]:
    named = list(boxes.items())
    return [
        (a, b)
        for k, (a, box) in enumerate(named)
        for b, other in named[k + 1 :]
        if min(box[2], other[2]) - max(box[0], other[0]) > 0.5
        and min(box[3], other[3]) - max(box[1], other[1]) > 1.5
    ]


def struck(figure: Figure, boxes: dict) -> list[str]:
    """Return the texts through which a line goes."""
    from matplotlib.transforms import Bbox

    axes = figure.axes[0]
    whole = Bbox.from_extents(-1, -1, 1e4, 1e4)
    lines = [
        (
            patch.get_path().transformed(patch.get_patch_transform() + axes.transData),
            patch.clipbox or (patch.get_clip_path().get_fully_transformed_path().get_extents() if patch.get_clip_path() else whole),
        )
        for patch in axes.patches
        if isinstance(patch, PathPatch) and patch.get_facecolor()[3] == 0 and patch.get_linewidth() > 0
    ]  # fmt: skip
    inner = {
        t: Bbox.from_extents(x0 + 0.7, y0 + 1.6, x1 - 0.7, y1 - 1.6) for t, (x0, y0, x1, y1) in boxes.items()
    }
    return [
        text
        for text, box in inner.items()
        if any(window.overlaps(box) and line.intersects_bbox(box, filled=False) for line, window in lines)
    ]


@pytest.mark.parametrize("mm", [ONE_COLUMN, TWO_COLUMNS])
@pytest.mark.parametrize("chart", FIGURES, ids=lambda chart: chart.name)
def test_a_chart_fits_its_column_and_is_read(followed: StudyResult, chart, mm):
    (picture,) = chart.pages(followed, mm, {})
    figure, boxes = page(picture)
    assert figure.get_size_inches()[0] * MM == pytest.approx(mm, abs=0.01)
    assert len(boxes) > 8
    assert min(text.get_fontsize() for text in figure.axes[0].texts) >= SMALLEST
    assert cut_off(figure, boxes) == []
    assert overprinted(boxes) == []
    assert struck(figure, boxes) == []


def many_visits(study_result: StudyResult, n: int, seed: int):
    rng = np.random.default_rng(seed)
    quantified = [
        visit for visit in study_result.visits if visit.receptor.rd and visit.washout_weeks is not None
    ]
    chosen = rng.integers(0, len(quantified), n)
    return [
        replace(
            quantified[k],
            patient_id=f"P{number:02}",
            washout_weeks=float(rng.lognormal(2.5, 1.0)),
            receptor=replace(
                quantified[k].receptor,
                rd=(rd := float(rng.lognormal(9, 1.5))),
                rd_low=rd / 1.3,
                rd_high=rd * 1.3,
            ),
        )
        for number, k in enumerate(chosen)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_names_of_forty_patients_touch_nothing(study_result: StudyResult, seed):
    visits = many_visits(study_result, MOST_LABELS, seed)
    weeks = np.array([2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
    fit = fit_tobit(weeks, [900.0, 1500.0, 2500.0, 4100.0, 9000.0, 12_000.0], ["OK"] * 6, lloq=500.0)
    figure, boxes = page(washout_picture(visits, {}, Settings(), fit))
    assert overprinted(boxes) == []
    assert struck(figure, boxes) == []
    named = {text.split(": ", 1)[1] for text in boxes}
    points = {point.label for point in drawable(visits, {})}
    assert len(points) > 25
    assert len(points - named) <= 3


@pytest.mark.slow
def test_a_pdf_has_its_title_and_the_width_of_its_column(followed: StudyResult, tmp_path: Path):
    plain = tuple(replace(tube, pictures=(), histogram=None) for tube in followed.results)
    write_figures(tmp_path, replace(followed, results=plain, calibrations=()))
    for chart in FIGURES:
        for suffix, mm in CHART_WIDTHS:
            written = (tmp_path / f"{chart.name}{suffix}.pdf").read_bytes()
            assert f"/Title ({chart.title[:20]}".encode() in written
            box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", written)
            assert box is not None
            assert float(box[1]) / 72 * MM == pytest.approx(mm, abs=0.01)


@pytest.mark.slow
def test_bead_runs_are_written_at_both_widths_with_letters_that_are_read(
    study_result: StudyResult, tmp_path: Path
):
    run = replace(study_result.calibrations[0], drift=(drift_series(),))
    write_bead_figures(tmp_path, (run,), ERROR)
    for suffix, mm in CHART_WIDTHS:
        written = (tmp_path / f"calibration{suffix}.pdf").read_bytes()
        sheets = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", written)
        pictures = tuple(bead_pages(run, ERROR, mm))
        assert len(sheets) == len(pictures) == 2  # the run, and its drift
        for sheet, picture in zip(sheets, pictures, strict=True):
            assert float(sheet[0]) / 72 * MM == pytest.approx(mm, abs=0.01)
            figure = figure_of(picture, mm)
            assert 72 * figure.get_size_inches() == pytest.approx([float(side) for side in sheet], abs=0.01)
            boxes = boxes_of(figure)
            sizes = [text.get_fontsize() for text in figure.axes[0].texts]
            assert min(sizes) >= SMALLEST
            assert max(sizes) <= 10
            assert cut_off(figure, boxes) == []
            assert overprinted(boxes) == []


def test_the_pictures_of_a_tube_and_of_beads_are_drawn_whole(study_result: StudyResult):
    result = next(result for result in study_result.results if result.sample_id == "P05-S1")
    run = study_result.calibrations[0]
    histogram = cd38_of(result, run.curve, {})
    assert histogram is not None
    panels = gating_panels(result.pictures, result.steps)
    for picture in (*bead_pictures(run), histogram, *panels, gating_picture(panels, "P05-S1")):
        figure, boxes = page(picture)
        assert cut_off(figure, boxes) == []
        assert overprinted(boxes) == []
        assert len(figure.axes[0].patches) >= picture.content.count("<path")


def test_paper_shows_the_shapes_of_the_page_at_their_places():
    content = (
        '<svg x="10" y="20" width="30" height="40"><rect x="1" y="2" width="3" height="4" fill="#0072B2"/></svg>'
        '<g transform="translate(5 6)"><circle cx="1" cy="2" r="3" class="hit"/></g>'
        '<path d="M1 2H5v3h-2V9L7 8Z" stroke="#D55E00" stroke-dasharray="4 2" stroke-width="2"/>'
        '<text x="3" y="9" class="e small">a &lt; b</text>'
    )
    axes = figure_of(Picture(content, 100, 80, is_chart=True)).axes[0]
    rectangle, circle, path = axes.patches
    assert isinstance(rectangle, Rectangle)
    assert isinstance(circle, Circle)
    assert rectangle.get_xy() == (11, 22)
    assert circle.center == (6, 8)
    corners = [(1, 2), (5, 2), (5, 5), (3, 5), (3, 9), (7, 8), (1, 2)]
    assert [tuple(corner) for corner in path.get_path().vertices] == corners
    (words,) = axes.texts
    assert (words.get_text(), words.get_fontsize(), words.get_ha()) == ("a < b", 6.5, "right")
    with pytest.raises(ValueError, match="ellipse"):
        figure_of(Picture("<ellipse/>", 10, 10))


def test_what_the_page_says_on_hover_is_no_text_on_paper(study_result: StudyResult):
    (picture,) = WASHOUT.pages(study_result, TWO_COLUMNS, {})
    assert "molecules per cell, interval" in picture.content
    assert not [words for words in page(picture)[1] if "interval 2" in words]


def discs(figure: Figure) -> list[tuple[float, float, float, float]]:
    """Return the boxes of the marks that are drawn in the frame, in pixels."""
    axes = figure.axes[0]
    circles = [patch for patch in axes.patches if isinstance(patch, Circle) and patch.get_clip_path() is None]
    return [patch.get_window_extent().extents for patch in circles]


@pytest.mark.parametrize(("n", "mm"), [(120, TWO_COLUMNS), (300, TWO_COLUMNS), (300, ONE_COLUMN)])
def test_words_of_limits_touch_no_point_however_many_there_are(study_result: StudyResult, n, mm):
    figure, boxes = page(washout_picture(many_visits(study_result, n, 1), {}, Settings(), mm=mm))
    marks = discs(figure)
    limits = {
        text: box for text, box in boxes.items() if any(word in text for word in ("RD cut", "LLOQ", "ULOQ"))
    }
    assert len(marks) > n / 2
    assert len(limits) == 3
    for x0, y0, x1, y1 in limits.values():
        hit = [m for m in marks if m[0] < x1 - 1 and x0 + 1 < m[2] and m[1] < y1 - 1 and y0 + 1 < m[3]]
        assert hit == []
