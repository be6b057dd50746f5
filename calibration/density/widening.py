"""Add one more error to the interval and the budget of a receptor density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from calibration.density.budget import BudgetTerm, ErrorTerm
from calibration.density.result import ReceptorDensity
from calibration.numbers import Z_95


def with_term(density: ReceptorDensity, term: BudgetTerm, log_sd: float, sd: float) -> ReceptorDensity:
    """Add an independent error to a density's interval and budget; it replaces an earlier one of that name.

    Half-widths add in quadrature: on the log scale, or on the linear one where the interval reaches zero.
    The limits (LLOQ and the others) do not move.

    Parameters
    ----------
    log_sd
        SD of ln RD, used where the whole interval is above zero.
    sd
        The same in molecules, used for the budget and where the interval reaches zero.
    """
    if density.rd is None or density.rd_low is None or density.rd_high is None:
        return density
    rd, low, high = density.rd, density.rd_low, density.rd_high
    scale = max(abs(rd), (high - low) / (2 * Z_95)) * np.log(10)
    if low > 0:
        low, high = _wider_on_log(rd, low, high, Z_95 * log_sd)
    else:
        low, high = _wider(rd, low, high, Z_95 * sd)
    return replace(
        density,
        rd_low=low,
        rd_high=high,
        gcv_percent=_gcv(low, high) if low > 0 else None,
        analytic_sd=None if density.analytic_sd is None else float(np.hypot(density.analytic_sd, sd)),
        budget=with_size(density.budget, term, float(sd / scale) if scale else 0.0),
    )


def _wider_on_log(rd: float, low: float, high: float, reach: float) -> tuple[float, float]:
    down, up = np.hypot(np.log(rd / low), reach), np.hypot(np.log(high / rd), reach)
    return float(rd * np.exp(-down)), float(rd * np.exp(up))


def _wider(rd: float, low: float, high: float, reach: float) -> tuple[float, float]:
    return float(rd - np.hypot(rd - low, reach)), float(rd + np.hypot(high - rd, reach))


def _gcv(low: float, high: float) -> float:
    log_sd = (np.log(high) - np.log(low)) / (2 * Z_95)
    return float(100 * np.sqrt(np.expm1(log_sd**2)))


def with_size(budget: Sequence[ErrorTerm], term: BudgetTerm, sd_dex: float) -> tuple[ErrorTerm, ...]:
    """Return a budget with a term of this size (dex) in place of an earlier one; a term of 0 is left out."""
    other_terms = [
        (budget_term.name, budget_term.sd_dex) for budget_term in budget if budget_term.name is not term
    ]
    terms = [*other_terms, (term, sd_dex)] if sd_dex else other_terms
    total = sum(sd**2 for _, sd in terms)
    return tuple(ErrorTerm(name, sd, sd**2 / total if total else 0.0) for name, sd in terms)
