"""The cut with the highest Youden index, its interval, and its expected performance in other patients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.numbers import LEVEL, Floats, Mask
from pipeline.response.statistics.cuts.fieller import cut_interval
from pipeline.response.statistics.cuts.firth import firth_lines
from pipeline.response.statistics.cuts.roc import Area, youden_interval
from pipeline.response.statistics.true_values import BELOW, MEASURED, LawInfluence

HOW_CHOSEN: Final = (
    "where the odds by Firth's logistic regression are those of all patients, which is Youden's cut of that "
    "curve; interval of Fieller's kind from the influence of each patient; corrected: patients left out of "
    "each bootstrap sample, cut and direction found again"
)
FIXED: Final = "given beforehand, so nothing is corrected; interval of Newcombe (1998, method 10)"
OF_LEFT_OUT: Final = 0.632
"""Share of the patients in a bootstrap sample on average, 1 − 1/e: the smallest weight of the patients left
out. Arithmetic."""

_FEWEST_OUT: Final = 1
"""A bootstrap sample counts if it leaves out so many patients with, and without, the outcome. Arithmetic."""
BOOTSTRAP_SAMPLES: Final = 200
"""Bootstrap samples for the correction of a cut. Convention: as many as give a standard error (Efron &
Tibshirani 1993); the cut itself does not depend on them."""


@dataclass(frozen=True, slots=True)
class DensityCut:
    """A cut of a density, with its sensitivity and specificity.

    Attributes
    ----------
    cut, low, high
        The cut and its interval, in the unit of the density; None where not known, or open on that side.
    sensitivity, specificity
        Share of patients with the outcome who are at or above the cut, and share of those without who are
        below it.
    youden
        Youden's index, sensitivity + specificity − 1: 0 for a useless cut, 1 for complete separation.
    corrected, corrected_low, corrected_high
        Youden's index expected in other patients, with its interval.
    n_open
        Patients whose limit of quantification leaves the side open: they count in neither share.
    n_with, n_without
        Number of patients with, and without, the outcome whose side is known.
    """

    name: str
    n: int
    n_events: int
    cut: float | None
    low: float | None = None
    high: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None
    youden: float | None = None
    corrected: float | None = None
    corrected_low: float | None = None
    corrected_high: float | None = None
    n_open: int = 0
    n_with: int = 0
    n_without: int = 0
    level: float = LEVEL
    method: str = ""
    note: str = ""


def sides(value: Floats, kind: NDArray[np.int_], cut: float | Floats) -> tuple[Mask, Mask]:
    """Return two masks: certainly at or above the cut, and certainly below. A limit may leave both False."""
    above = np.asarray((value >= cut) & (kind != BELOW))
    below = np.where(kind == MEASURED, value < cut, (kind == BELOW) & (value <= cut))
    return above, np.asarray(below)


def fixed_cut(name: str, cut: float, value: ArrayLike, kind: ArrayLike, outcome: ArrayLike) -> DensityCut:
    """Return the performance of a cut chosen beforehand. It needs no correction for optimism.

    Parameters
    ----------
    cut, value
        The cut, and the measured values or limits of shape (n,), on the same scale.
    kind, outcome
        As in `pipeline.response.statistics.cuts.roc.pair_wins`.
    """
    y = np.asarray(outcome, bool)
    above, below = sides(np.asarray(value, float), np.asarray(kind, int), cut)
    result = _shares(DensityCut(name, y.size, int(y.sum()), cut, method=FIXED), above, below, y)
    if result.youden is None or result.sensitivity is None or result.specificity is None:
        return result
    low, high = youden_interval(result.sensitivity, result.specificity, result.n_with, result.n_without)
    return replace(result, corrected=result.youden, corrected_low=low, corrected_high=high)


def best_cut(
    name: str,
    value: ArrayLike,
    kind: ArrayLike,
    expected: ArrayLike,
    outcome: ArrayLike,
    area: Area,
    *,
    seed: int,
    law: LawInfluence | None = None,
    n_samples: int = BOOTSTRAP_SAMPLES,
    level: float = LEVEL,
) -> tuple[DensityCut, Area]:
    """Return the best cut with its interval and its performance in other patients; and the corrected area.

    The cut solves logit p(x) = logit of the share with the outcome: there the densities of both groups are
    equal, so sensitivity + specificity is highest (Youden 1950,
    doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3). It uses all patients, so it varies far
    less than the best of the observed values. Its interval holds the x for which a + b x − logit share is 0
    within z standard errors (Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x), these from each patient's
    influence with leverage (MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7). Without a trend it is
    open. Expected true values are estimates themselves where densities have errors or limits: `law` adds each
    patient's influence on them. The index is too high in the patients in whom the cut was chosen, so
    `corrected` comes from the patients left out of bootstrap samples (Efron 1983,
    doi:10.1080/01621459.1983.10477973).

    Parameters
    ----------
    value, kind, outcome
        As in `fixed_cut`.
    expected
        Expected true value of each patient; for a limit it lies beyond the limit: shape (n,).
    law
        How each patient moves these values; None: they are known without error.
    seed, n_samples
        Seed and number of bootstrap samples, drawn separately among patients with and without the outcome.
    """
    w, side = np.asarray(value, float), np.asarray(kind, int)
    x, y = np.asarray(expected, float), np.asarray(outcome, bool)
    middle, scale = float(x.mean()), float(x.std())
    z = (x - middle) / scale
    weights = np.vstack([np.ones(y.size), _resampled(y, seed, n_samples)])
    a, b = firth_lines(z, y.astype(float), weights)
    events = (weights * y).sum(axis=1)
    shift = a - np.log(events / (weights.sum(axis=1) - events))
    with np.errstate(divide="ignore", invalid="ignore"):
        cuts = np.clip(-shift / b, z.min(), z.max()) * scale + middle
    above, below = sides(w[np.newaxis], side[np.newaxis], cuts[:, np.newaxis])
    up = (b >= 0)[:, np.newaxis]
    yes, no = np.where(up, above, below), np.where(up, below, above)
    empty = DensityCut(name, y.size, int(y.sum()), None, level=level, method=HOW_CHOSEN)
    if b[0] <= 0:
        note = "in these patients a low density goes with the outcome, so no cut for a high one is given"
        return replace(empty, note=note), _corrected_area(w, side, y, weights, b, area)
    result = _shares(replace(empty, cut=float(cuts[0])), above[0], below[0], y)
    low, high, note = cut_interval(x, y, float(a[0]), float(b[0]), law=law, level=level)
    result = replace(result, low=low, high=high, note=result.note or note)
    out = weights[1:] == 0
    left_out = _left_out_shares(out, yes[1:], no[1:], y)
    if left_out is not None:
        weighted = _between(result, left_out)
        ends_of = youden_interval(*weighted, int(y.sum()), int((~y).sum()), level=level)
        result = replace(
            result,
            corrected=weighted[0] + weighted[1] - 1,
            corrected_low=ends_of[0],
            corrected_high=ends_of[1],
        )
    return result, _corrected_area(w, side, y, weights, b, area)


def _shares(cut: DensityCut, above: Mask, below: Mask, y: Mask) -> DensityCut:
    placed = above | below
    with_it, without = int((placed & y).sum()), int((placed & ~y).sum())
    n_open = int((~placed).sum())
    if not with_it or not without:
        return replace(
            cut, n_open=n_open, note="the limits leave nobody with, or nobody without, the outcome"
        )
    sensitivity, specificity = int((above & y).sum()) / with_it, int((below & ~y).sum()) / without
    youden = sensitivity + specificity - 1
    return replace(
        cut,
        sensitivity=sensitivity,
        specificity=specificity,
        youden=youden,
        n_open=n_open,
        n_with=with_it,
        n_without=without,
    )


def _resampled(y: Mask, seed: int, n_samples: int) -> Floats:
    """Return how many times each patient is in each bootstrap sample: shape (n_samples, n)."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((n_samples, y.size))
    for group in (np.flatnonzero(y), np.flatnonzero(~y)):
        drawn = rng.integers(0, group.size, (n_samples, group.size))
        for sample in range(n_samples):
            weights[sample, group] = np.bincount(drawn[sample], minlength=group.size)
    return weights


