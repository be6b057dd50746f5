"""What is rounded before anything depends on it: zeros but for rounding, ends of ranges, exact curves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from calibration.beads.peaks import find_bead_peaks
from calibration.curve.standard_curve import fit_standard_curve
from calibration.rounding import rounded_record


@dataclass(frozen=True)
class Numbers:
    value: float
    many: tuple[float, ...] = ()


def test_what_is_zero_but_for_rounding_is_zero_and_has_no_sign():
    rounded = rounded_record(Numbers(-3e-16, (2e-15, 1.00000000004)))
    assert rounded == Numbers(0.0, (0.0, 1.0))
    assert math.copysign(1, rounded.value) == 1


def test_two_beads_determine_a_curve_without_error():
    curve = fit_standard_curve((600.0, 41_234.5), (1_811.3, 67_601.7), model="loglog")
    assert curve.back_calculated_error == (0.0, 0.0)
    assert curve.residual_sd == 0.0


def test_ranges_that_are_set_by_hand_hold_the_events_on_their_ends():
    rng = np.random.default_rng(2)
    levels = np.array([300.0, 3_000.0, 30_000.0])
    beads = (np.repeat(levels, 400) * rng.normal(1, 0.05, 1_200)).astype(np.float32)
    found = find_bead_peaks(beads, 3)
    by_hand = find_bead_peaks(beads, 3, ranges=found.ranges)
    assert by_hand.medians == found.medians
    assert all(np.float32(end) == end for ends in found.ranges for end in ends)
