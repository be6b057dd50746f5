"""The tables about the models of washout, and about what limits the densities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from calibration.density.result import quotable_density
from pipeline.assembly.limiting import Limiting
from pipeline.output.interval import fold_bound
from pipeline.output.report.models.words import bounded_weeks
from pipeline.output.table import Cell, Column, Table, attributes, table_of
from pipeline.study.quantity_name import UnitKind
from pipeline.washout.censored.estimate import Estimate, ModelName, Wait
from pipeline.washout.choice import Candidate
from pipeline.washout.report import WashoutReport

NO_LIMIT: Final = "no upper limit"

_ModelColumns = tuple[Column[Any], ...]


def _bounded(end: str) -> Callable[[Estimate], Cell]:
    """Return a cell of an estimate; a fold or weeks beyond what can be known are that bound, in words."""

    def cell(estimate: Estimate) -> Cell:
        value: float | None = getattr(estimate, end)
        if estimate.unit.kind is UnitKind.WEEKS:
            return bounded_weeks(value)
        if value is None or estimate.unit.kind is not UnitKind.FOLD:
            return value
        return fold_bound(value) or value

    return cell


def _wait_end(end: str) -> Callable[[Wait], Cell]:
    """Return a cell of a wait in weeks; where nobody waits so long, words."""

    def cell(wait: Wait) -> Cell:
        value: float | None = getattr(wait, end)
        if end == "high" and wait.weeks is not None and wait.model == ModelName.LINE and value is None:
            return NO_LIMIT
        return bounded_weeks(value)

    return cell


_LIMITING: Final[_ModelColumns] = (
    Column("remedy", lambda remedy: remedy.name),
    *attributes("terms", "share_percent", "n_largest"),
    Column("fold_95", lambda remedy: remedy.fold),
    Column("fold_95_without", lambda remedy: remedy.fold_without),
)
_ESTIMATES: Final[_ModelColumns] = (
    Column("estimate", lambda estimate: estimate.words),
    *(Column(end, _bounded(end)) for end in ("value", "low", "high")),
    *attributes("p", "n", "unit"),
    Column("estimate_code", lambda estimate: estimate.name),
    *attributes("method", "interval_method", "note"),
)
_WAITS: Final[_ModelColumns] = (
    *attributes("model", "density", "share"),
    *(Column(end, _wait_end(end)) for end in ("weeks", "low", "high")),
    *attributes("n", "note"),
)
_OCCUPIED: Final[_ModelColumns] = (
    *attributes("patient_id", "visit", "weeks", "status"),
    Column("rd_measured", quotable_density),
    *attributes(
        "theta", "theta_low", "theta_high", "theta_from", "total", "total_low", "total_high", "reason"
    ),
    *attributes("serum_ug_ml", "serum_low", "serum_high", "occupancy", "occupancy_low", "occupancy_high"),
    *attributes("theta_sentinels", "theta_sentinels_low", "theta_sentinels_high"),
)
PRINTED_VISITS_WITH_DRUG: Final = 13
PRINTED_ESTIMATES: Final = 7
"""Columns up to the reason, and up to the unit."""


def limiting_table(limiting: Limiting) -> Table:
    """Return what limits the receptor densities, a row per remedy."""
    return table_of(_LIMITING, limiting.remedies)


def estimate_table(report: WashoutReport | None) -> Table:
    """Return the estimates of M0 to M3, each with its interval."""
    return table_of(_ESTIMATES, report.estimates if report else ())


def wait_table(report: WashoutReport | None) -> Table:
    """Return the weeks until a part of the patients has a density."""
    return table_of(_WAITS, report.waits if report else ())


def choice_table(report: WashoutReport | None) -> Table:
    """Return the models that took part, how well each fits, which is preferred, and which were refused."""
    columns = ("model", "aicc", "parameters", "misfit_p", "misfit_words", "preferred", "reason")
    if report is None:
        return Table(columns, ())
    candidates = report.choice.candidates if report.choice else ()
    preferred = report.choice.preferred if report.choice else ""
    why = report.choice.reason if report.choice else ""
    rows = (
        (c.name, c.aicc, c.parameters, c.misfit_p, _misfit_words(c), best, why if best else "")
        for c in candidates
        for best in (c.name == preferred,)
    )
    refused = ((r.name, None, None, None, "not estimated", False, r.reason) for r in report.not_estimable)
    return Table(columns, (*rows, *refused))


def drug_table(report: WashoutReport | None) -> Table:
    """Return the drug at each visit, and the total."""
    return table_of(_OCCUPIED, report.visits if report else ())


def _misfit_words(candidate: Candidate) -> str:
    if candidate.misfit_p is None:
        return "not looked at"
    return "the rows contradict it" if candidate.is_contradicted else "the rows do not contradict it"
