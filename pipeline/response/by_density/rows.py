"""The density of each patient: its logarithm, or a limit of quantification, with its measurement error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.density.receptor_density import RdStatus
from calibration.density.result import known_to_exceed, quotable_density
from calibration.numbers import Floats
from pipeline.patients.patient_rd import PatientRd
from pipeline.response.rd_visit import RdVisit
from pipeline.response.statistics.true_values import ABOVE, BELOW, MEASURED, TrueValues, true_values

LOG2_OF_10 = math.log2(10.0)
"""Number of doublings in a tenfold rise. Arithmetic."""


@dataclass(frozen=True, slots=True, eq=False)
class DensityRows:
    """One receptor density per patient: arrays of shape (n,).

    Attributes
    ----------
    log2_rd
        log2 of molecules per cell, measured or a limit.
    kind
        `BELOW`, `MEASURED` or `ABOVE` that limit.
    sd
        SD of the measurement error on the log2 scale. Errors that all patients share are left out: they shift
        all densities alike.
    known
        Estimated true values; None where the densities differ by no more than their measurement errors.
    """

    patients: tuple[str, ...]
    log2_rd: Floats
    kind: NDArray[np.int_]
    sd: Floats
    known: TrueValues | None

    @property
    def n_limits(self) -> int:
        """The number of patients whose density is only known to lie beyond a limit of quantification."""
        return int(np.sum(self.kind != MEASURED))


def density_rows(visits: Mapping[str, RdVisit], patient_ids: Sequence[str]) -> DensityRows:
    """Return a row per patient, in their order. A patient without a density and without a limit gets no row.

    Parameters
    ----------
    visits
        The visit whose density is used for each patient, by patient_id.
    """
    chosen = [
        (name, value_of(visit.row))
        for name in patient_ids
        for visit in (visits[name],)
        if visit.row is not None
    ]
    with_value = [(name, value) for name, value in chosen if value is not None]
    names = tuple(name for name, _ in with_value)
    rows = [row for name in names if (row := visits[name].row) is not None]
    value = np.array([part[0] for _, part in with_value], dtype=np.float64)
    kind = np.array([part[1] for _, part in with_value], dtype=np.int_)
    sd = own_errors(rows)
    return DensityRows(names, value, kind, sd, true_values(value, kind, sd) if names else None)


def own_errors(rows: Sequence[PatientRd]) -> Floats:
    """Return the SD of log2 RD of each row without the parts that all rows share; shape (n,).

    A row without an SD gets the largest SD of the others. Where no row has an SD, all SDs are 0.
    """
    common = set.intersection(*({part.source for part in row.shared} for row in rows)) if rows else set()
    squares = [_own_square(row, common) for row in rows]
    largest = max((square for square in squares if square is not None), default=0.0)
    return np.array([LOG2_OF_10 * (largest if s is None else s) ** 0.5 for s in squares], dtype=np.float64)


def _own_square(row: PatientRd, common: Set[str]) -> float | None:
    """Return the variance of log10 RD without the terms of some sources; None if not known or infinite."""
    if row.rd_log_sd is None:
        return None
    own = row.rd_log_sd * row.rd_log_sd - sum(p.log_sd * p.log_sd for p in row.shared if p.source in common)
    return max(own, 0.0) if math.isfinite(own) else None


def value_of(row: PatientRd) -> tuple[float, int] | None:
    """Return log2 of the density or limit, and the density's side of it; None without either.

    A density whose error is infinite gives None too.
    """
    if row.rd_log_sd is not None and not math.isfinite(row.rd_log_sd):
        return None
    rd = quotable_density(row)
    if rd is not None and rd > 0:
        return math.log2(rd), MEASURED
    if row.status == RdStatus.BELOW_LLOQ:
        return _limit(row.lloq, BELOW)
    if row.status == RdStatus.ABOVE_ULOQ:
        bound = known_to_exceed(row)
        return _limit(row.uloq if bound is None else bound, ABOVE)
    return None


def _limit(limit: float | None, side: int) -> tuple[float, int] | None:
    if limit is None or not math.isfinite(limit) or limit <= 0:
        return None
    return math.log2(limit), side
