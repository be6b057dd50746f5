"""A quasi-Newton ascent (BFGS; Nocedal & Wright 2006, 6.1) that adds in a fixed order, without BLAS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from calibration.numbers import Floats
from gating.arithmetic.linear import times

_MOST_ASCENT_STEPS, _MOST_HALVINGS = 200, 30
"""Most steps, and most halvings of a step. Convention: far fewer reach a summit."""

_LONGEST_STEP: Final = 1.0
"""Longest step in any parameter: a longer one could leave the summit for a flat region. Convention: one unit
on standardised axes."""

_LEAST_PART_OF_RISE: Final = 1e-4
"""Least rise, as a part of the rise that the gradient predicts (Armijo). Convention: the usual 1e-4."""

_UNSEEN_ASCENT: Final = 1e-10
"""Rise that rounding hides: for a smaller one the gradient must shrink instead. Arithmetic."""
_FLAT_GRADIENT, _LEAST_CURVED = 1e-6, 1e-10
"""Largest component of the gradient at a summit; least cosine of a step and the turn of the gradient for an
update. Convention: the remaining rise is far below any drop; near rounding."""


def highest(
    of: Callable[[Floats], tuple[float, Floats]],
    start: Floats,
    inverse: Floats | None = None,
    flat: float = _FLAT_GRADIENT,
) -> tuple[Floats, float]:
    """Return the maximum of a smooth function, (p,), and the function's value at it.

    Parameters
    ----------
    of
        The function; it returns value and gradient (p,).
    inverse : (p, p)
        A guess of the inverse of minus the second derivative, positive definite; a good guess saves steps.
    flat
        The ascent ends when no component of the gradient is larger than this.

    Examples
    --------
    >>> point, value = highest(lambda x: (-float(np.sum((x - 2) ** 2)), -2 * (x - 2)), np.zeros(2))
    >>> point.round(6).tolist(), round(value, 9)
    ([2.0, 2.0], -0.0)
    """
    point, (value, gradient) = start, of(start)
    unknown = inverse is None
    if inverse is None:
        inverse = np.eye(len(start)) / max(1.0, _length(gradient))  # a first step no longer than 1
    for _ in range(_MOST_ASCENT_STEPS):
        if not np.abs(gradient).max(initial=0.0) > flat:
            break
        ahead = times(inverse, gradient)
        ahead *= min(1.0, _LONGEST_STEP / float(np.abs(ahead).max()))
        risen = _rise(of, point, value, gradient, ahead)
        if risen is None:
            break
        step, turn = risen[0] - point, gradient - risen[2]
        point, value, gradient = risen
        along = float(np.sum(step * turn))
        if unknown and along > 0:
            inverse, unknown = np.eye(len(start)) * (along / float(np.sum(turn**2))), False
        inverse = _updated(inverse, step, turn)
    return point, value


def _rise(
    of: Callable[[Floats], tuple[float, Floats]], point: Floats, value: float, gradient: Floats, step: Floats
) -> tuple[Floats, float, Floats] | None:
    """Halve the step until the function rises enough along it; None if it never does."""
    promised, steepest = float(np.sum(step * gradient)), float(np.abs(gradient).max())
    length = 1.0
    for _ in range(_MOST_HALVINGS):
        moved = point + length * step
        new, slope = of(moved)
        unseen = promised < _UNSEEN_ASCENT and float(np.abs(slope).max()) < steepest
        if new >= value + _LEAST_PART_OF_RISE * length * promised or unseen:
            return moved, new, slope
        length /= 2
    return None


def _updated(inverse: Floats, step: Floats, turn: Floats) -> Floats:
    """Return the inverse curvature, (p, p), after a step; unchanged where the surface does not curve down."""
    along = float(np.sum(step * turn))
    if not along > _LEAST_CURVED * _length(step) * _length(turn):
        return inverse
    turned = times(inverse, turn)
    stretch = (along + float(np.sum(turn * turned))) / along**2
    cross = turned[:, None] * step
    return inverse + stretch * step[:, None] * step - (cross + cross.T) / along


def _length(vector: Floats) -> float:
    return float(np.sqrt(np.sum(vector**2)))
