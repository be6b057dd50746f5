"""Resampling of patients: weights, and the bias-corrected and accelerated interval."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import LEVEL, Floats
from pipeline.washout.censored.estimate import NotEstimableError

_WEIGHTS_AT_ONCE = 2_000_000
"""Numbers that are drawn at once, to bound the memory. Convention: 16 MB of numbers."""

_LEAST_SHARE = 0.9
"""Share of resamples that must give an estimate, else there is no interval. Convention: the tenth without an
estimate may lie beyond either limit."""
_MOST_GROUPS, _LEAST_STRETCH = 200, 1e-6
"""Most groups of patients that are left out in turn; least denominator of the acceleration. Convention: 200
groups give its value to a few percent; the interval then ends at the last draw."""


def patient_weights(
    patients: NDArray[np.intp], draws: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Draw patients with replacement; yield blocks of row weights, shape (block, n).

    A patient's rows stay together (cluster bootstrap), so repeated samples do not count as independent.
    """
    _, member = np.unique(patients, return_inverse=True)
    n_patients = int(member.max()) + 1
    size = max(1, _WEIGHTS_AT_ONCE // len(patients))
    for first in range(0, draws, size):
        block = min(size, draws - first)
        drawn = rng.integers(n_patients, size=(block, n_patients))
        flat = (drawn + n_patients * np.arange(block)[:, None]).ravel()
        counts = np.bincount(flat, minlength=block * n_patients).reshape(block, n_patients)
        yield counts[:, member].astype(np.float64)


def jackknife_weights(patients: NDArray[np.intp], most: int = _MOST_GROUPS) -> Floats:
    """Return row weights that leave out one patient each, shape (m, n).

    With more than `most` patients, each leaves out one of `most` groups of patients.
    """
    _, member = np.unique(patients, return_inverse=True)
    group = member % min(int(member.max()) + 1, most)
    weights: Floats = (group[None, :] != np.arange(int(group.max()) + 1)[:, None]).astype(np.float64)
    return weights


def bca_interval(
    estimate: float, draws: Floats, jackknife: Floats, level: float = LEVEL
) -> tuple[float, float]:
    """Return the bias-corrected and accelerated bootstrap interval (Efron 1987, doi:10.2307/2289144).

    Parameters
    ----------
    estimate
        The estimate from the data themselves.
    draws : (B,)
        The estimates from the resampled data; NaN where a resample gives none.
    jackknife : (m,)
        The estimates with one patient left out; NaN where there is none.

    Raises
    ------
    NotEstimableError
        If more than a tenth of the resamples give no estimate.
    """
    from scipy.special import ndtr, ndtri

    finite, finite_jackknife = draws[np.isfinite(draws)], jackknife[np.isfinite(jackknife)]
    if len(finite) < _LEAST_SHARE * len(draws) or len(finite_jackknife) < _LEAST_SHARE * len(jackknife):
        raise NotEstimableError(
            f"no bootstrap interval: {len(draws) - len(finite)} of {len(draws)} resamples have no estimate"
        )
    below = np.mean(finite < estimate) + 0.5 * np.mean(finite == estimate)
    bias = ndtri(np.clip(below, 0.5 / len(finite), 1 - 0.5 / len(finite)))
    deviation = finite_jackknife.mean() - finite_jackknife
    spread = np.sum(deviation**2)
    acceleration = np.sum(deviation**3) / (6 * spread**1.5) if spread > 0 else 0.0
    normal = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    # With an extreme acceleration the denominator would change sign; the interval then ends at the last draw.
    stretch = np.maximum(1 - acceleration * normal, _LEAST_STRETCH)
    low, high = np.quantile(finite, ndtr(bias + normal / stretch))
    return float(low), float(high)
