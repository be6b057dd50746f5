"""Cuts on one channel: valley, mixture, batch, panel, spread."""

from __future__ import annotations

import numpy as np
import pytest

from gating.anchors.anchors import anchor_of, find_group
from gating.anchors.cuts import cut_between
from gating.events.panel import Target
from gating.thresholds import axis_of, best_valley
from gating.thresholds.kernel_density import all_valleys, clearest_valley, density_of
from gating.thresholds.methods import Method
from gating.thresholds.side_cut import side_cut
from gating.thresholds.two_normals import crossing_of

RNG = np.random.default_rng(7)
DIM = RNG.normal(0, 60, 5_000).astype(np.float32)
BRIGHT = RNG.lognormal(9, 0.4, 2_000).astype(np.float32)


def test_two_groups_are_cut_between_and_the_cut_is_sure():
    cut = side_cut(np.concatenate([DIM, BRIGHT]))
    assert 250 < cut.value < 2_500
    assert cut.method is Method.VALLEY
    assert cut.confidence > 0.95


def test_one_group_is_not_cut_through_and_the_cut_is_a_guess():
    cut = side_cut(DIM)
    assert (cut.value > DIM).mean() > 0.99
    assert cut.method is Method.SPREAD
    assert cut.confidence <= 0.5


def test_one_group_takes_the_batch_s_threshold():
    cut = side_cut(DIM, pooled=500.0)
    assert cut.method is Method.POOLED
    assert cut.value == 500.0


@pytest.mark.parametrize("gain", [0.01, 0.7, 1.3, 40.0])
def test_a_cut_moves_with_the_gain(gain):
    values = np.concatenate([DIM, BRIGHT])
    assert side_cut(values * np.float32(gain)).value == pytest.approx(gain * side_cut(values).value, rel=0.02)


def test_a_cut_through_the_wanted_cells_goes_beside_them():
    wanted = RNG.lognormal(5.5, 0.35, 300).astype(np.float32)
    others = [RNG.lognormal(3, 0.3, 5_000), RNG.lognormal(7.5, 0.5, 8_000), wanted]
    values = np.concatenate(others).astype(np.float32)
    assert (wanted < side_cut(values, wanted).value).mean() > 0.9


def test_chance_is_not_a_clear_valley():
    samples = [np.random.default_rng(seed).normal(0, 1, 300).astype(np.float32) for seed in range(20)]
    found = [clearest_valley(density_of(x, bandwidth=0.2, low=-4, high=4), -3, 3) for x in samples]
    clarities = [valley.clarity for valley in found if valley is not None]
    assert len(clarities) >= 10  # dips there are, in most of the samples
    assert max(clarities) < 0.05


def test_a_small_far_group_shows_as_a_valley():
    values = np.concatenate([RNG.normal(0, 1, 20_000), RNG.normal(8, 0.4, 30)]).astype(np.float32)
    best = max(
        all_valleys(density_of(values, bandwidth=0.3, low=-5, high=10)), key=lambda valley: valley.clarity
    )
    assert 4 < best.position < 7.5
    assert best.clarity > 0.7


def test_mixtures_cross_where_unequal_groups_are_equally_likely():
    values = np.concatenate([RNG.normal(0, 1, 9_000), RNG.normal(4, 0.5, 1_000)]).astype(np.float32)
    crossing = crossing_of(density_of(values, bandwidth=0.05, low=-5, high=7), 0.0, 4.0)
    # 0.9·N(0, 1) = 0.1·N(4, 0.5) where 1.5 x² − 16 x + 33.504 = 0: x = 2.862
    assert crossing.position == pytest.approx(2.862, abs=0.08)
    assert crossing_of(density_of(DIM / 60, bandwidth=0.1, low=-5, high=5), -0.5, 0.5) is None


def test_values_on_a_display_scale_get_a_linear_axis():
    logicle = np.concatenate([RNG.normal(2_800, 500, 3_000), RNG.normal(7_000, 400, 500)]).astype(np.float32)
    axis = axis_of(logicle)
    assert axis.high - axis.low < 15
    assert axis.linear(axis.position(5_000.0)) == pytest.approx(5_000.0, rel=1e-4)
    assert 4_000 < side_cut(logicle).value < 6_500


def test_a_cut_between_groups_lies_in_the_middle_of_the_gap():
    values = np.concatenate([np.linspace(10, 100, 500), np.linspace(1_000, 9_000, 100)]).astype(np.float32)
    anchor = anchor_of("A", Target.POSITIVE, axis_of(values), axis_of(values))
    place = cut_between(anchor, values > 500, values <= 500)
    assert anchor.axis.position(100.0) < place < anchor.axis.position(1_000.0)
    low = anchor_of("A", Target.LOW, axis_of(values), axis_of(values))
    assert (
        anchor.axis.position(100.0)
        < cut_between(low, values <= 500, values > 500)
        < anchor.axis.position(1_000.0)
    )


def test_a_group_that_is_positive_on_one_of_two_anchors_is_not_the_wanted_one():
    natural_killers = np.zeros(5_000, bool)
    natural_killers[:300] = True
    one = np.where(natural_killers, RNG.lognormal(8, 0.3, 5_000), RNG.normal(0, 50, 5_000)).astype(np.float32)
    other = RNG.normal(0, 50, 5_000).astype(np.float32)
    anchors = [
        anchor_of(name, Target.POSITIVE, axis_of(x), axis_of(x))
        for name, x in (("CD319", one), ("CD138", other))
    ]
    assert not find_group(anchors).mask.any()


