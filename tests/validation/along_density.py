"""What response along the density is worth: odds, area, best cut, hazard, on patients whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.response.statistics.cox import cox_ratio
from pipeline.response.statistics.cuts.best_cut import best_cut
from pipeline.response.statistics.cuts.implied import with_odds
from pipeline.response.statistics.cuts.roc import area_under
from pipeline.response.statistics.dose_response import dose_response
from pipeline.response.statistics.true_values import BELOW, MEASURED, true_values
from validation.markdown import paragraph, percent, table

Mapper = Callable[..., Iterable]
SIZES = (19, 40, 100, 200)
SPREAD, MIDDLE = 1.33, 15.3
"""SD (0.4 dex) and mean (40,000 molecules) of the true log2 densities."""


@dataclass(frozen=True, slots=True)
class Ward:
    """How outcome goes with the density, and how well that is measured."""

    name: str
    slope: float
    share: float = 0.45
    error: float = 0.0
    lloq: float = -math.inf


WARDS = (
    Ward("nothing goes with the density", 0.0),
    Ward("odds × 1.8 per doubling", 0.6),
    Ward("odds × 3 per doubling", 1.1),
    Ward("odds × 3, a quarter have the outcome", 1.1, share=0.25),
    Ward("odds × 9 per doubling", 2.2),
    Ward("odds × 3, errors of 0.15 dex, a fifth below the LLOQ", 1.1, error=0.5, lloq=MIDDLE - 0.84 * SPREAD),
)


@dataclass(frozen=True, slots=True)
class Truth:
    """Of a ward: area and Youden's cut of the true densities, and both groups' shares below a measured cut."""

    area: float
    cut: float
    below_with: Callable[[float], float]
    below_without: Callable[[float], float]


def truth_of(ward: Ward) -> Truth:
    """Return the truth by sums on a fine grid; the area is of densities as measured."""
    x = np.linspace(-6, 6, 801)
    mass = np.exp(-(x**2) / 2)
    mass /= mass.sum()
    p = _outcome(ward, MIDDLE + SPREAD * x)
    places = MIDDLE + SPREAD * x
    if ward.error:
        kernel = np.exp(-(((places[:, None] - places[None, :]) / ward.error) ** 2) / 2)
        kernel /= kernel.sum(axis=0)
    else:
        kernel = np.eye(len(x))
    with_it, without = (np.sum(kernel * (mass * part)[None, :], axis=1) for part in (p, 1 - p))
    with_it, without = with_it / with_it.sum(), without / without.sum()
    tied = places < ward.lloq
    wins = np.cumsum(without) - without / 2
    wins = np.where(tied, without[tied].sum() / 2, wins)
    below = np.cumsum(with_it), np.cumsum(without)
    true = np.cumsum(mass * p) / (mass * p).sum(), np.cumsum(mass * (1 - p)) / (mass * (1 - p)).sum()
    cut = float(places[np.argmax(true[1] - true[0])])
    return Truth(
        float(np.sum(with_it * wins)),
        cut,
        lambda at: float(np.interp(at, places, below[0])),
        lambda at: float(np.interp(at, places, below[1])),
    )


def _outcome(ward: Ward, true: np.ndarray) -> np.ndarray:
    centre = math.log(ward.share / (1 - ward.share))
    return 1 / (1 + np.exp(-centre - ward.slope * (true - MIDDLE)))


def draw(ward: Ward, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return log2 densities or limits, kinds, errors and outcomes; at least 3 with the outcome and without."""
    rng = np.random.default_rng([seed, n, WARDS.index(ward), 76])
    while True:
        true = rng.normal(MIDDLE, SPREAD, n)
        y = rng.random(n) < _outcome(ward, true)
        if 3 <= y.sum() <= n - 3:
            break
    measured = true + rng.normal(0, ward.error, n) if ward.error else true
    kind = np.where(measured < ward.lloq, BELOW, MEASURED)
    return np.maximum(measured, ward.lloq), kind, np.full(n, ward.error), y


_TRUTHS: dict[str, Truth] = {}


def study(job: tuple[Ward, int, int]) -> tuple[float, ...]:
    """Return of a study: log odds ratio, and whether odds, area, cut and Youden's index elsewhere are covered;
    the index in these patients and elsewhere less the true one of that cut; whether the cut's interval is open."""
    ward, n, seed = job
    truth = _TRUTHS.setdefault(ward.name, truth_of(ward))
    w, kind, sd, y = draw(ward, n, seed)
    known = true_values(w, kind, sd)
    odds = dose_response("RD", "doubling", known, y)
    area = area_under(w, kind, y)
    assert known is not None
    cut, _ = best_cut("best", w, kind, known.expected, y, area, seed=seed, law=known.law, n_samples=100)
    cut = with_odds(cut, odds, known, w, kind, y)
    low, high = (math.log(v) if v else side for v, side in ((odds.low, -math.inf), (odds.high, math.inf)))
    slope = math.nan if odds.ratio is None else math.log(odds.ratio)
    found = [slope, low <= ward.slope <= high, area.low <= truth.area <= area.high]
    if cut.cut is None:
        return (*found, math.nan, math.nan, math.nan, math.nan, math.nan)
    is_open = cut.low is None
    holds = is_open or cut.low <= truth.cut <= cut.high
    if cut.corrected is None:
        return (*found, holds, math.nan, math.nan, math.nan, is_open)
    true = truth.below_without(cut.cut) - truth.below_with(cut.cut)
    inside = cut.corrected_low <= true <= cut.corrected_high
    return (*found, holds, inside, cut.youden - true, cut.corrected - true, is_open)


