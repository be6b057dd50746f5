"""Percentiles, shares of low cells and groups of brightness of a tube, each with its interval."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from calibration import RdStatus, fit_standard_curve, quantify_receptor_density
from calibration.distribution.cells import cell_distribution
from calibration.distribution.result import PERCENTILES, Beyond, CellDistribution, ShareBelow
from calibration.distribution.widening import widened_distribution

LEVELS = (638.0, 6930.0, 31008.0, 67601.0)
CURVE = fit_standard_curve([2 * level for level in LEVELS], list(LEVELS))
SURE = {"kit": "quantibrite_pe", "f_p_ratio": 1.0, "f_p_cv": 0.0, "lot_cv": 0.0}
TOLD = {"kit": "quantibrite_pe", "f_p_ratio": 1.0}


def cells(n=1000, middle=30_000.0, seed=1, spread=0.45):
    rng = np.random.default_rng(seed)
    control = 400 * rng.lognormal(0, 0.4, 500)
    stained = 2 * middle * rng.lognormal(0, spread, n) + 400 * rng.lognormal(0, 0.4, n)
    return stained, control


def found(stained, control, *, settings=TOLD, **more):
    known = {name: value for name, value in more.items() if name != "low_cut"}
    density = quantify_receptor_density(stained, control, CURVE, **settings, **known)
    return density, cell_distribution(density, stained, control, CURVE, **settings, **more)


def test_a_percentile_is_the_cells_own_on_the_curve_less_the_controls_median():
    stained, control = cells()
    density, told = found(stained, control)
    for one in told.percentiles:
        wanted = CURVE.to_abc(np.quantile(stained, one.percent / 100, method="hazen")) - CURVE.to_abc(
            np.median(control)
        )
        assert one.value == pytest.approx(wanted, rel=1e-6)
        assert one.low < one.value < one.high
    values = [one.value for one in told.percentiles]
    assert values[:2] == sorted(values[:2])
    assert values[1] < density.rd < values[2]


def test_without_errors_of_calibration_an_interval_is_that_of_ranks():
    stained, control = cells(n=400)
    _, told = found(stained, control, settings=SURE)
    ordered = np.sort(stained)
    middle = CURVE.to_abc(np.median(control))
    for one in told.percentiles:
        ranks = stats.binom.ppf([0.025, 0.975], 400, one.percent / 100).astype(int)
        low, high = CURVE.to_abc(ordered[ranks]) - middle
        assert one.low == pytest.approx(low, rel=0.04)
        assert one.high == pytest.approx(high, rel=0.04)


def test_without_errors_of_calibration_the_interval_of_a_share_is_jeffreys():
    stained, control = cells(n=400)
    _, told = found(stained, control, settings=SURE, low_cut=20_000.0)
    k = round(told.below_cut.percent * 4)
    wanted = stats.beta.ppf([0.025, 0.975], k + 0.5, 400 - k + 0.5)
    assert [told.below_cut.low, told.below_cut.high] == pytest.approx(100 * wanted, rel=0.08)


def test_the_share_counts_cells_whose_density_is_below_the_cut():
    stained, control = cells()
    _, told = found(stained, control, low_cut=20_000.0)
    densities = CURVE.to_abc(stained) - CURVE.to_abc(np.median(control))
    assert told.below_cut.percent == pytest.approx(100 * np.mean(densities < 20_000))


def test_no_low_cell_is_a_share_of_zero_with_an_upper_limit():
    _, told = found(*cells(), low_cut=1000.0)
    assert (told.below_cut.percent, told.below_cut.low) == (0.0, 0.0)
    assert 0 < told.below_cut.high < 1


def test_an_uncertain_calibration_widens_both_and_moves_neither():
    stained, control = cells()
    sure, unsure = (found(stained, control, settings=one, low_cut=25_000.0)[1] for one in (SURE, TOLD))
    assert [one.value for one in sure.percentiles] == [one.value for one in unsure.percentiles]
    assert sure.below_cut.percent == unsure.below_cut.percent
    for a, b in zip(sure.percentiles, unsure.percentiles, strict=True):
        assert b.high / b.low > a.high / a.low
    assert unsure.below_cut.high - unsure.below_cut.low > sure.below_cut.high - sure.below_cut.low


def test_of_few_cells_the_outer_percentiles_and_the_modes_are_not_told():
    _, told = found(*cells(n=30))
    assert [one.beyond for one in told.percentiles] == [Beyond.TOO_FEW, Beyond.NO, Beyond.NO, Beyond.TOO_FEW]
    assert told.modes is None


def test_of_fifty_cells_all_percentiles_are_told():
    _, told = found(*cells(n=50))
    assert [one.percent for one in told.percentiles if one.value] == list(PERCENTILES)


def test_what_a_cell_cannot_show_is_a_limit_and_no_number():
    _, told = found(*cells(n=2000, middle=1200.0, spread=0.9))
    dim = told.percentiles[0]
    assert (dim.beyond, dim.value, dim.low) == (Beyond.BELOW, None, None)
    assert dim.bound >= told.cell_limit
    assert told.percentiles[3].value > dim.bound


def test_a_cut_below_what_a_cell_can_show_has_no_share():
    stained, control = cells()
    noisy = control + np.random.default_rng(5).normal(0, 3000, control.size)
    _, told = found(stained, noisy, low_cut=700.0)
    assert told.cell_limit > 700
    assert (told.below_cut.percent, told.below_cut.beyond) == (None, Beyond.BELOW)


def test_cells_on_the_end_of_the_scale_give_a_bound_and_no_modes():
    stained, control = cells(middle=60_000.0)
    top = float(np.quantile(stained, 0.8))
    _, told = found(np.minimum(stained, top), control, detector_top=top)
    assert told.percentiles[3].beyond is Beyond.ABOVE
    assert told.percentiles[3].bound == pytest.approx(CURVE.to_abc(0.999 * top), rel=0.02)
    assert told.percentiles[1].value is not None
    assert told.modes is None


def test_beyond_the_extrapolation_a_percentile_is_a_bound():
    _, told = found(*cells(middle=200_000.0))
    assert told.percentiles[3].beyond is Beyond.ABOVE
    assert told.percentiles[3].bound == pytest.approx(4 * LEVELS[-1])


def test_two_groups_are_counted_and_one_is_one():
    stained, control = cells(n=800)
    dim = np.where(np.arange(800) % 3 == 0, 0.05, 1.0) * stained
    assert found(stained, control)[1].modes.at_least == 1
    assert found(dim, control)[1].modes.at_least == 2


@pytest.mark.parametrize("status", [RdStatus.LOW_EVENTS, RdStatus.NO_CURVE, RdStatus.NOT_QUANTIFIABLE])
def test_without_a_density_nothing_is_told_of_the_cells(status):
    stained, control = cells()
    density = replace(found(stained, control)[0], status=status)
    assert cell_distribution(density, stained, control, CURVE, **TOLD) is None
    assert cell_distribution(density, stained, None, CURVE, **TOLD) is None


def test_a_cv_between_runs_put_in_later_is_as_if_it_had_been_there():
    stained, control = cells(n=3000)
    later = widened_distribution(found(stained, control, between_run_cv=0.1, low_cut=25_000.0)[1], 0.2)
    at_once = found(stained, control, between_run_cv=0.2, low_cut=25_000.0)[1]
    assert later.between_run_cv == 0.2
    for one, other in zip(later.percentiles, at_once.percentiles, strict=True):
        assert [one.low, one.high] == pytest.approx([other.low, other.high], rel=0.06)
    assert [later.below_cut.low, later.below_cut.high] == pytest.approx(
        [at_once.below_cut.low, at_once.below_cut.high], rel=0.15
    )


def test_the_same_seed_gives_the_same_numbers():
    assert found(*cells())[1] == found(*cells())[1]


def test_an_end_of_a_share_at_0_or_100_percent_stays_there_when_the_cv_between_runs_changes():
    cells = CellDistribution(
        200_000,
        (),
        ShareBelow(500.0, 0.0005, 0.0, 0.002, per_fold=0.01),
        ShareBelow(5000.0, 99.9995, 99.99, 100.0, per_fold=0.01),
        None,
        100.0,
    )
    found = widened_distribution(cells, 0.2)
    assert found.below_lloq.low == 0.0
    assert found.below_lloq.high > 0.002
    assert found.below_cut.high == 100.0
    assert found.below_cut.low < 99.99


def test_another_unit_of_brightness_changes_nothing():
    """Tiny numbers: what is added to an MFI anywhere would show."""
    stained, control = cells(n=60)
    medians = np.array([2.06, 1.94, 2.04, 1.96]) * LEVELS
    answers = []
    for unit in (1.0, 1e-5):
        curve = fit_standard_curve((unit * medians).tolist(), list(LEVELS))
        density = quantify_receptor_density(unit * stained, unit * control, curve, **TOLD)
        answers.append(cell_distribution(density, unit * stained, unit * control, curve, **TOLD))
    plain, small = (
        [(each.value, each.low, each.high) for each in one.percentiles]
        + [(one.below_cut.percent, one.below_cut.low, one.below_cut.high)]
        for one in answers
    )
    assert np.array(small) == pytest.approx(np.array(plain), rel=1e-4)