def test_as_many_dead_as_live_wanted_cells_do_not_raise_the_viability_cut():
    """Dead plasma cells look like live ones on the anchors, and are tighter on the dye."""
    rng = np.random.default_rng(6)
    live, dead = rng.normal(150, 120, 400), 14_000 * np.exp(rng.normal(0, 0.3, 450))
    others = np.concatenate([rng.normal(120, 120, 15_000), 12_000 * np.exp(rng.normal(0, 0.35, 6_000))])
    rough = np.concatenate([live, dead]).astype(np.float32)
    everyone = np.concatenate([others, rough]).astype(np.float32)
    cut = side_cut(everyone, rough, most_lost=1.0)
    assert 600 < cut.value < 7_000


def test_noise_that_was_cut_at_zero_before_compensation_does_not_stretch_the_negative_cells():
    """Compensation gives such a channel a few small negative values; they are not its noise."""
    rng = np.random.default_rng(5)
    recorded = np.maximum(rng.normal(1_100, 600, 20_000), 0)
    recorded[:200] = rng.lognormal(np.log(40e3), 0.4, 200)
    values = (recorded - rng.exponential(25, 20_000)).astype(np.float32)
    axis = axis_of(values)
    assert axis.cofactor >= 300
    valley = best_valley(axis, axis.low, axis.high)
    assert valley is not None
    assert 2_500 < axis.linear(valley.position) < 30e3


def test_a_ripple_among_the_living_does_not_put_the_viability_cut_above_the_dead():
    """A quarter of the wanted cells are dead; the living ones' density has a small second peak below zero."""
    rng = np.random.default_rng(6)
    living = np.concatenate([rng.normal(350, 300, 1_150), rng.normal(-450, 60, 150)])
    dead = rng.lognormal(np.log(11e3), 0.6, 500)
    everyone = np.concatenate([rng.normal(200, 250, 18_000), rng.lognormal(np.log(11e3), 0.6, 2_000)])
    values = np.concatenate([everyone, living, dead]).astype(np.float32)
    cut = side_cut(values, np.concatenate([living, dead]).astype(np.float32), most_lost=1.0)
    assert (living < cut.value).mean() >= 0.99
    assert (dead > cut.value).mean() >= 0.9


def _wanted_with_a_tail(dead):
    """Return all cells, and wanted ones whose tail crosses the valley of the others; some may be dead, at 4,500."""
    rng = np.random.default_rng(8)
    others = [rng.lognormal(np.log(100), 0.3, 20_000), rng.lognormal(np.log(10_000), 0.4, 6_000)]
    living, lone = rng.lognormal(np.log(500), 0.6, 800), rng.lognormal(np.log(4_500), 0.12, dead)
    wanted = np.concatenate([living, lone]).astype(np.float32)
    return np.concatenate([*others, wanted]).astype(np.float32), wanted


def test_a_cut_gives_way_to_the_tail_of_the_wanted_cells_up_to_the_brightest_of_them():
    everyone, wanted = _wanted_with_a_tail(dead=0)
    assert (wanted >= side_cut(everyone).value).sum() > 5
    cut = side_cut(everyone, wanted, most_lost=1.0)
    assert wanted.max() < cut.value < 1.12 * wanted.max()


def test_the_tail_ends_at_the_valley_before_the_dead_ones_where_so_many_may_be_dead():
    everyone, wanted = _wanted_with_a_tail(dead=200)
    assert 2_000 < side_cut(everyone, wanted, most_lost=0.5).value < 2_600


@pytest.mark.parametrize("most_lost", [0.05, None])
def test_where_fewer_may_be_lost_the_tail_ends_three_and_a_half_spreads_above_its_middle(most_lost):
    everyone, wanted = _wanted_with_a_tail(dead=200)
    assert 3_600 < side_cut(everyone, wanted, most_lost=most_lost).value < 4_200


def test_a_cut_that_most_of_the_wanted_cells_would_not_pass_is_drawn_again_above_them():
    rng = np.random.default_rng(8)
    others = [rng.lognormal(np.log(100), 0.3, 20_000), rng.lognormal(np.log(10_000), 0.4, 6_000)]
    wanted = rng.lognormal(np.log(1_100), 0.4, 800).astype(np.float32)
    everyone = np.concatenate([*others, wanted]).astype(np.float32)
    cut = side_cut(everyone, wanted)
    assert (wanted < cut.value).mean() >= 0.95
    assert cut.value < 3_000


def test_a_modes_place_and_width_move_as_little_as_the_events():
    rng = np.random.default_rng(4)
    values = rng.normal(0, 0.5, 4_000).astype(np.float32)
    seen = []
    for shift in np.linspace(0, 0.02, 9):  # the whole group moves by less than a bin
        density = density_of(values + np.float32(shift), bandwidth=0.15, low=-4.0, high=8.0)
        mode = int(np.argmax(density.counts))
        seen.append((density.steady_position(mode) - shift, density.steady_half_width(mode, -1)))
    places, widths = np.array(seen).T
    assert np.ptp(places) < 0.5 * density.step
    assert np.ptp(widths) < 0.5 * density.step
    assert widths.mean() == pytest.approx(0.5, abs=0.05)
