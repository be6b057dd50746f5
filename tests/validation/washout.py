"""Does M1 find a slope that is known, is its interval right 95 times in 100, does M0 cry wolf? By simulation.

A section of docs/validation.md (`make validation`); same seed, same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.washout.censored.bias import Bounds, reduce_bias
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import LEFT, OBSERVED, RIGHT, CensoredRows, Maximum, maximise
from pipeline.washout.censored.profile import coefficient_ratio, critical_value
from pipeline.washout.line.intervals import critical_of, jackknife_of, slope_of
from pipeline.washout.line.line import fit_line
from pipeline.washout.line.mixed import fit_random_intercept
from pipeline.washout.observations.pair_order import order_of
from pipeline.washout.observations.rows import Observations
from pipeline.washout.ranks import permutation_p

Floats = NDArray[np.float64]

TRUE_SLOPE: Final = float(np.log10(2.27))
"""dex per doubling: the fold change of 2.27 at which substitution of LLOQ/2 gave 1.97."""

_FEWEST_OBSERVED: Final = 3
_PERMUTATIONS: Final = 999
_TYPE_ONE_STUDIES: Final = 4
_MIXED_STUDIES: Final = 5
_POPULATION: Final = 100_000
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
    """What came out: biases in percent of the true slope (in dex where that is 0), coverages in percent.

    `mean_bias`, its `standard_error` and `median_bias` are those of the slope that is told, `likely_bias` and
    `likely_median_bias` those of the slope of highest likelihood.
    """

    truth: Truth
    studies: int
    estimable: int
    mean_bias: float
    standard_error: float
    median_bias: float
    likely_bias: float
    likely_median_bias: float
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
        Truth("58 % censored, measurement SD 0.15 dex stated", n, measurement_sd=0.15),
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


def examine(truth: Truth, studies: int, seed: int) -> Found:
    """Fit M1 to simulated studies and count how often its interval holds the truth; M0 without a slope."""
    rng = np.random.default_rng(seed)
    doublings, rows = simulate(truth, studies, rng)
    usable = np.flatnonzero(np.sum(rows.kind == OBSERVED, axis=1) >= _FEWEST_OBSERVED)
    doublings, rows = doublings[usable], rows.take(usable)
    best = maximise(rows)
    held = maximise(rows.without(1, np.full(len(usable), truth.slope)))
    good = best.is_determined(truth.n) & held.converged
    ratio = 2 * (best.log_likelihood - held.log_likelihood)[good]
    critical = np.array([critical_value(kind, 2) for kind in rows.kind[good]])
    likely, told = best.beta[good, 1], told_slopes(rows, best)[good]
    return Found(
        truth=truth,
        studies=studies,
        estimable=int(good.sum()),
        mean_bias=_bias(float(told.mean()), truth.slope),
        standard_error=float(told.std()) / np.sqrt(len(told)) * (100 / truth.slope if truth.slope else 1),
        median_bias=_bias(float(np.median(told)), truth.slope),
        likely_bias=_bias(float(likely.mean()), truth.slope),
        likely_median_bias=_bias(float(np.median(likely)), truth.slope),
        substitution_bias=_bias(float(_substituted(doublings, rows).mean()), truth.slope),
        coverage=100 * float(np.mean(ratio <= critical)),
        plain_coverage=100 * float(np.mean(ratio <= _CHI_SQUARED_95)),
        type_one=None if truth.slope else _type_one(truth, studies, rng),
    )


def told_slopes(rows: CensoredRows, best: Maximum) -> Floats:
    """Return the slopes as they are told: less their bias, that of highest likelihood where none was found."""
    low, high = limits_of(rows)
    found = reduce_bias(rows, Bounds(np.full_like(rows.y, low), np.full_like(rows.y, high)), best)
    return np.where(found.converged, found.beta[:, 1], best.beta[:, 1])


def limits_of(rows: CensoredRows) -> tuple[float, float]:
    """Return the limits of quantification of the simulated studies, the same in all."""
    below, above = (rows.y[rows.kind == which] for which in (LEFT, RIGHT))
    return float(below[0]) if len(below) else -np.inf, float(above[0]) if len(above) else np.inf


def observations(doublings: Floats, rows: CensoredRows, study: int) -> Observations:
    """Return one simulated study as a person's rows would be."""
    y, kind = rows.y[study], rows.kind[study]
    n = len(y)
    low, high = limits_of(rows)
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


@dataclass(frozen=True, slots=True)
class RepeatedFound:
    """Coverages in percent and mean biases in percent of the true slope, of the line and the random intercept."""

    truth: Repeated
    studies: int
    told: int
    bias: float
    coverage: float
    mixed_told: int
    mixed_bias: float
    mixed_coverage: float


