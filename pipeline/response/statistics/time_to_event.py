"""R7: progression-free and overall survival, in months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from calibration.numbers import LEVEL
from pipeline.response.follow_up import Endpoint, FollowUp, times_of
from pipeline.response.statistics.survival import KAPLAN_MEIER_METHOD, SurvivalCurve, survival_curve
from pipeline.study.quantity_name import MONTHS, Unit

ENDPOINT_NAMES = {Endpoint.PFS: "progression-free survival", Endpoint.OS: "overall survival"}


@dataclass(frozen=True, slots=True)
class MedianSurvival:
    """A median with its interval, in months. None = the curve, or its limit, never falls to one half.

    `n_unknown`: patients without a day 0, or without any day after it. They count in no other number.
    """

    name: str
    n: int
    n_events: int
    n_unknown: int
    median: float | None
    low: float | None
    high: float | None
    unit: Unit = MONTHS
    level: float = LEVEL
    method: str = KAPLAN_MEIER_METHOD
    note: str = ""

    def __str__(self) -> str:
        shown = ["not reached" if part is None else f"{part:.1f}" for part in (self.median, self.low)]
        high = "not reached" if self.high is None else f"{self.high:.1f}"
        return f"{shown[0]} months ({shown[1]}–{high})" if self.n else "nobody"


def survival_medians(courses: Sequence[FollowUp], month_days: float) -> tuple[MedianSurvival, ...]:
    """Return median PFS and OS of these patients."""
    return tuple(median_survival(courses, endpoint, month_days) for endpoint in Endpoint)


def median_survival(courses: Sequence[FollowUp], endpoint: Endpoint, month_days: float) -> MedianSurvival:
    """Return the median of `PFS` or `OS`; a sentence in `note` where it cannot be known."""
    days, _ = times_of(courses, endpoint)
    curve = curve_of(courses, endpoint, month_days)
    return MedianSurvival(
        name=endpoint.value,
        n=len(days),
        n_events=curve.n_events,
        n_unknown=len(courses) - len(days),
        median=curve.median,
        low=curve.median_low,
        high=curve.median_high,
        note=_note(len(days), curve),
    )


def curve_of(courses: Sequence[FollowUp], endpoint: Endpoint, month_days: float) -> SurvivalCurve:
    """Return the Kaplan–Meier curve of `PFS` or `OS`, in months of `month_days` days."""
    days, events = times_of(courses, endpoint)
    return survival_curve([day / month_days for day in days], events)


def _note(n: int, curve: SurvivalCurve) -> str:
    if n == 0:
        return "no patient has a first day and a day after it"
    if curve.median is None:
        return f"the median is not reached: {curve.n_events} events in {n} patients"
    return "" if curve.median_high is not None else "the upper limit is not reached"
