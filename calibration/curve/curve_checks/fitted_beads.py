"""The checks of a fitted curve: each a figure of its beads, a verdict and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.curve.acceptance_limits import BeadLimit, CurveVerdict, Limit, around_one
from calibration.curve.table_rows import CheckedValue, CheckName, TableRow, worst_verdict
from calibration.numbers import Floats

SETTLED_HISTORY = 20
"""Number of earlier runs from which on their median is settled. Convention, as for Levey-Jennings charts."""


OF_THE_LINE = frozenset(
    {
        CheckName.R2,
        CheckName.SLOPE,
        CheckName.BACK_CALCULATED_ERROR,
        CheckName.VALUE_PER_MFI,
        CheckName.LOCAL_SLOPE,
        CheckName.DETECTION,
        CheckName.LESS_BLANK,
        CheckName.DEGREES_OF_FREEDOM,
    }
)
"""Checks of the fitted line; they have no meaning without assigned values."""


@dataclass(frozen=True, slots=True)
class FittedBeads:
    """The data of the checks: fitted beads only, dim to bright.

    Attributes
    ----------
    medians, levels
        MFI and assigned value of each.
    back
        Back-calculated error of each, a fraction.
    slope, r2
        Of the line.
    rcv, n
        Robust CV and events of each, where they are known.
    blank
        Median of the unstained bead, where there is one.
    free_slope
        The slope of a free fit, where the model holds it at 1.
    freedom
        Degrees of freedom that the fit leaves.
    autofluorescence
        Of the beads, added to the levels where the model has it.
    history
        Medians of the top bead in earlier runs of this lot on this instrument and channel.
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
    history: Sequence[float] = ()


def _order(b: FittedBeads, limit: None) -> CheckedValue:
    del limit
    steps = np.diff(b.medians) * np.diff(b.levels)
    wrong = int(np.sum(steps <= 0))
    if not wrong:
        return 0.0, CurveVerdict.ACCEPT, "Brighter beads have higher assigned values throughout."
    text = f"{wrong} neighbouring bead pairs stand in the wrong order: transposed lot values?"
    return float(wrong), CurveVerdict.REJECT, text


def _r2(b: FittedBeads, limit: Limit) -> CheckedValue:
    return b.r2, limit.at_least(b.r2), f"r² {b.r2:.5f} (accepted from {limit.accept:g})."


def _slope(b: FittedBeads, limit: Limit) -> CheckedValue:
    slope = b.slope if b.free_slope is None else b.free_slope
    free = "" if b.free_slope is None else " if left free"
    low, high = around_one(limit.accept)
    return slope, limit.near_one(slope), f"Slope {slope:.4f}{free} (accepted {low:g} to {high:g})."


def _back(b: FittedBeads, limit: BeadLimit) -> CheckedValue:
    size = np.abs(b.back)
    lowest = int(np.argmin(b.levels))
    k = int(np.argmax(size))
    grades = [limit.limit(dimmest=j == lowest).at_most(float(s)) for j, s in enumerate(size)]
    text = (
        f"Largest back-calculated error {100 * b.back[k]:+.1f} %, at the bead of {b.levels[k]:,.0f} "
        f"(accepted to {100 * limit.accept:g} %)."
    )
    return float(size[k]), worst_verdict(grades), text


def _ratio(b: FittedBeads, limit: Limit) -> CheckedValue:
    log_ratio = np.log((b.levels + b.autofluorescence) / b.medians)
    worst_step = float(np.exp(np.max(np.abs(np.diff(log_ratio)))))
    text = (
        f"Assigned value per MFI changes at most {worst_step:.2f}-fold from bead to bead "
        f"(accepted below {limit.accept:g})."
    )
    return worst_step, limit.at_most(worst_step), text


def _local_slope(b: FittedBeads, limit: Limit) -> CheckedValue | None:
    """Curvature: the slope between neighbours; only a warning, since near neighbours make it noisy."""
    with np.errstate(divide="ignore", invalid="ignore"):
        local = np.diff(np.log(b.levels + b.autofluorescence)) / np.diff(np.log(b.medians))
    if local.size < 2 or not np.all(np.isfinite(local)):
        return None
    k = int(np.argmax(np.abs(local - 1)))
    low, high = around_one(limit.accept)
    text = (
        f"Slope between neighbouring beads from {local.min():.3f} to {local.max():.3f} "
        f"(accepted {low:g} to {high:g})."
    )
    return float(local[k]), limit.near_one(float(local[k])), text


def _rcv(b: FittedBeads, limit: BeadLimit) -> CheckedValue | None:
    if b.rcv is None:
        return None
    lowest = int(np.argmin(b.levels))
    limits = [limit.limit(dimmest=j == lowest) for j in range(b.rcv.size)]
    grades = [own.at_most(float(rcv)) for own, rcv in zip(limits, b.rcv, strict=True)]
    k = int(np.argmax(b.rcv - np.array([own.accept for own in limits])))
    largest_rcv = 100 * float(np.max(np.delete(b.rcv, lowest)))
    text = (
        f"Bead rCV up to {largest_rcv:.1f} %, dimmest bead {100 * b.rcv[lowest]:.1f} % (accepted to "
        f"{100 * limit.accept:g} %, dimmest {100 * limits[lowest].accept:g} %)."
    )
    return float(b.rcv[k]), worst_verdict(grades), text


