"""A transfer of a curve from another day, and its checks."""

from __future__ import annotations

from dataclasses import dataclass

from calibration.curve.acceptance_limits import BeadLimit, CurveVerdict, Limit, around_one
from calibration.curve.table_rows import CheckedValue, CheckName, TableRow

SETTLED_PEAKS = 4
"""Number of populations below which there is a warning. Convention: a line has two parameters, and with two
more peaks a wrong peak shows."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """How a curve of another day was carried here: log10 MFI there = slope · log10 MFI here + intercept.

    Attributes
    ----------
    sd
        Of a population's log10 MFI there, dex; at least what sampling of the medians gives.
    degrees_of_freedom
        Of `sd`.
    n, center, lever
        Populations; mean log10 MFI here; sum of squares about it, 0 where the slope is held at 1.
    largest_error
        Of a population, as a fraction of its MFI.
    low, high
        Dimmest and brightest population here.
    assumed_cv
        CV (fraction) of what the populations cannot show.
    """

    slope: float
    intercept: float
    sd: float
    degrees_of_freedom: int
    n: int
    center: float
    lever: float
    largest_error: float
    low: float
    high: float
    assumed_cv: float = 0.0

    @property
    def is_ratio(self) -> bool:
        """Whether a ratio of gains carries the curve: the slope is held at 1 and nothing tilts it."""
        return self.lever <= 0


def _peaks_row(transfer: Transfer, limit: None) -> CheckedValue:
    del limit
    verdict = CurveVerdict.ACCEPT if transfer.n >= SETTLED_PEAKS else CurveVerdict.WARN
    text = f"{transfer.n} rainbow populations carry the curve over ({SETTLED_PEAKS} wanted)."
    return float(transfer.n), verdict, text


def _slope_row(transfer: Transfer, limit: Limit) -> CheckedValue:
    low, high = around_one(limit.accept)
    text = f"Slope of the transfer {transfer.slope:.4f} (accepted {low:g} to {high:g})."
    return transfer.slope, limit.near_one(transfer.slope), text


def _error_row(transfer: Transfer, bead_limit: BeadLimit) -> CheckedValue:
    error, limit = transfer.largest_error, bead_limit.limit(dimmest=False)
    text = (
        f"Rainbow populations lie up to {100 * error:.1f} % off the transfer "
        f"(accepted to {100 * limit.accept:g} %)."
    )
    return error, limit.at_most(error), text


TRANSFER_CHECKS: tuple[TableRow[Transfer], ...] = (
    TableRow(CheckName.TRANSFER_POPULATIONS, Transfer, _peaks_row),
    TableRow(CheckName.TRANSFER_SLOPE, Transfer, _slope_row, lambda limits: limits.slope),
    TableRow(CheckName.TRANSFER_ERROR, Transfer, _error_row, lambda limits: limits.error),
)
"""The checks of a transfer in the order of the table."""
