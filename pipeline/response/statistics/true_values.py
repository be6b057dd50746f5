"""True values estimated from measured ones: their normal distribution, and the estimate of each one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.numbers import LEAST_POSITIVE, Floats

BELOW, MEASURED, ABOVE = -1, 0, 1
"""Kinds of value: known to lie below its limit, measured, known to lie above its limit. Arithmetic: signs."""

_ROUNDS, _VALUES_STILL, _NONE_LEFT, _LITTLE_LEFT = 5000, 1e-10, 1e-4, 0.1
"""Most rounds of the EM algorithm; the change at which it ends; two shares of the SD of the measured values.
A true SD below the first share is none; below the second it does not exceed the errors. Convention: the first
two bound the time; a tenth of the SD is smaller than its standard error."""

_NODES_OF_A_VALUE, _WIDE, _WIDE_OF_LIMITS = 31, 4.0, 5.0
"""Number of nodes for each true value, and the range of the nodes in SDs; beyond a limit the range is wider.
Convention: the sums are exact to some 1e-4."""


_LAW_STEP: Final = 1e-4
"""Step of a numerical derivative with respect to mean and variance, as a share of the SD and of the variance.
Convention: small against the curvature, large against rounding (Press 2007, 5.7)."""


@dataclass(frozen=True, slots=True, eq=False)
class LawInfluence:
    """How each patient moves the expected values of all, through the estimated normal distribution.

    Attributes
    ----------
    slopes
        Derivative of each patient's expected value by the mean, and by the variance: shape (2, n).
    influence
        Each patient's influence on the mean, and on the variance: shape (2, n).
    """

    slopes: Floats
    influence: Floats


@dataclass(frozen=True, slots=True, eq=False)
class TrueValues:
    """The estimated true value of each patient.

    Attributes
    ----------
    centre, spread
        Mean and SD of the normal distribution of the true values.
    expected
        Expected true value of each patient, given the measurement or limit: shape (n,).
    nodes, weights
        Possible true values of each patient and their probabilities: shape (n, n_nodes). The weights of a
        patient sum to 1.
    law
        How each patient moves the expected values of all; without errors and limits nobody does.
    """

    centre: float
    spread: float
    expected: Floats
    nodes: Floats
    weights: Floats
    law: LawInfluence


def true_values(value: ArrayLike, kind: ArrayLike, sd: ArrayLike) -> TrueValues | None:
    """Return the distribution of the true values and each patient's estimate; None where no true SD is left.

    True values are normal. A measured value is the true value plus a normal error of known SD. For a censored
    value, this sum lies beyond the limit. Maximum likelihood by EM (Dempster 1977,
    doi:10.1111/j.2517-6161.1977.tb01600.x); the expected true value is its regression calibration
    (Carroll 2006, doi:10.1201/9781420010138).

    Parameters
    ----------
    value
        Measured values, or limits, on a scale on which they are normal (log2 molecules): shape (n,).
    kind
        `BELOW`, `MEASURED`, `ABOVE`: shape (n,).
    sd
        SD of each measurement error on that scale, 0 or more: shape (n,).

    Examples
    --------
    >>> known = true_values([0.0, 1.0, 2.0], [0, 0, 0], [0.0, 0.0, 0.0])
    >>> known.centre, known.expected.round(6).tolist()
    (1.0, [0.0, 1.0, 2.0])
    """
    w, side, s = (
        np.asarray(value, float).ravel(),
        np.asarray(kind, int).ravel(),
        np.asarray(sd, float).ravel(),
    )
    measured = w[side == MEASURED]
    if measured.size < 2 or np.ptp(measured) == 0:
        return None
    whole = float(measured.std())
    centre, variance = float(measured.mean()), whole**2
    for _ in range(_ROUNDS):
        mean, posterior_variance = _posterior(w, side, s, centre, variance)
        new = float(mean.mean())
        new_variance = float(np.mean(posterior_variance + (mean - new) ** 2))
        moved = max(abs(new - centre), abs(new_variance - variance) / whole)
        centre, variance = new, new_variance
        if variance < (_NONE_LEFT * whole) ** 2:
            return None
        if moved < _VALUES_STILL * whole:
            break
    spread = variance**0.5
    if spread < _LITTLE_LEFT * whole and bool(np.any(s > spread)):
        return None
    mean, _ = _posterior(w, side, s, centre, variance)
    nodes, weights = _places(w, side, s, centre, spread)
    return TrueValues(centre, spread, mean, nodes, weights, _law_influence(w, side, s, centre, variance))


def _law_influence(
    w: Floats, side: NDArray[np.int_], s: Floats, centre: float, variance: float
) -> LawInfluence:
    """Return how each patient moves mean, variance, and through both every expected value.

    The influence is the patient's score over the information of all (Hampel 1974,
    doi:10.1080/01621459.1974.10482962); the score is that of the true value, averaged over what is known
    of it (Louis 1982, doi:10.1111/j.2517-6161.1982.tb01203.x).
    """
    steps = ((_LAW_STEP * variance**0.5, 0.0), (0.0, _LAW_STEP * variance))
    slopes, curvature = [], []
    for of_centre, of_variance in steps:
        above, below = (
            _expected_and_scores(w, side, s, centre + sign * of_centre, variance + sign * of_variance)
            for sign in (1, -1)
        )
        width = 2 * (of_centre + of_variance)
        slopes.append((above[0] - below[0]) / width)
        curvature.append([float((above[k] - below[k]).sum()) / width for k in (1, 2)])
    (mean_mean, variance_mean), (mean_variance, variance_variance) = curvature
    determinant = max(mean_mean * variance_variance - variance_mean * mean_variance, LEAST_POSITIVE)
    _, of_mean, of_variances = _expected_and_scores(w, side, s, centre, variance)
    influence = (
        -(variance_variance * of_mean - mean_variance * of_variances) / determinant,
        -(mean_mean * of_variances - variance_mean * of_mean) / determinant,
    )
    return LawInfluence(np.array(slopes), np.array(influence))


def _expected_and_scores(
    w: Floats, side: NDArray[np.int_], s: Floats, centre: float, variance: float
) -> tuple[Floats, Floats, Floats]:
    """Return each true value's mean, and the scores of mean and variance of the distribution."""
    mean, posterior_variance = _posterior(w, side, s, centre, variance)
    off = mean - centre
    return mean, off / variance, (posterior_variance + off**2 - variance) / (2 * variance**2)


