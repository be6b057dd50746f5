"""Replicates of one patient and visit, pooled on the log scale."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.density.budget import CELL_TERMS, BudgetTerm
from calibration.density.result import RdStatus, ReceptorDensity, known_to_exceed
from calibration.numbers import Z_95

NUMBERS = (RdStatus.OK, RdStatus.ABOVE_ULOQ_EXTRAPOLATED, RdStatus.BELOW_LLOQ)


@dataclass(frozen=True, slots=True)
class PooledDensity:
    """Replicates as one number.

    Attributes
    ----------
    status
        Of the pool: as its members where they agree, else what the pooled number is by the members' limits.
    n_samples, n_pooled
        Replicates, and those with a number or a bound.
    rd, rd_low, rd_high
        Geometric mean of the numbers with its 95 % interval; all below the LLOQ: the mean of signed
        estimates.
    between_cv_percent
        Geometric CV between replicates, where at least two have numbers above the LLOQ.
    lloq, uloq
        The strictest: highest LLOQ, lowest ULOQ.
    flags, notes
        Of all members, each once, and what was mixed.
    """

    status: RdStatus
    n_samples: int
    n_pooled: int
    rd: float | None = None
    rd_low: float | None = None
    rd_high: float | None = None
    between_cv_percent: float | None = None
    lloq: float | None = None
    uloq: float | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def pool_receptor_densities(
    members: Sequence[ReceptorDensity], *, n_runs: int | None = None
) -> PooledDensity:
    """Pool replicates.

    Above the LLOQ: geometric mean. All below: the mean of the signed estimates, status `BELOW_LLOQ`. Mixed:
    the mean of all estimates on the linear scale, since a signed estimate has no logarithm, and a note says
    so. A member above the ULOQ makes the pool right-censored.

    Errors that replicates share (curve, lot, F:P) do not average out: the interval is as wide as the members'
    own on average, shrunk only by the part that is each tube's own.

    Parameters
    ----------
    members
        Replicates, any status; shape (n,), n ≥ 1.
    n_runs
        Bead runs that they were calibrated with; None: one each. What differs between runs averages
        over these.

    Raises
    ------
    ValueError
        No members.
    """
    if not members:
        raise ValueError("There are no replicates to pool: at least one receptor density is needed.")
    if len(members) == 1:
        return _single(members[0])
    numbers = [m for m in members if m.status in NUMBERS and m.rd is not None]
    above = [m for m in members if m.status is RdStatus.ABOVE_ULOQ]
    frame = _frame(members, len(numbers) + len(above))
    if above:
        return _censored(frame, above, len(members))
    if not numbers:
        return frame
    return _pooled(frame, numbers, min(n_runs or len(numbers), len(numbers)))


def _single(member: ReceptorDensity) -> PooledDensity:
    counted = int(member.status in NUMBERS or member.status is RdStatus.ABOVE_ULOQ)
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
    )


def _frame(members: Sequence[ReceptorDensity], n_pooled: int) -> PooledDensity:
    """Limits, flags and notes of all; the status of the first member until there is a number."""
    flags = tuple(dict.fromkeys(f for m in members for f in m.flags))
    notes = tuple(dict.fromkeys(n for m in members for n in m.notes))
    left_out = len(members) - n_pooled
    if left_out and n_pooled:
        notes = (
            *notes,
            f"{left_out} of {len(members)} replicates have no receptor density and are not pooled.",
        )
    return PooledDensity(
        members[0].status,
        len(members),
        n_pooled,
        lloq=max((m.lloq for m in members if m.lloq is not None), default=None),
        uloq=min((m.uloq for m in members if m.uloq is not None), default=None),
        flags=flags,
        notes=notes,
    )


def _censored(frame: PooledDensity, above: Sequence[ReceptorDensity], n: int) -> PooledDensity:
    note = f"{len(above)} of {n} replicates are above the range: the pool is known only to exceed it."
    bound = min((bound for m in above if (bound := known_to_exceed(m)) is not None), default=None)
    return _replaced(frame, RdStatus.ABOVE_ULOQ, None, bound, None, None, (*frame.notes, note))


def _pooled(frame: PooledDensity, numbers: Sequence[ReceptorDensity], n_runs: int) -> PooledDensity:
    rd = np.array([m.rd for m in numbers], dtype=np.float64)
    below = np.array([m.status is RdStatus.BELOW_LLOQ for m in numbers])
    notes = frame.notes
    if below.any() and not below.all():
        notes = (
            *notes,
            f"{below.sum()} of {below.size} pooled replicates are below the LLOQ: the mean is linear.",
        )
    on_log = not below.any() and bool(np.all(rd > 0))
    center = float(np.exp(np.mean(np.log(rd)))) if on_log else float(np.mean(rd))
    low, high = _interval(numbers, rd, center, n_runs, on_log=on_log)
    between = float(100 * np.sqrt(np.expm1(np.var(np.log(rd), ddof=1)))) if on_log and rd.size > 1 else None
    return _replaced(frame, _status(center, numbers, frame), center, low, high, between, notes)


def _status(center: float, numbers: Sequence[ReceptorDensity], frame: PooledDensity) -> RdStatus:
    kinds = {m.status for m in numbers}
    if len(kinds) == 1:
        return kinds.pop()
    if frame.lloq is not None and center < frame.lloq:
        return RdStatus.BELOW_LLOQ
    if frame.uloq is not None and center > frame.uloq:
        return RdStatus.ABOVE_ULOQ_EXTRAPOLATED
    return RdStatus.OK


def _interval(
    numbers: Sequence[ReceptorDensity], rd: np.ndarray, center: float, n_runs: int, *, on_log: bool
) -> tuple[float, float]:
    """Shared part once, own part over n; between-replicate scatter where it is larger than the own part."""
    low = np.array([m.rd_low if m.rd_low is not None else m.rd for m in numbers], dtype=np.float64)
    high = np.array([m.rd_high if m.rd_high is not None else m.rd for m in numbers], dtype=np.float64)
    if on_log and np.all(low > 0):
        sd = float(np.mean((np.log(high) - np.log(low)) / (2 * Z_95)))
        scatter = float(np.std(np.log(rd), ddof=1)) if rd.size > 1 else 0.0
        half = Z_95 * _pooled_sd(numbers, sd, scatter, n_runs)
        return center * float(np.exp(-half)), center * float(np.exp(half))
    sd = float(np.mean((high - low) / (2 * Z_95)))
    scatter = float(np.std(rd, ddof=1)) if rd.size > 1 else 0.0
    half = Z_95 * _pooled_sd(numbers, sd, scatter, n_runs)
    return center - half, center + half


def _pooled_sd(numbers: Sequence[ReceptorDensity], sd: float, scatter: float, n_runs: int) -> float:
    own = _share(numbers, CELL_TERMS)
    between = _share(numbers, {BudgetTerm.BETWEEN_RUNS})
    if n_runs == len(numbers):
        own, between = own + between, 0.0
    each = max(own * sd**2, scatter**2)
    shared = (1 - own - between + between / n_runs) * sd**2
    return float(np.sqrt(shared + each / len(numbers)))


def _share(numbers: Sequence[ReceptorDensity], terms: Collection[BudgetTerm]) -> float:
    shares = [sum(t.share for t in m.budget if t.name in terms) for m in numbers if m.budget]
    return float(np.mean(shares)) if shares else 0.0


def _replaced(
    frame: PooledDensity,
    status: RdStatus,
    rd: float | None,
    low: float | None,
    high: float | None,
    between: float | None,
    notes: tuple[str, ...],
) -> PooledDensity:
    from dataclasses import replace

    return replace(
        frame, status=status, rd=rd, rd_low=low, rd_high=high, between_cv_percent=between, notes=notes
    )
