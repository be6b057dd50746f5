"""R8: dexamethasone was added after response was known, so patients are compared from a landmark on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.response.follow_up import Endpoint, FollowUp, times_of
from pipeline.response.statistics.counts import Proportion, proportion
from pipeline.response.statistics.strength import strength
from pipeline.response.statistics.survival import log_rank
from pipeline.response.statistics.time_to_event import MedianSurvival, survival_medians
from pipeline.study.cells.dates import DAYS_PER_WEEK

IMMORTAL_TIME: Final = (
    "Immortal time: patients who were given dexamethasone had to be alive, and mostly under control, until "
    "it was given, so disease control with and without it, counted from the start of treatment, does not "
    "show the effect of dexamethasone. The landmark analysis sorts patients by what they had been given by "
    "the landmark and counts only what came after it, among those who were then alive without progression."
)


@dataclass(frozen=True, slots=True)
class LandmarkTest:
    """PFS or OS from the landmark on, with dexamethasone against without, and its hazard ratio."""

    name: str
    log_rank_p: float | None
    note: str = ""
    n: int = 0
    n_events: int = 0
    hazard_ratio: float | None = None
    low: float | None = None
    high: float | None = None
    strength: str = ""


@dataclass(frozen=True, slots=True)
class DexamethasoneTable:
    """Disease control with and without dexamethasone as often published, and the landmark analysis.

    Attributes
    ----------
    ever
        Disease control of patients who ever and who never had dexamethasone. This does not measure its effect
        (`warning`).
    given_by
        Number given dexamethasone, of the patients alive without progression at the landmark.
    with_it, without_it
        PFS and OS from the landmark.
    later
        Number at risk who got dexamethasone after the landmark: they count as patients without it.
    """

    landmark_weeks: float
    ever: tuple[Proportion, ...]
    at_risk: int
    given_by: Proportion
    later: int
    with_it: tuple[MedianSurvival, ...]
    without_it: tuple[MedianSurvival, ...]
    tests: tuple[LandmarkTest, ...]
    warning: str = IMMORTAL_TIME
    note: str = ""


def dexamethasone_table(
    courses: Sequence[FollowUp],
    controlled: Mapping[str, bool],
    with_dexamethasone: frozenset[str],
    *,
    landmark_weeks: float,
    month_days: float,
) -> DexamethasoneTable:
    """Return disease control by dexamethasone and the landmark analysis.

    Parameters
    ----------
    courses
        Of every patient.
    controlled
        Disease control by patient_id, of the evaluable patients in whom it is known.
    with_dexamethasone
        The patients with any date of dexamethasone.
    landmark_weeks
        From the start of treatment (Anderson 1983, doi:10.1200/JCO.1983.1.11.710).
    """
    day = landmark_weeks * DAYS_PER_WEEK
    at_risk = [after_landmark(course, day) for course in courses if is_at_risk(course, day)]
    groups = tuple(
        tuple(course for course in at_risk if _had_by(course) is had_drug) for had_drug in (True, False)
    )
    return DexamethasoneTable(
        landmark_weeks=landmark_weeks,
        ever=(
            _control(
                "dexamethasone, ever", controlled, [name for name in controlled if name in with_dexamethasone]
            ),
            _control(
                "no dexamethasone",
                controlled,
                [name for name in controlled if name not in with_dexamethasone],
            ),
        ),
        at_risk=len(at_risk),
        given_by=proportion("dexamethasone by the landmark", len(groups[0]), len(at_risk)),
        later=sum(course.dexamethasone_day is not None for course in groups[1]),
        with_it=survival_medians(groups[0], month_days),
        without_it=survival_medians(groups[1], month_days),
        tests=tuple(_test(endpoint, groups[0], groups[1]) for endpoint in Endpoint),
        note=_note(len(groups[0]), len(groups[1]), landmark_weeks),
    )


def _control(name: str, controlled: Mapping[str, bool], patients: Sequence[str]) -> Proportion:
    return proportion(name, sum(controlled[patient] for patient in patients), len(patients))


def is_at_risk(course: FollowUp, day: float) -> bool:
    """Tell whether a patient is known to be alive without progression at the landmark."""
    return course.pfs_day is not None and (
        course.pfs_day > day or (course.pfs_day == day and not course.pfs_event)
    )


def after_landmark(course: FollowUp, day: float) -> FollowUp:
    """Return the follow-up from the landmark on. Dexamethasone before the landmark has a day <= 0."""
    from dataclasses import replace

    def shifted(value: int | None) -> int | None:
        return None if value is None else round(value - day)

    return replace(
        course,
        pfs_day=shifted(course.pfs_day),
        os_day=shifted(course.os_day),
        dexamethasone_day=shifted(course.dexamethasone_day),
    )


def _had_by(course: FollowUp) -> bool:
    return course.dexamethasone_day is not None and course.dexamethasone_day <= 0


def _test(endpoint: Endpoint, with_it: Sequence[FollowUp], without_it: Sequence[FollowUp]) -> LandmarkTest:
    if not with_it or not without_it:
        return LandmarkTest(endpoint.value, None, "one group is empty")
    log_rank_test = log_rank((times_of(with_it, endpoint), times_of(without_it, endpoint)))
    if log_rank_test is None:
        return LandmarkTest(endpoint.value, None, "nobody had the event")
    ratio, low, high = log_rank_test.hazard_ratio, log_rank_test.low, log_rank_test.high
    words = strength(log_rank_test.n, log_rank_test.n_events, low, high, log_rank_test.p, "hazard")
    return LandmarkTest(
        endpoint.value, log_rank_test.p, "", log_rank_test.n, log_rank_test.n_events, ratio, low, high, words
    )


def _note(n_with: int, n_without: int, weeks: float) -> str:
    if n_with + n_without == 0:
        return f"nobody is known to be alive without progression at {weeks:g} weeks"
    if n_with and n_without:
        return ""
    who = "nobody" if n_with == 0 else "everybody"
    return (
        f"{who} at risk had dexamethasone by {weeks:g} weeks: nothing to compare "
        "(the setting dexamethasone_landmark_weeks moves the landmark)"
    )
