"""The interval of a receptor density, and its error budget.

There are 2,000 seeded draws, all made at once. The same draw of the curve converts stain and control, so that
shared errors cancel. Each term is also drawn alone, which gives its share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from calibration.curve.standard_curve import StandardCurve, Transfer
from calibration.density.analytic_error import analytic_sd
from calibration.density.budget import OPTIONAL_TERMS, BudgetTerm, ErrorTerm
from calibration.density.error_model import (
    ENOUGH_CONTROL_CELLS,
    GROW_TOGETHER,
    ConvertedCells,
    RelativeErrors,
    control_error,
    converted_amount,
    curve_center,
    curve_design,
    curve_variances,
    log_sd,
    transfer_errors,
)
from calibration.numbers import Z_95, Floats, central_95

N_DRAWS = 2000
"""Random draws of all errors. Convention: each end of a 95 % interval is then known to 3 % of its
half-width."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """95 % interval of RD, its geometric CV in percent, and the budget.

    `analytic_sd` is the same from first derivatives, in units of RD: a check on the draws.
    """

    low: float
    high: float
    gcv_percent: float | None
    sd: float
    budget: tuple[ErrorTerm, ...]
    analytic_sd: float


@dataclass(frozen=True, slots=True)
class Draws:
    """Standardised draws of every term; shape (n_draws,) each."""

    level: Floats
    slope: Floats
    peak_level: Floats
    peak_slope: Floats
    stained: Floats
    control: Floats
    bias: Floats
    lot: Floats
    f_p: Floats
    between_run: Floats
    transfer_level: Floats
    transfer_slope: Floats


DRAWS_OF_TERM = {
    BudgetTerm.STANDARD_CURVE: ("level", "slope"),
    BudgetTerm.BEAD_MEDIANS: ("peak_level", "peak_slope"),
    BudgetTerm.TRANSFER: ("transfer_level", "transfer_slope"),
    BudgetTerm.LOT_ASSIGNMENT: ("lot",),
    BudgetTerm.F_P_RATIO: ("f_p",),
    BudgetTerm.STAINED_CELLS: ("stained",),
    BudgetTerm.CONTROL_CELLS: ("control",),
    BudgetTerm.BACKGROUND_MODEL: ("bias",),
    BudgetTerm.BETWEEN_RUNS: ("between_run",),
}
"""The random draws from which each term of the budget is computed."""


def uncertainty_of_density(
    cells: ConvertedCells, curve: StandardCurve, errors: RelativeErrors, *, seed: int, n_draws: int = N_DRAWS
) -> Uncertainty:
    """Draw every source of error together, and each alone.

    Parameters
    ----------
    cells
        Populations and the background's bias.
    curve
        Not rejected.
    errors
        Relative terms.
    seed, n_draws
        Of the draws.

    Returns
    -------
    Uncertainty
        In ABC; the SD of each term is the half-width of its own 95 % interval over 1.96, so that heavy-tailed
        terms (a curve with two degrees of freedom) are stated as wide as they are.
    """
    draws = draw_errors(cells, curve, errors, np.random.default_rng(seed), n_draws)
    still = _at_rest(cells)
    low, high = central_95(_density(cells, curve, draws))
    center = float(_density(cells, curve, still)[0])
    sizes = {
        term: _half_width(_density(cells, curve, _only(draws, still, fields)), center)
        if any(_varies(getattr(draws, field)) for field in fields)
        else 0.0
        for term, fields in DRAWS_OF_TERM.items()
    }
    sd = (high - low) / (2 * Z_95)
    return Uncertainty(
        low,
        high,
        _gcv(low, high),
        sd,
        _budget(sizes, center),
        analytic_sd(cells, curve, errors),
    )


def draw_errors(
    cells: ConvertedCells, curve: StandardCurve, errors: RelativeErrors, rng: np.random.Generator, n: int
) -> Draws:
    """Draw every source of error of a tube; the same seed gives the same draws."""
    scatter, peaks = curve_variances(curve)
    count, lever = curve_design(curve)
    z = rng.standard_normal((8, n))
    draws = Draws(
        level=np.zeros(n),
        slope=np.zeros(n),
        peak_level=np.zeros(n),
        peak_slope=np.zeros(n),
        stained=quantile_draws(cells.stained, rng, n),
        control=_control_draws(cells.control, rng, n),
        bias=cells.bias_sd * z[4],
        lot=log_sd(errors.lot) * z[5],
        f_p=log_sd(errors.f_p) * z[6],
        between_run=log_sd(errors.between_run) * z[7],
        transfer_level=np.zeros(n),
        transfer_slope=np.zeros(n),
    )
    if curve.transfer is not None:
        draws = _with_transfer(draws, curve, curve.transfer, rng)
    level, slope = 1 / np.sqrt(count), (1 / np.sqrt(lever) if lever > 0 else 0.0)
    straight = replace(
        draws, level=np.sqrt(scatter + peaks) * level * z[0], slope=np.sqrt(scatter + peaks) * slope * z[1]
    )
    inflate = _inflation(cells, curve, straight, draws, rng)
    together = rng.random(n) * (rng.random(n) < GROW_TOGETHER) if cells.bias_open else 0.0
    return replace(
        draws,
        bias=draws.bias - cells.bias_open * together,
        level=np.sqrt(scatter) * level * inflate * z[0],
        slope=np.sqrt(scatter) * slope * inflate * z[1],
        peak_level=np.sqrt(peaks) * level * inflate * z[2],
        peak_slope=np.sqrt(peaks) * slope * inflate * z[3],
    )


def _with_transfer(draws: Draws, curve: StandardCurve, transfer: Transfer, rng: np.random.Generator) -> Draws:
    """Add the draws of the transfer's error: t-distributed, since its SD comes from few populations.

    The tilt turns about the transfer's own center; its level is that at the curve's center.
    """
    n = draws.level.size
    level_sd, tilt_sd, assumed_sd = transfer_errors(curve)
    z = rng.standard_normal((3, n))
    freedom = transfer.degrees_of_freedom + 2
    heavy = np.sqrt(freedom / rng.chisquare(freedom, n))
    tilt = tilt_sd * heavy * z[1]
    away = curve_center(curve) - transfer.center
    level = level_sd * heavy * z[0] + tilt * away + assumed_sd * z[2]
    return replace(draws, transfer_level=level, transfer_slope=tilt)


def _inflation(
    cells: ConvertedCells, curve: StandardCurve, straight: Draws, draws: Draws, rng: np.random.Generator
) -> Floats:
    """Draw a factor for each draw of the curve, for the uncertain scatter of the beads.

    Alone, the curve's error is t-distributed with n − 2 degrees of freedom. Added to other, known errors, it
    would cover up to 97.5 % instead of 95 %. The prior under which the sum covers 95 % adds two degrees of
    freedom, with the odds of the other variance to the curve's (the matching prior of Ghosh & Kim 2001, Can.
    J. Stat. 29:5-17).
    """
    n, freedom = straight.level.size, curve.degrees_of_freedom
    if freedom <= 0:
        return np.ones(n)
    still = _at_rest(cells)
    own = float(np.var(_density(cells, curve, replace(still, level=straight.level, slope=straight.slope))))
    other_variance = float(np.var(_density(cells, curve, draws)))
    alone = rng.random(n) * (own + other_variance) < own
    drawn = np.sqrt(freedom / np.where(alone, rng.chisquare(freedom, n), rng.chisquare(freedom + 2, n)))
    return np.asarray(drawn, dtype=np.float64)


def _at_rest(cells: ConvertedCells) -> Draws:
    """Return one draw without any error; it replaces the draws of terms that do not vary."""
    zero = np.zeros(1)
    stained, control = np.array([cells.stained_median]), np.array([cells.control_median])
    return Draws(zero, zero, zero, zero, stained, control, zero, zero, zero, zero, zero, zero)


def _varies(draws: Floats) -> bool:
    return bool((draws != draws[0]).any())


def _only(draws: Draws, still: Draws, fields: tuple[str, ...]) -> Draws:
    return replace(still, **{name: getattr(draws, name) for name in fields})


def _density(cells: ConvertedCells, curve: StandardCurve, d: Draws) -> Floats:
    """RD of every draw."""
    center = curve_center(curve)
    level = d.level + d.peak_level + d.transfer_level
    slope = d.slope + d.peak_slope + d.transfer_slope
    stained = d.stained - cells.bias_share * (d.stained - d.control) - d.bias
    difference = converted_amount(stained, curve, level, slope, center) - converted_amount(
        d.control, curve, level, slope, center
    )
    return np.asarray(difference * np.exp(d.lot + d.f_p + d.between_run) / cells.divisor, dtype=np.float64)


def quantile_draws(values: Floats, rng: np.random.Generator, n: int, share: float = 0.5) -> Floats:
    """Draw quantiles of bootstrap samples directly, shape (n,): sorted cells at Beta-distributed ranks."""
    a, b = share * (values.size + 1), (1 - share) * (values.size + 1)
    probability = rng.beta(a, b, n)
    ordered = np.sort(values)
    places = np.clip(probability * values.size - 0.5, 0, values.size - 1)
    ranks = places.astype(np.intp)
    lower, upper = ordered.take(ranks), ordered.take(np.minimum(ranks + 1, values.size - 1))
    return np.asarray(lower + (upper - lower) * (places - ranks), dtype=np.float64)


def _control_draws(values: Floats, rng: np.random.Generator, n: int) -> Floats:
    """Draw medians of the control; few cells, close together by chance, get the usual scatter."""
    drawn = quantile_draws(values, rng, n)
    if values.size >= ENOUGH_CONTROL_CELLS:
        return drawn
    missing = control_error(values) ** 2 - float(np.var(drawn))
    return drawn + float(np.sqrt(max(missing, 0.0))) * rng.standard_normal(n)


def _half_width(draws: Floats, center: float) -> float:
    low, high = central_95(draws)
    return (high - low) / (2 * Z_95) if np.isfinite(center) else 0.0


def _gcv(low: float, high: float) -> float | None:
    """Geometric CV in percent; None where the interval reaches zero and has no logarithm."""
    if low <= 0:
        return None
    log_sd = (np.log(high) - np.log(low)) / (2 * Z_95)
    return float(100 * np.sqrt(np.expm1(log_sd**2)))


def _budget(sizes: Mapping[BudgetTerm, float], center: float) -> tuple[ErrorTerm, ...]:
    total = sum(v**2 for v in sizes.values())
    scale = max(abs(center), float(np.sqrt(total))) * np.log(10)
    return tuple(
        ErrorTerm(term, float(v / scale) if scale else 0.0, float(v**2 / total) if total else 0.0)
        for term, v in sizes.items()
        if v > 0 or term not in OPTIONAL_TERMS
    )
