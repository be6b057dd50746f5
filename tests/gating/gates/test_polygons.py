"""A polygon whose edges cross is refused; one whose edges only lie on one line is not."""

import pytest

from gating.gates import PolygonGate
from gating.gates.polygons import polygon_fault

U_SHAPE = ((0, 0), (4, 0), (4, 4), (3, 4), (3, 1), (1, 1), (1, 4), (0, 4))
"""The tips of the U lie on one line, and do not meet."""
BOW_TIE = ((0, 0), (4, 4), (4, 0), (0, 4))
FOLDED_BACK = ((0, 0), (4, 0), (4, 4), (1, 0), (2, 0), (0, 4))
"""The fourth edge lies on the first one."""


def turned(vertices, quarters, away):
    for _ in range(quarters):
        vertices = tuple((-y, x) for x, y in vertices)
    return PolygonGate("A", "B", tuple((float(x + away[0]), float(y + away[1])) for x, y in vertices))


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("away", [(0, 0), (100, -7), (-7, 100)])
def test_edges_on_one_line_that_do_not_meet_are_no_fault_whichever_way_the_polygon_lies(quarters, away):
    assert polygon_fault(turned(U_SHAPE, quarters, away)) == ""


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("away", [(0, 0), (100, -7), (-7, 100)])
def test_edges_that_cross_or_lie_on_each_other_are_refused_whichever_way_the_polygon_lies(quarters, away):
    assert "edges 1 and 3 cross" in polygon_fault(turned(BOW_TIE, quarters, away))
    assert polygon_fault(turned(FOLDED_BACK, quarters, away)).startswith("its edges 1 and ")
