"""Gates as they are drawn on display axes."""

from __future__ import annotations

import base64
import re
import zlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gating.events import Events
from gating.gates import AllOf, AnyOf, EllipsoidGate, Gate, PolygonGate, RangeGate, inside
from gating.gates.steps import GateStep, Step
from gating.thresholds.methods import Method
from pipeline.output.figures.outlines import axes_of, kept_words, outlines
from pipeline.output.figures.svg.gate_picture import step_picture
from pipeline.tube.histograms import Density


def density(gate: Gate | None, x: str = "A", y: str = "B", cofactor: float | None = None) -> Density:
    counts = np.zeros((8, 8) if y else 8, "<u4")
    coded = base64.b64encode(zlib.compress(counts.tobytes())).decode()
    axis = (0.0, 10.0, cofactor)
    return Density("step", x, y, axis, axis if y else (0.0, 1.0, None), 8, coded, gate)


def test_ranges_on_both_channels_make_one_rectangle():
    (line,) = outlines(density(AllOf((RangeGate("A", 2, None), RangeGate("B", None, 6)))))
    assert line.min(axis=0).tolist() == [2, 0]
    assert line.max(axis=0).tolist() == [10, 6]


def step(gate: Gate | None, **more) -> GateStep:
    return GateStep(**({"name": Step.DUMP, "gate": gate, "channels": ("A", "B"), "n_in": 9, "n_out": 5,
                        "methods": (Method.VALLEY,)} | more))  # fmt: skip


def test_ranges_that_overlap_have_one_outline_around_them():
    union = AnyOf((RangeGate("A", None, 4), AllOf((RangeGate("A", None, 9), RangeGate("B", 6, None)))))
    (line,) = outlines(density(AllOf((union, RangeGate("C", None, 900)))))
    assert line.tolist() == [[0, 0], [4, 0], [4, 6], [9, 6], [9, 10], [0, 10], [0, 0]]


def test_an_alternative_that_lies_outside_of_another_part_is_not_drawn():
    gate = AllOf((RangeGate("A", None, 4), AnyOf((RangeGate("B", 6, None), RangeGate("C", 1, None)))))
    (line,) = outlines(density(gate))
    assert line.tolist() == [[0, 6], [4, 6], [4, 10], [0, 10], [0, 6]]


bounds = st.one_of(st.none(), st.integers(-2, 12).map(float))
ranges = st.builds(RangeGate, st.sampled_from("AB"), bounds, bounds)
trees = st.recursive(
    ranges,
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda gates: AllOf(tuple(gates))),
        st.lists(parts, min_size=1, max_size=3).map(lambda gates: AnyOf(tuple(gates))),
    ),
    max_leaves=6,
)


@given(trees)
def test_whatever_ranges_keep_lies_within_the_outlines_and_nothing_else(gate):
    places = np.stack(np.meshgrid(np.arange(10) + 0.5, np.arange(10) + 0.5)).reshape(2, -1)
    kept = inside(gate, Events(places.astype(np.float32), ("A", "B")))
    crossings = np.zeros(places.shape[1], int)  # of the way from each place to the right with an upright side
    for line in outlines(density(gate)):
        for (x0, y0), (x1, y1) in pairwise(line.tolist()):
            if x0 == x1:
                crossings += (places[0] < x0) & (places[1] > min(y0, y1)) & (places[1] < max(y0, y1))
    assert np.array_equal(crossings % 2 == 1, kept)


def test_what_is_kept_is_told_as_the_sheet_of_gates_wants_it():
    gate = AllOf((RangeGate("A", 4375.42, None), RangeGate("B", None, -1200.0), RangeGate("C", 1.5, 2)))
    assert kept_words(density(gate), step(gate)) == "keeps A ≥ 4375.42 and B < -1200 and 1.5 ≤ C < 2"
    either = AllOf((RangeGate("A", None, 3), AnyOf((RangeGate("B", 1, None), RangeGate("C", None, 2)))))
    assert kept_words(density(either), step(either)) == "keeps A < 3 and (B ≥ 1 or C < 2)"


def test_singlets_are_told_by_the_ratio_that_a_person_may_set():
    gate = PolygonGate("A", "B", ((0.0, 0.0), (5.0, 4.0), (0.0, 9.0)))
    found = step(gate, name=Step.SINGLETS, thresholds=(("A/B", 1.26),))
    assert kept_words(density(gate), found) == "keeps A/B < 1.26"


