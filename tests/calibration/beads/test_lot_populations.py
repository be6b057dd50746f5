"""Which peaks are the populations of the lot: debris, doublets and surplus peaks, of components written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.beads.lot_populations import (
    Chosen,
    Wanted,
    _is_doublet,
    _is_lawful,
    beads_among,
    may_be_another,
    refusal,
    without_surplus,
)
from calibration.beads.mixture import BeadMixture
from calibration.beads.populations import _is_lone_pile
from calibration.beads.scale_end import ScaleEnd
from calibration.beads.width_law import Component, MixtureScale

CLEAR = [Component(x, 0.05 * x, 1000.0) for x in (1_000.0, 4_000.0, 16_000.0)]


@pytest.mark.parametrize(
    ("mean", "n", "is_one"),
    [
        (2000.0, 149, True), (2000.0, 150, False), (2159.0, 100, True), (2161.0, 100, False), (1841.0, 100, True),
        (1839.0, 100, False), (1000.0, 100, False),
    ],
)  # fmt: skip
def test_doublets_are_under_15_percent_and_within_8_percent_of_twice_a_dimmer_population(mean, n, is_one):
    assert _is_doublet(Component(mean, 50.0, n), CLEAR[:1]) is is_one
    assert not _is_doublet(Component(mean, 50.0, n), [])
    assert not _is_doublet(Component(mean, 50.0, n), [Component(-1000.0, 50.0, 1000.0)])


@pytest.mark.parametrize(
    ("sd_of_law", "n", "lawful"), [(1.0, 300, True), (1.0, 299, False), (40.0, 300, False)]
)
def test_a_broad_hump_is_beads_where_the_law_of_widths_allows_it_and_it_has_events(sd_of_law, n, lawful):
    """Three populations with a CV of 5 % give that law: 5 at 100."""
    assert _is_lawful(Component(100.0, 5.0 * sd_of_law, n), CLEAR) is lawful


def test_without_three_clear_populations_or_above_zero_no_hump_is_beads():
    assert not _is_lawful(Component(100.0, 5.0, 1000), CLEAR[:2])
    assert not _is_lawful(Component(0.0, 5.0, 1000), CLEAR)


@pytest.mark.parametrize(("sd", "kept"), [(45.0, (0, 1, 2, 3)), (45.1, (1, 2, 3))])
def test_a_hump_with_a_cv_above_45_percent_is_debris_but_for_the_blank(sd, kept):
    components = [Component(100.0, sd, 1000.0), *CLEAR]
    assert beads_among(components, Wanted(5, blank=False)).kept == kept
    assert beads_among(components, Wanted(5, blank=True)).kept == (0, 1, 2, 3)
    below_zero = [Component(-1.0, 5.0, 1000.0), *CLEAR]
    assert beads_among(below_zero, Wanted(5, blank=False)).kept == (1, 2, 3)


def test_what_was_left_out_is_said_from_dim_to_bright():
    components = [Component(100.0, 60.0, 1000.0), *CLEAR, Component(32_000.0, 900.0, 20.0)]
    chosen = beads_among(components, Wanted(3, blank=False), ("first",))
    assert chosen.kept == (1, 2, 3)
    assert [note.split()[0] for note in chosen.notes] == ["first", "A", "Left"]


@pytest.mark.parametrize(
    ("sizes", "n", "kept"),
    [
        ((1000, 900, 179, 950), 3, (0, 1, 3)),
        ((1000, 900, 180, 950), 3, (0, 1, 2, 3)),
        ((1000, 900, 10, 950), 4, (0, 1, 2, 3)),
        ((1000, 10, 900, 20), 2, (0, 2)),
    ],
)
def test_a_surplus_peak_is_left_out_where_it_has_under_a_fifth_of_the_smallest_that_stays(sizes, n, kept):
    components = [Component(100.0 * 4**k, 1.0, size) for k, size in enumerate(sizes)]
    chosen = without_surplus(Chosen((0, 1, 2, 3), ("before",)), components, Wanted(n, blank=False))
    assert chosen.kept == kept
    assert len(chosen.notes) == 1 + 4 - len(kept)


@pytest.mark.parametrize(
    ("sizes", "kept", "split", "open_"),
    [
        (
            (1000, 900, 134, 500),
            (0, 1, 2),
            False,
            True,
        ),  # 134 is under 15 % of 900, and a larger one was left out
        ((1000, 900, 135, 500), (0, 1, 2), False, False),
        ((1000, 900, 134, 134), (0, 1, 2), False, False),
        ((1000, 900, 134), (0, 1, 2), False, False),
        ((1000, 900, 134), (0, 1, 2), True, True),
        ((1000, 900, 134), (), True, False),
    ],
)
def test_it_is_open_which_are_the_beads_where_a_tiny_one_counts_and_a_larger_one_does_not(
    sizes, kept, split, open_
):
    components = [Component(100.0 * 4**k, 1.0, size) for k, size in enumerate(sizes)]
    assert may_be_another(Chosen(kept), components, split) is open_


def test_a_refusal_counts_the_pile_at_the_end_of_the_scale():
    error = refusal((10.0, 123.456), Wanted(4, blank=True, pile=262143.0), ["A note."])
    assert error.found == (10.0, 123.456, 262143.0)
    assert error.expected == 4
    assert (
        "4 bead populations (blank included) were expected, 3 found, with medians 10, 123.5 and one on the end"
        in str(error)
    )
    assert "2 bead populations were expected, 0 found, with medians none." in str(
        refusal((), Wanted(2, blank=False), [])
    )
    assert (Wanted(4, blank=True, pile=9.0).n, Wanted(4, blank=True).n) == (3, 4)


@pytest.mark.parametrize(
    ("n_top", "top", "is_lone"), [(200, 16_301.0, True), (200, 16_300.0, False), (10, 20_000.0, False)]
)
def test_a_pile_is_a_population_of_its_own_more_than_three_sds_above_the_brightest(n_top, top, is_lone):
    brightest = Component(16_000.0, 100.0, 1000.0)
    mixture = BeadMixture((*CLEAR[:2], brightest), np.zeros((4, 1)), 0.0, MixtureScale())
    assert _is_lone_pile(ScaleEnd(top, True, n_top), 3000, mixture) is is_lone
