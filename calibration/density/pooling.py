"""Replicates of one patient and visit, pooled on the log scale."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.density.between_runs import PRIOR_FREEDOM, TYPED_CV_FREEDOM, joined_variance
from calibration.density.budget import CELL_TERMS, VISIT_TERMS, BetweenRunSource, BudgetTerm
from calibration.density.replicates import Gap, has_estimate, status_without_number, widest_gap
from calibration.density.result import PooledDensity, RdStatus, ReceptorDensity, known_to_exceed
from calibration.numbers import LEAST_VARIANCE, Z_95, Floats
from calibration.rounding import rounded_record

FARTHEST_SDS = 12.0
"""The ends of an interval are searched up to this many SDs. Arithmetic: no 95 % interval is so wide."""

HALVINGS = 60
"""Number of bisections to find a root. Arithmetic: it is then exact to the last digit."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """Replicates of one bead run (or one tube, where all are of one run) as one number on a scale."""

    value: float
    own: float
    shared: float


def pool_receptor_densities(
    members: Sequence[ReceptorDensity], *, n_runs: int | None = None, runs: Sequence[Hashable] | None = None
) -> PooledDensity:
    """Pool replicates.

    Above the LLOQ: geometric mean. One below it: the mean of the signed estimates on the linear scale, since
    these have no logarithm. They are not cut off at zero, so their mean is not biased. A member above the
    ULOQ counts with the probability that it lies there. Two members that differ more than any plausible error
    (`widest_gap`) are not averaged: `REPLICATES_DISAGREE`, without a number.

    Tubes of one bead run share its curve and its difference from other runs. So the tubes of each run are
    averaged first, and then the means of the runs. Lot, F:P and the split of the clone do not average out.
    The variance of the averaged values is combined with their scatter (`joined_variance`). A CV between runs
    counts for 20 degrees of freedom if it was typed or estimated, else for less than one. The scatter makes
    the variance smaller only if the CV is assumed.

    Parameters
    ----------
    members
        Replicates, any status; shape (n,), n ≥ 1.
    n_runs
        Number of their bead runs, members spread evenly, if `runs` is not given. None: one run per member.
    runs
        The bead run of each member, shape (n,).

    Raises
    ------
    ValueError
        No members, or runs of another number.
    """
    if not members:
        raise ValueError("There are no replicates to pool: at least one receptor density is needed.")
    if runs is not None and len(runs) != len(members):
        raise ValueError(f"{len(members)} replicates, but {len(runs)} bead runs: give one per replicate.")
    if len(members) == 1:
        return _single(members[0])
    which = runs if runs is not None else [i % (n_runs or len(members)) for i in range(len(members))]
    numbers = [(m, run) for m, run in zip(members, which, strict=True) if has_estimate(m)]
    above = [m for m in members if m.status is RdStatus.ABOVE_ULOQ]
    frame = _frame(members, len(numbers) + len(above))
    gap = widest_gap(members)
    if gap is not None and gap.is_contradiction:
        return _contradicting(frame, gap)
    if above:
        return _with_bounds(frame, numbers, above)
    if not numbers:
        return frame
    return _pooled(frame, numbers)


def _single(member: ReceptorDensity) -> PooledDensity:
    counted = int(has_estimate(member) or member.status is RdStatus.ABOVE_ULOQ)
    return PooledDensity(
        member.status,
        1,
        counted,
        member.rd,
        member.rd_low,
        member.rd_high,
        None,
        member.lloq,
        member.uloq,
        member.flags,
        member.notes,
        member.between_run_cv,
        member.between_run_from,
    )


def _frame(members: Sequence[ReceptorDensity], n_pooled: int) -> PooledDensity:
    """Return the limits, flags and notes of all; the status is that of the tube nearest to a number."""
    flags = tuple(dict.fromkeys(f for m in members for f in m.flags))
    notes = tuple(dict.fromkeys(n for m in members for n in m.notes))
    left_out = len(members) - n_pooled
    if left_out and n_pooled:
        sentence = f"{left_out} of {len(members)} replicates have no receptor density and are not pooled."
        notes = (*notes, sentence)
    # one above the range has no interval into which the replicates' scatter could go
    widest = max(members, key=lambda member: (has_estimate(member), member.between_run_cv))
    return PooledDensity(
        status_without_number(members),
        len(members),
        n_pooled,
        lloq=max((m.lloq for m in members if m.lloq is not None), default=None),
        uloq=min((m.uloq for m in members if m.uloq is not None), default=None),
        flags=flags,
        notes=notes,
        between_run_cv=widest.between_run_cv,
        between_run_from=widest.between_run_from,
    )


def _contradicting(frame: PooledDensity, gap: Gap) -> PooledDensity:
    more = "more than " if gap.is_bound else ""
    note = (
        f"The replicates contradict each other: {gap.low:,.4g} and {more}{gap.high:,.4g} lie {gap.sds:.0f} "
        "SDs of their difference apart. They are not averaged. Were tubes or controls exchanged? Without the "
        "wrong tube in the samples sheet the visit has a number again."
    )
    return replace(frame, status=RdStatus.REPLICATES_DISAGREE, notes=(*frame.notes, note))


def _pooled(frame: PooledDensity, numbers: Sequence[tuple[ReceptorDensity, Hashable]]) -> PooledDensity:
    members = [member for member, _ in numbers]
    rd = np.array([m.rd for m in members], dtype=np.float64)
    below = np.array([m.status is RdStatus.BELOW_LLOQ for m in members])
    notes = frame.notes
    if below.any() and not below.all():
        notes = (
            *notes,
            f"{below.sum()} of {below.size} pooled replicates are below the LLOQ: the mean is linear.",
        )
    all_above = not below.any() and bool(np.all(rd > 0))
    on_log = all_above and all(m.rd_low is None or m.rd_low > 0 for m in members)
    mean, sd = _mean_and_sd(_units(numbers, on_log=on_log), frame)
    if on_log:
        center, low, high = (float(np.exp(end)) for end in (mean, mean - Z_95 * sd, mean + Z_95 * sd))
    else:
        center = float(np.exp(np.mean(np.log(rd)))) if all_above else mean
        low, high = center - Z_95 * sd, center + Z_95 * sd
    between = (
        float(100 * np.sqrt(np.expm1(np.var(np.log(rd), ddof=1)))) if all_above and rd.size > 1 else None
    )
    status = _status(center, {m.status for m in members}, frame)
    return replace(
        frame, status=status, rd=center, rd_low=low, rd_high=high, between_cv_percent=between, notes=notes
    )


def _status(center: float, kinds: Collection[RdStatus], frame: PooledDensity) -> RdStatus:
    if len(kinds) == 1:
        return next(iter(kinds))
    if frame.lloq is not None and center < frame.lloq:
        return RdStatus.BELOW_LLOQ
    if frame.uloq is not None and center > frame.uloq:
        return RdStatus.ABOVE_ULOQ_EXTRAPOLATED
    return RdStatus.OK


def _prior_freedom(frame: PooledDensity) -> float:
    is_known = frame.between_run_from in (BetweenRunSource.TYPED, BetweenRunSource.ESTIMATED)
    return TYPED_CV_FREEDOM if is_known else PRIOR_FREEDOM


def _units(numbers: Sequence[tuple[ReceptorDensity, Hashable]], *, on_log: bool) -> list[_Unit]:
    """Return the units to average, sorted by value: the mean of each run, or each tube of a single run."""
    several = len({run for _, run in numbers}) > 1
    by_run: dict[Hashable, list[ReceptorDensity]] = {}
    for number, (member, run) in enumerate(numbers):
        by_run.setdefault(run if several else number, []).append(member)
    units = [_unit(tubes, on_log=on_log, several=several) for tubes in by_run.values()]
    return sorted(units, key=lambda unit: (unit.value, unit.own))


def _unit(tubes: Sequence[ReceptorDensity], *, on_log: bool, several: bool) -> _Unit:
    values = sorted(float(np.log(m.rd or 1.0)) if on_log else m.rd or 0.0 for m in tubes)
    variances = [(_variance(m, on_log=on_log), m) for m in tubes]
    cells = sum(v * _share(m, CELL_TERMS) for v, m in variances) / len(tubes)
    common = sum(v * _share(m, VISIT_TERMS, unknown=1.0) for v, m in variances) / len(tubes)
    run = max(sum(v for v, _ in variances) / len(tubes) - cells - common, 0.0)
    own = cells / len(tubes) + (run if several else 0.0)
    return _Unit(sum(values) / len(values), own, common + (0.0 if several else run))


def _variance(member: ReceptorDensity, *, on_log: bool) -> float:
    low = member.rd_low if member.rd_low is not None else member.rd or 0.0
    high = member.rd_high if member.rd_high is not None else member.rd or 0.0
    half = float(np.log(high) - np.log(low)) if on_log else high - low
    return (half / (2 * Z_95)) ** 2


def _share(member: ReceptorDensity, terms: Collection[BudgetTerm], unknown: float = 0.0) -> float:
    """Return the share of these terms; without a budget nothing is known to average out."""
    return sum(term.share for term in member.budget if term.name in terms) if member.budget else unknown


def _mean_and_sd(units: Sequence[_Unit], frame: PooledDensity) -> tuple[float, float]:
    values = [unit.value for unit in units]
    n = len(values)
    mean, shared = sum(values) / n, sum(unit.shared for unit in units) / n
    return mean, float(np.sqrt(shared + _joined(units, frame) / n))


def _joined(units: Sequence[_Unit], frame: PooledDensity) -> float:
    """Return the variance of one averaged unit: its own error joined with the observed scatter."""
    n, mean = len(units), sum(unit.value for unit in units) / len(units)
    own = sum(unit.own for unit in units) / n
    scatter = sum((unit.value - mean) ** 2 for unit in units) / (n - 1) if n > 1 else 0.0
    joined = joined_variance(scatter, n - 1, own, _prior_freedom(frame))
    return joined if frame.between_run_from is BetweenRunSource.ASSUMED else max(joined, own)


def _with_bounds(
    frame: PooledDensity,
    numbers: Sequence[tuple[ReceptorDensity, Hashable]],
    above: Sequence[ReceptorDensity],
) -> PooledDensity:
    """Pool numbers with members known only to exceed a bound: a censored likelihood on the log scale."""
    bounds = sorted(b for m in above if (b := known_to_exceed(m)) is not None)
    lead = f"{len(above)} of {frame.n_samples} replicates are above the range"
    usable = bool(bounds) and all((m.rd or 0) > 0 and (m.rd_low is None or m.rd_low > 0) for m, _ in numbers)
    if not numbers or not usable:
        note = f"{lead}: the pool is known only to exceed it."
        lowest = min(bounds, default=frame.uloq)
        return replace(frame, status=RdStatus.ABOVE_ULOQ, rd_low=lowest, notes=(*frame.notes, note))
    units = _units(numbers, on_log=True)
    spread = float(np.sqrt(max(_joined(units, frame), LEAST_VARIANCE)))
    shared = sum(unit.shared for unit in units) / len(units)
    mean, low, high = censored_mean([unit.value for unit in units], np.log(bounds), spread)
    reach = Z_95**2 * shared
    ends = (mean, mean - np.sqrt((mean - low) ** 2 + reach), mean + np.sqrt((high - mean) ** 2 + reach))
    rd, rd_low, rd_high = (float(np.exp(end)) for end in ends)
    note = f"{lead}: these count with the probability that they lie there, the others with their value."
    kinds = {RdStatus.ABOVE_ULOQ, *(m.status for m, _ in numbers)}
    pooled = replace(
        frame,
        status=_status(rd, kinds, frame),
        rd=rd,
        rd_low=rd_low,
        rd_high=rd_high,
        notes=(*frame.notes, note),
    )
    return rounded_record(pooled)


def censored_mean(
    values: Sequence[float], bounds: Sequence[float] | Floats, sd: float
) -> tuple[float, float, float]:
    """Return the likeliest mean and its 95 % profile interval; some values are known only to exceed a bound.

    log L(μ) = Σ log φ((x − μ)/σ) + Σ log Φ((μ − b)/σ) with σ known (Tobin 1958, doi:10.2307/1907382).

    Parameters
    ----------
    values, bounds
        Of the measured (at least one), and of those that exceed a bound, on one scale.
    sd
        Of one, above zero.

    Examples
    --------
    >>> [round(end, 3) for end in censored_mean([10.0], [10.0], 0.1)]
    [10.051, 9.897, 10.219]
    """
    from scipy.special import log_ndtr

    def minus(mean: float) -> float:
        numbers = float(sum(((x - mean) / sd) ** 2 for x in values)) / 2
        return float(numbers - sum(log_ndtr((mean - bound) / sd) for bound in bounds))

    def slope(mean: float) -> float:
        z = [(mean - bound) / sd for bound in bounds]
        hazards = sum(np.exp(-(u**2) / 2 - log_ndtr(u)) for u in z) / np.sqrt(2 * np.pi)
        return float(sum(x - mean for x in values) / sd + hazards)

    mean = _root(slope, min(values), max([*values, *bounds]) + FARTHEST_SDS * sd)
    top = minus(mean) + Z_95**2 / 2
    low = _root(lambda point: minus(point) - top, mean - FARTHEST_SDS * sd, mean)
    high = _root(lambda point: top - minus(point), mean, mean + FARTHEST_SDS * sd)
    return mean, low, high


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function is zero."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2
