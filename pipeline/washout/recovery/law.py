"""The distribution of the rows by the recovery curve, so that the rows can be tested against the curve."""

from __future__ import annotations

import numpy as np

from calibration.numbers import LN_10
from pipeline.washout.goodness import RowLaw
from pipeline.washout.recovery.prior import R0, RHO, SIGMA, UNLIKE, T
from pipeline.washout.recovery.summits import Peak
from pipeline.washout.recovery.surface import Surface, log_over_kd, log_regained, nodes_of


def recovery_law(surface: Surface, peak: Peak) -> RowLaw:
    """Return the distribution of the rows at a summit of the posterior."""
    mode, data, prior = peak.parameters, surface.data, surface.prior
    nodes, log_weights = nodes_of(float(surface.log_sd.max(initial=0.0)))
    log_ratio = log_over_kd(mode[None], data.weeks, np.log(surface.ug_ml))[0]
    away = nodes[:, None] * np.exp(mode[UNLIKE]) * surface.log_sd
    log_ratio = log_ratio + away
    log_covered = (np.maximum(log_ratio, 0) + np.log1p(np.exp(-np.abs(log_ratio)))) / LN_10
    by_kd = 1 / (1 + np.exp(-log_ratio)) / LN_10
    part = 1 / (1 + np.exp(-mode[RHO]))
    half = np.exp(mode[T])
    gone = 2.0 ** (-data.weeks / half)
    regained = 1 - (1 - part) * gone
    by_rho = part * (1 - part) * gone / regained / LN_10
    by_t = -(1 - part) * gone * np.log(2) * data.weeks / half / regained / LN_10
    constant = np.ones_like(log_ratio)
    slopes = np.stack(
        [constant, constant * by_rho, constant * by_t, by_kd, data.weeks * by_kd, -away * by_kd], axis=2
    )
    return RowLaw(
        data=data,
        mean=mode[R0] + log_regained(mode[None], data.weeks)[0] - log_covered,
        weights=np.exp(log_weights),
        slopes=slopes,
        sigma=float(np.exp(mode[SIGMA])),
        curvature=peak.curvature,
        pull=-(mode - prior.mean) / prior.sd**2,
    )
