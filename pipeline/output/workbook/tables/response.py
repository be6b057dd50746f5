"""The tables of the sheet Response: response, survival, what the patients are like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pipeline.output.table import Column, Table, attributes, table_of
from pipeline.output.workbook.sheet import Titled, sentences
from pipeline.response.characteristics import Characteristic
from pipeline.response.landmark import DexamethasoneTable
from pipeline.response.pfs_bounds import PfsBound
from pipeline.response.statistics.counts import Contrast, Proportion
from pipeline.response.statistics.logistic import OddsRatio
from pipeline.response.statistics.time_to_event import MedianSurvival
from pipeline.response.tables import ResponseTables

_Columns = tuple[Column[Any], ...]


@dataclass(frozen=True, slots=True)
class _GroupSurvival:
    """The median survival of a group of patients; "" = of all."""

    group: str
    median: MedianSurvival


_PROPORTIONS: Final[_Columns] = (
    Column("group", lambda row: row.name),
    *attributes("k", "n", "percent", "low", "high", "method"),
)
_CONTRASTS: Final[_Columns] = (
    Column("contrast", lambda contrast: contrast.name),
    Column("p", lambda contrast: contrast.fisher_p),
    *attributes("odds_ratio"),
    Column("low", lambda contrast: contrast.odds_ratio_low),
    Column("high", lambda contrast: contrast.odds_ratio_high),
    Column("first", lambda contrast: f"{contrast.first.k}/{contrast.first.n}"),
    Column("second", lambda contrast: f"{contrast.second.k}/{contrast.second.n}"),
    *attributes("strength", "method", "note"),
)
_TREND: Final[_Columns] = (
    Column("trend", lambda trend: trend.name),
    *attributes("n"),
    Column("events", lambda trend: trend.n_events),
    *attributes("z", "p", "exact_p"),
    Column("odds_ratio_per_stratum", lambda trend: trend.odds.odds_ratio if trend.odds else None),
    Column("low", lambda trend: trend.odds.low if trend.odds else None),
    Column("high", lambda trend: trend.odds.high if trend.odds else None),
    Column("strength", lambda trend: trend.odds.strength if trend.odds else ""),
    *attributes("method", "note"),
)
_ODDS: Final[_Columns] = (
    Column("covariate", lambda odds: odds.name),
    *attributes("per", "n"),
    Column("events", lambda odds: odds.n_events),
    *attributes("odds_ratio", "low", "high", "p", "strength", "method", "note"),
)
_LEFT_OUT: Final[_Columns] = (
    *attributes("reason"),
    Column("n", lambda group: len(group.patients)),
    Column("patients", lambda group: "; ".join(group.patients)),
)
_CHARACTERISTICS: Final[tuple[Column[Characteristic], ...]] = (
    Column("row", lambda row: row.name),
    Column("k", lambda row: row.k if isinstance(row, Proportion) else None),
    Column("n", lambda row: row.n),
    Column("percent", lambda row: row.percent if isinstance(row, Proportion) else None),
    Column("median", lambda row: None if isinstance(row, Proportion) else row.median),
    Column("low", lambda row: row.low),
    Column("high", lambda row: row.high),
    Column("unit", lambda row: "%" if isinstance(row, Proportion) else row.unit),
    Column("method", lambda row: row.method),
)
_SURVIVAL: Final[tuple[Column[_GroupSurvival], ...]] = (
    Column("endpoint", lambda row: row.median.name),
    Column("group", lambda row: row.group),
    Column("n", lambda row: row.median.n),
    Column("events", lambda row: row.median.n_events),
    Column("not_known", lambda row: row.median.n_unknown),
    Column("median", lambda row: row.median.median),
    Column("low", lambda row: row.median.low),
    Column("high", lambda row: row.median.high),
    Column("method", lambda row: row.median.method),
    Column("note", lambda row: row.median.note),
)
_BOUNDS: Final[tuple[Column[PfsBound], ...]] = (
    Column("rule", lambda bound: bound.rule),
    Column("patients_moved", lambda bound: bound.n_moved),
    Column("n", lambda bound: bound.median.n),
    Column("events", lambda bound: bound.median.n_events),
    Column("median", lambda bound: bound.median.median),
    Column("low", lambda bound: bound.median.low),
    Column("high", lambda bound: bound.median.high),
    Column("note", lambda bound: bound.median.note),
)
_LOG_RANK: Final[_Columns] = (
    Column("endpoint", lambda test: test.name),
    *attributes("n"),
    Column("events", lambda test: test.n_events),
    Column("p", lambda test: test.log_rank_p),
    *attributes("hazard_ratio", "low", "high", "strength", "note"),
)


def response_tables_of(tables: ResponseTables | None) -> Titled:
    """Return the response tables, their contrasts and trend, and the tables of R1 and R7 to R10."""
    if tables is None:
        return (("", sentences(("The study has no patients sheet.",))),)
    return (
        ("Best response, and disease control", _proportions(tables.response)),
        ("Disease control by washout before the study drug", _proportions(tables.by_washout)),
        ("Disease control by receptor density", _proportions(tables.by_rd)),
        ("Disease control of patients in no stratum", _proportions(tables.outside)),
        *_left_out(tables),
        ("Contrasts", _contrasts((*tables.washout_contrasts, tables.rd_contrast, *tables.rd_moved))),
        ("Trend", table_of(_TREND, (tables.washout_trend,))),
        (
            "Odds of disease control, logistic regression",
            table_of(_ODDS, (*tables.odds, *_penalised(tables))),
        ),
        ("Patients before the study drug", _characteristics(tables.baseline)),
        ("Survival, months", _survival(("", tables.survival))),
        *_bounds(tables),
        *_dexamethasone(tables.dexamethasone),
        ("Exposure, safety and serum", _characteristics(tables.safety)),
        ("What was typed and cannot be", _typed(tables)),
        ("Notes", sentences(_said(tables))),
    )


def _left_out(tables: ResponseTables) -> Titled:
    groups = tables.rd_left_out
    return (("In no group of receptor density, and why", table_of(_LEFT_OUT, groups)),) if groups else ()


def _bounds(tables: ResponseTables) -> Titled:
    bounds = tables.pfs_bounds
    title = "Median PFS by other rules of censoring, months"
    return ((title, table_of(_BOUNDS, bounds)),) if bounds else ()


def _said(tables: ResponseTables) -> tuple[str, ...]:
    """Return the rules and notes, what must be read beside a number first."""
    warned = (tables.survival_warning,) if tables.survival_warning else ()
    words = (tables.rd_words,) if tables.rd_words else ()
    return (*warned, tables.rule, tables.rd_rule, *words, tables.survival_rule, *tables.notes)


def _penalised(tables: ResponseTables) -> tuple[OddsRatio, ...]:
    """Return Firth's odds ratio of each contrast with an empty cell."""
    contrasts = (*tables.washout_contrasts, tables.rd_contrast)
    return tuple(contrast.firth for contrast in contrasts if contrast.firth is not None)