def _events(b: FittedBeads, limit: Limit) -> CheckedValue | None:
    if b.n is None:
        return None
    fewest = float(np.min(b.n))
    thresholds = f"{limit.reject:.0f} needed, {limit.accept:.0f} wanted"
    text = f"{fewest:.0f} events in the smallest bead population ({thresholds})."
    return fewest, limit.at_least(fewest), text


def _detection(b: FittedBeads, limit: Limit) -> CheckedValue | None:
    """Check that the dimmest bead is well above the blank; else its median is partly background."""
    if b.blank is None or b.autofluorescence > 0:
        return None
    dimmest = float(np.min(b.medians))
    ratio = dimmest / b.blank if b.blank > 0 else np.inf
    threshold = _read_amounts(b)[1]
    text = (
        f"Dimmest bead {dimmest:.4g}, blank {b.blank:.4g}: the blank is not in the fit. On the curve it "
        f"reads {threshold:,.0f}, the detection limit for beads."
    )
    return float(ratio), limit.at_least(float(ratio)), text


def _less_blank(b: FittedBeads, limit: BeadLimit) -> CheckedValue | None:
    """Subtract the blank from the beads, as the control is from cells, and compare with their levels.

    A detector offset, or autofluorescence of the beads, raises all beads by the same amount. The line in
    log-log then is too steep, although all beads lie on it.
    """
    if b.blank is None:
        return None
    amount, blank = _read_amounts(b)
    off = (amount - blank) / b.levels - 1
    k = int(np.argmax(np.abs(off)))
    verdict = Limit(limit.accept).at_most(float(abs(off[k])))
    text = f"With the blank subtracted, the bead of {b.levels[k]:,.0f} reads {100 * off[k]:+.1f} %"
    accepted = f"(accepted to {100 * limit.accept:g} %)"
    hint = ": an offset, or the beads' autofluorescence, bends the line; try curve_model autofluorescence"
    text = f"{text} {accepted}{'' if verdict is CurveVerdict.ACCEPT else hint}."
    return float(abs(off[k])), verdict, text


def _read_amounts(b: FittedBeads) -> tuple[Floats, float]:
    """Return the amount that the curve gives for each bead, and for the blank."""
    amount = b.levels * (1 + b.back) + b.autofluorescence
    dimmest, blank = int(np.argmin(b.medians)), b.blank or 0.0
    return amount, float(np.sign(blank) * amount[dimmest] * np.abs(blank / b.medians[dimmest]) ** b.slope)


def _residual(b: FittedBeads, limit: None) -> CheckedValue | None:
    """Warn where the fit leaves no residual to judge the line by."""
    del limit
    if b.freedom > 0:
        return None
    text = "The curve has as many parameters as beads, so there is no residual to judge the fit."
    return float(b.freedom), CurveVerdict.WARN, text


def _history(b: FittedBeads, limit: Limit) -> CheckedValue | None:
    earlier = np.array([h for h in b.history if h > 0], dtype=np.float64)
    if not earlier.size:
        return None
    usual = float(np.median(earlier))
    off = float(np.max(b.medians)) / usual - 1
    settled = earlier.size >= SETTLED_HISTORY
    provisional = "" if settled else f", provisional before {SETTLED_HISTORY} runs"
    text = f"Top bead {100 * off:+.1f} % from the median of {earlier.size} earlier runs{provisional}."
    return abs(off), limit.at_most(abs(off)), text


BEAD_CHECKS: tuple[TableRow[FittedBeads], ...] = (
    TableRow(CheckName.ORDER, FittedBeads, _order),
    TableRow(CheckName.R2, FittedBeads, _r2, lambda limits: limits.r2),
    TableRow(CheckName.SLOPE, FittedBeads, _slope, lambda limits: limits.slope),
    TableRow(CheckName.BACK_CALCULATED_ERROR, FittedBeads, _back, lambda limits: limits.error),
    TableRow(CheckName.VALUE_PER_MFI, FittedBeads, _ratio, lambda limits: limits.ratio),
    TableRow(CheckName.LOCAL_SLOPE, FittedBeads, _local_slope, lambda limits: limits.local_slope),
    TableRow(CheckName.BEAD_RCV, FittedBeads, _rcv, lambda limits: limits.rcv),
    TableRow(CheckName.BEAD_EVENTS, FittedBeads, _events, lambda limits: limits.events),
    TableRow(CheckName.DETECTION, FittedBeads, _detection, lambda limits: limits.detection),
    TableRow(CheckName.LESS_BLANK, FittedBeads, _less_blank, lambda limits: limits.error),
    TableRow(CheckName.DEGREES_OF_FREEDOM, FittedBeads, _residual),
    TableRow(CheckName.HISTORY, FittedBeads, _history, lambda limits: limits.history),
)
"""The checks of a fitted curve in the order of the table."""
