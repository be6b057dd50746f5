"""The mean change of the patients with its interval; each patient counts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.numbers import LEVEL, Z_95, Floats
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.within.change import Change, ChangeKind
from pipeline.washout.within.two_visits import TwoVisits, change_of_means

FEWEST_CHANGES: Final = 3
"""Fewest measured changes for a mean. Convention: with two the interval spans decades."""


@dataclass(frozen=True, slots=True)
class MeanChange:
    """The geometric mean of the patients' folds with its 95 % interval; `low` or `high` None: no limit.

    `n_beyond`: patients with a censored density at one of the two visits. `sd`: SD between patients of log10
    of the measured folds, dex; it contains the error of the measurement.
    """

    fold: float
    low: float | None
    high: float | None
    n: int
    n_beyond: int
    sd: float
    method: str


def mean_change(changes: Sequence[Change], level: float = LEVEL) -> MeanChange:
    """Return the geometric mean of the changes, one for each patient.

    The interval is Student's t of log10 of the folds. If a density is censored, both visits are modelled as a
    bivariate normal law with censored values, and the interval is by profile likelihood of the difference of
    its means; without censoring this gives the same mean. (A fold that is "at least" so large must not count
    as a censored value itself: its limit depends on the fold, and the mean would be wrong.) An error that the
    changes share (all first visits on one bead lot, all last visits on another) does not average out: its
    square is added to that of the half-width.

    Parameters
    ----------
    changes
        One change for each patient.

    Raises
    ------
    NotEstimableError
        If fewer than 3 changes are measured, or the likelihood has no maximum.
    """
    finite = [change for change in changes if np.isfinite(np.log10([change.first_rd, change.last_rd])).all()]
    folds = np.array([c.log_fold for c in finite if c.kind is ChangeKind.MEASURED], dtype=np.float64)
    if folds.size < FEWEST_CHANGES:
        who = "1 patient has" if folds.size == 1 else f"{folds.size} patients have"
        raise NotEstimableError(
            f"{who} a density at two visits after the same dose, measured in the same way; "
            f"a mean change needs {FEWEST_CHANGES}"
        )
    if folds.size == len(finite):
        mean, low, high = _by_t(folds, level)
        method = "Student's t of log10 of the folds"
    else:
        mean, low, high = change_of_means(_two_visits(finite), level)
        method = "bivariate normal law of both visits with censored values, profile likelihood"
    common = Z_95 * _common(finite)
    low, high = mean - float(np.hypot(mean - low, common)), mean + float(np.hypot(high - mean, common))
    return MeanChange(
        float(10.0**mean),
        float(10.0**low) if np.isfinite(low) else None,
        float(10.0**high) if np.isfinite(high) else None,
        len(finite),
        len(finite) - folds.size,
        float(np.std(folds, ddof=1)),
        method,
    )


def _by_t(y: Floats, level: float) -> tuple[float, float, float]:
    from scipy.special import stdtrit

    mean, sd = float(np.mean(y)), float(np.std(y, ddof=1))
    half = float(stdtrit(y.size - 1, (1 + level) / 2)) * sd / float(np.sqrt(y.size))
    return mean, mean - half, mean + half


def _two_visits(changes: Sequence[Change]) -> TwoVisits:
    return TwoVisits(
        np.log10([[change.first_rd, change.last_rd] for change in changes]),
        np.array([[change.first_side, change.last_side] for change in changes], dtype=np.int8),
    )


def _common(changes: Sequence[Change]) -> float:
    """Return the SD, dex, that shared sources of error give to the mean of the changes."""
    moves: dict[str, float] = {}
    for change in changes:
        for source, moved in change.shared:
            moves[source] = moves.get(source, 0.0) + moved / len(changes)
    return float(np.sqrt(sum(moves[source] ** 2 for source in sorted(moves))))
