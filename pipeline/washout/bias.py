"""How far the slope of few, mostly censored rows lies from the truth on average, by simulating the fit."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.washout.likelihood import (
    LEFT,
    OBSERVED,
    RIGHT,
    SMALLEST_LOG_SIGMA,
    CensoredRows,
    Floats,
    maximise,
)
from pipeline.washout.line import Line

SIMULATIONS: Final = 999
LARGEST_STUDY: Final = 200

_FEWEST_OBSERVED: Final = 3
_LARGEST_SLOPE: Final = 1e2
_LEAST_SHARE: Final = 0.8


def mean_unbiased_slope(line: Line, seed: int, simulations: int = SIMULATIONS) -> float | None:
    """Return the slope less its mean bias, dex per doubling; None where that cannot be told.

    The slope's distribution is skewed to the steep side when few rows are measured: its median is right and
    its mean too high (about 5 % at n = 19 with 58 % censored). Studies simulated from the fitted line, with
    each row's own limits, measure that excess (parametric bootstrap; Efron & Tibshirani 1993, section 10.2).
    The correction makes the mean right and the median too low, so it stands beside the maximum-likelihood
    slope and does not replace it.

    Parameters
    ----------
    line
        The fitted line. None above 200 rows (the bias is below 1 % by then), where patients repeat, and where
        no scatter is left.
    """
    n_rows = line.data.n
    without_scatter = float(line.best.log_sigma[0]) <= SMALLEST_LOG_SIGMA
    if n_rows > LARGEST_STUDY or line.data.n_patients < n_rows or without_scatter:
        return None
    rows = _simulated(line, np.random.default_rng(seed), simulations)
    usable = np.sum(rows.kind == OBSERVED, axis=1) >= _FEWEST_OBSERVED
    found = maximise(rows.take(np.flatnonzero(usable)))
    slopes = found.beta[found.converged & (np.abs(found.beta[:, 1]) < _LARGEST_SLOPE), 1]
    if len(slopes) < _LEAST_SHARE * simulations:
        return None
    corrected = 2 * float(line.best.beta[0, 1]) - float(slopes.mean())
    return corrected * line.axes.scale_y / line.axes.scale_x


def _simulated(line: Line, rng: np.random.Generator, simulations: int) -> CensoredRows:
    """Draw studies from the fitted line, censored at each row's limits, on its standardised axes."""
    rows, best, axes = line.rows, line.best, line.axes
    low = (line.data.log_lloq - axes.centre_y) / axes.scale_y
    high = (line.data.log_uloq - axes.centre_y) / axes.scale_y
    scale = np.sqrt(np.exp(2 * best.log_sigma[0]) + rows.sd[0] ** 2)
    y: Floats = rows.design[0] @ best.beta[0] + scale * rng.standard_normal((simulations, line.data.n))
    kind = np.select([y < low, y > high], [LEFT, RIGHT], OBSERVED).astype(np.int8)
    return CensoredRows(
        design=np.broadcast_to(rows.design, (simulations, *rows.design.shape[1:])),
        y=np.clip(y, low, high),
        kind=kind,
        sd=np.broadcast_to(rows.sd, y.shape),
        weight=np.ones_like(y),
    )