def examine_repeated(truth: Repeated, studies: int, seed: int) -> RepeatedFound:
    """Fit both lines to studies whose patients gave 1 to 4 samples, the slower one to every fifth study."""
    rng = np.random.default_rng(seed)
    line: list[tuple[float, bool]] = []
    mixed: list[tuple[float, bool]] = []
    for study in range(studies):
        data = repeated_study(truth, rng)
        line += _line_told(data)
        if study % _MIXED_STUDIES == 0:
            mixed += _mixed_told(data)
    return RepeatedFound(truth, studies, *_bias_and_coverage(line), *_bias_and_coverage(mixed))


def _line_told(data: Observations) -> list[tuple[float, bool]]:
    """Return the slope and whether its interval holds the truth; nothing where the fit was refused."""
    try:
        line = fit_line(data)
        drop = critical_of(line, jackknife_of(line), slope_of, 0.95)
    except NotEstimableError:
        return []
    true = TRUE_SLOPE * line.axes.scale_x / line.axes.scale_y
    return [(line.reported.slope, coefficient_ratio(line.rows, line.best, 1, true) <= drop)]


def _mixed_told(data: Observations) -> list[tuple[float, bool]]:
    try:
        found = fit_random_intercept(data)
    except NotEstimableError:
        return []
    low, high = found.slope_interval
    return [(found.slope, low <= TRUE_SLOPE <= high)]


def _bias_and_coverage(told: list[tuple[float, bool]]) -> tuple[int, float, float]:
    slopes, held = np.array(told, dtype=np.float64).reshape(-1, 2).T
    return len(told), _bias(float(slopes.mean()), TRUE_SLOPE), 100 * float(held.mean())


def section(studies: int, seed: int, mapper: Callable[..., Iterable] = map) -> str:
    """Simulate, examine, tell; `mapper` may spread the rows over processes."""
    from validation.washout_text import as_markdown

    n = len(TRUTHS)
    found = tuple(mapper(examine, TRUTHS, [studies] * n, range(seed, seed + n)))
    repeats = tuple(mapper(examine_repeated, REPEATS, [studies] * len(REPEATS), [seed] * len(REPEATS)))
    return as_markdown(found, repeats, seed)


def _bias(estimate: float, true: float) -> float:
    return 100 * (estimate / true - 1) if true else estimate


def _substituted(doublings: Floats, rows: CensoredRows) -> Floats:
    """Slope of least squares with half the limit in place of each left-censored value: never done."""
    y = np.where(rows.kind == LEFT, rows.y - np.log10(2), rows.y)
    x = doublings - doublings.mean(axis=1, keepdims=True)
    return np.asarray(np.sum(x * y, axis=1) / np.sum(x**2, axis=1))


def _type_one(truth: Truth, studies: int, rng: np.random.Generator) -> float:
    doublings, rows = simulate(truth, _TYPE_ONE_STUDIES * studies, rng)
    values = np.select([rows.kind == LEFT, rows.kind == RIGHT], [-np.inf, np.inf], rows.y)
    patients = np.arange(values.shape[1])
    p = [
        permutation_p(x, order_of(y), patients, _PERMUTATIONS, rng)
        for x, y in zip(doublings, values, strict=True)
    ]
    return 100 * float(np.mean(np.array(p) <= 0.05))


def repeated_study(truth: Repeated, rng: np.random.Generator) -> Observations:
    """Return the rows of one simulated study with repeated samples."""
    patients, doublings, y = _repeated_rows(truth, truth.patients, rng)
    low, n = limit_of(truth), len(y)
    kind = np.where(y < low, LEFT, OBSERVED).astype(np.int8)
    limits = np.full(n, low), np.full(n, np.inf)
    return Observations(2.0**doublings, np.maximum(y, low), kind, np.zeros(n), patients, *limits, n)


@lru_cache
def limit_of(truth: Repeated) -> float:
    """Return the limit of quantification that cuts off the wanted share of a large population."""
    _, _, y = _repeated_rows(truth, _POPULATION, np.random.default_rng(1))
    return float(np.quantile(y, truth.left))


def _repeated_rows(
    truth: Repeated, n_patients: int, rng: np.random.Generator
) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Return the patient, log2 weeks and log10 RD of each row."""
    patients = np.repeat(np.arange(n_patients), rng.integers(1, 5, n_patients))
    n = len(patients)
    first = rng.uniform(1, 6.0, n_patients)[patients] if truth.alike else rng.uniform(1, 6.0, n)
    doublings = first + rng.uniform(0, 0.5, n)
    level = truth.between * rng.standard_normal(n_patients)[patients]
    return patients, doublings, TRUE_SLOPE * (doublings - 4) + level + truth.within * rng.standard_normal(n)