def _characteristics(rows: Iterable[Characteristic]) -> Table:
    """Return shares and medians below each other; `low` and `high` are the interval, or the range."""
    return table_of(_CHARACTERISTICS, rows)


def _survival(*groups: tuple[str, Iterable[MedianSurvival]]) -> Table:
    """Return the medians of named groups, one group below the other."""
    return table_of(_SURVIVAL, (_GroupSurvival(name, row) for name, medians in groups for row in medians))


def _dexamethasone(table: DexamethasoneTable | None) -> Titled:
    if table is None:
        return ()
    medians = _survival(("with dexamethasone", table.with_it), ("without", table.without_it))
    landmark = f"from the landmark of {table.landmark_weeks:g} weeks"
    return (
        ("Disease control by dexamethasone: not its effect", _proportions(table.ever)),
        ("", sentences((table.warning, *((table.note,) if table.note else ())))),
        ("Dexamethasone among those at risk at the landmark", _proportions((table.given_by,))),
        (f"Survival {landmark}, months", medians),
        (f"Log-rank test {landmark}", table_of(_LOG_RANK, table.tests)),
    )


def _typed(tables: ResponseTables) -> Table:
    return table_of(attributes("where", "found", "text"), tables.inconsistencies)


def _proportions(rows: Iterable[Proportion]) -> Table:
    return table_of(_PROPORTIONS, rows)


def _contrasts(rows: Iterable[Contrast]) -> Table:
    return table_of(_CONTRASTS, rows)
