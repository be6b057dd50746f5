"""M3: the total under the drug. total = free/(1 − θ), only where θ < 0.9.

θ = C/(C + Kd): the part of CD38 that the drug in serum holds, from measured troughs or simulated from the
doses (`pipeline.patients.pharmacokinetics`). total: sites per cell, free or held. Where 90 % and more are
held the free rest says nothing of the total, and no total is given. What θ may be widens the total's
interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from calibration.density.receptor_density import RdStatus
from calibration.numbers import Z_95
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics.occupancy import MOST_FOR_TOTAL
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import Estimate, NotEstimableError
from pipeline.washout.line.tobit import WashoutFit, fit_observations
from pipeline.washout.observations.selection import observed

_LOG_10: Final = float(np.log(10))
"""Arithmetic: ln 10."""


@dataclass(frozen=True, slots=True)
class OccupiedVisit:
    """A visit with the drug at it; None = not known or not told, `reason` says why.

    Attributes
    ----------
    serum_ug_ml, serum_low, serum_high
        Of the washed-out drug, with the population's 95 % band.
    occupancy, occupancy_low, occupancy_high
        θ.
    total, total_low, total_high
        Molecules per cell; the limits from θ and the measurement together. Of a visit below its LLOQ, `total`
        is the limit under which the total lies.
    """

    patient_id: str
    visit: str
    weeks: float | None
    rd: float | None
    status: str
    serum_ug_ml: float | None = None
    serum_low: float | None = None
    serum_high: float | None = None
    occupancy: float | None = None
    occupancy_low: float | None = None
    occupancy_high: float | None = None
    total: float | None = None
    total_low: float | None = None
    total_high: float | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


def occupied_visits(rows: Sequence[PatientRd]) -> tuple[OccupiedVisit, ...]:
    """Return every visit with the drug's level, occupancy and, where it can be told, the total."""
    return tuple(_occupied(row) for row in rows)


def corrected_rows(rows: Sequence[PatientRd]) -> tuple[tuple[PatientRd, ...], tuple[str, ...]]:
    """Return the rows on the scale of the total, those with θ < 0.9 alone, and what was left out.

    Limits of quantification are divided like the densities; what is not known of θ joins the measurement SD.

    Raises
    ------
    NotEstimableError
        No row has an occupancy below 0.9.
    """
    known = [row for row in rows if row.drug is not None and row.drug.occupancy is not None]
    correctable = [row for row in known if _held(row) < MOST_FOR_TOTAL]
    unknown, held = len(rows) - len(known), len(known) - len(correctable)
    if not correctable:
        raise NotEstimableError(
            f"{held} of {len(rows)} visits have an occupancy of {MOST_FOR_TOTAL:g} or more, {unknown} none "
            "that is known: there is no total to tell"
        )
    left = [f"{held} with an occupancy of {MOST_FOR_TOTAL:g} or more"] if held else []
    left += [f"{unknown} without a known occupancy"] if unknown else []
    note = f"M3: {len(correctable)} of {len(rows)} visits used; left out: {', '.join(left)}" if left else ""
    return tuple(_on_total(row) for row in correctable), (note,) if note else ()


def fit_total(rows: Sequence[PatientRd], settings: Settings) -> WashoutFit:
    """Return the line of the total; its notes say which visits were left out.

    Raises
    ------
    NotEstimableError
        No row has an occupancy below 0.9, or those that have tell no line.
    """
    corrected, left_out = corrected_rows(rows)
    data, _ = observed(corrected, settings)
    return replace(fit_observations(data), notes=left_out)


def total_estimates(fit: WashoutFit) -> tuple[Estimate, ...]:
    """Return M3's slope and fold change: of the total, not the free part."""
    by_name = {estimate.name: estimate for estimate in fit.estimates()}
    names = ("slope_per_doubling", "fold_per_doubling")
    return tuple(
        replace(by_name[name], name=f"total_{name}", method=f"free/(1 - theta), then {by_name[name].method}")
        for name in names
    )


def _held(row: PatientRd) -> float:
    return row.drug.occupancy if row.drug is not None and row.drug.occupancy is not None else 1.0


def _theta_sd(row: PatientRd) -> float:
    """SD of log10(1 − θ), dex: −θ/ln 10 per unit of ln C."""
    log_sd = row.drug.log_sd if row.drug is not None else None
    return _held(row) * (log_sd or 0.0) / _LOG_10


def _on_total(row: PatientRd) -> PatientRd:
    free = 1 - _held(row)
    return replace(
        row,
        rd=None if row.rd is None else row.rd / free,
        lloq=None if row.lloq is None else row.lloq / free,
        uloq=None if row.uloq is None else row.uloq / free,
        rd_low=None if row.rd_low is None else row.rd_low / free,
        rd_log_sd=float(np.hypot(row.rd_log_sd or 0.0, _theta_sd(row))),
    )


def _occupied(row: PatientRd) -> OccupiedVisit:
    plain = OccupiedVisit(row.patient_id, row.visit, row.weeks, row.rd, row.status)
    drug = row.drug
    if drug is None or drug.occupancy is None:
        return replace(plain, reason=drug.reason if drug else "the drug level was not asked for")
    with_drug = replace(
        plain,
        serum_ug_ml=drug.ug_ml,
        serum_low=drug.low,
        serum_high=drug.high,
        occupancy=drug.occupancy,
        occupancy_low=drug.occupancy_low,
        occupancy_high=drug.occupancy_high,
        notes=drug.notes,
    )
    if drug.occupancy >= MOST_FOR_TOTAL:
        return replace(with_drug, reason=f"occupancy is {MOST_FOR_TOTAL:g} or more: no total is told")
    below = row.status == RdStatus.BELOW_LLOQ.value
    amount = row.lloq if below else row.rd
    if amount is None or not amount > 0:
        return replace(with_drug, reason="no receptor density")
    total = amount / (1 - drug.occupancy)
    if below:
        return replace(with_drug, total=total, reason="below its LLOQ: the total lies below")
    factor = 10 ** (Z_95 * float(np.hypot(row.rd_log_sd or 0.0, _theta_sd(row))))
    return replace(with_drug, total=total, total_low=total / factor, total_high=total * factor)
