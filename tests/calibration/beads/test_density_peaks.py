"""The density of a bead channel, and the combs of single photoelectrons in it."""

import numpy as np
import pytest

from calibration.beads.density_peaks import BinnedDensity, Mode, bin_density, comb_spacing, find_modes


def test_each_of_equal_values_is_spread_over_its_own_cell_to_both_sides():
    # Four values 0.02 apart on z, 300 events each: an even density from 0.01 below the first to 0.01 above the last.
    z = np.repeat([0.50, 0.52, 0.54, 0.56], 300)
    density = bin_density(100 * np.sinh(z), 100.0)
    filled = np.flatnonzero(density.counts > 1e-9)
    assert density.edges[filled[0]] == pytest.approx(0.49, abs=density.step)
    assert density.edges[filled[-1] + 1] == pytest.approx(0.57, abs=density.step)
    assert density.counts[filled[1:-1]] == pytest.approx(1200 * density.step / 0.08)
    assert density.counts.sum() == pytest.approx(1200)


def test_one_value_alone_is_spread_evenly_about_itself():
    density = bin_density(np.full(500, 7.0), 10.0)
    middle = float((density.counts * density.centers).sum() / density.counts.sum())
    assert middle == pytest.approx(np.arcsinh(0.7), abs=density.step)


def test_blur_spreads_a_value_by_a_triangle_of_its_half_width():
    # On the linear part of the axis: a triangle of half-width b has the SD b / √6.
    density = bin_density(np.repeat([0.0, 1e-9], 500), 1000.0, blur=30.0)
    share = density.counts / density.counts.sum()
    middle = float((share * density.x).sum())
    cell = 0.05 * 1000.0  # the lone values' own cells: even, 0.05 on z to each side
    sd = float(np.sqrt((share * (density.x - middle) ** 2).sum()))
    assert middle == pytest.approx(0.0, abs=1.0)
    assert sd >= 30.0 / np.sqrt(6) * 0.95
    assert sd <= np.hypot(30.0 / np.sqrt(6), 2 * cell / np.sqrt(12)) * 1.05


def modes_at(*levels):
    """Modes at linear levels, the cofactor being 10."""
    return tuple(Mode(float(np.arcsinh(level / 10)), 0.0, 0.0, 100.0) for level in levels)


@pytest.mark.parametrize(
    ("levels", "spacing"),
    [
        ((0, 50, 100, 150, 9_000), 50),
        ((0, 50, 100, 160, 9_000), 50),  # the steps of a comb may differ by a quarter
        ((0, 50, 100, 170, 9_000), 0),
        ((1_000, 1_010, 1_020, 1_030), 10),  # three gaps are enough
        ((0, 50, 100, 9_000), 0),  # two even gaps are no comb
        ((0, 50, 100), 0),
        ((0, 50, 100, 150), 0),  # a comb up to the brightest peak is that of the beads themselves
        ((100, 300, 900, 2_700, 8_100), 0),
        ((), 0),
    ],
)
def test_a_comb_is_three_even_gaps_or_more_far_below_the_brightest_peak(levels, spacing):
    assert comb_spacing(modes_at(*levels), 10.0) == pytest.approx(spacing, rel=1e-6)


def test_the_modes_of_a_binned_density_lie_where_its_heaps_are():
    edges = np.linspace(0.0, 10.0, 2049)
    middle = 0.5 * (edges[1:] + edges[:-1])
    counts = sum(900 * np.exp(-0.5 * ((middle - at) / 0.1) ** 2) * 0.0195 for at in (2.0, 5.0, 8.0))
    found = find_modes(BinnedDensity(counts, edges, 1.0))
    assert [mode.z for mode in found] == pytest.approx([2.0, 5.0, 8.0], abs=0.01)
    assert [mode.n for mode in found] == pytest.approx([counts.sum() / 3] * 3, rel=1e-9)


def test_the_outermost_peaks_reach_from_the_first_bin_to_the_last_and_the_valleys_part_them():
    edges = np.linspace(0.0, 10.0, 2049)
    middle = 0.5 * (edges[1:] + edges[:-1])
    counts = sum(900 * np.exp(-0.5 * ((middle - at) / 0.1) ** 2) * 0.0195 for at in (2.0, 5.0))
    left, right = find_modes(BinnedDensity(counts, edges, 1.0))
    assert (left.low, right.high) == (middle[0], middle[-1])
    assert left.high == right.low == pytest.approx(3.5, abs=0.05)
