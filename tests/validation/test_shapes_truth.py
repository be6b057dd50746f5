"""Intervals under other shapes of receptors and few control cells; the whole table is on docs/validation.md."""

import pytest

from validation.shapes import DAYS, SHAPES, USUAL, Wanted, examine_cell, section

TUBES = 120
LOWEST = 0.93 - 2 * 0.02
"""93 % less two sampling errors of so many tubes."""


def found(shape, true, n=500, n_control=0, day=USUAL):
    return examine_cell(Wanted(shape, true, n, n_control, TUBES, 7, day))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[2], SHAPES[3], SHAPES[5], SHAPES[6]])
def test_a_thousand_receptors_of_any_shape_are_covered(shape):
    assert found(shape, 1000.0, n=3000).covered >= LOWEST


@pytest.mark.slow
@pytest.mark.parametrize("few", [5, 12, 20])
@pytest.mark.parametrize("true", [300.0, 1000.0, 30_000.0])
def test_few_control_cells_are_covered(few, true):
    one = found(SHAPES[0], true, n_control=few)
    assert one.covered >= LOWEST
    if true == 300.0:
        assert one.ok <= 0.05 * one.told


@pytest.mark.slow
def test_a_between_run_scatter_that_is_told_is_covered_and_one_that_is_not_is_not():
    untold, told = (found(SHAPES[0], 30_000.0, day=day) for day in (DAYS[5], DAYS[6]))
    assert untold.covered < 0.75 < LOWEST < told.covered


@pytest.mark.slow
def test_the_section_has_a_row_for_each_shape_and_density():
    cells = [examine_cell(Wanted(shape, 1000.0, n, 0, 4, 1)) for shape in SHAPES for n in (30, 200, 5000)]
    assert {one.wanted.shape for one in cells} == set(SHAPES)
    assert section.__doc__
