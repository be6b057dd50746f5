"""The share of patients who have a density at a week, on the recovery curve; quantiles, and first weeks.

Patients scatter by σ around the curve, and they differ in the drug left in their serum (ln C is normal
around the curve's concentration). θ makes the second scatter skewed. So the median of all patients is not the
density at the median concentration: both scatters count.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import LN_10, Floats
from pipeline.patients.pharmacokinetics.decline import WEEKS_AFTER_DOSE, SerumCurve
from pipeline.washout.recovery.prior import R0, SIGMA, UNLIKE
from pipeline.washout.recovery.surface import log_over_kd, log_regained, nodes_of

WeekIndices: TypeAlias = NDArray[np.intp]

_STRIDE, _SHARE_STEPS, _FAR = 12, 32, 4.0
"""Stride through `WEEKS_AFTER_DOSE` at first; halvings to a quantile; how far from the curves the quantile
may lie, in SDs of patients. Convention: for speed."""


def first_reached(parameters: Floats, curve: SerumCurve, target: Floats, share: float) -> Floats:
    """Return the first week at which this share of patients has the target, (B, p) → (B,).

    It is inf if the share is not reached within 4 years.

    Parameters
    ----------
    target : (B,)
        log10 RD.
    share
        0.5: the median patient.
    """
    coarse = np.append(np.arange(0, len(WEEKS_AFTER_DOSE) - 1, _STRIDE), len(WEEKS_AFTER_DOSE) - 1)
    shares = np.array([share_with(parameters, curve, np.full(len(target), k), target) for k in coarse])
    reached = shares >= share
    first = reached.argmax(axis=0)
    after, before = coarse[first], coarse[np.maximum(first - 1, 0)]
    while np.any(after - before > 1):
        middle = (after + before) // 2
        enough = share_with(parameters, curve, middle, target) >= share
        after, before = np.where(enough, middle, after), np.where(enough, before, middle)
    ends = [share_with(parameters, curve, steps, target) for steps in (before, after)]
    rise = np.where(ends[1] > ends[0], ends[1] - ends[0], 1.0)
    weeks = WEEKS_AFTER_DOSE[before] + np.clip((share - ends[0]) / rise, 0, 1) * (
        WEEKS_AFTER_DOSE[after] - WEEKS_AFTER_DOSE[before]
    )
    return np.where(reached.any(axis=0), weeks, np.inf)


def share_with(parameters: Floats, curve: SerumCurve, steps: WeekIndices, target: Floats) -> Floats:
    """Return the share of patients with at least the target at index `steps` of `WEEKS_AFTER_DOSE`, (B,)."""
    from scipy.special import ndtr

    logs, weights = _curves(parameters, curve, steps)
    return _mean(weights, ndtr((logs - target) / np.exp(parameters[:, SIGMA])))


def log_quantiles(parameters: Floats, curve: SerumCurve, grid: WeekIndices, share: float) -> Floats:
    """Return log10 of the RD that this share of all patients exceeds, (B, p) → (B, G).

    Parameters
    ----------
    grid : (G,)
        Indices of `WEEKS_AFTER_DOSE`.
    share
        0.5: the median.
    """
    from scipy.special import ndtr

    every, steps = np.repeat(parameters, len(grid), axis=0), np.tile(grid, len(parameters))
    logs, weights = _curves(every, curve, steps)
    sigma = np.exp(every[:, SIGMA])
    low, high = logs.min(axis=0) - _FAR * sigma, logs.max(axis=0) + _FAR * sigma
    for _ in range(_SHARE_STEPS):
        middle = (low + high) / 2
        above = _mean(weights, ndtr((logs - middle) / sigma)) >= share
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(((low + high) / 2).reshape(len(parameters), len(grid)))


def _mean(weights: Floats, shares: Floats) -> Floats:
    """Return the weighted mean over the nodes, (K,) and (K, B) → (B,), summed in the order of the nodes."""
    return np.asarray(np.einsum("k,kb->b", weights, shares))


def _curves(parameters: Floats, curve: SerumCurve, steps: WeekIndices) -> tuple[Floats, Floats]:
    """Return log10 RD at every node of the scatter in serum, (K, B), and the weights of the nodes, (K,)."""
    nodes, log_weights = nodes_of(float(curve.log_sd.max()))
    weeks = WEEKS_AFTER_DOSE[steps]
    log_ratio = log_over_kd(parameters, weeks[:, None], np.log(curve.ug_ml)[steps][:, None])[:, 0]
    scattered = log_ratio + nodes[:, None] * np.exp(parameters[:, UNLIKE]) * curve.log_sd[steps]
    log_covered = (np.maximum(scattered, 0) + np.log1p(np.exp(-np.abs(scattered)))) / LN_10
    regained = log_regained(parameters, weeks[:, None])[:, 0]
    return parameters[:, R0] + regained - log_covered, np.exp(log_weights)
