"""The result for one population: its receptor density, limits, and status."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from calibration.beads.kits import KitResult
from calibration.density.budget import BetweenRunSource, ErrorTerm
from calibration.density.limits import LloqSource


class RdStatus(StrEnum):
    """The status of a receptor density. Only a visit can have `REPLICATES_DISAGREE`."""

    OK = "OK"
    BELOW_LLOQ = "BELOW_LLOQ"
    ABOVE_ULOQ_EXTRAPOLATED = "ABOVE_ULOQ_EXTRAPOLATED"
    ABOVE_ULOQ = "ABOVE_ULOQ"
    NOT_QUANTIFIABLE = "NOT_QUANTIFIABLE"
    LOW_EVENTS = "LOW_EVENTS"
    NO_BACKGROUND = "NO_BACKGROUND"
    NO_CURVE = "NO_CURVE"
    FAILED = "FAILED"
    REPLICATES_DISAGREE = "REPLICATES_DISAGREE"


class ControlKind(StrEnum):
    """What was subtracted as background; the value is what is written."""

    FMO = "FMO"
    ISOTYPE = "isotype"


NUMBERED: Final = (RdStatus.OK, RdStatus.ABOVE_ULOQ_EXTRAPOLATED)
"""Statuses with a receptor density that may be quoted as a number."""

QUANTIFIED: Final = (*NUMBERED, RdStatus.BELOW_LLOQ, RdStatus.ABOVE_ULOQ)
"""Statuses with a statement about the receptor density, even if it is only a limit."""


@dataclass(frozen=True, slots=True)
class ReceptorDensity:
    """Free sites per cell; None = not known.

    `rd` is the chosen estimator in ABC space (the bias of subtracting medians removed); `rd_plain` the
    plain difference of converted medians; `rd_mfi_space` the conversion of the MFI difference (RD′).
    `gcv_percent` is the geometric CV, None where the interval reaches zero. For `ABOVE_ULOQ` only a bound is
    known: `rd` and `rd_high` are None, `rd_low` is the bound (`known_to_exceed`). `result` is what
    the kit's arithmetic gives (ABC, or SABC for QIFIKIT); `control_kind` what was subtracted; `lloq_from`
    which limit decides the LLOQ; `analytic_sd` the SD of RD by first derivatives, beside the draws;
    `between_run_cv` the CV between runs that the interval includes (a fraction; 0: a within-run interval),
    `between_run_from` its source.
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
    n_control: int | None = None
    control_kind: str = ""
    result: KitResult = KitResult.ABC
    lob: float | None = None
    lod: float | None = None
    lloq_from: LloqSource = LloqSource.NOT_KNOWN
    analytic_sd: float | None = None
    between_run_cv: float = 0.0
    between_run_from: BetweenRunSource = BetweenRunSource.NONE


@dataclass(frozen=True, slots=True)
class PooledDensity:
    """Replicates as one number.

    Attributes
    ----------
    status
        Status of the pool: that of its members if they agree, else that of the pooled number by the members'
        limits. `REPLICATES_DISAGREE` if two contradict each other; then there is no number.
    n_samples, n_pooled
        Replicates, and those with a number or a bound.
    rd, rd_low, rd_high
        Geometric mean of the numbers with its 95 % interval; one below the LLOQ: mean of signed estimates.
    between_cv_percent
        Geometric CV between replicates, where at least two have numbers above the LLOQ.
    lloq, uloq
        The strictest: highest LLOQ, lowest ULOQ.
    flags, notes
        Of all members, each once, and what was mixed.
    between_run_cv, between_run_from
        CV between runs that the members' intervals include (a fraction), and its source.
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
    between_run_cv: float = 0.0
    between_run_from: BetweenRunSource = BetweenRunSource.NONE


class Bounded(Protocol):
    """What `known_to_exceed` reads of a tube, a visit or a row of the models."""

    @property
    def status(self) -> RdStatus:
        """Whether there is a number, a limit, or nothing."""

    @property
    def rd_low(self) -> float | None:
        """Lower limit of the interval, or the bound."""

    @property
    def uloq(self) -> float | None:
        """Upper limit of quantification."""


class Numbered(Protocol):
    """What `quotable_density` and `raw_estimate` read of a tube, a visit or a row of the models."""

    @property
    def status(self) -> RdStatus:
        """Whether there is a number, a limit, or nothing."""

    @property
    def rd(self) -> float | None:
        """Molecules per cell."""


def quotable_density(density: Numbered) -> float | None:
    """Return the density that may be quoted as a number, molecules per cell; None where there is none.

    Below the LLOQ and above the range there are only limits. Every analysis and every file uses this
    function.
    """
    return density.rd if density.status in NUMBERED else None


def raw_estimate(density: Numbered) -> float | None:
    """Return the estimate of a density, molecules per cell, even if it may not be quoted; None: no estimate.

    Below the LLOQ, and where the estimate is too uncertain, it is no result. It is for checks of the assay,
    and for showing how the density was calculated. `quotable_density` is the number that counts.
    """
    return density.rd


def known_to_exceed(density: Bounded) -> float | None:
    """Return the density that this one is known to exceed, molecules per cell; None where it has a number.

    Only `ABOVE_ULOQ` has such a bound, in `rd_low`: `uloq_extrapolation` times the ULOQ where the estimate
    lies beyond that; the ULOQ, or the amount at the end of the scale, where the cells lie on that end.
    Every analysis and every file reads the bound here. A row without a bound is known to exceed its ULOQ.
    """
    if density.status != RdStatus.ABOVE_ULOQ:
        return None
    return density.uloq if density.rd_low is None else density.rd_low
