"""Densities as messages for the page: stored ones, and those of the bench."""

from __future__ import annotations

import math

from calibration.density.result import known_to_exceed
from pipeline.output.report.words import density_words
from pipeline.page import messages
from pipeline.quantification.result import SampleResult
from pipeline.review.view import Number as BenchNumber


def number_message(result: SampleResult) -> messages.NumberMessage:
    """Return a stored density as the tables show it."""
    receptor = result.receptor
    return messages.NumberMessage(
        status=receptor.status.value,
        reported=density_words(receptor.status, receptor.rd, receptor.lloq, known_to_exceed(receptor)),
        rd=receptor.rd,
        rd_low=receptor.rd_low,
        rd_high=receptor.rd_high,
        n_cells=receptor.n_cells,
        lloq=receptor.lloq,
        uloq=finite_or_none(receptor.uloq),
    )


def bench_number(number: BenchNumber) -> messages.NumberMessage:
    """Return a density from the bench."""
    return messages.NumberMessage(
        status=number.status.value,
        reported=number.reported,
        rd=number.rd,
        rd_low=number.rd_low,
        rd_high=number.rd_high,
        n_cells=number.n_cells,
        lloq=number.lloq,
        uloq=finite_or_none(number.uloq),
    )


def finite_or_none(value: float | None) -> float | None:
    """Return a number that JSON can hold: None in place of an infinite or missing one."""
    return value if value is not None and math.isfinite(value) else None
