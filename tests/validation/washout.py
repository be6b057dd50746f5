"""Does M1 find a slope that is known, is its interval right 95 times in 100, does M0 cry wolf? By simulation.

A section of docs/validation.md (`make validation`); same seed, same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.washout.bias import mean_unbiased_slope
from pipeline.washout.estimate import NotEstimableError
from pipeline.washout.likelihood import LEFT, OBSERVED, RIGHT, CensoredRows, maximise
from pipeline.washout.line import fit_line, line_intervals
from pipeline.washout.profile import critical_value
from pipeline.washout.rank_association import permutation_p
from pipeline.washout.rows import Observations

Floats = NDArray[np.float64]

TRUE_SLOPE: Final = float(np.log10(2.27))
"""dex per doubling: the fold change of 2.27 at which substitution of LLOQ/2 gave 1.97."""

_FEWEST_OBSERVED: Final = 3
_PERMUTATIONS: Final = 999
_TYPE_ONE_STUDIES: Final = 4
_BIAS_SIMULATIONS: Final = 199
_LARGEST_FOR_BIAS: Final = 60
STUDIES_FOR_BIAS: Final = 300
_CHI_SQUARED_95: Final = 3.841458820694124


@dataclass(frozen=True, slots=True)
class Truth:
    """What is simulated: washouts log-uniform between 2 and 90 weeks, log10 RD normal around a line.

    `left` and `right` are the shares that the limits of quantification cut off; `measurement_sd` (dex) is
    added to `sigma` and told to the fit.
    """

    name: str
    n: int
    slope: float = TRUE_SLOPE
    sigma: float = 0.4
    left: float = 0.58
    right: float = 0.0
    measurement_sd: float = 0.0


@dataclass(frozen=True, slots=True)
class Repeated:
    """Patients with 1 to 4 samples each: a random intercept of SD `between`, scatter `within`, dex.

    `alike`: a patient's samples lie within half a doubling of washout, so their number is hardly evidence;
    otherwise anywhere.
    """

    patients: int
    alike: bool = True
    between: float = 0.3
    within: float = 0.25
    left: float = 0.4


@dataclass(frozen=True, slots=True)
class Found:
    """What came out: biases in percent of the true slope (in dex where that is 0), coverages in percent."""

    truth: Truth
    studies: int
    estimable: int
    mean_bias: float
    median_bias: float
    corrected_bias: float | None
    substitution_bias: float
    coverage: float
    plain_coverage: float
    type_one: float | None


TRUTHS: Final = tuple(
    truth
    for n in (19, 60, 200)
    for truth in (
        Truth("58 % censored", n),
        Truth("58 % censored, no association", n, slope=0.0),
        Truth("58 % censored, scatter 0.25 dex", n, sigma=0.25),
        Truth("58 % below, 10 % above", n, right=0.1),
        Truth("58 % censored, measurement SD 0.15 dex told", n, measurement_sd=0.15),
        Truth("30 % censored", n, left=0.3),
    )
)


REPEATS: Final = (
    Repeated(12),
    Repeated(20),
    Repeated(20, alike=False),
    Repeated(20, left=0.58),
    Repeated(60),
)


def simulate(truth: Truth, studies: int, rng: np.random.Generator) -> tuple[Floats, CensoredRows]:
    """Return log2 weeks (studies, n) and the studies as one batch, with the line's place at 16 weeks."""
    doublings = rng.uniform(1, 6.5, (studies, truth.n))
    scatter = float(np.hypot(truth.sigma, truth.measurement_sd))
    y = truth.slope * (doublings - 4) + scatter * rng.standard_normal(doublings.shape)
    low = float(np.quantile(y, truth.left))
    high = float(np.quantile(y, 1 - truth.right)) if truth.right else np.inf
    kind = np.select([y < low, y > high], [LEFT, RIGHT], OBSERVED).astype(np.int8)
    design = np.stack([np.ones_like(doublings), doublings - 4], axis=2)
    sd = np.full_like(y, truth.measurement_sd)
    return doublings, CensoredRows(design, np.clip(y, low, high), kind, sd, np.ones_like(y))


def examine(truth: Truth, studies: int, seed: int, bias_studies: int = STUDIES_FOR_BIAS) -> Found:
    """Fit M1 to simulated studies and count how often its interval holds the truth; M0 without a slope."""
    rng = np.random.default_rng(seed)
    doublings, rows = simulate(truth, studies, rng)
    usable = np.flatnonzero(np.sum(rows.kind == OBSERVED, axis=1) >= _FEWEST_OBSERVED)
    doublings, rows = doublings[usable], rows.take(usable)
    best = maximise(rows)
    held = maximise(rows.without(1, np.full(len(usable), truth.slope)))
    good = best.converged & held.converged
    ratio = 2 * (best.log_likelihood - held.log_likelihood)[good]
    critical = np.array([critical_value(kind, 2) for kind in rows.kind[good]])
    slopes = best.beta[good, 1]
    return Found(
        truth=truth,
        studies=studies,
        estimable=int(good.sum()),
        mean_bias=_bias(float(slopes.mean()), truth.slope),
        median_bias=_bias(float(np.median(slopes)), truth.slope),
        corrected_bias=_corrected_bias(truth, doublings, rows, seed, bias_studies),
        substitution_bias=_bias(float(_substituted(doublings, rows).mean()), truth.slope),
        coverage=100 * float(np.mean(ratio <= critical)),
        plain_coverage=100 * float(np.mean(ratio <= _CHI_SQUARED_95)),
        type_one=None if truth.slope else _type_one(truth, studies, rng),
    )


