"""The standard curve: bead medians and assigned levels → molecules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
class StandardCurve:
    """log10 level = slope · log10 MFI + intercept.

    Attributes
    ----------
    slope, intercept, r2, residual_sd
        Of the fit; `residual_sd` in log10 units (dex) of level.
    model
        `loglog`, `slope1` or `autofluorescence`.
    medians, levels
        Every bead, dim to bright, blank and dropped ones too.
    fitted
        Which of them the fit used.
    back_calculated_error
        (level from the curve − assigned) / assigned per bead; None where not fitted.
    checks, verdict
        The acceptance table and its worst row.
    """

    slope: float
    intercept: float
    r2: float
    residual_sd: float
    model: str
    medians: tuple[float, ...]
    levels: tuple[float, ...]
    fitted: tuple[bool, ...]
    back_calculated_error: tuple[float | None, ...]
    checks: tuple[CurveCheck, ...]
    verdict: Verdict
    notes: tuple[str, ...] = ()
