"""Bead runs over time: Levey-Jennings limits and Westgard's rules for an instrument and a channel.

Levey & Jennings 1950 (doi:10.1093/ajcp/20.11_ts.1059); Westgard et al. 1981 (doi:10.1093/clinchem/27.3.493).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from calibration.curve.acceptance_limits import CurveVerdict
from calibration.numbers import Floats

FEWEST_RUNS = 3
"""Least number of earlier runs for limits. Convention: two runs hardly show an SD."""

SETTLED_RUNS = 20
"""Number of earlier runs from which on the limits are settled. Convention of laboratories for Levey-Jennings
charts."""

FARTHEST_SDS_SHOWN = 99.0
"""Largest distance that is reported, in SDs. Convention: it keeps printed numbers finite."""
WARN_SDS, REJECT_SDS, ROW_BEYOND_1S, ROW_ON_ONE_SIDE = 2, 3, 4, 10
"""Westgard's rules: SDs that warn, and two runs in a row beyond which reject; SDs that reject; runs in a
row beyond one SD, and on one side of the mean, that reject (Westgard et al. 1981,
doi:10.1093/clinchem/27.3.493)."""


class WestgardRule(StrEnum):
    """A rule that a bead run may break, by Westgard's name; only the first warns, the others reject.

    R-4s is not among them: it compares two control materials of one run, and a series here is one bead.
    """

    ONE_2S = "1-2s"
    ONE_3S = "1-3s"
    TWO_2S = "2-2s"
    FOUR_1S = "4-1s"
    TEN_X = "10x"


@dataclass(frozen=True, slots=True)
class DriftPoint:
    """A run compared with the earlier runs.

    Attributes
    ----------
    value
        Of this run (a bead's MFI, the slope or the intercept).
    mean, sd
        Of the earlier runs; None before three of them.
    z
        Distance from the mean in SDs, as a z score with the same probability as Student's t of the earlier
        runs (three runs hardly show their SD). None before three runs.
    broken
        Westgard's rules that this run breaks.
    verdict
        The worst of them.
    provisional
        Fewer than 20 earlier runs: the limits are not settled.
    """

    value: float
    mean: float | None
    sd: float | None
    z: float | None
    broken: tuple[WestgardRule, ...]
    verdict: CurveVerdict
    provisional: bool


@dataclass(frozen=True, slots=True)
class DriftSeries:
    """A quantity of one instrument and channel over its bead runs, the run in question last.

    Attributes
    ----------
    name
        `bead 638`, `slope` or `intercept`.
    on
        ISO date, with or without time, of each run.
    points
        One per run.
    logarithmic
        Whether means and SDs are of log10.
    """

    name: str
    on: tuple[str, ...]
    points: tuple[DriftPoint, ...]
    logarithmic: bool = False


def levey_jennings(values: Sequence[float], *, logarithmic: bool = False) -> tuple[DriftPoint, ...]:
    """Compare each run with the earlier runs that were not rejected.

    A rejected run does not move the limits; otherwise a drift would widen them until nothing is rejected.
    Before 20 runs only a run beyond 3 SDs is left out: limits that are not settled must be able to move.

    Parameters
    ----------
    values
        One per run, in order of time, shape (n,).
    logarithmic
        Compute on log10 (an MFI, which drifts by factors); mean and SD are then in log10 units.

    Returns
    -------
    tuple of DriftPoint
        One per run.

    Raises
    ------
    ValueError
        A value that is not a number, or not above zero where `logarithmic`.

    Examples
    --------
    >>> [rule.value for rule in levey_jennings([100, 101, 99, 100, 120])[-1].broken]
    ['1-3s']
    """
    x = np.asarray(values, dtype=np.float64)
    if not np.all(np.isfinite(x)) or (logarithmic and np.any(x <= 0)):
        raise ValueError(f"Every run needs a number{' above zero' if logarithmic else ''}: {list(values)}.")
    x = np.log10(x) if logarithmic else x
    points: list[DriftPoint] = []
    for k, value in enumerate(values):
        accepted = [j for j in range(k) if not _keeps_out(points[j])]
        points.append(_point(float(value), float(x[k]), x[accepted], [p.z for p in points]))
    return tuple(points)


def _point(value: float, x: float, before: Floats, earlier_z: Sequence[float | None]) -> DriftPoint:
    provisional = before.size < SETTLED_RUNS
    if before.size < FEWEST_RUNS:
        return DriftPoint(value, None, None, None, (), CurveVerdict.ACCEPT, provisional)
    mean, sd = float(before.mean()), float(before.std(ddof=1))
    z = _distance(x - mean, sd, before.size)
    broken = westgard([*(e for e in earlier_z if e is not None), z])
    return DriftPoint(value, mean, sd, z, broken, _verdict(broken), provisional)


def _keeps_out(point: DriftPoint) -> bool:
    """Return whether a run is left out of the limits of later runs."""
    return WestgardRule.ONE_3S in point.broken if point.provisional else point.verdict is CurveVerdict.REJECT


def _distance(off: float, sd: float, n: int) -> float:
    """Return the distance in SDs; where the earlier runs are identical, any difference is large."""
    from scipy.special import ndtri, stdtr

    if sd == 0:
        return 0.0 if off == 0 else float(np.copysign(FARTHEST_SDS_SHOWN, off))
    t = abs(off) / (sd * np.sqrt(1 + 1 / n))
    z = -float(ndtri(stdtr(n - 1, -t)))
    return float(np.copysign(min(z, FARTHEST_SDS_SHOWN), off))


def _verdict(broken: Sequence[WestgardRule]) -> CurveVerdict:
    if not broken:
        return CurveVerdict.ACCEPT
    return CurveVerdict.WARN if set(broken) == {WestgardRule.ONE_2S} else CurveVerdict.REJECT


def westgard(z: Sequence[float]) -> tuple[WestgardRule, ...]:
    """Name the rules that the last of these runs breaks.

    Parameters
    ----------
    z
        Distances from the mean in SDs, in order of time, the run in question last; shape (n,), n ≥ 1.

    Examples
    --------
    >>> [rule.value for rule in westgard([0.1, 2.3, 2.1])]
    ['2-2s']
    """
    last = np.asarray(z, dtype=np.float64)
    side = np.sign(last[-1])
    rules = (
        (WestgardRule.ONE_3S, abs(last[-1]) > REJECT_SDS),
        (WestgardRule.TWO_2S, _in_a_row(last, 2, WARN_SDS, side)),
        (WestgardRule.FOUR_1S, _in_a_row(last, ROW_BEYOND_1S, 1.0, side)),
        (WestgardRule.TEN_X, _in_a_row(last, ROW_ON_ONE_SIDE, 0.0, side)),
    )
    broken = tuple(name for name, holds in rules if holds)
    return broken or ((WestgardRule.ONE_2S,) if abs(last[-1]) > WARN_SDS else ())


def _in_a_row(z: Floats, n: int, beyond: float, side: float) -> bool:
    return bool(z.size >= n and np.all(z[-n:] * side > beyond))
