"""Gates as they are drawn on display axes."""

from __future__ import annotations

import base64
import zlib

import numpy as np

from gating.gates import AllOf, AnyOf, EllipsoidGate, Gate, PolygonGate, RangeGate
from pipeline.output.figures.outlines import axes_of, hidden_parts, outlines
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


def test_a_union_within_an_intersection_is_drawn_too():
    union = AnyOf((RangeGate("A", None, 4), AllOf((RangeGate("A", None, 9), RangeGate("B", 6, None)))))
    lines = outlines(density(AllOf((union, RangeGate("C", None, 900)))))
    assert {float(line[:, 0].max()) for line in lines} == {4.0, 9.0}
    assert [part.channel for part in hidden_parts(density(AllOf((union, RangeGate("C", None, 900)))))] == [
        "C"
    ]


def test_a_range_on_one_channel_is_open_up_to_the_frame():
    (line,) = outlines(density(RangeGate("B", 3, 5)))
    assert (line[:, 0].min(), line[:, 0].max()) == (0, 10)


def test_a_histogram_shows_each_typed_bound_as_a_line():
    lines = outlines(density(RangeGate("A", 2, 7), y=""))
    assert [line[0, 0] for line in lines] == [2, 7]


def test_what_the_picture_cannot_show_is_named():
    gate = AllOf((RangeGate("A", 2, None), RangeGate("C", None, 900)))
    assert [part.channel for part in hidden_parts(density(gate))] == ["C"]


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


def test_either_of_two_gates_draws_both():
    assert len(outlines(density(AnyOf((RangeGate("A", 2, None), RangeGate("B", 3, None)))))) == 2