def test_of_time_it_is_said_that_the_lines_bracket_what_is_left_out():
    gate = AnyOf((RangeGate("A", None, 2), RangeGate("A", 7, None)))
    words = kept_words(density(gate, y=""), step(gate, name=Step.TIME))
    assert words == "keeps A < 2 or A ≥ 7; left out between the lines"


def test_gates_drawn_elsewhere_and_no_cut_are_told():
    assert "drawn elsewhere" in kept_words(density(None), step(None, name="mine", methods=(Method.FILE,)))
    assert kept_words(density(None), step(None, name=Step.ABERRANT, note="all alike")) == "no cut: all alike"
    assert kept_words(density(None), step(None)) == ""


def test_a_range_on_one_channel_is_open_up_to_the_frame():
    (line,) = outlines(density(RangeGate("B", 3, 5)))
    assert (line[:, 0].min(), line[:, 0].max()) == (0, 10)


def test_a_histogram_shows_each_typed_bound_as_a_line():
    lines = outlines(density(RangeGate("A", 2, 7), y=""))
    assert [line[0, 0] for line in lines] == [2, 7]


def test_a_polygon_is_drawn_whichever_way_round_its_channels_are():
    corners = ((1.0, 2.0), (5.0, 2.0), (5.0, 8.0))
    (same,) = outlines(density(PolygonGate("A", "B", corners)))
    (swapped,) = outlines(density(PolygonGate("B", "A", corners)))
    assert np.array_equal(same, swapped[:, ::-1])
    assert outlines(density(PolygonGate("A", "C", corners))) == ()


def test_a_straight_edge_is_a_curve_on_an_asinh_axis():
    corners = ((0.0, 0.0), (1000.0, 1000.0), (0.0, 1000.0))
    (line,) = outlines(density(PolygonGate("A", "B", corners), cofactor=10.0))
    assert len(line) > 60
    assert np.allclose(line[:24, 0], line[:24, 1])  # the diagonal stays one, both axes being alike


def test_an_ellipse_passes_the_boundary_of_its_gate():
    gate = EllipsoidGate(("A", "B"), (5.0, 5.0), (1.0, 1.5), ((0.04, 0.01), (0.01, 0.09)), 4.0)
    found = density(gate, cofactor=5.0)
    (line,) = outlines(found)
    x, y = axes_of(found)
    away = line - np.array([1.0, 1.5])
    distance = np.einsum("ni,ij,nj->n", away, np.linalg.inv(np.array(gate.covariance)), away)
    assert np.allclose(distance, 4.0)
    assert (x.cofactor, y.cofactor) == (5.0, 5.0)


def test_two_fields_that_do_not_touch_are_two_outlines():
    assert len(outlines(density(AnyOf((RangeGate("A", 7, None), RangeGate("A", None, 3)))))) == 2


@pytest.mark.parametrize("far", [12.0, 30.0, 100.0])
def test_an_edge_to_a_corner_far_beyond_the_picture_is_drawn_where_it_cuts(far):
    """Moved to the picture's edge, a corner would turn the edges that meet in it."""
    found = density(PolygonGate("A", "B", ((1.0, 1.0), (9.0, 1.0), (9.0, 2.0), (1.0, far))))
    picture = step_picture(found, None, "Gate", {}, side=100).content
    drawn = re.search(r'd="M([^"]*)" class="gate"', picture)
    assert drawn is not None, picture
    points = [tuple(map(float, point.split())) for point in drawn[1].split("L")]
    slanted = [(a, b) for a, b in pairwise(points) if abs(a[0] - b[0]) > 1 and abs(a[1] - b[1]) > 1]
    assert slanted
    for (x0, y0), (x1, y1) in slanted:
        slope = (y1 - y0) / (x1 - x0)
        assert y0 + slope * (90 - x0) == pytest.approx(80, abs=0.5), "the corner within stays"
        top = 9 - 8 * (10 - 2) / (far - 2)
        assert x0 + (0 - y0) / slope == pytest.approx(10 * top, abs=0.5), "where the edge leaves the picture"


def test_of_a_polygon_over_time_it_is_said_that_its_inside_is_kept():
    gate = PolygonGate("A", "B", ((0.0, 0.0), (5.0, 4.0), (0.0, 9.0)))
    assert kept_words(density(gate), step(gate, name=Step.TIME)) == "keeps what lies inside"