def _posterior(
    w: Floats, side: NDArray[np.int_], s: Floats, centre: float, variance: float
) -> tuple[Floats, Floats]:
    """Return mean and variance of each true value, given its measurement or limit."""
    from scipy.special import log_ndtr

    total = np.sqrt(variance + s**2)
    share = variance / total**2
    measured = np.where(side == MEASURED, w, centre)
    # a limit from above is one from below, mirrored
    sign = np.where(side == ABOVE, -1.0, 1.0)
    alpha = sign * (w - centre) / total
    ratio = np.exp(-(alpha**2) / 2 - 0.5 * np.log(2 * np.pi) - log_ndtr(alpha))
    beyond = centre - sign * total * ratio
    limit_factor = np.maximum(1 - alpha * ratio - ratio**2, 0.0)
    limit = side != MEASURED
    mean = centre + share * (np.where(limit, beyond, measured) - centre)
    posterior_variance = variance * (1 - share) + np.where(limit, share**2 * total**2 * limit_factor, 0.0)
    return np.asarray(mean), np.asarray(posterior_variance)


def _places(
    w: Floats, side: NDArray[np.int_], s: Floats, centre: float, spread: float
) -> tuple[Floats, Floats]:
    """Return the possible true values of each patient and their probabilities."""
    from scipy.special import ndtr

    share = spread**2 / (spread**2 + s**2)
    limit = side != MEASURED
    if not limit.any() and not s.any():
        return w[:, np.newaxis], np.ones((len(w), 1))
    middle = np.where(limit, centre, centre + share * (w - centre))
    sd = np.where(limit, spread, spread * np.sqrt(1 - share))
    steps = np.linspace(-1.0, 1.0, _NODES_OF_A_VALUE)
    reach = np.where(limit, _WIDE_OF_LIMITS, _WIDE)
    z = reach[:, np.newaxis] * steps
    nodes = middle[:, np.newaxis] + sd[:, np.newaxis] * z
    likely = np.exp(-(z**2) / 2)
    beyond = np.where(side == ABOVE, -1.0, 1.0) * (w - nodes.T)
    with np.errstate(divide="ignore", invalid="ignore"):
        sure = np.where(s > 0, ndtr(beyond / np.where(s > 0, s, 1.0)), beyond > 0)
    likely = likely * np.where(limit[:, np.newaxis], sure.T, 1.0)
    total = likely.sum(axis=1, keepdims=True)
    flat = np.full_like(likely, 1.0 / _NODES_OF_A_VALUE)
    return nodes, np.where(total > 0, likely / np.where(total > 0, total, 1.0), flat)
