"""The sentinels' reading where it is known why free CD38 is as it is: right, or it cannot be told; never wrong."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.patients.receptor_occupancy.sentinel_reading import SentinelReading
from validation import density, occupancy, sentinels

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("cause", sentinels.CAUSES)
def test_the_reading_is_the_cause_that_was_simulated_or_that_it_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch, cause: str
):
    monkeypatch.setattr(sentinels, "PATIENTS", 3)
    found = sentinels.study((cause, 1.0, 811))
    assert {tube.reading for tube in found} <= {cause, SentinelReading.CANNOT_TELL}
    assert sum(tube.reading == cause for tube in found) >= 2
    assert not any(tube.hinted for tube in found)


def test_a_marrow_that_hardly_holds_b_precursors_is_hinted_at(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sentinels, "PATIENTS", 3)
    assert all(tube.hinted for tube in sentinels.study(("not low", 0.001, 812)))


@pytest.mark.parametrize("norm", [occupancy.OWN, occupancy.RIGHT])
def test_theta_and_the_total_are_unbiased_and_covered(monkeypatch: pytest.MonkeyPatch, norm: str):
    """40 tubes: 95 % of them is 38, and fewer than 34 has a chance of 1 in 500."""
    monkeypatch.setattr(density, "BEAD_DAYS", 6)
    density.bead_days.cache_clear()
    found = [tube for seed in range(20) for tube in occupancy.study((norm, 0.47, 900 + seed))]
    density.bead_days.cache_clear()
    assert sum(tube.covers for tube in found) >= 34
    assert sum(tube.total_covers for tube in found) >= 34
    assert abs(np.median([tube.told for tube in found]) - 0.47) < 0.1
    assert {tube.reading for tube in found if tube.verdict == "false"} == set()


def test_a_norm_that_is_too_high_makes_theta_too_high_and_one_too_low_too_low(monkeypatch):
    monkeypatch.setattr(density, "BEAD_DAYS", 3)
    density.bead_days.cache_clear()
    told = [
        np.median([tube.told for seed in range(8) for tube in occupancy.study((norm, 0.47, 950 + seed))])
        for norm in (occupancy.LOW, occupancy.RIGHT, occupancy.HIGH)
    ]
    density.bead_days.cache_clear()
    assert told[0] < told[1] < told[2]
