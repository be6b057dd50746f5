"""Simulated patients with a known line, and an independent likelihood to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from calibration.density.result import RdStatus

Floats = NDArray[np.float64]
LLOQ = 5000.0
SLOPE = float(np.log10(2.27))


def patients_on_a_line(
    n: int,
    seed: int,
    *,
    slope: float = SLOPE,
    sigma: float = 0.4,
    log_rd_at_16_weeks: float = 3.8,
    lloq: float = LLOQ,
    uloq: float = np.inf,
) -> tuple[Floats, Floats, list[RdStatus]]:
    """Return weeks, rd and status of n patients."""
    rng = np.random.default_rng(seed)
    weeks = 2 ** rng.uniform(1, 6.5, n)
    rd = 10 ** (log_rd_at_16_weeks + slope * (np.log2(weeks) - 4) + sigma * rng.standard_normal(n))
    return weeks, rd, statuses(rd, lloq, uloq)


def statuses(rd: Iterable[float], lloq: float = LLOQ, uloq: float = np.inf) -> list[RdStatus]:
    below, above = RdStatus.BELOW_LLOQ, RdStatus.ABOVE_ULOQ
    return [below if x < lloq else above if x > uloq else RdStatus.OK for x in rd]


def slow_log_likelihood(
    parameters: Iterable[float],
    weeks: Floats,
    rd: Floats,
    status: Sequence[str],
    lloq: Floats,
    uloq: Floats,
    sd: Floats,
) -> float:
    """With scipy.stats.norm: written from the formula, sharing nothing with the package."""
    intercept, slope, log_sigma = parameters
    law = stats.norm(intercept + slope * np.log2(weeks), np.hypot(np.exp(log_sigma), sd))
    terms: dict[str, Floats] = {
        "BELOW_LLOQ": law.logcdf(np.log10(lloq)),
        "ABOVE_ULOQ": law.logsf(np.log10(uloq)),
        "OK": law.logpdf(np.log10(rd)),
    }
    total: float = sum(terms[name][place] for place, name in enumerate(status))
    return total


def slow_fit(
    weeks: Floats,
    rd: Floats,
    status: Sequence[str],
    *,
    lloq: ArrayLike,
    uloq: ArrayLike = np.inf,
    sd: ArrayLike = 0.0,
) -> tuple[Floats, float]:
    """Maximise by Nelder-Mead, restarted: no gradient, no start from the package."""
    n = len(weeks)
    lower, upper, spread = (np.broadcast_to(np.asarray(part, float), n) for part in (lloq, uloq, sd))

    def loss(parameters: Floats) -> float:
        return -slow_log_likelihood(parameters, weeks, rd, status, lower, upper, spread)

    best = np.array([3.0, 0.1, -0.5])
    for _ in range(3):
        options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000, "maxfev": 4000}
        best = optimize.minimize(loss, best, method="Nelder-Mead", options=options).x
    return best, -loss(best)