def _left_out_shares(out: Mask, yes: Mask, no: Mask, y: Mask) -> tuple[float, float] | None:
    """Return sensitivity and specificity in the patients left out, averaged over bootstrap samples."""
    shares = []
    for hit, of in ((yes, y), (no, ~y)):
        placed = out & (yes | no) & of
        n = placed.sum(axis=1)
        counts = n >= _FEWEST_OUT
        if not counts.any():
            return None
        shares.append(float(np.mean((hit & placed).sum(axis=1)[counts] / n[counts])))
    return shares[0], shares[1]


def _between(result: DensityCut, left_out: tuple[float, float]) -> tuple[float, float]:
    """Return sensitivity and specificity, weighted between these patients and those left out.

    Patients left out are judged by a cut from 63 % of the patients, so the result is somewhat too poor. Its
    weight rises with the drop of the index (the .632+ rule of Efron & Tibshirani 1997,
    doi:10.1080/01621459.1997.10474007; a useless cut has an index of 0).
    """
    apparent, validated = result.youden or 0.0, sum(left_out) - 1
    lost = 1.0 if validated <= 0 or apparent <= 0 else min(max((apparent - validated) / apparent, 0.0), 1.0)
    weight = OF_LEFT_OUT / (1 - (1 - OF_LEFT_OUT) * lost)
    shares = (result.sensitivity or 0.0, result.specificity or 0.0)
    sensitivity, specificity = (
        (1 - weight) * of_all + weight * of_left_out
        for of_all, of_left_out in zip(shares, left_out, strict=True)
    )
    return sensitivity, specificity


def _corrected_area(
    w: Floats, side: NDArray[np.int_], y: Mask, weights: Floats, b: Floats, area: Area
) -> Area:
    """Return the area, with its value expected if its direction came from other patients."""
    from pipeline.response.statistics.cuts.roc import pair_wins

    if area.note:  # groups that do not overlap would look as good in each sample
        return area
    wins, _ = pair_wins(w, side, y)
    areas = []
    for sample in range(1, len(weights)):
        out = weights[sample] == 0
        rows, columns = out[y], out[~y]
        if rows.any() and columns.any():
            auc = float(wins[rows][:, columns].mean())
            areas.append(auc if b[sample] >= 0 else 1 - auc)
    return replace(area, corrected=float(np.mean(areas))) if areas else area