HAZARDS = (0.0, 0.3, 0.6)


def hazard_covers(job: tuple[float, int, int]) -> tuple[float, bool]:
    """Return the log hazard ratio per doubling, and whether its interval holds the true one; a third censored."""
    slope, n, seed = job
    rng = np.random.default_rng([seed, n, round(10 * slope), 77])
    x = rng.normal(0, SPREAD, n)
    event = rng.exponential(np.exp(slope * x))
    end = rng.exponential(2.0, n)
    found = cox_ratio("RD", "doubling", x, np.ceil(20 * np.minimum(event, end)), event <= end)
    low, high = (math.log(v) if v else side for v, side in ((found.low, -math.inf), (found.high, math.inf)))
    return math.log(found.ratio), low <= -slope <= high


def section(n_studies: int, first_seed: int, mapper: Mapper) -> str:
    """Return the section as Markdown."""
    seeds = range(first_seed, first_seed + n_studies)
    return (
        "## Response along the density\n\n"
        + paragraph(
            f"{n_studies:,} studies a row, so the SE of a coverage near 95 % is "
            f"{percent(math.sqrt(0.0475 / n_studies), 1)}. True densities are log-normal around 40,000 with 0.4 dex. "
            "Outcomes follow a logistic law of the true density. Nothing here uses the program's own models."
        )
        + _outcomes(seeds, mapper)
        + _hazards(seeds, mapper)
    )


def _outcomes(seeds: Sequence[int], mapper: Mapper) -> str:
    rows = []
    for ward in WARDS:
        for n in SIZES:
            found = np.array(list(mapper(study, [(ward, n, seed) for seed in seeds])), dtype=float)
            slope = np.nanmedian(found[:, 0])
            odds, area = (percent(float(found[:, k].mean()), 1) for k in (1, 2))
            cut, youden = (percent(float(np.nanmean(found[:, k])), 1) for k in (3, 4))
            here, elsewhere = (f"{np.nanmean(found[:, k]):+.2f}" for k in (5, 6))
            is_open = percent(float(np.nanmean(found[:, 7])), 0)
            closed = closed_ones_covered(found[:, 3], found[:, 7])
            rows.append(
                (
                    ward.name,
                    n,
                    f"{math.exp(slope):.2f}",
                    odds,
                    area,
                    cut,
                    is_open,
                    closed,
                    youden,
                    here,
                    elsewhere,
                )
            )
    head = (
        "patients", "n", "odds ratio, middle", "covered", "area covered", "best cut covered", "of them open",
        "closed ones covered", "its Youden index elsewhere, covered", "bias in these patients", "bias as reported for others",
    )  # fmt: skip
    return (
        "### Odds, area and the best cut\n\n"
        + paragraph(
            "The interval of the cut is compared with Youden's cut of the true law; its index is compared "
            "with the index of the same cut in all patients. If the outcome does not depend on the density, any cut is as good "
            "as another, so the interval is open in most studies. An open interval counts as covering; *closed ones covered* "
            "leaves them out (k of n where fewer than 100 are closed). Without a relation they are closed by chance alone. Studies in which a low density was related to the outcome "
            "report no cut and are not in its columns. The last two columns: sensitivity + specificity − 1 of the best cut, less the truth."
        )
        + table(head, rows)
        + "\n"
    )


def closed_ones_covered(holds: NDArray[np.float64], is_open: NDArray[np.float64]) -> str:
    """Return the share of closed intervals that hold the truth, in words; k of n where fewer than 100 are closed."""
    inside = holds[is_open == 0]
    if inside.size < 100:
        return f"{int(inside.sum())} of {inside.size}"
    return percent(float(inside.mean()), 1)


def _hazards(seeds: Sequence[int], mapper: Mapper) -> str:
    rows = []
    for slope in HAZARDS:
        for n in SIZES[:3]:
            found = np.array(list(mapper(hazard_covers, [(slope, n, seed) for seed in seeds])), dtype=float)
            middle = f"{math.exp(float(np.median(found[:, 0]))):.2f}"
            rows.append((f"{math.exp(-slope):.2f}", n, middle, percent(float(found[:, 1].mean()), 1)))
    return "### Hazard of progression per doubling\n\n" + table(
        ("true hazard ratio", "n", "middle", "covered"), rows
    )
