"""The mean change of the patients, one change each, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Z_95
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import LEFT, OBSERVED, RIGHT, maximise, single
from pipeline.washout.censored.profile import coefficient_interval, critical_value
from pipeline.washout.within.change import Change, ChangeKind

Floats: TypeAlias = NDArray[np.float64]

FEWEST_CHANGES: Final = 3
"""Measured changes below which no mean is told. Convention: with two the interval spans decades."""

_KIND: Final = {ChangeKind.MEASURED: OBSERVED, ChangeKind.AT_LEAST: RIGHT, ChangeKind.AT_MOST: LEFT}


@dataclass(frozen=True, slots=True)
class MeanChange:
    """The geometric mean of the patients' folds with its 95 % interval; `low`, `high` None: no such limit.

    `n_beyond`: changes that are only known to be at least or at most so large; they count as limits.
    `sd`: SD of log10 of the fold from patient to patient, dex, measurement included.
    """

    fold: float
    low: float | None
    high: float | None
    n: int
    n_beyond: int
    sd: float
    method: str


def mean_change(changes: Sequence[Change], level: float = 0.95) -> MeanChange:
    """Return the geometric mean of one change per patient.

    Student's t of log10 of the folds; where changes are only known by a limit, the censored normal law with a
    profile-likelihood interval (`pipeline.washout.censored.profile`). An error that the changes share (all
    first visits on one lot, all last visits on another) does not average out: its square is added to that of
    the half-width.

    Parameters
    ----------
    changes
        One per patient; those that are not known are left out.

    Raises
    ------
    NotEstimableError
        Fewer than 3 changes are measured, or the law has no maximum.
    """
    known = [change for change in changes if change.kind in _KIND]
    kind = np.array([_KIND[change.kind] for change in known], dtype=np.int8)
    measured = int(np.sum(kind == OBSERVED))
    if measured < FEWEST_CHANGES:
        raise NotEstimableError(
            f"{measured} {'patient has' if measured == 1 else 'patients have'} a density at two visits after "
            f"the same dose, measured in the same way; a mean change needs {FEWEST_CHANGES}"
        )
    y = np.array([change.log_fold for change in known], dtype=np.float64)
    common = _common(known)
    if measured == len(known):
        mean, sd, low, high = _by_t(y, level)
        method = "Student's t of log10 of the folds"
    else:
        mean, sd, low, high = _by_likelihood(y, kind, level)
        method = "censored normal law of log10 of the folds, profile likelihood"
    low, high = mean - np.hypot(mean - low, Z_95 * common), mean + np.hypot(high - mean, Z_95 * common)
    return MeanChange(
        float(10.0**mean),
        float(10.0**low) if np.isfinite(low) else None,
        float(10.0**high) if np.isfinite(high) else None,
        len(known),
        len(known) - measured,
        sd,
        method,
    )


def _by_t(y: Floats, level: float) -> tuple[float, float, float, float]:
    from scipy.special import stdtrit

    mean, sd = float(np.mean(y)), float(np.std(y, ddof=1))
    half = float(stdtrit(y.size - 1, (1 + level) / 2)) * sd / float(np.sqrt(y.size))
    return mean, sd, mean - half, mean + half


def _by_likelihood(y: Floats, kind: NDArray[np.int8], level: float) -> tuple[float, float, float, float]:
    middle, scale = float(np.mean(y)), float(np.std(y)) or 1.0
    rows = single(np.ones((y.size, 1)), (y - middle) / scale, kind, np.zeros(y.size))
    best = maximise(rows)
    if not best.is_held(y.size)[0]:
        raise NotEstimableError("too few changes are measured to tell their mean: the law has no maximum")
    low, high = coefficient_interval(rows, best, 0, critical_value(kind, 1, level))
    mean = middle + scale * float(best.beta[0, 0])
    return mean, scale * float(np.exp(best.log_sigma[0])), middle + scale * low, middle + scale * high


def _common(changes: Sequence[Change]) -> float:
    """Return the SD, dex, of what errors of shared sources do to the mean of the changes."""
    moves: dict[str, float] = {}
    for change in changes:
        for source, moved in change.shared:
            moves[source] = moves.get(source, 0.0) + moved / len(changes)
    return float(np.sqrt(sum(moves[source] ** 2 for source in sorted(moves))))
