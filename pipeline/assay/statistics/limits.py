"""LoB, LoD and LoQ from replicates of blanks and dim material, as in CLSI EP17-A2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from calibration.numbers import LEVEL, Z_95_ONE_SIDED
from pipeline.assay.statistics.moments import GOAL_PERCENT, TooFewError, mean, pooled_sd
from pipeline.study.wording import counted

FEWEST_BLANKS, FEWEST_LOW = 4, 4
"""Fewest results for a limit. Convention: with fewer, the SD is uncertain by a factor of two or more."""

ENOUGH_RESULTS = 60
"""Number of results of blanks, and of dim material, that EP17-A2 requires. Source: CLSI EP17-A2."""


@dataclass(frozen=True, slots=True)
class LowMaterial:
    """A dim material: its mean, and the CV of its results over all runs and days in percent."""

    name: str
    n: int
    mean: float
    cv_percent: float | None


@dataclass(frozen=True, slots=True)
class AssayLimits:
    """Limits in molecules per cell; None where not known, with the reason in `why`.

    Attributes
    ----------
    lob
        Limit of blank: 95 % of the results of blanks lie below.
    lob_by_rank
        Whether it is the 95 % rank of the results (60 or more of them), else mean + c·SD.
    lod
        Limit of detection: 95 % of the results of a material with this density are above the LoB.
    loq
        Limit of quantification: mean of the dimmest material whose CV, like that of all brighter ones, meets
        the goal.
    """

    n_blank: int
    n_low: int
    blank_mean: float
    blank_sd: float
    lob: float
    lob_by_rank: bool
    lod: float | None
    loq: float | None
    goal_percent: float
    low: tuple[LowMaterial, ...]
    why: tuple[str, ...] = ()


def detection_limits(
    blanks: Sequence[Sequence[float]],
    low: Sequence[tuple[str, Sequence[float]]],
    *,
    goal_percent: float = GOAL_PERCENT,
) -> AssayLimits:
    """Return LoB, LoD and LoQ from replicate results.

    LoB = M_B + c_B·SD_B, LoD = LoB + c_L·SD_L with c = 1.645 / (1 − 1 / (4·f)), f degrees of freedom of
    the SD; from 60 blanks on the LoB is their 95 % rank (CLSI EP17-A2; Armbruster, Pry 2008, PMID 18852857).

    Parameters
    ----------
    blanks
        Results of each blank material, molecules per cell; they may be below zero.
    low
        (name, results) of each dim material; replicates over runs and days.
    goal_percent
        Largest CV of a quantitative result.

    Raises
    ------
    TooFewError
        Fewer than four results of blanks.
    """
    results = sorted(value for group in blanks for value in group)
    if len(results) < FEWEST_BLANKS:
        raise TooFewError(
            f"found {counted(len(results), 'result')} of blanks, expected {FEWEST_BLANKS} or more"
        )
    size, freedom = pooled_sd(blanks)
    if freedom < FEWEST_BLANKS - 1:
        raise TooFewError("found one result of each blank, expected replicates of one")
    by_rank = len(results) >= ENOUGH_RESULTS
    lob = _rank(results) if by_rank else max(map(mean, blanks)) + _factor(freedom) * size
    why = []
    if len(results) < ENOUGH_RESULTS:
        why.append(f"{len(results)} results of blanks; EP17-A2 asks for {ENOUGH_RESULTS}")
    dim_size, dim_freedom = pooled_sd([values for _, values in low])
    n_low = sum(len(values) for _, values in low)
    lod = None
    if dim_freedom >= FEWEST_LOW - 1:
        lod = lob + _factor(dim_freedom) * dim_size
        if n_low < ENOUGH_RESULTS:
            why.append(f"{n_low} results of dim material; EP17-A2 asks for {ENOUGH_RESULTS}")
    else:
        why.append("no LoD and no LoQ: fewer than four replicates of dim material")
    materials = tuple(
        sorted((_material(name, values) for name, values in low), key=lambda material: material.mean)
    )
    loq = None if lod is None else _loq(materials, lod, goal_percent)
    if lod is not None and loq is None:
        why.append(f"no LoQ: no dim material above the LoD meets a CV of {goal_percent:g} %")
    return AssayLimits(
        len(results), n_low, mean(results), size, lob, by_rank, lod, loq, goal_percent, materials, tuple(why)
    )


def _factor(freedom: int) -> float:
    return Z_95_ONE_SIDED / (1 - 1 / (4 * freedom))


def _rank(results: Sequence[float]) -> float:
    """Return the value at rank 0.5 + 0.95·n, between its neighbours in proportion (CLSI EP17-A2)."""
    rank = 0.5 + LEVEL * len(results) - 1
    below = min(math.floor(rank), len(results) - 2)
    return results[below] + (rank - below) * (results[below + 1] - results[below])


def _material(name: str, values: Sequence[float]) -> LowMaterial:
    size, freedom = pooled_sd([values])
    middle = mean(values)
    has_cv = freedom > 0 and middle > 0
    return LowMaterial(name, len(values), middle, 100 * size / middle if has_cv else None)


def _loq(materials: Sequence[LowMaterial], lod: float, goal: float) -> float | None:
    """Return the mean of the dimmest material that meets the goal, if all brighter replicated ones do too."""
    loq = None
    for material in reversed(materials):
        if material.cv_percent is None:
            continue
        if material.mean < lod or material.cv_percent > goal:
            break
        loq = material.mean
    return loq
