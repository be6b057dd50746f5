"""The tables of the sheets Washout and What limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from calibration.density.result import NUMBERED
from pipeline.assembly.limiting import Limiting
from pipeline.output.interval import fold_bound
from pipeline.output.table import Cell, Column, Table, attributes, table_of
from pipeline.output.workbook.sheet import Titled, sentences
from pipeline.output.workbook.words.models import estimate_words
from pipeline.washout.censored.estimate import Estimate
from pipeline.washout.choice import Candidate
from pipeline.washout.report import WashoutReport

_Columns = tuple[Column[Any], ...]


def _bounded(end: str) -> Callable[[Estimate], Cell]:
    """Return a cell of an estimate; a fold beyond what can be told is that bound, in words."""

    def cell(estimate: Estimate) -> Cell:
        value: float | None = getattr(estimate, end)
        if value is None or not estimate.unit.startswith("fold"):
            return value
        return fold_bound(value) or value

    return cell


_LIMITING: Final[_Columns] = (
    Column("remedy", lambda remedy: remedy.name),
    *attributes("terms", "share_percent", "n_largest"),
    Column("fold_95", lambda remedy: remedy.fold),
    Column("fold_95_without", lambda remedy: remedy.fold_without),
)
_ESTIMATES: Final[_Columns] = (
    Column("estimate", lambda estimate: estimate_words(estimate.name)),
    *(Column(end, _bounded(end)) for end in ("value", "low", "high")),
    *attributes("p", "n", "unit", "method", "interval_method", "note"),
    Column("estimate_code", lambda estimate: estimate.name),
)
_WAITS: Final = attributes("model", "density", "share", "weeks", "low", "high", "n", "note")
_REFUSED: Final[_Columns] = (
    Column("model", lambda refusal: refusal.name),
    Column("text", lambda refusal: refusal.reason),
)
_OCCUPIED: Final[_Columns] = (
    *attributes("patient_id", "visit", "weeks", "status"),
    Column("rd_measured", lambda visit: visit.rd if visit.status in NUMBERED else None),
    *attributes(
    "serum_ug_ml", "serum_low", "serum_high", "occupancy",
    "occupancy_low", "occupancy_high", "theta_sentinels", "theta_sentinels_low", "theta_sentinels_high",
    "theta", "theta_low", "theta_high", "theta_from", "total", "total_low", "total_high", "reason",
    ),
)  # fmt: skip
_ROWS_LEFT_OUT: Final = attributes("patient_id", "visit", "weeks", "words")


def limiting_tables(limiting: Limiting) -> Titled:
    """Return what limits the receptor densities, a row per remedy, and what replicates say."""
    return (
        ("What limits the receptor densities", table_of(_LIMITING, limiting.remedies)),
        ("In words", sentences(limiting.sentences())),
    )


def washout_tables(report: WashoutReport | None) -> Titled:
    """Return the estimates of M0 and M1, what was not estimable and why, and the notes."""
    if report is None:
        return (("", sentences(("The washout models were not asked for.",))),)
    rows = (
        ("visits", report.n_rows),
        ("visits used", report.n_used),
        ("patients", report.n_patients),
        ("measured", report.n_observed),
        ("below LLOQ", report.n_left_censored),
        ("above ULOQ", report.n_right_censored),
        ("seed of random draws", str(report.seed)),
    )
    return (
        ("Estimates, with 95 % intervals", table_of(_ESTIMATES, report.estimates)),
        ("Weeks until a share of the patients has a density", table_of(_WAITS, report.waits)),
        ("Not estimated", table_of(_REFUSED, report.not_estimable)),
        ("Rows that the models leave out", table_of(_ROWS_LEFT_OUT, report.left_out)),
        *_choice(report),
        ("The drug at each visit, and the total", table_of(_OCCUPIED, report.visits)),
        ("Assumptions", sentences(report.assumptions)),
        ("Data", Table(("rows", "count"), rows)),
        ("Notes", sentences(report.notes)),
    )


def _choice(report: WashoutReport) -> Titled:
    """Return the models that took part with how well each fits, and which is preferred by which rule."""
    choice = report.choice
    if choice is None:
        return ()
    columns = (
        *attributes("name", "aicc", "parameters", "misfit_p"),
        Column("misfit_words", _misfit_words),
    )
    why = sentences((f"{choice.reason}; rule: {choice.rule}",))
    return (("Which model", table_of(columns, choice.candidates)), ("", why))


def _misfit_words(candidate: Candidate) -> str:
    if candidate.misfit_p is None:
        return "not looked at"
    return "the rows contradict it" if candidate.is_contradicted else "the rows do not contradict it"
