"""GatingML 2.0, section 5.2.1: an event on an edge of a polygon is inside, whatever the polygon's shape."""

from __future__ import annotations

import io
import warnings
from fractions import Fraction
from itertools import pairwise

import flowkit
import numpy as np
import pytest

from gating.drawn.polygon import inside_closed_polygon
from gating.drawn.population import read_drawn_population
from gating.events import Events

SHAPES = {
    "square": [(2, 2), (10, 2), (10, 10), (2, 10)],
    "the other way round": [(2, 10), (10, 10), (10, 2), (2, 2)],
    "slanted": [(1, 3), (9, 1), (12, 8), (4, 11)],
    "concave": [(0, 0), (12, 0), (12, 12), (6, 4), (0, 12)],
    "steps at equal height": [(0, 0), (4, 0), (4, 4), (8, 4), (8, 0), (12, 0), (12, 8), (0, 8)],
    "repeated corners": [(2, 2), (2, 2), (10, 2), (10, 10), (10, 10), (2, 10), (2, 2)],
    "a corner amid an edge": [(0, 0), (6, 0), (12, 0), (12, 12), (0, 12)],
    "touching itself": [(0, 0), (6, 6), (12, 0), (12, 12), (6, 6), (0, 12)],
    "crossing itself": [(0, 0), (12, 12), (12, 0), (0, 12)],
    "star": [(6, 12), (9, 0), (0, 8), (12, 8), (3, 0)],
    "no area": [(1, 1), (11, 6), (1, 1)],
    "decimals": [("0.1", "0.3"), ("10.7", "1.9"), ("8.2", "11.4"), ("2.6", "9.1")],
    "through whole numbers in decimals": [("0.1", "0.3"), ("10.3", "30.9"), ("10.3", "0.3")],
    "far from zero": [(100_002, 100_002), (100_010, 100_003), (100_007, 100_010)],
}


def exact(point: tuple[int, int], shape: list[tuple]) -> bool:
    """Return by fractions whether a point lies inside (even-odd rule) or on the edge."""
    x, y = map(Fraction, point)
    corners = [(Fraction(a), Fraction(b)) for a, b in shape]
    inside = False
    for (x0, y0), (x1, y1) in pairwise([*corners, corners[0]]):
        side = (x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)
        if side == 0 and min(x0, x1) <= x <= max(x0, x1) and min(y0, y1) <= y <= max(y0, y1):
            return True
        if (y0 <= y) != (y1 <= y):
            inside ^= x0 + (y - y0) * (x1 - x0) / (y1 - y0) > x
    return inside


def whole_numbers(shape: list[tuple]) -> list[tuple[int, int]]:
    low = 100_000 if shape[0][0] == 100_002 else 0
    return [(x, y) for x in range(low - 1, low + 14) for y in range(low - 1, low + 23)]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("through_a_file", [False, True])
def test_whole_numbers_on_edges_and_corners_are_inside(shape, through_a_file):
    points = whole_numbers(shape)
    expected = np.array([exact(point, shape) for point in points])
    values = np.array(points, np.float64).T
    corners = [(float(a), float(b)) for a, b in shape]
    if through_a_file:
        found = members(flowkit.gates.PolygonGate("P", dimensions(), corners), values)
    else:
        found = inside_closed_polygon(values, np.array(corners).T)
    assert expected.sum() >= 1
    assert np.array_equal(found, expected)


def dimensions() -> list[flowkit.Dimension]:
    return [flowkit.Dimension(name, "uncompensated") for name in ("FL1", "FL2")]


def members(gate: flowkit.gates.PolygonGate, values: np.ndarray) -> np.ndarray:
    strategy = flowkit.GatingStrategy()
    strategy.add_gate(gate, ("root",))
    text = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flowkit.export_gatingml(strategy, text)
        drawn = read_drawn_population(text.getvalue(), "gates.xml", "P")
    return drawn.step_masks(Events(values.astype(np.float32), ("FL1", "FL2")), ("", ""), None)[-1]


def test_an_event_beside_an_edge_is_not_on_it():
    triangle = np.array([[0.0, 1000.0, 1000.0], [0.0, 1000.0, 0.0]])
    beside = np.array([[500.0, 500.0, 500.0], [500.0, 500.0 + 1e-9, 500.0 - 1e-9]])
    assert inside_closed_polygon(beside, triangle).tolist() == [True, False, True]


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_an_event_on_an_edge_that_runs_along_zero_is_inside_on_either_side_of_it(side, turn):
    # on such an edge rounding is exactly zero
    corners = np.array([[0.0, 0.0], [side * 2, 0.0], [side * 2, side * 2], [0.0, side * 2]])[::turn]
    along = np.array([[0.0, side], [side, 0.0], [0.0, 0.0], [0.0, 3 * side], [-side * 1e-9, side]])
    assert inside_closed_polygon(along.T, corners.T).tolist() == [True, True, True, False, False]
