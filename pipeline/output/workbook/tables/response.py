"""The tables about response and survival: rows of one kind in one table, whatever they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pipeline.assembly.unnumbered import Unnumbered
from pipeline.output.table import Cell, Table
from pipeline.response.landmark import LandmarkTest
from pipeline.response.statistics.counts import Contrast, Proportion, Trend
from pipeline.response.statistics.logistic import OddsRatio
from pipeline.response.statistics.time_to_event import MedianSurvival
from pipeline.response.tables import ResponseTables

NOT_TYPED: Final = "Nothing here: the patients sheet has nothing typed that this needs."

PRINTED_COMPARISONS: Final = 15
PRINTED_SURVIVAL: Final = 11
"""Columns up to the strength, and up to the interval."""

_DEX: Final = "Disease control by dexamethasone: not its effect"
_DEX_AT_LANDMARK: Final = "Dexamethasone among those at risk at the landmark"

_Group = tuple[str, tuple[Proportion, ...]]
_ResponseRow = Mapping[str, Cell]


def proportion_table(tables: ResponseTables | None) -> Table:
    """Return a row per group of patients: how many of them have it, with an exact interval."""
    columns = ("table", "group", "k", "n", "percent", "low", "high", "method")
    groups = [group for group in proportion_groups(tables) if not is_empty_group(group)]
    rows = (
        (title, row.name, row.k, row.n, row.percent, row.low, row.high, row.method)
        for title, members in groups
        for row in members
    )
    return Table(columns, tuple(rows))


def proportion_groups(tables: ResponseTables | None) -> tuple[_Group, ...]:
    """Return the groups of patients with their titles."""
    if tables is None:
        return ()
    dexamethasone = tables.dexamethasone
    return (
        ("Best response, and disease control", tables.response),
        ("Disease control by washout before the study drug", tables.by_washout),
        ("Disease control by receptor density", tables.by_rd),
        ("Disease control of patients in no stratum", tables.outside),
        *(
            ((_DEX, dexamethasone.ever), (_DEX_AT_LANDMARK, (dexamethasone.given_by,)))
            if dexamethasone is not None
            else ()
        ),
    )


def is_empty_group(group: _Group) -> bool:
    """Tell whether nobody is counted in a group."""
    return not any(row.n for row in group[1])


def comparison_table(tables: ResponseTables | None, unnumbered: Unnumbered | None = None) -> Table:
    """Return a row per comparison of patients: contrasts, trend, logistic regression, log-rank tests.

    Patients without a density add a contrast of their response, and bounds on the contrast by RD.
    """
    columns = (
        "table", "comparison", "per", "n", "events", "ratio_of", "ratio", "low", "high", "p", "exact_p", "z",
        "first", "second", "strength", "method", "note",
    )  # fmt: skip
    rows = (
        []
        if tables is None
        else [*_contrasts(tables, unnumbered), *_trend(tables.washout_trend), *_odds(tables)]
    )
    rows += _log_rank(tables) if tables else []
    return _filled(columns, rows)


def survival_table(tables: ResponseTables | None) -> Table:
    """Return a row per median survival: of all, by other rules of censoring, from the landmark."""
    columns = (
        "table", "endpoint", "group", "rule", "n", "events", "not_known", "patients_moved", "median_months",
        "low", "high", "method", "note",
    )  # fmt: skip
    if tables is None:
        return Table(columns, ())
    rows = [_survival("Survival", "all", median) for median in tables.survival]
    rows += [
        {
            **_survival("Survival by other rules of censoring", "all", bound.median),
            "rule": bound.rule,
            "patients_moved": bound.n_moved,
        }
        for bound in tables.pfs_bounds
    ]
    if tables.dexamethasone is not None:
        title = _from_landmark(tables)
        rows += [_survival(title, "with dexamethasone", median) for median in tables.dexamethasone.with_it]
        rows += [_survival(title, "without", median) for median in tables.dexamethasone.without_it]
    return _filled(columns, [row for row in rows if row["n"]])


def _contrasts(tables: ResponseTables, unnumbered: Unnumbered | None) -> list[_ResponseRow]:
    every: list[Contrast] = [*tables.washout_contrasts, tables.rd_contrast, *tables.rd_moved]
    if unnumbered is not None:
        every += [*([unnumbered.response] if unnumbered.response else []), *unnumbered.by_rd]
    return [
        {
            "table": "Contrasts",
            "comparison": contrast.name,
            "n": contrast.first.n + contrast.second.n,
            "events": contrast.first.k + contrast.second.k,
            "ratio_of": "odds",
            "ratio": contrast.odds_ratio,
            "low": contrast.odds_ratio_low,
            "high": contrast.odds_ratio_high,
            "p": contrast.fisher_p,
            "first": f"{contrast.first.k}/{contrast.first.n}",
            "second": f"{contrast.second.k}/{contrast.second.n}",
            "strength": contrast.strength,
            "method": contrast.method,
            "note": contrast.note,
        }
        for contrast in every
        if contrast.first.n + contrast.second.n
    ]


def _trend(trend: Trend) -> list[_ResponseRow]:
    odds = trend.odds
    row: _ResponseRow = {
        "table": "Trend",
        "comparison": trend.name,
        "per": "stratum",
        "n": trend.n,
        "events": trend.n_events,
        "ratio_of": "odds",
        "ratio": odds.ratio if odds else None,
        "low": odds.low if odds else None,
        "high": odds.high if odds else None,
        "p": trend.p,
        "exact_p": trend.exact_p,
        "z": trend.z,
        "strength": odds.strength if odds else "",
        "method": trend.method,
        "note": trend.note,
    }
    return [row] if trend.n else []


def _odds(tables: ResponseTables) -> list[_ResponseRow]:
    contrasts = (*tables.washout_contrasts, tables.rd_contrast)
    penalised = tuple(contrast.firth for contrast in contrasts if contrast.firth is not None)
    return [_odds_row(odds) for odds in (*tables.odds, *penalised) if odds.n]


def _odds_row(odds: OddsRatio) -> _ResponseRow:
    return {
        "table": "Odds of disease control, logistic regression",
        "comparison": odds.name,
        "per": odds.per,
        "n": odds.n,
        "events": odds.n_events,
        "ratio_of": "odds",
        "ratio": odds.ratio,
        "low": odds.low,
        "high": odds.high,
        "p": odds.p,
        "strength": odds.strength,
        "method": odds.method,
        "note": odds.note,
    }


def _log_rank(tables: ResponseTables) -> list[_ResponseRow]:
    if tables.dexamethasone is None:
        return []
    tests: Iterable[LandmarkTest] = tables.dexamethasone.tests
    title = _from_landmark(tables)
    return [
        {
            "table": f"Log-rank test: {title[0].lower()}{title[1:]}",
            "comparison": f"{test.name}, with dexamethasone v without",
            "n": test.n,
            "events": test.n_events,
            "ratio_of": "hazards",
            "ratio": test.hazard_ratio,
            "low": test.low,
            "high": test.high,
            "p": test.log_rank_p,
            "strength": test.strength,
            "method": "log-rank",
            "note": test.note,
        }
        for test in tests
        if test.n
    ]


def _from_landmark(tables: ResponseTables) -> str:
    weeks = tables.dexamethasone.landmark_weeks if tables.dexamethasone else 0
    return f"Survival from the landmark of {weeks:g} weeks"


def _survival(title: str, group: str, median: MedianSurvival) -> dict[str, Cell]:
    return {
        "table": title,
        "endpoint": median.name,
        "group": group,
        "n": median.n,
        "events": median.n_events,
        "not_known": median.n_unknown,
        "median_months": median.median,
        "low": median.low,
        "high": median.high,
        "method": median.method,
        "note": median.note,
    }


def _filled(columns: tuple[str, ...], rows: Iterable[_ResponseRow]) -> Table:
    """Return rows with a cell for each column, empty where a row has none."""
    return Table(columns, tuple(tuple(row.get(column) for column in columns) for row in rows))
