"""A gating step as a picture: its gate where it is, its words, and nothing typed that could break out of it."""

from __future__ import annotations

import base64
import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from lxml import etree

from gating.gates import AllOf, AnyOf, EllipsoidGate, PolygonGate, RangeGate
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.gating import (
    channel_labels,
    gating_html,
    gating_panels,
    gating_picture,
    step_title,
)
from pipeline.output.figures.svg.gate_picture import GATE_PICTURE_WIDTH, GATE_SIDE, kept_bins, step_picture
from pipeline.output.figures.svg.picture_page import Picture, file_of
from pipeline.quantification.result import SampleResult
from pipeline.tube.histograms import Density


def density(gate, y: str = "B", bins: int = 8, counts=None) -> Density:
    """A density on linear axes A and B from 0 to 10, so that a place is read off by eye."""
    shape = (bins, bins) if y else (bins,)
    filled = np.ones(shape) if counts is None else np.asarray(counts)
    packed = base64.b64encode(zlib.compress(filled.astype("<u4").tobytes())).decode()
    upward = (0.0, 10.0, None) if y else (0.0, 1.0, None)
    return Density("step", "A", y, (0.0, 10.0, None), upward, bins, packed, gate)


def gating_svg(panels: Sequence[Picture], title: str) -> str:
    """Return the pictures of a tube as one SVG file, as a run writes it."""
    return file_of(gating_picture(panels, title), title)


def gate_paths(drawn: Density) -> list[np.ndarray]:
    """Return the gate's lines in shares of the square from its lower left corner, each of shape (n, 2)."""
    content = step_picture(drawn, None, "Step", {}).content
    paths = re.findall(r'<path d="M([^"]+)" class="gate"/>', content)
    numbers = [[point.split() for point in line.split("L")] for line in paths]
    return [np.array([(float(x) / GATE_SIDE, 1 - float(y) / GATE_SIDE) for x, y in line]) for line in numbers]


def tube(study_result: StudyResult, sample_id: str) -> SampleResult:
    return next(result for result in study_result.results if result.sample_id == sample_id)


