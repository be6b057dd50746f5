import numpy as np
import pytest

from calibration import find_bead_singlets
from validation.simulated_beads import KITS, bead_run


def purity(run, mask):
    beads = run.population >= 0
    return np.mean(mask[beads]), np.mean(mask[run.population == -1]), np.mean(mask[run.population == -2])


@pytest.mark.parametrize(
    "axis",
    [
        lambda s: s,
        lambda s: 1024 / 4 * np.log10(np.maximum(s, 1)),
        lambda s: s * 37.0,
        lambda s: np.round(s / 256),
        lambda s: s - 5000.0,
    ],
    ids=["linear", "log channels", "other gain", "10-bit", "offset below zero"],
)
def test_singlets_are_found_on_any_scatter_scale(axis):
    run = bead_run(np.random.default_rng(3), KITS["mesf"], doublets=0.1, debris=0.3)
    kept, doublets, debris = purity(run, find_bead_singlets(axis(run.fsc), axis(run.ssc)))
    assert kept > 0.85
    assert doublets < 0.02
    assert debris < 0.02


def test_events_on_the_margin_are_out():
    rng = np.random.default_rng(1)
    fsc = np.concatenate([rng.normal(60000, 2000, 900), np.full(300, 262143.0)])
    ssc = np.concatenate([rng.normal(40000, 2000, 900), np.full(300, 262143.0)])
    mask = find_bead_singlets(fsc, ssc)
    assert not mask[900:].any()
    assert mask[:900].mean() > 0.85


@pytest.mark.parametrize("pile", [0.0, 262143.0])
def test_a_pile_at_either_end_of_a_scale_that_is_not_known_is_out_however_dense_it_is(pile):
    rng = np.random.default_rng(1)
    fsc = np.concatenate([rng.normal(60000, 2000, 900), np.full(2_000, pile)])
    ssc = np.concatenate([rng.normal(40000, 2000, 900), rng.normal(40000, 500, 2_000)])
    mask = find_bead_singlets(fsc, ssc)
    assert not mask[900:].any()
    assert mask[:900].mean() > 0.85


def test_a_given_scale_end_is_a_margin():
    rng = np.random.default_rng(2)
    fsc = rng.normal(60000, 2000, 500)
    assert not find_bead_singlets(fsc, fsc, fsc_top=40000.0).any()


def test_a_kit_with_two_bead_sizes_keeps_both():
    rng = np.random.default_rng(5)
    size = np.concatenate([rng.normal(50000, 1200, 3000), rng.normal(65000, 1500, 2500)])
    side = np.concatenate([rng.normal(30000, 1500, 3000), rng.normal(45000, 2000, 2500)])
    mask = find_bead_singlets(size, side)
    assert mask[:3000].mean() > 0.85
    assert mask[3000:].mean() > 0.85


def test_not_a_number_is_out_and_few_events_are_left_alone():
    fsc = np.array([1.0, np.nan, 3.0])
    assert find_bead_singlets(fsc, np.ones(3)).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("n_second", "spread", "farther", "is_beads"),
    [(700, 0.02, 1.2, True), (250, 0.006, 1.2, False), (3_000, 0.08, 1.6, False)],
    ids=["as dense, and large", "as dense, but small", "large, but scattered"],
)
def test_a_second_cloud_is_beads_if_it_has_enough_events_and_is_dense_enough(
    n_second, spread, farther, is_beads
):
    rng = np.random.default_rng(4)
    main, second = (rng.normal(0, 1, (2, n)) for n in (3_000, n_second))
    fsc, ssc = (
        np.concatenate([50_000 * np.exp(0.02 * main[k]), 50_000 * farther * np.exp(spread * second[k])])
        for k in range(2)
    )
    mask = find_bead_singlets(fsc, ssc)
    assert mask[:3_000].mean() > 0.85
    assert (mask[3_000:].mean() > 0.1) == is_beads
