"""The median PFS under other rules of censoring, and the warning where they matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipeline.response.follow_up import MISSED_DAYS, Endpoint, FollowUp, PfsEnd, pfs
from pipeline.response.statistics.time_to_event import MedianSurvival, median_survival


@dataclass(frozen=True, slots=True)
class PfsBound:
    """The median PFS by another rule of censoring than the reported one.

    Attributes
    ----------
    rule
        In words.
    n_moved
        Patients whose time or event differs from the reported one.
    median
        Median of all patients, with those moved by `rule`.
    """

    rule: str
    n_moved: int
    median: MedianSurvival


def pfs_bounds(courses: Sequence[FollowUp], month_days: float) -> tuple[PfsBound, ...]:
    """Return the median PFS by each other rule that changes a patient; an empty tuple where none does."""
    rules: tuple[tuple[str, Callable[[FollowUp], FollowUp]], ...] = (
        ("censored on day 0 where no assessment was typed", _on_day_0),
        (
            f"censored at the last assessment where the event came over {MISSED_DAYS} days later (FDA)",
            _missed_assessments,
        ),
        ("a new antimyeloma therapy ignored (EMA)", _therapy_ignored),
        (
            f"progressed on the day after the last assessment where seen alive over {MISSED_DAYS} days later",
            _worse,
        ),
    )
    bounds = []
    for rule, moved in rules:
        moved_courses = [moved(course) for course in courses]
        n_moved = sum(a != b for a, b in zip(courses, moved_courses, strict=True))
        if n_moved:
            bounds.append(PfsBound(rule, n_moved, median_survival(moved_courses, Endpoint.PFS, month_days)))
    return tuple(bounds)


def pfs_warning(courses: Sequence[FollowUp], month_days: float) -> str:
    """Return the warning where PFS is censored without an assessment or long after the last one; else ""."""
    return " ".join(
        part for part in (_unassessed(courses, month_days), _stayed_away(courses, month_days)) if part
    )


def _stayed_away(courses: Sequence[FollowUp], month_days: float) -> str:
    """Return how many patients were alive long after their last assessment, and the possible bias."""
    away = sum(_is_away(course) for course in courses)
    if not away:
        return ""
    least = median_survival([_worse(course) for course in courses], Endpoint.PFS, month_days)
    who = "1 patient was" if away == 1 else f"{away} patients were"
    return (
        f"{who} last assessed more than {MISSED_DAYS} days before the last day known alive, without "
        "progression. Censoring assumes that they missed assessments for reasons other than their illness. "
        f"Had each progressed on the day after the last assessment, the median PFS would be {least}."
    )


def _unassessed(courses: Sequence[FollowUp], month_days: float) -> str:
    censored = [course for course in courses if course.pfs_day is not None and not course.pfs_event]
    unseen = n_unseen(courses)
    if not unseen:
        return ""
    pfs = median_survival(courses, Endpoint.PFS, month_days)
    least = median_survival([_on_day_0(course) for course in courses], Endpoint.PFS, month_days)
    who = "1 patient" if unseen == 1 else f"{unseen} patients"
    return (
        f"No day of assessment (last_assessed_on) was typed for {who} of the {len(censored)} whose PFS is "
        "censored. They count as free of progression up to the last day known alive, or to the new therapy, "
        f"though nobody may have looked. Median PFS counted this way: {pfs}; with them censored on day 0: "
        f"{least}. The first is the longest that the sheet allows. If some of them progressed unseen, the "
        "true one may lie between the two or be shorter than both. Type last_assessed_on."
    )


def n_unseen(courses: Sequence[FollowUp]) -> int:
    """Return how many patients have PFS censored on a day without any assessment."""
    return sum(_is_unseen(course) for course in courses)


def _is_away(course: FollowUp) -> bool:
    """Return whether a patient without progression was alive long after the last assessment."""
    if course.pfs_event or course.assessed_day is None or course.os_day is None:
        return False
    return course.os_day - course.assessed_day > MISSED_DAYS


def _worse(course: FollowUp) -> FollowUp:
    if not _is_away(course):
        return course
    return replace(course, pfs_day=(course.assessed_day or 0) + 1, pfs_event=True, pfs_end=PfsEnd.PROGRESSION)


def _on_day_0(course: FollowUp) -> FollowUp:
    """Return the follow-up with PFS censored on day 0 where the patient was never assessed."""
    return replace(course, pfs_day=0) if _is_unseen(course) else course


def _is_unseen(course: FollowUp) -> bool:
    """Return whether PFS is censored although the patient was never assessed."""
    return course.pfs_day is not None and not course.pfs_event and course.assessed_day is None


def _missed_assessments(course: FollowUp) -> FollowUp:
    gap = course.unassessed_days
    if gap is None or gap <= MISSED_DAYS:
        return course
    return replace(course, pfs_day=course.assessed_day, pfs_event=False, pfs_end=PfsEnd.ASSESSMENT)


def _therapy_ignored(course: FollowUp) -> FollowUp:
    """Return the follow-up with progression or death after a new therapy as events, as the EMA counts."""
    if course.next_therapy_day is None:
        return course
    day, end = pfs(course.progression_day, course.death_day, course.assessed_day, None, course.os_day)
    event = end in (PfsEnd.PROGRESSION, PfsEnd.DEATH)
    return replace(course, pfs_day=day, pfs_event=event, pfs_end=end)