def texts_of(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_a_rectangle_is_drawn_at_its_bounds():
    (line,) = gate_paths(density(AllOf((RangeGate("A", 2, 5), RangeGate("B", 4, None)))))
    assert line == pytest.approx(
        np.array([(0.2, 0.4), (0.5, 0.4), (0.5, 1.0), (0.2, 1.0), (0.2, 0.4)]), abs=0.001
    )


def test_a_polygon_is_drawn_through_its_corners():
    (line,) = gate_paths(density(PolygonGate("A", "B", ((1, 1), (9, 1), (5, 8)))))
    assert line == pytest.approx(np.array([(0.1, 0.1), (0.9, 0.1), (0.5, 0.8), (0.1, 0.1)]), abs=0.001)


def test_an_ellipse_reaches_as_far_as_its_axes():
    middle, spreads = (math.asinh(5.0), math.asinh(5.0)), ((0.01, 0.0), (0.0, 0.04))
    gate = EllipsoidGate(("A", "B"), (1.0, 1.0), middle, spreads, distance_square=1.0)
    (line,) = gate_paths(density(gate))
    across, up = zip(*line, strict=True)
    low, high = np.sinh(np.arcsinh(5.0) - 0.1) / 10, np.sinh(np.arcsinh(5.0) + 0.1) / 10
    assert (min(across), max(across)) == pytest.approx((low, high), abs=0.002)
    low, high = np.sinh(np.arcsinh(5.0) - 0.2) / 10, np.sinh(np.arcsinh(5.0) + 0.2) / 10
    assert (min(up), max(up)) == pytest.approx((low, high), abs=0.002)


def test_a_cut_of_one_channel_is_a_line_from_foot_to_top():
    (line,) = gate_paths(density(RangeGate("A", 3, None), y=""))
    assert line == pytest.approx(np.array([(0.3, 0.0), (0.3, 1.0)]), abs=0.001)


def test_either_of_two_gates_is_one_outline_around_both():
    assert len(gate_paths(density(AnyOf((RangeGate("A", 7, None), RangeGate("B", 7, None)))))) == 1


def test_the_bins_a_histogram_gate_keeps():
    assert kept_bins(density(RangeGate("A", 5, None), y="")).tolist() == [False] * 4 + [True] * 4
    either = AnyOf((RangeGate("A", None, 2.5), RangeGate("A", 7.5, None)))
    assert kept_bins(density(either, y="")).tolist() == [True] * 2 + [False] * 4 + [True] * 2
    assert kept_bins(density(None, y="")).all()
    middle = 10 / 16  # of the first bin: a value on the lower bound is kept, one on the upper is not
    assert kept_bins(density(RangeGate("A", middle, None), y="")).all()
    assert not kept_bins(density(RangeGate("A", None, middle), y="")).any()


def test_a_histogram_carries_its_counts_and_a_density_its_floors():
    counts = [0, 3, 5, 0, 1, 0, 0, 2]
    content = step_picture(density(None, y="", counts=counts), None, "Step", {}).content
    assert 'data-counts="0 3 5 0 1 0 0 2"' in content
    assert re.search(r'data-floors="1( \d+){9}"', step_picture(density(None), None, "Step", {}).content)


def test_a_histogram_counts_its_events_along_an_axis_with_a_name():
    counts = [0, 30, 50, 0, 10, 0, 0, 20]
    content = step_picture(density(None, y="", counts=counts), None, "Step", {}).content
    assert "Events per bin" in texts_of(f"<svg>{content}</svg>")
    places = {label: float(y) for y, label in re.findall(r'y="([\d.]+)" class="e">([^<]+)<', content)}
    top, bottom = 36, 36 + 136
    assert places["0"] - 4 == bottom
    assert places["40"] - 4 == pytest.approx(
        bottom - 40 / 50 * 0.93 * (bottom - top), abs=0.2
    )  # 50: the highest bar
    assert "Events per bin" not in step_picture(density(None), None, "Step", {}).content


def test_the_time_axis_names_its_unit():
    time = replace(density(None), step="time")
    assert "A (s or ticks)" in step_picture(time, None, "Time", {}).content
    assert "(s or ticks)" not in step_picture(density(None), None, "Step", {}).content


def test_each_step_says_how_many_it_kept_and_how_sure_it_was(study_result: StudyResult):
    result = tube(study_result, "P05-S1")
    labels = channel_labels(study_result.study.panels[0])
    words = texts_of(gating_svg(gating_panels(result.pictures, result.steps, labels), "P05-S1"))
    step = next(step for step in result.steps if step.name == "plasma_cells")
    assert any(f"{step.n_out:,} of {step.n_in:,}" in word for word in words)
    assert "? 0.42" in words  # the unsure threshold
    assert "CD138 · BV421-A" in words
    below = " ".join(words)  # a part of the gate that the picture cannot show is named too
    assert "keeps" in below
    assert "PE-Cy7-A" in below


def test_a_step_nobody_foresaw_is_drawn_under_its_own_name(study_result: StudyResult):
    renamed = replace(tube(study_result, "P05-S1").pictures[0], step="basophils_out")
    assert step_title("basophils_out") in texts_of(gating_panels((renamed,), ())[0].content)


def test_another_population_is_called_by_its_name(study_result: StudyResult):
    result = tube(study_result, "P05-S1")
    words = texts_of(gating_svg(gating_panels(result.pictures, result.steps, wanted="b cells"), "P05-S1"))
    assert "B cells" in words
    assert "Plasma cells" not in words


def test_a_long_channel_name_is_shortened_with_a_sign():
    words = texts_of(
        step_picture(density(None), None, "Step", {"A": "a marker with a very long name · FL1-A"}).content
    )
    assert any(word.endswith("…") and len(word) <= 24 for word in words)


@pytest.mark.parametrize("marker", ["CD3+CD14 · PerCP-Cy5-5-A", "CD138 · BB700-CD-A-10-A", "CD45 · V500-C-A"])
def test_a_channel_name_is_never_cut_at_the_edge_of_its_picture(marker):
    from matplotlib.textpath import TextPath

    wide = TextPath((0, 0), marker, size=11).get_extents().width
    panel = step_picture(density(None), None, "Step", {"A": marker, "B": marker})
    across, upward = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="m axis"', panel.content)
    assert wide / 2 <= float(across[0]) <= GATE_PICTURE_WIDTH - wide / 2
    assert wide / 2 <= float(upward[1]) <= panel.height - wide / 2


def test_a_tick_at_the_end_of_an_axis_keeps_its_whole_label():
    content = step_picture(replace(density(None), x_axis=(0.0, 200_000.0, None)), None, "Step", {}).content
    places = re.findall(r'<text x="([\d.]+)" y="187" class="m">([^<]+)<', content)
    assert "200k" in dict(places).values()
    assert all(float(x) + 3.2 * len(label) <= GATE_PICTURE_WIDTH for x, label in places)


HOSTILE = "\"><script>alert(1)</script>&'<"


def test_whatever_is_typed_stays_text(study_result: StudyResult):
    result = tube(study_result, "P05-S1")
    labels = dict.fromkeys(channel_labels(study_result.study.panels[0]), HOSTILE)
    panels = gating_panels(result.pictures, result.steps, labels, wanted=HOSTILE)
    for written in (gating_svg(panels, HOSTILE), gating_html(panels, HOSTILE)):
        root = etree.fromstring(written.encode())
        assert not [element for element in root.iter() if "script" in str(element.tag)]


def test_the_pictures_of_a_tube_are_small_and_without_ids_or_styles_of_their_own(study_result: StudyResult):
    for result in study_result.results:
        written = gating_html(gating_panels(result.pictures, result.steps), "gates")
        assert len(written) <= 30_000
        assert written.count("<") - written.count("</") <= 250
        assert " id=" not in written
        assert " style=" not in written


def test_a_tube_gives_the_same_file_each_time(study_result: StudyResult):
    result = tube(study_result, "P05-S1")
    first, second = (gating_svg(gating_panels(result.pictures, result.steps), "P05-S1") for _ in range(2))
    assert first == second
    assert etree.fromstring(first.encode()).tag == "{http://www.w3.org/2000/svg}svg"
