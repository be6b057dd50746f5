"""Draws of every source of error, against the laws that they are drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from calibration import fit_standard_curve
from calibration.curve.transfer import Transfer, transferred_curve
from calibration.density.error_model import ConvertedCells, RelativeErrors
from calibration.density.uncertainty import draw_errors, quantile_draws

N = 20_000
LEVELS = np.array([638.0, 6930.0, 31008.0, 67601.0])
MEDIANS = LEVELS * np.array([1.05, 0.96, 1.03, 0.97]) / 10
RCV, EVENTS = (0.1, 0.08, 0.06, 0.05), (100, 100, 100, 100)
TRANSFER = Transfer(0.97, 0.05, 0.02, 4, 6, 2.1, 1.4, 0.01, 100.0, 1e5, assumed_cv=0.03)


def cells(n=200):
    stained = 1000 * np.exp(0.5 * stats.norm.ppf((np.arange(n) + 0.5) / n))
    return ConvertedCells(stained, stained / 20, 1000.0, 50.0, 60.0, 8.0, 1.7, 50.0)


def draws(curve, errors=None):
    return draw_errors(
        cells(), curve, errors or RelativeErrors(0.05, 0.04, 0.03), np.random.default_rng(1), N
    )


def test_what_scales_every_abc_is_log_normal_with_its_cv():
    told = draws(fit_standard_curve(MEDIANS.tolist(), LEVELS.tolist()))
    for values, cv in ((told.lot, 0.05), (told.f_p, 0.04), (told.between_run, 0.03)):
        assert np.std(np.exp(values)) == pytest.approx(cv, rel=0.03)
        assert np.median(values) == pytest.approx(0.0, abs=0.001)


@pytest.mark.parametrize("model", ["slope1", "loglog"])
def test_the_curves_draws_have_the_scatter_of_the_beads_at_its_centre_and_in_its_slope(model):
    """A t law of the beads' scatter, with the curve's degrees of freedom or with two more; compared at the quartiles."""
    curve = fit_standard_curve(MEDIANS.tolist(), LEVELS.tolist(), model=model)
    told, log_mfi = draws(curve), np.log10(MEDIANS)
    freedom = curve.degrees_of_freedom
    low, high = (
        curve.residual_sd * np.sqrt(freedom / (freedom + k)) * stats.t.ppf(0.75, freedom + k) for k in (2, 0)
    )
    assert 0.98 * low < 2 * np.quantile(told.level, 0.75) < 1.02 * high
    lever = float(np.sum((log_mfi - log_mfi.mean()) ** 2))
    if model == "slope1":
        assert not told.slope.any()
    else:
        assert 0.98 * low < np.sqrt(lever) * np.quantile(told.slope, 0.75) < 1.02 * high
    assert not told.transfer_level.any()
    assert not told.peak_level.any()


def test_the_tilt_of_a_transfer_is_a_t_law_and_its_level_is_that_at_the_curves_centre():
    curve = transferred_curve(fit_standard_curve(MEDIANS.tolist(), LEVELS.tolist()), TRANSFER)
    told, steep = draws(curve), curve.slope / 0.97
    tilt = steep * 0.02 / np.sqrt(1.4)
    for share in (0.75, 0.975):
        assert np.quantile(told.transfer_slope, share) == pytest.approx(
            tilt * stats.t.ppf(share, 6), rel=0.04
        )
    away = np.log10(curve.medians).mean() - 2.1
    level, assumed = steep * 0.02 / np.sqrt(6), np.sqrt(np.log1p(0.03**2)) / np.log(10)
    expected = np.sqrt((level**2 + (tilt * away) ** 2) * 6 / 4 + assumed**2)
    assert np.std(told.transfer_level) == pytest.approx(expected, rel=0.03)
    assert np.corrcoef(told.transfer_level, told.transfer_slope)[0, 1] > 0.5


def test_the_bias_may_vanish_where_receptors_and_background_grow_together():
    """SD of the bias 8; in half of the draws a part of 50, all parts equally likely, is taken off as well."""
    told = draws(fit_standard_curve(MEDIANS.tolist(), LEVELS.tolist()))
    assert np.mean(told.bias) == pytest.approx(-0.5 * 0.5 * 50, abs=0.5)
    assert np.var(told.bias) == pytest.approx(64 + 0.5 * (1 / 3 - 0.5 / 4) * 2500, rel=0.05)


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_drawn_quantile_scatters_as_one_of_bootstrap_samples(share):
    rng, values = np.random.default_rng(1), cells().stained
    drawn = quantile_draws(values, rng, N, share)
    samples = np.quantile(rng.choice(values, (4000, values.size)), share, axis=1)
    assert np.std(drawn) == pytest.approx(np.std(samples), rel=0.06)
    assert np.mean(drawn) == pytest.approx(np.mean(samples), rel=0.005)
    assert drawn.min() >= values.min()
    assert drawn.max() <= values.max()
