"""How well a density predicts an outcome: area under the ROC curve, and interval of Youden's index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.numbers import LEVEL, Floats
from pipeline.response.statistics.true_values import ABOVE, BELOW

Side: TypeAlias = NDArray[np.int_]

AREA: Final = (
    "share of pairs of a patient with and one without the outcome in which the first has the higher density; "
    "a pair whose order a limit leaves open counts half; interval of Newcombe (2006, method 5)"
)
NO_OVERLAP: Final = (
    "the two groups do not overlap in these patients; in so few that may be chance: read the interval"
)
_YOUDEN_HALVINGS: Final = 60
"""Halvings in the search for a limit. Arithmetic: to the last bit."""

_EDGE: Final = 1e-9
"""Distance from an area of 0 or 1 at which the variance is not 0. Arithmetic."""


@dataclass(frozen=True, slots=True)
class Area:
    """The area under the ROC curve: 0.5 for no discrimination, 1 for complete separation.

    Attributes
    ----------
    corrected
        The area expected if its direction came from other patients; None where not known.
    n_open
        Pairs whose order a limit of quantification leaves open.
    """

    n: int
    n_events: int
    area: float | None
    low: float | None
    high: float | None
    corrected: float | None = None
    n_open: int = 0
    level: float = LEVEL
    method: str = AREA
    note: str = ""


def pair_wins(value: ArrayLike, kind: ArrayLike, outcome: ArrayLike) -> tuple[Floats, int]:
    """Return 1, 0 or ½ for each pair of patients, shape (n_with, n_without), and how many pairs are open.

    Parameters
    ----------
    value
        Measured values or limits: shape (n,).
    kind
        `BELOW`, `MEASURED`, `ABOVE` of `pipeline.response.statistics.true_values`: shape (n,).
    outcome
        Shape (n,), True or False.
    """
    w, side, y = np.asarray(value, float), np.asarray(kind, int), np.asarray(outcome, bool)
    low = np.where(side == BELOW, -np.inf, w)
    high = np.where(side == ABOVE, np.inf, w)
    above = _surely_above(low, high, side, y, ~y)
    below = _surely_above(low, high, side, ~y, y).T
    return np.where(above, 1.0, np.where(below, 0.0, 0.5)), int(np.sum(~above & ~below & ~_same(w, side, y)))


def _surely_above(
    low: Floats, high: Floats, side: Side, first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return for each pair whether the first is certainly higher: a censored value lies beyond its limit."""
    a, b = low[first][:, np.newaxis], high[second][np.newaxis, :]
    limits = (side[first] == ABOVE)[:, np.newaxis] | (side[second] == BELOW)[np.newaxis, :]
    return np.asarray((a > b) | (limits & (a == b) & np.isfinite(a)))


def _same(w: Floats, side: Side, y: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each pair whether both values are measured and equal."""
    both = (side[y] == 0)[:, np.newaxis] & (side[~y] == 0)[np.newaxis, :]
    return np.asarray(both & (w[y][:, np.newaxis] == w[~y][np.newaxis, :]))


def area_under(value: ArrayLike, kind: ArrayLike, outcome: ArrayLike, *, level: float = LEVEL) -> Area:
    """Return the area under the ROC curve of values, some of them known only to lie beyond a limit.

    The interval holds the areas t with |area − t| ≤ z √V(t), V of exponential scores with the mean group size
    for both groups (Newcombe 2006, doi:10.1002/sim.2324, method 5): it stays within 0 to 1 and holds in small
    groups.

    Parameters
    ----------
    value, kind, outcome
        As in `pair_wins`.

    Examples
    --------
    >>> found = area_under([1, 2, 3, 4], [0, 0, 0, 0], [False, True, False, True])
    >>> found.area, round(found.low, 2), round(found.high, 2)
    (0.75, 0.23, 0.97)
    """
    from scipy.special import ndtri

    wins, n_open = pair_wins(value, kind, outcome)
    m, n = wins.shape
    if not m or not n:
        return Area(m + n, m, None, None, None, level=level, note="the outcome is the same for all")
    area, z = float(wins.mean()), float(ndtri((1 + level) / 2))
    low = 0.0 if area <= 0 else _limit(area, m, n, z, 0.0)
    high = 1.0 if area >= 1 else _limit(area, m, n, z, 1.0)
    note = NO_OVERLAP if area in (0.0, 1.0) else ""
    return Area(m + n, m, area, low, high, n_open=n_open, level=level, note=note)


def _limit(area: float, m: int, n: int, z: float, outside: float) -> float:
    """Return the end of the interval that is nearest to `outside`."""
    size = (m + n) / 2 - 1
    inside = min(max(area, _EDGE), 1 - _EDGE)
    for _ in range(_YOUDEN_HALVINGS):
        t = (outside + inside) / 2
        variance = t * (1 - t) / (m * n) * (1 + size * ((1 - t) / (2 - t) + t / (1 + t)))
        if (area - t) ** 2 > z * z * variance:
            outside = t
        else:
            inside = t
    return outside


def youden_interval(
    sensitivity: float, specificity: float, n_with: int, n_without: int, *, level: float = LEVEL
) -> tuple[float, float]:
    """Return the interval of sensitivity + specificity − 1, from Wilson's intervals of the two shares.

    Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, method 10.

    Examples
    --------
    >>> [round(end, 2) for end in youden_interval(0.8, 0.7, 10, 10)]
    [0.07, 0.74]
    """
    (a, b), (c, d) = wilson(sensitivity, n_with, level), wilson(specificity, n_without, level)
    middle = sensitivity + specificity - 1
    low = middle - ((sensitivity - a) ** 2 + (specificity - c) ** 2) ** 0.5
    return low, middle + ((b - sensitivity) ** 2 + (d - specificity) ** 2) ** 0.5


def wilson(share: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval of a share of n (1927, doi:10.1080/01621459.1927.10502953)."""
    from scipy.special import ndtri

    z = float(ndtri((1 + level) / 2))
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5 / (1 + z * z / n)
    return middle - half, middle + half
