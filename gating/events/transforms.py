"""Axes on which populations are round: asinh."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gating.arithmetic.elementary import BLOCK, log_block
from gating.events.events import FloatArray
from gating.events.quantiles import ranked

Float = TypeVar("Float", np.float32, np.float64)

DIMMEST = 0.005
"""Share of events below which a detector without negative events is linear. Chosen on the simulated tubes
of docs/validation.md."""
PILED_UP, FIRST_DECADE = 0.01, 10.0
"""Share of events in a logarithmic detector's first channel from which it holds what is dimmer still; how
far such a detector shows noise, in units of that channel: the first of its four decades. Vendor:
four-decade logarithmic amplifiers (FACSCalibur, FC500); the share was chosen on the simulated tubes of
docs/validation.md."""
FEWEST_CUT, DIM_SHARE = 20, 0.1
"""Events at zero that show a scale without negative values; the share of the others that is its noise.
Chosen on the simulated tubes of docs/validation.md."""


def asinh(values: ArrayLike, cofactor: float) -> FloatArray:
    """Return asinh(values / cofactor) in float32, same shape.

    Near zero the axis is linear with one unit per cofactor; far above, logarithmic (natural log).

    Examples
    --------
    >>> asinh([0.0, 150.0], 150.0).round(4).tolist()
    [0.0, 0.8813999891281128]
    """
    return area_sinh(np.multiply(values, np.float32(1.0 / cofactor), dtype=np.float32))


def area_sinh(values: NDArray[Float]) -> NDArray[Float]:
    """Return asinh of each value, same shape and type, as precise as `np.arcsinh` and four times as fast.

    `np.arcsinh` works value by value; this is made of functions that work on many at once, and gives a value
    the same result wherever it stands. Beyond ±1e18, where squares overflow, it is constant.

    Examples
    --------
    >>> area_sinh(np.array([-2.0, 0.0, 0.5])).round(4).tolist()
    [-1.4436, 0.0, 0.4812]
    """
    flat = np.ascontiguousarray(values).reshape(-1)
    result = np.empty_like(flat)
    for start in range(0, flat.size, BLOCK):
        _area_sinh(flat[start : start + BLOCK], result[start : start + BLOCK])
    return result.reshape(values.shape)


def _area_sinh(values: NDArray[Float], result: NDArray[Float]) -> None:
    less_one = np.abs(values)  # becomes e^asinh − 1
    if not less_one.max() <= 1e18:
        np.minimum(less_one, 1e18, out=less_one)
    square = less_one * less_one
    root = square + 1
    np.sqrt(root, out=root)
    root += 1
    square /= root
    less_one += square
    whole = np.add(less_one, 1, out=square)
    lost = np.subtract(whole, 1, out=root)  # rounding the sum took less_one − lost from it
    less_one -= lost
    less_one /= whole
    log_block(whole, result)
    result += less_one
    np.copysign(result, values, out=result)


def asinh_cofactor(values: FloatArray) -> float:
    """Return the cofactor for a detector: the spread of its noise around zero, else its dimmest events.

    A detector of another gain gets a cofactor in proportion, so the axis does not depend on the gain.

    Parameters
    ----------
    values
        Linear, compensated; shape (n_events,).

    Notes
    -----
    The width of the linear part follows the negative events, as in Parks, Roederer & Moore 2006
    (doi:10.1002/cyto.a.20258); a detector without negative events (log-amplified, or all cells bright)
    is linear below its dimmest half per cent.
    """
    if values.size == 0:
        return 1.0
    negative = values.compress(values < 0)
    noise = -ranked(negative, 0.1) if negative.size >= 20 else _cut_noise(values)
    if negative.size > DIMMEST * values.size and noise > 0:  # then the dimmest are negative too
        return noise
    dimmest = ranked(values, DIMMEST)
    cofactor = max(noise, dimmest)
    if cofactor > 0:
        return cofactor
    widest = float(np.max(np.abs(values)))
    return widest * 1e-3 if widest > 0 else 1.0


def _cut_noise(values: FloatArray) -> float:
    """Return the usual upper end of dim events where an instrument cut off negative values, else 0.

    Without its negative half the noise around zero shows in the events that it left behind: at zero, or in
    the first channel of a logarithmic amplifier, which holds all that is dimmer.
    """
    floor = max(float(values.min()), 0.0)
    cut = int(np.count_nonzero(values <= floor))
    if cut < FEWEST_CUT or (floor > 0 and cut < PILED_UP * values.size):
        return 0.0
    if floor > 0:
        return FIRST_DECADE * floor
    above = values.compress(values > 0)
    return ranked(above, DIM_SHARE) if above.size else 0.0
