"""The hazard of an event along one covariate: Cox's model with Firth's penalty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.numbers import LEAST_POSITIVE, LEVEL, Floats
from pipeline.files.json_names import WRITTEN_AS
from pipeline.response.statistics.logistic import ratio_of
from pipeline.response.statistics.ratio import RatioPerUnit
from pipeline.response.statistics.strength import strength

COX_METHOD: Final = "Cox's model, Efron's ties, Firth's penalty; penalised likelihood-ratio interval"

_WIDEST_LOG_HAZARD: Final = 30.0
"""Logarithm of a hazard ratio per SD beyond which a limit is called infinite. Convention: a ratio of 10^13,
which no data can distinguish from an infinite one."""

_COX_TOLERANCE: Final = 1e-10
"""Tolerance of a coefficient. Convention: far below the reported digits."""

_FEW_EVENTS: Final = 100
"""Events up to which each risk set is summed for itself. Convention: running sums pay for more."""

_STEEPEST_OF_SUMS: Final = 15.0
"""Slope times the range of the covariate up to which running sums are used. Arithmetic: no weight is then
lost beside e^15 of another."""


@dataclass(frozen=True, slots=True)
class HazardRatio(RatioPerUnit):
    """The hazard ratio per unit of a covariate, or of one group against another."""

    ratio: float | None = field(metadata={WRITTEN_AS: "hazard_ratio"})
    method: str = COX_METHOD


def cox_ratio(
    name: str, per: str, covariate: ArrayLike, times: ArrayLike, events: ArrayLike, *, level: float = LEVEL
) -> HazardRatio:
    """Return the hazard ratio per unit of one covariate.

    Partial likelihood with Efron's ties (1977, doi:10.1080/01621459.1977.10480613) and the penalty ½ log I
    (Heinze & Schemper 2001, doi:10.1111/j.0006-341X.2001.00114.x): The ratio is finite even where, at every
    event, the patient with the highest covariate has the event.

    Parameters
    ----------
    covariate, times, events
        Shape (n,): times ≥ 0; events True or False.

    Examples
    --------
    >>> found = cox_ratio("RD", "1", [1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1], [True] * 6)
    >>> found.n_events, found.ratio > 1, found.high is None or found.high > 5
    (6, True, True)
    """
    from scipy.optimize import brentq, minimize_scalar
    from scipy.special import chdtrc, chdtri

    x, t, d = (
        np.asarray(covariate, float).ravel(),
        np.asarray(times, float).ravel(),
        np.asarray(events, bool).ravel(),
    )
    n, k = x.size, int(d.sum())
    if n == 0 or np.ptp(x) == 0 or k == 0:
        note = "nobody had the event" if n and k == 0 else "the covariate is the same for all"
        return HazardRatio(
            name, per, n, k, None, None, None, None, level, note=note if n else "nobody is left"
        )
    scale = float(x.std())
    rows = _risk_sets((x - x.mean()) / scale, t, d)
    if all(np.ptp(row.x) == 0 for row in rows):
        note = "at every event all who were still at risk had the same covariate"
        return HazardRatio(name, per, n, k, None, None, None, None, level, note=note)

    along = _AlongTime.of((x - x.mean()) / scale, t, d)
    steepest = _STEEPEST_OF_SUMS / float(np.ptp(along.x)) if k > _FEW_EVENTS else 0.0

    def height(slope: float) -> float:
        return along.penalised(slope) if abs(slope) < steepest else _penalised(rows, slope)

    best = minimize_scalar(
        lambda slope: -height(slope),
        bounds=(-_WIDEST_LOG_HAZARD, _WIDEST_LOG_HAZARD),
        method="bounded",
        options={"xatol": _COX_TOLERANCE},
    )
    slope, top = float(best.x), -float(best.fun)
    least = top - float(chdtri(1, 1 - level)) / 2
    ends: list[float | None] = []
    for side in (-1.0, 1.0):
        far = slope + side
        while height(far) > least and abs(far) < _WIDEST_LOG_HAZARD:
            far += 2 * (far - slope)
        is_open = height(far) > least
        ends.append(
            None if is_open else float(brentq(lambda s: height(s) - least, slope, far, xtol=_COX_TOLERANCE))
        )
    p = float(chdtrc(1, max(2 * (top - height(0.0)), 0.0)))
    ratio, low, high = (ratio_of(part, scale) for part in (slope, *ends))
    words = strength(n, k, low, high, p, "hazard")
    return HazardRatio(name, per, n, k, ratio, low, high, p, level, strength=words)


@dataclass(frozen=True, slots=True, eq=False)
class _AlongTime:
    """Patients from the longest time to the shortest, so that sums over those at risk are running sums.

    `last`: of each event, the last who is still at risk. `event`: who had it; `group`, `apart`: its time, and
    the part of that time's events that came before it (Efron).
    """

    x: Floats
    last: NDArray[np.intp]
    event: NDArray[np.intp]
    group: NDArray[np.intp]
    apart: Floats

    @classmethod
    def of(cls, x: Floats, t: Floats, d: NDArray[np.bool_]) -> _AlongTime:
        order = np.argsort(-t, kind="stable")
        event = np.flatnonzero(d[order])
        times = t[order][event]
        first = np.searchsorted(-times, -times)
        tied = np.searchsorted(-times, -times, side="right") - first
        last = np.searchsorted(-t[order], -times, side="right") - 1
        return cls(x[order], last, event, first, (np.arange(len(event)) - first) / tied)

    def penalised(self, slope: float) -> float:
        """Return what `_penalised` does."""
        eta = slope * self.x
        top = float(eta.max())
        risk = np.exp(eta - top)
        sums = []
        for power in range(3):
            part = risk * self.x**power
            tied = np.bincount(self.group, part[self.event], minlength=len(self.event))[self.group]
            sums.append(np.cumsum(part)[self.last] - self.apart * tied)
        information = float(np.sum(sums[2] / sums[0] - (sums[1] / sums[0]) ** 2))
        log_l = float(np.sum(eta[self.event] - top - np.log(sums[0])))
        return log_l + 0.5 * float(np.log(max(information, LEAST_POSITIVE)))


@dataclass(frozen=True, slots=True, eq=False)
class _RiskSet:
    """The patients at risk at an event time, and those who had the event."""

    x: Floats
    is_event: NDArray[np.bool_]


def _risk_sets(x: Floats, t: Floats, d: NDArray[np.bool_]) -> tuple[_RiskSet, ...]:
    return tuple(
        _RiskSet(x[at_risk], (d & (t == time))[at_risk])
        for time in np.unique(t[d])
        for at_risk in (t >= time,)
    )


def _penalised(rows: tuple[_RiskSet, ...], slope: float) -> float:
    """Return the log partial likelihood plus half the logarithm of its information."""
    log_l = information = 0.0
    for row in rows:
        # the largest exponent is taken out, so that nothing overflows
        eta = slope * row.x
        top = float(eta.max())
        risk = np.exp(eta - top)
        m = int(row.is_event.sum())
        log_l += float(eta[row.is_event].sum()) - m * top
        for k in range(m):
            weight = risk * np.where(row.is_event, 1 - k / m, 1.0)
            total = float(weight.sum())
            mean = float((weight * row.x).sum()) / total
            log_l -= float(np.log(total))
            information += float((weight * (row.x - mean) ** 2).sum()) / total
    return log_l + 0.5 * float(np.log(max(information, LEAST_POSITIVE)))
