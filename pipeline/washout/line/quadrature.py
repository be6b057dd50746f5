"""Nodes and weights of Gauss-Hermite quadrature in a fixed order of arithmetic, equal on every processor."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats

_NODE_HALVINGS, _NEWTON_PER_NODE = 25, 3
"""Halvings that separate the nodes, and Newton steps after them. Convention: more would change no digit."""

_LOG_PI, _TINY = 1.1447298858494002, 1e-300
"""Arithmetic: ln π; a number that replaces a pivot of zero."""


@lru_cache(maxsize=8)
def hermite(n: int) -> tuple[Floats, Floats]:
    """Return the n nodes of ∫ e^(−x²) f(x) dx, smallest first, and the logs of their weights; read-only.

    Halving by the signs of a Sturm sequence separates the nodes; Newton steps bring them to full precision.
    `np.polynomial.hermite.hermgauss` is not used: it takes the nodes from LAPACK.

    Examples
    --------
    >>> nodes, log_weights = hermite(3)
    >>> nodes.round(6).tolist(), np.exp(log_weights).round(6).tolist()
    ([-1.224745, 0.0, 1.224745], [0.295409, 1.181636, 0.295409])
    """
    positive = _positive_nodes(n)
    nodes = np.concatenate([-positive[::-1], np.zeros(n % 2), positive])
    squares = np.zeros_like(nodes)
    for value in _polynomials(nodes, n)[:n]:
        squares += value**2
    log_weights = -np.log(squares)
    for part in (nodes, log_weights):
        part.setflags(write=False)
    return nodes, log_weights


def _positive_nodes(n: int) -> Floats:
    rank = np.arange(n - n // 2, n)  # how many nodes lie below each
    low, high = np.zeros(len(rank)), np.full(len(rank), np.sqrt(2.0 * n + 1))
    for _ in range(_NODE_HALVINGS):
        middle = (low + high) / 2
        under = _below(middle, n) <= rank
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    nodes = (low + high) / 2
    for _ in range(_NEWTON_PER_NODE):
        last, value = _polynomials(nodes, n)[-2:]
        nodes = nodes - value / (np.sqrt(2.0 * n) * last)
    return np.asarray(nodes, np.float64)


def _below(x: Floats, n: int) -> NDArray[np.intp]:
    """Return how many nodes lie below x: the negative pivots of the matrix with the nodes as eigenvalues."""
    pivot, count = -x, (x > 0).astype(np.intp)
    for k in range(1, n):
        pivot = -x - (k / 2) / np.where(pivot == 0, _TINY, pivot)
        count += pivot < 0
    return np.asarray(count, np.intp)


def _polynomials(x: Floats, n: int) -> list[Floats]:
    """Return the orthonormal Hermite polynomials of degree 0 to n at x."""
    values = [np.full(len(x), np.exp(-_LOG_PI / 4))]
    before = np.zeros(len(x))
    for k in range(n):
        value = np.sqrt(2 / (k + 1)) * x * values[-1] - np.sqrt(k / (k + 1)) * before
        before = values[-1]
        values.append(value)
    return values
