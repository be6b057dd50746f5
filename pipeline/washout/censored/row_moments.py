"""The expected information of a row of the censored line, given its limits.

A row's likelihood f is φ(z)/s between its limits, Φ(z_low) below and 1 − Φ(z_high) above, with
z = (y − m)/s. Its derivatives by m (in units of s) and by log s are polynomials of z times f. So their
expectations are moments of the normal law between the limits, plus a term for each limit.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from calibration.numbers import ROOT_2PI, Floats

_FARTHEST_SDS: Final = 37.0
"""SDs, beyond which the normal density is zero in float64. Arithmetic."""

_ORDERS = 7
"""Moments 0 to 6, which the products of `_SECONDS` need. Arithmetic."""

_SCORES, _SECONDS = (
    ((0.0, 1.0), (-1.0, 0.0, 1.0)),
    (
        ((-1.0, 0.0, 1.0), (0.0, -3.0, 0.0, 1.0)),
        ((0.0, -3.0, 0.0, 1.0), (1.0, 0.0, -4.0, 0.0, 1.0)),
    ),
)
"""Coefficients of 1, z, z² …: ∂ log f by m and by log s, then (∂²f)/f by both twice. Arithmetic."""


def row_moments(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return E[u_a·u_b] (2, 2, …) and E[f_ab/f · u_c] (2, 2, 2, …), u = ∂ log f by m/s and log s.

    Parameters
    ----------
    low, high
        The limits as z; ±inf: none.

    Examples
    --------
    Without limits the information is 1 on the mean and 2 on log s:

    >>> information, third = row_moments(np.array(-np.inf), np.array(np.inf))
    >>> information.round(6).tolist(), third[0, 0].round(6).tolist()
    ([[1.0, 0.0], [0.0, 2.0]], [0.0, 2.0])
    """
    low, high = np.clip(low, -_FARTHEST_SDS, _FARTHEST_SDS), np.clip(high, -_FARTHEST_SDS, _FARTHEST_SDS)
    moments = normal_moments(low, high)
    pairs = [(a, b) for a in (0, 1) for b in (0, 1)]
    information, third = np.empty((2, 2, *low.shape)), np.empty((2, 2, 2, *low.shape))
    lower, upper = _end(low, 1.0), _end(high, -1.0)
    for a, b in pairs:
        information[a, b] = _mean(_SCORES[a], _SCORES[b], moments)
        information[a, b] += sum(first[a] * first[b] / share for first, _, share in (lower, upper))
        for c in (0, 1):
            third[a, b, c] = _mean(_SECONDS[a][b], _SCORES[c], moments)
            third[a, b, c] += sum(second[a][b] * first[c] / share for first, second, share in (lower, upper))
    return information, third


def normal_moments(low: Floats, high: Floats) -> Floats:
    """Return ∫ zᵏ φ(z) dz from `low` to `high` for k = 0 … 6 (integration by parts).

    Examples
    --------
    >>> normal_moments(np.array(-37.0), np.array(37.0)).round(9).tolist()
    [1.0, 0.0, 1.0, 0.0, 3.0, 0.0, 15.0]
    """
    from scipy.special import ndtr

    at_low, at_high = _density(low), _density(high)
    between = np.where(low > 0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    terms = [between, at_low - at_high]
    for k in range(2, _ORDERS):
        terms.append((k - 1) * terms[k - 2] + low ** (k - 1) * at_low - high ** (k - 1) * at_high)
    return np.array(terms)


def _end(z: Floats, side: float) -> tuple[tuple[Floats, ...], tuple[tuple[Floats, ...], ...], Floats]:
    """Return first and second derivatives by m and log s, and the value, of Φ(z) or 1 − Φ(z) (side 1, −1)."""
    from scipy.special import ndtr

    density = side * _density(z)
    mixed = (1 - z**2) * density
    second = ((-z * density, mixed), (mixed, (z - z**3) * density))
    return (-density, -z * density), second, ndtr(side * z)


def _density(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z**2) / ROOT_2PI)


def _mean(polynomial: tuple[float, ...], second: tuple[float, ...], moments: Floats) -> Floats:
    product = np.polynomial.polynomial.polymul(polynomial, second)
    return np.asarray(np.einsum("k,k...->...", product, moments[: len(product)]))
