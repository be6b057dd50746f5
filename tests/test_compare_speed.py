"""The comparison of two checkouts' speed finds the program in any layout, and tells which rows are too slow."""

import pytest

from compare_speed import DOORS, GATING, WHOLE, Row, door, lines

ROW = Row("rare", 5_000, 7)


@pytest.mark.parametrize("name", DOORS)
def test_every_function_that_is_measured_is_found_in_this_layout(name: str):
    assert door(name).__name__ == name


def test_a_function_that_is_nowhere_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(DOORS, "gate_plasma_cells", ("gating.moved_away", "gating.events"))
    with pytest.raises(SystemExit, match=r"gate_plasma_cells is in none of gating.moved_away, gating.events"):
        door("gate_plasma_cells")


def test_the_ratio_is_of_medians_and_single_rounds_are_told():
    before = {GATING: 10.0, WHOLE: 20.0}
    after = [{GATING: 11.0, WHOLE: 20.0}, {GATING: 12.0, WHOLE: 10.0}, {GATING: 90.0, WHOLE: 21.0}]
    (gating, slow), (whole, fine) = lines(ROW, [(before, times) for times in after])
    assert (slow, fine) == (1.2, 1.0)
    assert gating.split() == ["rare", "5,000", "gating", "10.0", "12.0", "1.20", "(1.10", "to", "9.00)"]
    assert whole.split()[:5] == ["rare", "5,000", "bytes", "to", "RD"]
