"""PFS against receptor density: per doubling, and by the fixed cut; from day 0 and from the landmark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pipeline.response.by_density.rows import DensityRows
from pipeline.response.follow_up import FollowUp
from pipeline.response.landmark import after_landmark, is_at_risk
from pipeline.response.statistics.cox import HazardRatio, cox_ratio
from pipeline.response.statistics.cuts.best_cut import sides
from pipeline.response.statistics.strength import strength
from pipeline.response.statistics.survival import log_rank
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.study.settings import Settings

FEWEST_DEATHS: Final = 3
"""With fewer events no hazard ratio is reported, because a single event would decide it. Convention: with
three the interval still spans a factor of ten."""

LOG_RANK: Final = "log-rank test with Peto's hazard ratio"


def density_survival(
    rows: DensityRows, courses: Sequence[FollowUp], settings: Settings
) -> tuple[HazardRatio, ...]:
    """Return hazard ratios of progression or death; empty where no patient has both density and PFS.

    The covariate is the expected true density of each patient, given the measurement or limit (regression
    calibration).

    Parameters
    ----------
    rows
        Densities of patients who are in `courses`.
    courses
        Follow-up of the patients, each with a known `pfs_day`.
    """
    if not rows.patients:
        return ()
    by_patient = {course.patient_id: course for course in courses}
    followed = [by_patient[name] for name in rows.patients]
    weeks = settings.dexamethasone_landmark_weeks
    day = weeks * DAYS_PER_WEEK
    at_risk = [index for index, course in enumerate(followed) if is_at_risk(course, day)]
    later = [after_landmark(followed[index], day) for index in at_risk]
    return (
        *_of("PFS from day 0", rows, list(range(len(followed))), followed, settings.rd_cut),
        *_of(f"PFS from the landmark of {weeks:g} weeks", rows, at_risk, later, settings.rd_cut),
    )


def _of(
    name: str, rows: DensityRows, indices: Sequence[int], courses: Sequence[FollowUp], cut: float
) -> tuple[HazardRatio, HazardRatio]:
    times = np.array([course.pfs_day for course in courses], dtype=float)
    events = np.array([course.pfs_event for course in courses], dtype=bool)
    per_cut = f">= {cut:,.0f} v below"
    n, k = len(indices), int(events.sum())
    if k < FEWEST_DEATHS:
        note = f"{k} events in {n} patients with a density: expected {FEWEST_DEATHS} or more"
        empty = (
            HazardRatio(name, per, n, k, None, None, None, None, note=note) for per in ("doubling", per_cut)
        )
        return next(empty), next(empty)
    if rows.known is None:
        note = "the densities differ by no more than their errors, or all lie beyond a limit"
        smooth = HazardRatio(name, "doubling", n, k, None, None, None, None, note=note)
    else:
        smooth = cox_ratio(name, "doubling", rows.known.expected[list(indices)], times, events)
    return smooth, _by_cut(name, per_cut, rows, indices, times, events, cut)


def _by_cut(
    name: str,
    per: str,
    rows: DensityRows,
    indices: Sequence[int],
    times: np.ndarray,
    events: np.ndarray,
    cut: float,
) -> HazardRatio:
    chosen = list(indices)
    above, below = sides(rows.log2_rd[chosen], rows.kind[chosen], float(np.log2(cut)))
    n, k = int((above | below).sum()), int(events[above | below].sum())
    if not above.any() or not below.any():
        note = "all densities lie on one side of the cut"
        return HazardRatio(name, per, n, k, None, None, None, None, method=LOG_RANK, note=note)
    test = log_rank(((times[above], events[above]), (times[below], events[below])))
    if test is None:
        note = "nobody had the event while both groups were at risk"
        return HazardRatio(name, per, n, k, None, None, None, None, method=LOG_RANK, note=note)
    words = strength(test.n, test.n_events, test.low, test.high, test.p, "hazard")
    ratio = (test.hazard_ratio, test.low, test.high, test.p)
    return HazardRatio(name, per, test.n, test.n_events, *ratio, method=LOG_RANK, strength=words)
