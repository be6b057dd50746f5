"""A curve of one day, carried to another by rainbow beads: right, as wide as it must be, refused where it fails."""

from dataclasses import replace

import numpy as np
import pytest

from calibration import (
    CurveVerdict,
    StandardCurveError,
    find_bead_peaks,
    fit_standard_curve,
    quantify_receptor_density,
)
from calibration.curve.transfer import fit_transfer, transferred_curve
from validation import density
from validation.simulated_beads import Detector, bead_run, cells

RAINBOW = (0.0, 300.0, 1000.0, 3200.0, 10000.0, 30000.0, 100000.0)
QUANTIBRITE = (638.0, 6930.0, 31008.0, 67601.0)


def rainbow(gain, seed=1, *, bend=1.0, levels=RAINBOW, top=262143.0):
    detector = Detector(photons=0.1, gain=gain, noise=15.0, top=top)
    run = bead_run(np.random.default_rng(seed), levels, detector=detector, n=6000, bead_cv=0.03)
    x = np.sign(run.intensity) * np.abs(run.intensity) ** bend
    return find_bead_peaks(x, len(levels), blank=True, scale_top=top)


def curve_at(gain):
    return fit_standard_curve([0.1 * gain * level for level in QUANTIBRITE], QUANTIBRITE)


def test_a_change_of_gain_is_a_ratio_and_gives_the_curve_of_the_new_day():
    found = fit_transfer(rainbow(12.0), rainbow(8.0, seed=2), RAINBOW)
    assert found.slope == 1.0
    assert 10**found.intercept == pytest.approx(8 / 12, rel=0.005)
    assert found.degrees_of_freedom == 5
    here = transferred_curve(curve_at(8.0), found)
    assert here.to_abc(1200.0) == pytest.approx(curve_at(12.0).to_abc(1200.0), rel=0.005)
    assert here.transfer == found
    assert {"transfer_slope", "transfer_error", "transfer_populations"} <= {row.name for row in here.checks}


def test_a_detector_that_is_not_linear_takes_a_line():
    found = fit_transfer(rainbow(12.0, bend=0.95), rainbow(8.0, seed=2), RAINBOW)
    assert found.slope == pytest.approx(1 / 0.95, rel=0.01)
    assert found.lever > 0


@pytest.mark.parametrize(("standard_errors", "is_ratio"), [(3.0, True), (3.4, False)])
def test_a_slope_is_1_unless_students_t_with_two_degrees_less_than_populations_excludes_it(
    standard_errors, is_ratio
):
    here = rainbow(
        12.0, levels=RAINBOW[:6]
    )  # the blank is not matched: 5 populations, t(3) = 3.18, t(4) = 2.78
    log_x = np.log10(here.medians[1:])
    off = np.array([1.0, -2.0, 0.5, 1.5, -1.0])
    design = np.stack([np.ones(5), log_x], axis=1)
    off -= design @ np.linalg.lstsq(design, off, rcond=None)[0]
    off *= 0.02 / np.sqrt((off**2).sum() / 3)
    slope = 1 + standard_errors * 0.02 / np.sqrt(((log_x - log_x.mean()) ** 2).sum())
    medians = 10 ** (slope * log_x + off)
    found = fit_transfer(here, replace(here, medians=(here.medians[0], *medians.tolist())), RAINBOW[:6])
    assert (found.n, found.slope == 1.0) == (5, is_ratio)


def test_the_blank_and_what_is_clipped_on_either_day_are_not_matched():
    found = fit_transfer(rainbow(12.0, top=60000.0), rainbow(8.0, seed=2), RAINBOW)
    assert found.n == 5
    assert 10**found.intercept == pytest.approx(8 / 12, rel=0.005)


def test_another_lot_or_too_few_populations_are_refused():
    with pytest.raises(StandardCurveError, match="same lot"):
        fit_transfer(rainbow(12.0), rainbow(8.0, levels=RAINBOW[:-1]), RAINBOW)
    with pytest.raises(StandardCurveError, match="at least 3"):
        fit_transfer(rainbow(12.0, levels=RAINBOW[:3]), rainbow(8.0, levels=RAINBOW[:3]), RAINBOW[:3])


def test_populations_that_do_not_follow_one_line_are_rejected():
    here, there = rainbow(12.0), rainbow(8.0, seed=2)
    bent = tuple(m * (1.6 if k == 3 else 1.0) for k, m in enumerate(there.medians))
    here_curve = transferred_curve(curve_at(8.0), fit_transfer(here, replace(there, medians=bent), RAINBOW))
    assert here_curve.verdict is CurveVerdict.REJECT


def test_the_transfer_is_a_term_of_its_own_in_the_budget():
    rng = np.random.default_rng(3)
    stain, blank = (cells(rng, d, 2000, detector=Detector(0.1, 12.0, 15.0)) for d in (30000, 0))
    found = fit_transfer(rainbow(12.0), rainbow(8.0, seed=2), RAINBOW, assumed_cv=0.05)
    rd = {
        name: quantify_receptor_density(stain, blank, curve, kit="quantibrite_pe", f_p_ratio=1.0)
        for name, curve in (("own", curve_at(12.0)), ("carried", transferred_curve(curve_at(8.0), found)))
    }
    assert rd["carried"].rd == pytest.approx(rd["own"].rd, rel=0.01)
    shares = {term.name: term.share for term in rd["carried"].budget}
    assert 0.1 < shares["transfer between runs of beads"] < 0.6
    assert "transfer between runs of beads" not in {term.name for term in rd["own"].budget}
    assert rd["carried"].gcv_percent > rd["own"].gcv_percent
    width = (rd["carried"].rd_high - rd["carried"].rd_low) / 3.92
    assert rd["carried"].analytic_sd == pytest.approx(width, rel=0.1)


def test_intervals_of_carried_curves_hold_the_truth(monkeypatch):
    monkeypatch.setattr(density, "BEAD_DAYS", 4)
    density.bead_days.cache_clear()
    density.rainbow_days.cache_clear()
    rng = np.random.default_rng(20)
    drawn = [
        density.cross_calibrated_tube(float(true), rng, other_instrument=k % 2 == 1)
        for k, true in enumerate(np.exp(rng.uniform(np.log(1e3), np.log(1e5), 60)))
    ]
    density.bead_days.cache_clear()
    density.rainbow_days.cache_clear()
    assert np.mean([tube.low <= tube.true <= tube.high for tube in drawn]) >= 0.88
