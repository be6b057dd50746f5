"""Polygons that people type: what is read, and what is refused with words that say what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from gating.gates import PolygonGate
from gating.gates.polygons import polygon_fault
from pipeline.study.cells.polygons import typed_polygon
from pipeline.study.polygon import TypedPolygon

numbers = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-3)


@pytest.mark.parametrize(
    "cell",
    [
        "FSC-A × FSC-H: 1 2; 30 2; 30 40",
        "FSC-A x FSC-H:1 2;30 2;30 40;",
        "FSC-A × FSC-H : 1.0 2,0\n30 2\n30 40",
        "  FSC-A * FSC-H:  1   2 | 3e1 2 | 30 40 ",
    ],
)
def test_one_polygon_is_read_from_several_spellings(cell):
    assert typed_polygon(cell) == TypedPolygon("FSC-A", "FSC-H", ((1.0, 2.0), (30.0, 2.0), (30.0, 40.0)))


@pytest.mark.parametrize(
    "cell",
    [
        "A (asinh 150) × B: 1 2; 30 2; 30 40",
        "A(ASINH 150,0) x B : 1 2; 30 2; 30 40",
        "A ( asinh 1.5e2 ) × B: 1 2; 30 2; 30 40",
    ],
)
def test_an_axis_says_on_which_scale_the_edges_are_straight(cell):
    polygon = typed_polygon(cell)
    assert (polygon.x, polygon.y, polygon.cofactors) == ("A", "B", (150.0, None))
    assert typed_polygon(str(polygon)) == polygon


@pytest.mark.parametrize("cofactor", ["0", "-3", "much", "nan", "inf"])
def test_a_scale_that_is_none_is_refused(cofactor):
    with pytest.raises(PydanticCustomError) as refused:
        typed_polygon(f"A × B (asinh {cofactor}): 1 2; 30 2; 30 40")
    assert "a number above zero follows on asinh" in (refused.value.context or {})["hint"]


def test_edges_that_cross_only_on_the_display_scale_are_refused_there():
    cell = "{}: 0 0; 1000 1000; 1000 5000; 200 500"
    typed_polygon(cell.format("A × B"))
    with pytest.raises(PydanticCustomError) as refused:
        typed_polygon(cell.format("A (asinh 10) × B"))
    assert "cross" in (refused.value.context or {})["hint"]


def test_an_axis_may_hold_a_colon_and_a_letter_x():
    polygon = typed_polygon("Comp-PE-A :: BDCA x2 × SSC-A: 0 0; 9 0; 9 9")
    assert (polygon.x, polygon.y) == ("Comp-PE-A :: BDCA x2", "SSC-A")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("", "two axes"),
        (850.0, "two axes"),
        (True, "two axes"),
        ("1 2; 30 2; 30 40", "First the two axes"),
        ("FSC-A: 1 2; 30 2; 30 40", "First the two axes"),
        ("FSC-A × : 1 2; 30 2; 30 40", "First the two axes"),
        ("A × B × C: 1 2; 30 2; 30 40", "First the two axes"),
        ("A × B 1 2; 30 2; 30 40", "First the two axes"),
        ("A × A: 1 2; 30 2; 30 40", "needs two channels"),
        ("A × B:", "this one has 0"),
        ("A × B: 1 2; 30 2", "this one has 2"),
        ("A × B: 1 2; 30 2; 30", "Vertex 3"),
        ("A × B: 1 2; 30 2; 30 40 50", "Vertex 3"),
        ("A × B: 1 2; 30 2; 30 much", "Vertex 3"),
        ("A × B: 1 2; 30 2; 30 nan", "Vertex 3"),
        ("A × B: 1 2; 30 2; 30 inf", "Vertex 3"),
        ("A × B: 1 2; 30 2; 1,234 40", "Did you mean 1.234 or 1234"),
        ("A × B: 1 2; 1 2; 30 2; 30 40", "vertices 1 and 2 are the same"),
        ("A × B: 1 2; 30 2; 30 40; 1 2", "vertices 4 and 1 are the same"),
        ("A × B: 1 1; 2 2; 3 3", "on one line"),
        ("A × B: 1 1; 2 1; 9 1", "on one line"),
        ("A × B: 0 0; 9 9; 9 0; 0 9", "edges 1 and 3 cross"),
        ("A × B: 0 0; 5 0; 5 5; 3 0; 0 5", "cross"),
        ("A × B: " + "; ".join(f"{k} {k * k}" for k in range(201)), "at most 200"),
    ],
)
def test_what_is_no_polygon_is_refused_and_the_words_say_why(cell, said):
    with pytest.raises(PydanticCustomError) as refused:
        typed_polygon(cell)
    context = refused.value.context or {}
    assert said in f"{context['expected']} {context['hint']}"


@given(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=6, unique=True))
def test_a_polygon_that_is_written_is_read_again_to_the_last_digit(vertices):
    polygon = TypedPolygon("CD138", "SSC-A", tuple(vertices))
    if not polygon_fault(PolygonGate("CD138", "SSC-A", polygon.vertices)):
        assert typed_polygon(str(polygon)) == polygon
