"""M3: total CD38 under the drug, total = free/(1 − θ), if θ is known well enough.

θ: the part of CD38 that the drug covers, from sentinels or from the drug in serum; 0 for a clone that does
not compete (`pipeline.patients.receptor_occupancy`). total: sites per cell, free or covered. The interval of
θ makes the interval of the total wider. If the drug may cover all CD38, there is a lower limit and no total.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.density.result import RdStatus
from calibration.numbers import LN_10, Z_95
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics.occupancy import MOST_FOR_TOTAL
from pipeline.patients.receptor_occupancy.theta import NO_DIVISION, Theta, ThetaFrom, theta_of_level
from pipeline.patients.receptor_occupancy.total import (
    FreeDensity,
    Total,
    is_too_high_by_model,
    tells_a_total,
    total_of,
)
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import Estimate, NotEstimableError
from pipeline.washout.censored.subject import EstimateKind
from pipeline.washout.line.tobit import WashoutFit, fit_observations
from pipeline.washout.observations.selection import observed


@dataclass(frozen=True, slots=True)
class OccupiedVisit:
    """A visit with drug level, occupancy and total CD38; None: not known or not reported (`reason`).

    Attributes
    ----------
    serum_ug_ml, serum_low, serum_high
        Serum level of the washed-out drug, with the population's 95 % band.
    occupancy, occupancy_low, occupancy_high
        θ from the drug in serum.
    theta_sentinels, theta_sentinels_low, theta_sentinels_high
        θ from the sentinels.
    theta, theta_low, theta_high, theta_from
        The θ from which the total is made, and its source.
    total, total_low, total_high
        Molecules per cell; the limits contain the errors of θ and of the measurement.
    """

    patient_id: str
    visit: str
    weeks: float | None
    rd: float | None
    status: RdStatus
    serum_ug_ml: float | None = None
    serum_low: float | None = None
    serum_high: float | None = None
    occupancy: float | None = None
    occupancy_low: float | None = None
    occupancy_high: float | None = None
    theta_sentinels: float | None = None
    theta_sentinels_low: float | None = None
    theta_sentinels_high: float | None = None
    theta: float | None = None
    theta_low: float | None = None
    theta_high: float | None = None
    theta_from: ThetaFrom = ThetaFrom.NONE
    total: float | None = None
    total_low: float | None = None
    total_high: float | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


def occupied_visits(rows: Sequence[PatientRd]) -> tuple[OccupiedVisit, ...]:
    """Return every visit with drug level, occupancy and, if it can be known, total CD38."""
    return tuple(_occupied(row) for row in rows)


def corrected_rows(rows: Sequence[PatientRd]) -> tuple[tuple[PatientRd, ...], tuple[str, ...]]:
    """Return the rows with a usable θ, on the scale of total CD38, and notes on the rows that were left out.

    Limits of quantification are divided by 1 − θ like the densities. The error of θ is added to the
    measurement SD.

    Raises
    ------
    NotEstimableError
        If no row has a usable θ.
    """
    thetas = [_theta(row) for row in rows]
    usable = [(row, theta) for row, theta in zip(rows, thetas, strict=True) if tells_a_total(theta)]
    unknown = sum(not theta.is_known for theta in thetas)
    too_high = sum(is_too_high_by_model(theta) for theta in thetas)
    wide = len(rows) - len(usable) - unknown - too_high
    if not usable:
        raise NotEstimableError(
            f"{too_high} of {len(rows)} visits have an occupancy of {MOST_FOR_TOTAL:g} or more, {wide} one "
            f"that is not known well enough, {unknown} none that is known: there is no total to give"
        )
    left_out = [f"{too_high} with an occupancy of {MOST_FOR_TOTAL:g} or more"] if too_high else []
    left_out += [f"{wide} whose occupancy is not known well enough"] if wide else []
    left_out += [f"{unknown} without a known occupancy"] if unknown else []
    used = f"M3: {len(usable)} of {len(rows)} visits used"
    notes = [f"{used}; left out: {', '.join(left_out)}"] if left_out else []
    counts = Counter(theta.source for _, theta in usable)
    notes.append(
        f"M3: theta from {', '.join(f'{source.value} ({counts[source]})' for source in sorted(counts))}"
    )
    notes += [f"M3: {NO_DIVISION}"] if counts[ThetaFrom.NO_COMPETITION] else []
    return tuple(_on_total(row, theta) for row, theta in usable), tuple(notes)


def fit_total(rows: Sequence[PatientRd], settings: Settings) -> WashoutFit:
    """Fit the line of total CD38 against washout; its notes say which visits were left out.

    Raises
    ------
    NotEstimableError
        If no row has a usable θ, or the rows that have one allow no line.
    """
    corrected, left_out = corrected_rows(rows)
    data, _ = observed(corrected, settings)
    return replace(fit_observations(data), notes=left_out)


def total_estimates(fit: WashoutFit) -> tuple[Estimate, ...]:
    """Return the slope and fold change of M3: of total CD38, not of free CD38."""
    return tuple(
        replace(estimate.on("total_", "Of the total"), method=f"free/(1 - theta), then {estimate.method}")
        for estimate in fit.estimates()
        if estimate.kind in (EstimateKind.SLOPE, EstimateKind.FOLD)
    )


def _theta(row: PatientRd) -> Theta:
    """Return the row's θ; from the drug in serum if the row has none."""
    if row.theta is not None:
        return row.theta
    if row.drug is not None:
        return theta_of_level(row.drug)
    return Theta(reason="the drug level was not looked up")