def observations(doublings: Floats, rows: CensoredRows, study: int) -> Observations:
    """Return one simulated study as a person's rows would be."""
    y, kind = rows.y[study], rows.kind[study]
    n = len(y)
    limits = [rows.y[rows.kind == which] for which in (LEFT, RIGHT)]
    low, high = (
        float(limit[0]) if len(limit) else default
        for limit, default in zip(limits, (-np.inf, np.inf), strict=True)
    )
    return Observations(
        weeks=2.0 ** doublings[study],
        log_rd=y,
        kind=kind,
        measurement_sd=rows.sd[study],
        patients=np.arange(n),
        log_lloq=np.full(n, low),
        log_uloq=np.full(n, high),
        n_given=n,
    )


def repeated_coverage(truth: Repeated, studies: int, seed: int) -> tuple[float, int]:
    """Return the coverage of the slope's interval in percent, and the studies that gave one."""
    rng = np.random.default_rng(seed)
    held = [_repeated_study(truth, rng) for _ in range(studies)]
    told = [inside for inside in held if inside is not None]
    return 100 * float(np.mean(told)), len(told)


def section(studies: int, seed: int, mapper: Callable[..., Iterable] = map) -> str:
    """Simulate, examine, tell; `mapper` may spread the rows over processes."""
    from validation.washout_text import as_markdown

    n = len(TRUTHS)
    found = tuple(mapper(examine, TRUTHS, [studies] * n, range(seed, seed + n)))
    repeats = tuple(mapper(repeated_coverage, REPEATS, [studies] * len(REPEATS), [seed] * len(REPEATS)))
    return as_markdown(found, [(truth, *told) for truth, told in zip(REPEATS, repeats, strict=True)], seed)


def _bias(estimate: float, true: float) -> float:
    return 100 * (estimate / true - 1) if true else estimate


def _substituted(doublings: Floats, rows: CensoredRows) -> Floats:
    """Slope of least squares with half the limit in place of each left-censored value: never done."""
    y = np.where(rows.kind == LEFT, rows.y - np.log10(2), rows.y)
    x = doublings - doublings.mean(axis=1, keepdims=True)
    return np.asarray(np.sum(x * y, axis=1) / np.sum(x**2, axis=1))


def _corrected_bias(
    truth: Truth, doublings: Floats, rows: CensoredRows, seed: int, studies: int
) -> float | None:
    if truth.n > _LARGEST_FOR_BIAS or not studies:
        return None
    slopes = []
    for study in range(min(len(doublings), studies)):
        line = fit_line(observations(doublings, rows, study))
        slopes.append(mean_unbiased_slope(line, seed + study, _BIAS_SIMULATIONS))
    told = [slope for slope in slopes if slope is not None]
    return _bias(float(np.mean(told)), truth.slope)


def _type_one(truth: Truth, studies: int, rng: np.random.Generator) -> float:
    doublings, rows = simulate(truth, _TYPE_ONE_STUDIES * studies, rng)
    values = np.select([rows.kind == LEFT, rows.kind == RIGHT], [-np.inf, np.inf], rows.y)
    patients = np.arange(values.shape[1])
    p = [permutation_p(x, y, patients, _PERMUTATIONS, rng) for x, y in zip(doublings, values, strict=True)]
    return 100 * float(np.mean(np.array(p) <= 0.05))


def _repeated_study(truth: Repeated, rng: np.random.Generator) -> bool | None:
    """Tell whether the interval of one simulated study holds the true slope; None where it has none."""
    patients = np.repeat(np.arange(truth.patients), rng.integers(1, 5, truth.patients))
    n = len(patients)
    first = rng.uniform(1, 6.0, truth.patients)[patients] if truth.alike else rng.uniform(1, 6.0, n)
    doublings = first + rng.uniform(0, 0.5, n)
    level = truth.between * rng.standard_normal(truth.patients)[patients]
    y = TRUE_SLOPE * (doublings - 4) + level + truth.within * rng.standard_normal(n)
    low = float(np.quantile(y, truth.left))
    kind = np.where(y < low, LEFT, OBSERVED).astype(np.int8)
    limits = np.full(n, low), np.full(n, np.inf)
    data = Observations(2.0**doublings, np.maximum(y, low), kind, np.zeros(n), patients, *limits, n)
    try:
        bounds = line_intervals(fit_line(data), 0.95).slope
    except NotEstimableError:
        return None
    return bounds[0] <= TRUE_SLOPE <= bounds[1]
