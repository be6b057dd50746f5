"""A visit in the figure of density against washout: its tooltip says tubes, patient, weeks, density and response."""

from __future__ import annotations

from pipeline.output.figures.washout.points import EXTRAPOLATED_FILL, DrawnVisit

MEASURED = DrawnVisit(12.0, 20_000.0, 16_000.0, 25_000.0, 0, "P01", "VGPR", samples=("P01_BM1",), visit="C2")


def test_the_tooltip_of_a_measured_visit_says_its_interval():
    assert MEASURED.words == (
        "P01_BM1 · patient P01, C2 · 12.0 weeks · 20,000 molecules per cell, interval 16,000 to 25,000 · VGPR"
    )


def test_a_visit_beyond_a_limit_is_hollow_and_says_on_which_side():
    below = DrawnVisit(3.0, 900.0, 900.0, 900.0, -1, "P02", "")
    above = DrawnVisit(90.0, 60_000.0, 60_000.0, 60_000.0, 1, "P03", "")
    assert (below.face, above.face) == ("#fff", "#fff")
    assert below.words == "patient P02 · 3.0 weeks · below 900 molecules per cell"
    assert above.words == "patient P03 · 90.0 weeks · above 60,000 molecules per cell"


def test_an_extrapolated_visit_is_pale_and_says_so():
    beyond = DrawnVisit(50.0, 70_000.0, 60_000.0, 80_000.0, 0, "P04", "CR", extrapolated=True)
    assert beyond.face == EXTRAPOLATED_FILL
    assert "extrapolated above the top bead" in beyond.words


def test_of_many_tubes_the_first_four_are_named():
    many = DrawnVisit(5.0, 900.0, 900.0, 900.0, -1, "P05", "", samples=tuple("ABCDEF"))
    assert many.words.startswith("A, B, C, D and 2 more · ")