def _total(row: PatientRd, theta: Theta) -> Total:
    if row.total is not None:
        return row.total
    factor = 10 ** (Z_95 * (row.rd_log_sd or 0.0))
    low, high = (None, None) if row.rd is None else (row.rd / factor, row.rd * factor)
    return total_of(FreeDensity(row.status, row.rd, low, high, row.lloq), theta)


def _theta_sd(theta: Theta) -> float:
    """Return the SD of log10(1 − θ), dex, from the wider half of its interval without calibration errors."""
    low, value, high = theta.low_beside or 0.0, theta.value or 0.0, theta.high_beside or 0.0
    wider = max(np.log((1 - low) / (1 - value)), np.log((1 - value) / (1 - high)))
    return float(wider) / (Z_95 * LN_10)


def _on_total(row: PatientRd, theta: Theta) -> PatientRd:
    free = 1 - (theta.value or 0.0)
    return replace(
        row,
        rd=None if row.rd is None else row.rd / free,
        lloq=None if row.lloq is None else row.lloq / free,
        uloq=None if row.uloq is None else row.uloq / free,
        rd_low=None if row.rd_low is None else row.rd_low / free,
        rd_log_sd=float(np.hypot(row.rd_log_sd or 0.0, _theta_sd(theta))),
    )


def _occupied(row: PatientRd) -> OccupiedVisit:
    drug, theta = row.drug, _theta(row)
    total, sentinels = _total(row, theta), row.by_sentinels or Theta()
    return OccupiedVisit(
        row.patient_id,
        row.visit,
        row.weeks,
        row.rd,
        row.status,
        serum_ug_ml=drug.ug_ml if drug else None,
        serum_low=drug.low if drug else None,
        serum_high=drug.high if drug else None,
        occupancy=drug.occupancy if drug else None,
        occupancy_low=drug.occupancy_low if drug else None,
        occupancy_high=drug.occupancy_high if drug else None,
        theta_sentinels=sentinels.value,
        theta_sentinels_low=sentinels.low,
        theta_sentinels_high=sentinels.high,
        theta=theta.value,
        theta_low=theta.low,
        theta_high=theta.high,
        theta_from=theta.source,
        total=total.value,
        total_low=total.low,
        total_high=total.high,
        reason=total.reason,
        notes=drug.notes if drug else (),
    )
