"""The sentinels' reading where it is known why free CD38 is as it is: right, or it cannot be told; never wrong."""

from __future__ import annotations

import pytest

from pipeline.quantification.sentinels import SentinelReading
from validation import sentinels

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
