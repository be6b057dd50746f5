"""Receptor density of a cell population: ABC of the stain minus ABC of its control, with an interval."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RdStatus(StrEnum):
    """What a receptor density is worth."""

    OK = "OK"
    BELOW_LLOQ = "BELOW_LLOQ"
    ABOVE_ULOQ_EXTRAPOLATED = "ABOVE_ULOQ_EXTRAPOLATED"
    ABOVE_ULOQ = "ABOVE_ULOQ"
    LOW_EVENTS = "LOW_EVENTS"
    NO_BACKGROUND = "NO_BACKGROUND"
    NO_CURVE = "NO_CURVE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class ErrorTerm:
    """One term of the uncertainty budget: its SD in dex of RD and its share of the variance (0 to 1)."""

    name: str
    sd_dex: float
    share: float


@dataclass(frozen=True, slots=True)
class ReceptorDensity:
    """Free sites per cell; None = not known.

    `rd` is the chosen estimator in ABC space; `rd_plain` the plain difference of converted medians;
    `rd_mfi_space` the conversion of the MFI difference (RD′). `gcv_percent` is the geometric CV.
    """

    status: RdStatus
    n_cells: int
    median_mfi: float | None = None
    background_mfi: float | None = None
    abc: float | None = None
    background_abc: float | None = None
    rd: float | None = None
    rd_low: float | None = None
    rd_high: float | None = None
    rd_plain: float | None = None
    rd_mfi_space: float | None = None
    gcv_percent: float | None = None
    lloq: float | None = None
    uloq: float | None = None
    budget: tuple[ErrorTerm, ...] = ()
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
