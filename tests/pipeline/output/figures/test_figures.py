"""Figures: what is on them, and the same bytes each time."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.curve.acceptance_limits import ERROR, BeadLimit
from calibration.density.receptor_density import RdStatus
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.output.figures import write_bead_figures, write_figures
from pipeline.output.figures.beads import bead_pictures
from pipeline.output.figures.cd38 import cd38_picture, rebinned
from pipeline.output.figures.paper.canvas import to_pdf
from pipeline.output.figures.paper.drawing import figure_of
from pipeline.output.figures.response import response_picture
from pipeline.output.figures.style.palette import ORANGE, VERMILLION
from pipeline.output.figures.svg.picture_page import file_of, pictures_in_rows
from pipeline.output.figures.washout import MOST_POINTS_DRAWN, drawable, washout_picture
from pipeline.output.figures.washout.line import patients_band
from pipeline.quantification.result import SampleResult
from pipeline.study.quantity_name import axis_name
from pipeline.study.settings import Settings
from pipeline.washout import fit_tobit


def tube(study_result: StudyResult, sample_id: str) -> SampleResult:
    return next(result for result in study_result.results if result.sample_id == sample_id)


def texts_of(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def bead_texts(run: CalibrationResult) -> list[str]:
    return [words for picture in bead_pictures(run) for words in texts_of(picture.content)]


def test_a_point_beyond_a_limit_lies_at_its_limit(study_result: StudyResult):
    visits = study_result.visits
    points = {point.label: point for point in drawable(visits, {})}
    below = next(visit for visit in visits if visit.patient_id == "P02")
    assert (points["P02"].side, points["P02"].y) == (-1, below.receptor.lloq)
    assert points["P08"].side == 1
    assert points["P05"].side == 0
    assert math.isclose(points["P05"].y, 31_400)


def test_visits_without_washout_or_density_are_not_drawn(study_result: StudyResult):
    labels = {point.label for point in drawable(study_result.visits, {})}
    assert labels.isdisjoint({"P09", "P10", "P11"})  # too few cells, no background, failed
    unclocked = [replace(visit, washout_weeks=None) for visit in study_result.visits]
    assert drawable(unclocked, {}) == ()


def test_a_dose_on_the_day_of_the_sample_still_has_a_place(study_result: StudyResult):
    (visit,) = [visit for visit in study_result.visits if visit.patient_id == "P05"]
    (point,) = drawable([replace(visit, washout_weeks=0.0)], {})
    assert point.x == pytest.approx(1 / 7)


@pytest.mark.parametrize("contradicted", [False, True])
def test_the_washout_figure_tells_the_median_its_band_and_that_of_the_patients_apart(
    study_result: StudyResult, contradicted
):
    weeks = np.array([2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
    fit = fit_tobit(weeks, [900.0, 1500.0, 2500.0, 4100.0, 9000.0, 12_000.0], ["OK"] * 6, lloq=500.0)
    visits, settings = study_result.visits, study_result.study.settings
    picture = washout_picture(visits, {}, settings, fit, contradicted=contradicted)
    words = " ".join(texts_of(picture.content))
    assert "median patient" in words
    assert "95 % interval" in words
    assert "of that median" in words
    assert "95 % of the patients" in words
    assert ("the points do not fit it" in words) is contradicted
    low, high = patients_band(fit, weeks)
    assert np.all(low < fit.predict(weeks))
    assert high / fit.predict(weeks) == pytest.approx(10 ** (1.959964 * fit.sigma))


def test_two_bands_that_leave_the_frame_are_told_by_one_arrow_an_edge(study_result: StudyResult):
    fit = fit_tobit(
        np.array([2.0, 4.0, 8.0, 16.0, 64.0]),
        [600.0, 90.0, 90_000.0, 900.0, 900_000.0],
        ["OK"] * 5,
        lloq=50.0,
    )
    picture = washout_picture(study_result.visits, {}, study_result.study.settings, fit)
    words = texts_of(picture.content)
    assert [words.count(f"{sign} goes on") for sign in "↑↓"] == [1, 1]


def test_the_washout_figure_names_patients_responses_and_limits(study_result: StudyResult):
    fit = study_result.washout.tobit
    name = axis_name(study_result.study)
    picture = washout_picture(
        study_result.visits, study_result.best_responses(), study_result.study.settings, fit, name
    )
    words = texts_of(picture.content)
    assert {"P05", "SD", "PD", "MR", "12 months", "LLOQ 950", "RD cut 150,000"} <= set(words)
    assert any("daratumumab-competitive" in word for word in words)


def test_the_weeks_of_one_visit_can_be_read_from_the_axis(study_result: StudyResult):
    alone = replace(study_result.visits[0], washout_weeks=6.7)
    assert {"6", "7", "8"} <= set(texts_of(washout_picture([alone], {}, Settings()).content))


def test_limits_that_are_written_alike_are_one(study_result: StudyResult):
    first, *others = study_result.visits
    nearly = replace(first, receptor=replace(first.receptor, uloq=77_139.2))
    same = [replace(visit, receptor=replace(visit.receptor, uloq=77_139.4)) for visit in others]
    words = texts_of(washout_picture([nearly, *same], {}, Settings()).content)
    assert "ULOQ 77,139" in words


def test_a_study_without_any_density_says_so(study_result: StudyResult):
    words = texts_of(washout_picture((), {}, Settings()).content)
    assert words == ["no patient has both a washout and a receptor density"]


def test_a_thousand_patients_get_no_names(study_result: StudyResult):
    (visit,) = [visit for visit in study_result.visits if visit.patient_id == "P05"]
    many = [replace(visit, washout_weeks=1.0 + k) for k in range(60)]
    assert "P05" not in texts_of(washout_picture(many, {}, Settings()).content)


def test_the_histogram_tells_both_medians_and_the_molecules(study_result: StudyResult):
    result = tube(study_result, "P05-S1")
    curve = study_result.calibrations[0].curve
    words = texts_of(
        cd38_picture(result.histogram, result.receptor, curve=curve, control_words="FMO").content
    )
    assert any(word.startswith("FMO: median 255") for word in words)
    assert any("molecules per cell (ABC)" in word for word in words)


def test_without_medians_the_populations_are_still_named(study_result: StudyResult):
    result = tube(study_result, "P09-S1")
    assert result.receptor.status is RdStatus.LOW_EVENTS
    words = texts_of(cd38_picture(result.histogram, result.receptor).content)
    assert "stained: n = 11" in words


def test_few_cells_are_shown_in_wide_bins():
    rng = np.random.default_rng(2)
    few = np.bincount(rng.integers(0, 192, 40), minlength=192)
    many = np.bincount(rng.integers(0, 192, 40_000), minlength=192)
    assert rebinned(few).size < rebinned(many).size == 192
    assert rebinned(few).sum() == 40


def test_a_bead_run_without_curve_or_peaks_is_drawn_as_far_as_it_goes(study_result: StudyResult):
    bare = CalibrationResult("B9", "b.fcs", "qsc", "1", "PE-A", (0.0, 100.0))
    words = bead_texts(bare)
    assert {"no histogram", "no curve"} <= set(words)
    seen = replace(study_result.calibrations[0], curve=None)
    assert "no histogram" not in bead_texts(seen)


def test_beads_outside_the_fit_are_told_apart(study_result: StudyResult):
    run = study_result.calibrations[0]
    curve = replace(
        run.curve, fitted=(False, True, True, True), back_calculated_error=(None, 0.01, -0.3, 0.02)
    )
    words = bead_texts(replace(run, curve=curve))
    assert "open: not in the fit" in words
    assert "−30.0" in words


def test_every_rate_carries_k_and_n(study_result: StudyResult):
    words = texts_of(response_picture(study_result.response).content)
    for found in (*study_result.response.by_washout, *study_result.response.by_rd):
        assert any(word.startswith(f"{found.k}/{found.n}") for word in words)


def test_the_same_data_give_the_same_bytes(study_result: StudyResult, tmp_path: Path):
    run = study_result.calibrations[0]
    first, second = (pictures_in_rows(bead_pictures(run), "B1", 3) for _ in range(2))
    assert file_of(first, "B1") == file_of(second, "B1")
    for name, picture in (("a.pdf", first), ("b.pdf", second)):
        to_pdf([figure_of(picture)], tmp_path / name, "B1")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def names_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


@pytest.mark.slow
def test_every_figure_of_a_study_is_a_file_and_what_is_no_more_goes(
    study_result: StudyResult, tmp_path: Path
):
    (tmp_path / "gating").mkdir()
    (tmp_path / "gating" / "of_an_earlier_run.svg").write_text("<svg/>")
    (tmp_path / "gating.pdf").write_bytes(b"of an earlier run")
    (tmp_path / "response.png").write_bytes(b"of an earlier run")
    (tmp_path / "swimmer_2.svg").write_text("<svg/>")
    (tmp_path / "response_of_mine.svg").write_text("<svg/>")
    one = changed(study_result, results=study_result.results[:1])
    write_figures(tmp_path, one)
    write_bead_figures(tmp_path, one.calibrations, ERROR)
    first = study_result.results[0].sample_id
    drawn = ("rd_washout", "rd_distribution", "rd_courses", "response")
    charts = [f"{name}{kind}" for name in drawn for kind in (".pdf", ".svg", "_88mm.pdf")]
    tube = [f"gating/{first}.svg", f"cd38/{first}.svg"]
    beads = ["calibration.pdf", "calibration_88mm.pdf"]
    runs = [f"beads/{run.bead_run}.svg" for run in study_result.calibrations]
    assert names_below(tmp_path) == sorted([*charts, *tube, *beads, *runs, "response_of_mine.svg"])


@pytest.mark.slow
def test_png_and_gating_pdf_are_made_on_request(study_result: StudyResult, tmp_path: Path):
    one = changed(study_result, results=study_result.results[:1], calibrations=())
    write_figures(tmp_path, one, png=True, gating_pdf=True)
    names = names_below(tmp_path)
    assert [name[:-3] + "png" for name in names if name.endswith("svg")] == [
        n for n in names if n.endswith("png")
    ]
    assert (tmp_path / "gating.pdf").read_bytes().count(b"/Type /Page ") == 1
    write_figures(tmp_path, one)
    assert not [name for name in names_below(tmp_path) if name.endswith("png") or name == "gating.pdf"]


def test_what_has_no_data_is_not_written(study_result: StudyResult, tmp_path: Path):
    failed = [result for result in study_result.results if result.receptor.status is RdStatus.FAILED]
    bare = changed(
        study_result, results=tuple(failed), calibrations=(), exposures={}, response=None, washout=None
    )
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "response.pdf").write_bytes(b"of an earlier run")
    write_figures(tmp_path / "figures", bare)
    write_bead_figures(tmp_path / "figures", (), ERROR)
    assert names_below(tmp_path / "figures") == []


def test_nothing_is_left_of_the_house_style_outside_of_it(study_result: StudyResult):
    import matplotlib

    before = dict(matplotlib.rcParams)
    figure_of(bead_pictures(study_result.calibrations[0])[0])
    assert dict(matplotlib.rcParams) == before


def test_very_many_points_are_a_path_for_each_look_and_the_figure_says_so(study_result: StudyResult):
    (visit,) = [visit for visit in study_result.visits if visit.patient_id == "P05"]
    many = [replace(visit, washout_weeks=1.0 + k / 50) for k in range(MOST_POINTS_DRAWN + 1)]
    svg = washout_picture(many, {}, Settings()).content
    words = " ".join(texts_of(svg))
    assert "1,001 points: intervals and arrows are not drawn" in words
    assert "RD cut 150,000" in words
    assert '<path d="M-7 0H7" class="cut"' in svg
    assert svg.count('fill="#e6eaee"') == 2  # below the LLOQ, and in the key
    assert 'class="spot"' not in svg
    assert svg.count("<path") < 20


def test_the_errors_of_beads_are_marked_by_the_study_s_own_limits(study_result: StudyResult):
    run = study_result.calibrations[0]
    curve = replace(run.curve, back_calculated_error=tuple(0.15 for _ in run.curve.back_calculated_error))
    run = replace(run, curve=curve)
    shown = [bead_pictures(run, limit)[2].content for limit in (BeadLimit(0.1, 0.2), BeadLimit(0.16, 0.2))]
    strict = bead_pictures(run, BeadLimit(0.05, 0.1))[2].content
    assert [ORANGE in content for content in (*shown, strict)] == [True, False, False]
    assert [VERMILLION in content for content in (*shown, strict)] == [False, False, True]
    dimmest = bead_pictures(run, BeadLimit(0.05, 0.1, dimmest_reject=0.2))[2].content
    assert dimmest.count(f'stroke="{ORANGE}"') == 1
