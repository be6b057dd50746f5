"""The error of a receptor density by first derivatives, against differences of the density itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from calibration import fit_standard_curve
from calibration.curve.transfer import Transfer, transferred_curve
from calibration.density.analytic_error import analytic_sd, interval_of_medians
from calibration.density.error_model import ConvertedCells, RelativeErrors

LEVELS = np.array([638.0, 6930.0, 31008.0, 67601.0])
MEDIANS = LEVELS * np.array([1.05, 0.96, 1.03, 0.97]) / 10
CURVE = fit_standard_curve(MEDIANS.tolist(), LEVELS.tolist(), model="slope1")
LINE = fit_standard_curve(MEDIANS.tolist(), LEVELS.tolist(), model="loglog")
TRANSFER = Transfer(0.97, 0.05, 0.02, 4, 6, 3.1, 1.4, 0.01, 100.0, 1e5, assumed_cv=0.03)
ERRORS = RelativeErrors(0.05, 0.04, 0.03)
BIAS, BIAS_SD, OPEN = 60.0, 8.0, 50.0


def cells():
    rng = np.random.default_rng(1)
    stained, control = rng.lognormal(6.5, 0.5, 401), rng.lognormal(4.0, 0.4, 301)
    medians = float(np.median(stained)), float(np.median(control))
    return ConvertedCells(stained, control, *medians, BIAS, BIAS_SD, 1.7, OPEN)


def slopes(curve, tube):
    """Return the change of the density by each source: level, tilt, stain, control, bias, scale, and the transfer's tilt."""
    share, log_center = tube.bias_share, float(np.log10(MEDIANS_OF[id(curve)]).mean())
    turn = curve.transfer.center if curve.transfer is not None else 0.0

    def density(d):
        stain, control = tube.stained_median + d[2], tube.control_median + d[3]
        mfi = np.array([stain - share * (stain - control) - d[4], control])
        log_amount = curve.intercept + curve.slope * np.log10(mfi) + d[0]
        log_amount += d[1] * (np.log10(mfi) - log_center) + d[6] * (np.log10(mfi) - turn)
        return float(np.diff(10**log_amount)[0]) * -np.exp(d[5]) / tube.divisor

    steps = np.diag([1e-5, 1e-5, 1e-3, 1e-3, 1e-3, 1e-5, 1e-5])
    return [(density(step) - density(-step)) / (2 * step.max()) for step in steps]


MEDIANS_OF = {id(CURVE): MEDIANS, id(LINE): MEDIANS}
CARRIED, CARRIED_LINE = transferred_curve(CURVE, TRANSFER), transferred_curve(LINE, TRANSFER)
MEDIANS_OF |= {id(CARRIED): np.array(CARRIED.medians), id(CARRIED_LINE): np.array(CARRIED_LINE.medians)}


def error_of_median(values):
    away = 0.5 / np.sqrt(values.size)
    return float(np.diff(np.quantile(values, [0.5 - away, 0.5 + away]))[0]) / 2


@pytest.mark.parametrize(
    "curve", [CURVE, LINE, CARRIED, CARRIED_LINE], ids=["1", "line", "carried 1", "carried line"]
)
def test_every_source_enters_by_the_change_of_the_density_that_it_makes(curve):
    tube = cells()
    level, tilt, stain, control, bias, scale, turn = slopes(curve, tube)
    log_mfi = np.log10(MEDIANS_OF[id(curve)])
    free = 0.0 if curve.model == CURVE.model else 1 / np.sum((log_mfi - log_mfi.mean()) ** 2)
    own = curve.residual_sd**2 * (level**2 / 4 + tilt**2 * free)
    lengths = np.log1p(np.array([0.05, 0.04, 0.03]) ** 2).sum()
    others = (stain * error_of_median(tube.stained)) ** 2 + (control * error_of_median(tube.control)) ** 2
    others += bias**2 * (BIAS_SD**2 + 0.5 * (1 / 3 - 0.5 / 4) * OPEN**2) + scale**2 * lengths
    if curve.transfer is not None:
        steep = curve.slope / TRANSFER.slope
        assumed = np.log1p(0.03**2) / np.log(10) ** 2
        others += level**2 * ((steep * 0.02) ** 2 / 6 + assumed) + turn**2 * (steep * 0.02) ** 2 / 1.4
    freedom = curve.degrees_of_freedom * ((own + others) / own) ** 2
    expected = np.sqrt(own + others) * t.ppf(0.975, freedom) / 1.959964
    assert analytic_sd(tube, curve, ERRORS) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("curve", [CURVE, LINE], ids=["1", "line"])
def test_the_interval_of_two_medians_has_the_curve_and_what_scales_every_abc(curve):
    bare = ConvertedCells(np.ones(3), np.ones(3), 700.0, 50.0, 0.0, 0.0, 1.7)
    level, tilt, *_, scale, _ = slopes(curve, bare)
    log_mfi = np.log10(MEDIANS)
    free = 0.0 if curve.model == CURVE.model else 1 / np.sum((log_mfi - log_mfi.mean()) ** 2)
    own = curve.residual_sd**2 * (level**2 / 4 + tilt**2 * free) / scale**2
    total = own + np.log1p(np.array([0.05, 0.04, 0.03]) ** 2).sum()
    reach = t.ppf(0.975, curve.degrees_of_freedom * (total / own) ** 2) * np.sqrt(total)
    low, high = interval_of_medians(700.0, 50.0, curve, 1.7, ERRORS)
    assert (low, high) == pytest.approx((scale * np.exp(-reach), scale * np.exp(reach)), rel=1e-4)
    assert interval_of_medians(50.0, 50.0, curve, 1.7, ERRORS) is None


def test_an_exact_curve_and_one_without_freedom_take_the_normal_quantile():
    exact = replace(CURVE, residual_sd=0.0)
    low, high = interval_of_medians(700.0, 0.0, exact, 1.0, RelativeErrors(0.1, 0.0, 0.0))
    assert np.log(high / low) / 2 == pytest.approx(1.959964 * np.sqrt(np.log1p(0.01)))


def test_three_beads_on_a_line_leave_one_degree_of_freedom_which_counts():
    line = fit_standard_curve(MEDIANS[:3].tolist(), LEVELS[:3].tolist(), model="loglog")
    assert line.degrees_of_freedom == 1
    log_mfi = np.log10(MEDIANS[:3])
    away = np.log10(700.0) - log_mfi.mean()
    own = (line.residual_sd * np.log(10)) ** 2 * (1 / 3 + away**2 / np.sum((log_mfi - log_mfi.mean()) ** 2))
    total = own + np.log1p(0.05**2)
    reach = t.ppf(0.975, (total / own) ** 2) * np.sqrt(total)
    low, high = interval_of_medians(700.0, 0.0, line, 1.0, RelativeErrors(0.05, 0.0, 0.0))
    assert np.log(high / low) / 2 == pytest.approx(reach, rel=1e-6)
