"""The acceptance table of a standard curve: each row a figure, a verdict and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Verdict(StrEnum):
    """What a check says of a curve."""

    ACCEPT = "accept"
    WARN = "warn"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class CurveCheck:
    """One row of the acceptance table: what was found, what it means, in words."""

    name: str
    value: float
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class CurveLimits:
    """Thresholds of the acceptance table; fractions, not percent.

    `accept_*`: up to here accepted; `warn_*`: up to here a warning; beyond: rejected. `n_*` are events per
    bead: at least `n_accept` accepted, at least `n_warn` a warning (a bead of 200 may lose some as
    ambiguous).
    """

    accept_r2: float = 0.99
    warn_r2: float = 0.98
    accept_slope: tuple[float, float] = (0.90, 1.10)
    warn_slope: tuple[float, float] = (0.85, 1.15)
    accept_back: float = 0.10
    warn_back: float = 0.20
    reject_back_lowest: float = 0.25
    accept_ratio: float = 1.7
    warn_ratio: float = 2.5
    accept_rcv: float = 0.15
    accept_rcv_lowest: float = 0.25
    warn_rcv: float = 0.30
    accept_local_slope: tuple[float, float] = (0.8, 1.2)
    accept_history: float = 0.05
    warn_history: float = 0.10
    n_accept: int = 500
    n_warn: int = 150
    accept_detection: float = 2.0


@dataclass(frozen=True, slots=True)
class FittedBeads:
    """What the checks look at: fitted beads only, dim to bright; `back` is the back-calculated error.

    `autofluorescence` is the beads' own, added to the levels where the model has it.
    """

    medians: Floats
    levels: Floats
    back: Floats
    slope: float
    r2: float
    rcv: Floats | None = None
    n: Floats | None = None
    blank: float | None = None
    free_slope: float | None = None
    freedom: int = 1
    autofluorescence: float = 0.0


def worst(checks: Sequence[CurveCheck]) -> Verdict:
    """Return the worst verdict of a table; accept where it is empty."""
    order = list(Verdict)
    return max((c.verdict for c in checks), key=order.index, default=Verdict.ACCEPT)


def acceptance(
    beads: FittedBeads, limits: CurveLimits, history: Sequence[float] | None
) -> tuple[CurveCheck, ...]:
    """Every row that the data allow.

    Parameters
    ----------
    beads
        The fit.
    limits
        Thresholds.
    history
        Earlier medians of the top bead of this lot on this instrument and channel, or None.
    """
    rows = [
        _order(beads),
        _r2(beads, limits),
        _slope(beads, limits),
        _back(beads, limits),
        _ratio(beads, limits),
        _local_slope(beads, limits),
        _rcv(beads, limits),
        _events(beads, limits),
        _detection(beads, limits),
        _less_blank(beads, limits),
        _residual(beads),
        _history(beads, limits, history),
    ]
    return tuple(row for row in rows if row is not None)


def _graded(value: float, accept: float, warn: float) -> Verdict:
    """Grade a figure: the larger the worse, not a number is worst."""
    if value <= accept:
        return Verdict.ACCEPT
    return Verdict.WARN if value <= warn else Verdict.REJECT


def _order(b: FittedBeads) -> CurveCheck:
    steps = np.diff(b.medians) * np.diff(b.levels)
    wrong = int(np.sum(steps <= 0))
    if not wrong:
        return CurveCheck(
            "order", 0.0, Verdict.ACCEPT, "Brighter beads have higher assigned values throughout."
        )
    text = f"{wrong} neighbouring bead pairs stand in the wrong order: transposed lot values?"
    return CurveCheck("order", float(wrong), Verdict.REJECT, text)


def _r2(b: FittedBeads, lim: CurveLimits) -> CurveCheck:
    verdict = _graded(-b.r2, -lim.accept_r2, -lim.warn_r2)
    return CurveCheck("r2", b.r2, verdict, f"r² {b.r2:.5f} (accepted from {lim.accept_r2:g}).")


def _slope(b: FittedBeads, lim: CurveLimits) -> CurveCheck:
    slope = b.slope if b.free_slope is None else b.free_slope
    inside = lim.accept_slope[0] <= slope <= lim.accept_slope[1]
    nearly = lim.warn_slope[0] <= slope <= lim.warn_slope[1]
    verdict = Verdict.ACCEPT if inside else Verdict.WARN if nearly else Verdict.REJECT
    free = "" if b.free_slope is None else " if left free"
    low, high = lim.accept_slope
    return CurveCheck("slope", slope, verdict, f"Slope {slope:.4f}{free} (accepted {low:g} to {high:g}).")


def _back(b: FittedBeads, lim: CurveLimits) -> CurveCheck:
    size = np.abs(b.back)
    lowest = int(np.argmin(b.levels))
    reject = np.where(np.arange(size.size) == lowest, lim.reject_back_lowest, lim.warn_back)
    k = int(np.argmax(size))
    grades = [_graded(float(s), lim.accept_back, float(r)) for s, r in zip(size, reject, strict=True)]
    verdict = max(grades, key=list(Verdict).index)
    text = (
        f"Largest back-calculated error {100 * b.back[k]:+.1f} %, at the bead of {b.levels[k]:,.0f} "
        f"(accepted to {100 * lim.accept_back:g} %)."
    )
    return CurveCheck("back_calculated_error", float(size[k]), verdict, text)


def _ratio(b: FittedBeads, lim: CurveLimits) -> CurveCheck:
    log_ratio = np.log((b.levels + b.autofluorescence) / b.medians)
    worst_step = float(np.exp(np.max(np.abs(np.diff(log_ratio)))))
    verdict = _graded(worst_step, lim.accept_ratio, lim.warn_ratio)
    text = (
        f"Assigned value per MFI changes at most {worst_step:.2f}-fold from bead to bead "
        f"(accepted below {lim.accept_ratio:g})."
    )
    return CurveCheck("value_per_mfi", worst_step, verdict, text)


def _local_slope(b: FittedBeads, lim: CurveLimits) -> CurveCheck | None:
    """Curvature: the slope between neighbours; only a warning, since near neighbours make it noisy."""
    with np.errstate(divide="ignore", invalid="ignore"):
        local = np.diff(np.log(b.levels + b.autofluorescence)) / np.diff(np.log(b.medians))
    if local.size < 2 or not np.all(np.isfinite(local)):
        return None
    k = int(np.argmax(np.abs(local - 1)))
    low, high = lim.accept_local_slope
    verdict = Verdict.ACCEPT if low <= local[k] <= high else Verdict.WARN
    text = (
        f"Slope between neighbouring beads from {local.min():.3f} to {local.max():.3f} "
        f"(accepted {low:g} to {high:g})."
    )
    return CurveCheck("local_slope", float(local[k]), verdict, text)


def _rcv(b: FittedBeads, lim: CurveLimits) -> CurveCheck | None:
    if b.rcv is None:
        return None
    lowest = int(np.argmin(b.levels))
    accept = np.where(np.arange(b.rcv.size) == lowest, lim.accept_rcv_lowest, lim.accept_rcv)
    grades = [_graded(float(r), float(a), lim.warn_rcv) for r, a in zip(b.rcv, accept, strict=True)]
    k = int(np.argmax(b.rcv - accept))
    others = 100 * float(np.max(np.delete(b.rcv, lowest)))
    text = (
        f"Bead rCV up to {others:.1f} %, dimmest bead {100 * b.rcv[lowest]:.1f} % (accepted to "
        f"{100 * lim.accept_rcv:g} %, dimmest {100 * lim.accept_rcv_lowest:g} %)."
    )
    return CurveCheck("bead_rcv", float(b.rcv[k]), max(grades, key=list(Verdict).index), text)


def _events(b: FittedBeads, lim: CurveLimits) -> CurveCheck | None:
    if b.n is None:
        return None
    fewest = float(np.min(b.n))
    verdict = _graded(-fewest, -lim.n_accept, -lim.n_warn)
    text = (
        f"{fewest:.0f} events in the smallest bead population ({lim.n_warn} needed, {lim.n_accept} wanted)."
    )
    return CurveCheck("bead_events", fewest, verdict, text)


def _detection(b: FittedBeads, lim: CurveLimits) -> CurveCheck | None:
    """Check that the dimmest bead stands clear of the blank one, or its value carries the background."""
    if b.blank is None or b.autofluorescence > 0:
        return None
    dimmest = float(np.min(b.medians))
    ratio = dimmest / b.blank if b.blank > 0 else np.inf
    verdict = Verdict.ACCEPT if ratio >= lim.accept_detection else Verdict.WARN
    threshold = _read_amounts(b)[1]
    text = (
        f"Dimmest bead {dimmest:.4g}, blank {b.blank:.4g}: the blank is not in the fit and reads "
        f"{threshold:,.0f}, the threshold of detection on beads."
    )
    return CurveCheck("detection", float(ratio), verdict, text)


def _less_blank(b: FittedBeads, lim: CurveLimits) -> CurveCheck | None:
    """Read the beads as cells are read, less their background, which a line without the blank must not bend.

    An offset of the detector, or beads that shine by themselves, lift all beads alike: the straight line in
    log-log follows them and is then too steep, though its beads lie on it.
    """
    if b.blank is None:
        return None
    amount, blank = _read_amounts(b)
    off = (amount - blank) / b.levels - 1
    k = int(np.argmax(np.abs(off)))
    verdict = Verdict.ACCEPT if abs(off[k]) <= lim.accept_back else Verdict.WARN
    text = f"Less the blank, the bead of {b.levels[k]:,.0f} reads {100 * off[k]:+.1f} %"
    limit = f"(accepted to {100 * lim.accept_back:g} %)"
    hint = ": an offset, or light of the beads' own, bends the line; try curve_model autofluorescence"
    text = f"{text} {limit}{'' if verdict is Verdict.ACCEPT else hint}."
    return CurveCheck("less_blank", float(abs(off[k])), verdict, text)


def _read_amounts(b: FittedBeads) -> tuple[Floats, float]:
    """Return what the curve makes of each bead, and of the blank."""
    amount = b.levels * (1 + b.back) + b.autofluorescence
    dimmest, blank = int(np.argmin(b.medians)), b.blank or 0.0
    return amount, float(np.sign(blank) * amount[dimmest] * np.abs(blank / b.medians[dimmest]) ** b.slope)


def _residual(b: FittedBeads) -> CurveCheck | None:
    """Warn where nothing is left to judge the line by."""
    if b.freedom > 0:
        return None
    text = "As many parameters as beads: no residual is left to judge the fit by."
    return CurveCheck("degrees_of_freedom", float(b.freedom), Verdict.WARN, text)


def _history(b: FittedBeads, lim: CurveLimits, history: Sequence[float] | None) -> CurveCheck | None:
    earlier = np.array([h for h in history or () if h > 0], dtype=np.float64)
    if not earlier.size:
        return None
    usual = float(np.median(earlier))
    off = float(np.max(b.medians)) / usual - 1
    verdict = _graded(abs(off), lim.accept_history, lim.warn_history)
    few = ", provisional before 20 runs" if earlier.size < 20 else ""
    text = f"Top bead {100 * off:+.1f} % from the median of {earlier.size} earlier runs{few}."
    return CurveCheck("history", abs(off), verdict, text)
