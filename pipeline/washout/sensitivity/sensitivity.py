"""The sensitivity of M1: its slope under each other choice, with interval, or the reason for none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from calibration.numbers import LEVEL
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.line.doubts import FEWEST_MEASURED
from pipeline.washout.line.intervals import slope_interval
from pipeline.washout.line.line import Line, fit_line
from pipeline.washout.line.reported import AveragedSlope, averaged_slope
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.observations.rows import Observations
from pipeline.washout.observations.selection import RowSelection, observed, select_rows
from pipeline.washout.sensitivity.patients import WithoutPatient, without_each
from pipeline.washout.sensitivity.variations import Variation, variations

SENSITIVITY_METHOD: Final = (
    "the same line, minus its bias, with its interval; the scatter changes with weeks where it does in the "
    "line that is reported, else the interval allows for such a change, as that of the reported line does; "
    "only the reported line allows for other doubts"
)
AS_REPORTED: Final = "as reported"
_MOST_OF: Final = 0.5
"""Least part of the rows in a choice, for the sentences to mention it: fewer rows say less. Convention:
half."""


@dataclass(frozen=True, slots=True)
class SensitivityRow:
    """The slope under one choice, in dex per doubling of the washout; None: not estimable (`note` says why).

    Attributes
    ----------
    n, n_patients, n_observed
        Rows, patients, and rows with a measured density in the line.
    n_changed
        Rows that this choice leaves out or changes.
    fold, fold_low, fold_high
        10 to the power of the slope: the fold change of the median density per doubling of the washout.
    """

    name: str
    n: int
    n_patients: int
    n_observed: int
    n_changed: int
    slope: float | None = None
    low: float | None = None
    high: float | None = None
    fold: float | None = None
    fold_low: float | None = None
    fold_high: float | None = None
    caution: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The slope under all choices, the reported line first; the slope without each patient.

    Attributes
    ----------
    words
        The conclusion, in sentences.
    """

    rows: tuple[SensitivityRow, ...]
    patients: tuple[WithoutPatient, ...]
    words: tuple[str, ...]
    method: str = SENSITIVITY_METHOD


def sensitivity(rows: Sequence[PatientRd], reported: WashoutFit, settings: Settings) -> Sensitivity:
    """Return the slope of M1 under other choices.

    Parameters
    ----------
    rows
        One row for each patient and visit, as for the models.
    reported
        M1 as it is reported.
    settings
        The settings of the models.
    """
    selection = select_rows(rows, settings)
    varies = reported.data.scatter_varies
    bent = reported.varying is not None or len(reported.data.terms) > len(selection.data.terms)
    table = [_reported_row(reported)]
    table += [
        _of_data(name, replace(selection.data, scatter_varies=scatter), 0, averaged=False)
        for name, scatter in (
            ("one scatter, and nothing that bends the line", False),
            ("scatter that may change with weeks", True),
        )
        if scatter != varies or (bent and not scatter)
    ]
    if selection.with_left_out is not None:
        n_more = len(selection.left_out)
        table.append(
            _of_data(
                "with the rows that are left out by rule",
                replace(selection.with_left_out, scatter_varies=varies),
                n_more,
            )
        )
    table += [_of_variation(variation, settings, varies) for variation in variations(selection.used)]
    patients = _patients(selection, varies)
    table += _without_most(selection, patients, settings, varies)
    return Sensitivity(tuple(table), patients, _words(table, patients))


def _reported_row(reported: WashoutFit) -> SensitivityRow:
    data = reported.data
    counts = (data.n, data.n_patients, data.count(OBSERVED), 0)
    return _row(AS_REPORTED, counts, reported.slope, reported.slope_interval)


def _of_variation(variation: Variation, settings: Settings, varies: bool) -> SensitivityRow:
    """Return the line of these rows, with terms for the kits and clones among them."""
    data = select_rows(variation.rows, settings).data
    row = _of_data(variation.name, replace(data, scatter_varies=varies), variation.n_changed)
    return replace(row, caution=variation.caution)


def _of_data(name: str, data: Observations, n_changed: int, *, averaged: bool = True) -> SensitivityRow:
    counts = (data.n, data.n_patients, data.count(OBSERVED), n_changed)
    if data.scatter_varies and data.count(OBSERVED) < FEWEST_MEASURED:
        note = f"{data.count(OBSERVED)} measured densities; a scatter that changes needs {FEWEST_MEASURED}"
        return SensitivityRow(name, *counts, note=note)
    try:
        line = fit_line(data)
        both = averaged_slope(line, LEVEL) if averaged else None
        limits = slope_interval(line, LEVEL) if both is None else both.limits
        row = _row(name, counts, line.reported.slope, limits)
        outside = both is not None and not limits[0] <= line.reported.slope <= limits[1]
        return replace(row, note=_of_other_line(both)) if both is not None and outside else row
    except NotEstimableError as reason:
        return SensitivityRow(name, *counts, note=str(reason))


def _row(
    name: str, counts: tuple[int, int, int, int], slope: float, limits: tuple[float, float]
) -> SensitivityRow:
    low, high = (None if abs(limit) == float("inf") else limit for limit in limits)
    fold, fold_low, fold_high = (None if value is None else 10.0**value for value in (slope, low, high))
    note = "" if low is not None and high is not None else "the data set no limit on the empty side"
    return SensitivityRow(name, *counts, slope, low, high, fold, fold_low, fold_high, note=note)


def _of_other_line(both: AveragedSlope) -> str:
    """Return why a fold lies outside of its interval: the interval is mostly that of the other line."""
    fold = _fold(10.0 ** both.varying[0])
    return (
        f"in these rows the scatter changes with weeks: a line that allows for it gives {fold}, and the "
        "interval is mostly that line's; the fold beside it is of a line of one scatter"
    )


def _patients(selection: RowSelection, varies: bool) -> tuple[WithoutPatient, ...]:
    data = replace(selection.data, scatter_varies=varies)
    try:
        line: Line = fit_line(data)
    except NotEstimableError:
        return ()
    names = [selection.used[index].patient_id for index in data.places]
    return without_each(line, names) if len(set(names)) > 1 else ()


def _without_most(
    selection: RowSelection, patients: Sequence[WithoutPatient], settings: Settings, varies: bool
) -> list[SensitivityRow]:
    """Return the line without the patient who moves it most, with its interval."""
    if not patients:
        return []
    name = patients[0].patient_id
    remaining = tuple(row for row in selection.used if row.patient_id != name)
    data = replace(observed(remaining, settings)[0], scatter_varies=varies)
    return [_of_data(f"without {name}, who moves the slope most", data, patients[0].n_rows)]


def _words(table: Sequence[SensitivityRow], patients: Sequence[WithoutPatient]) -> tuple[str, ...]:
    """Return the conclusion in sentences: the range of the folds, and the choices that change the answer."""
    choices = [row for row in table[1:] if row.fold is not None and row.n >= _MOST_OF * table[0].n]
    if not choices:
        return ()
    least, most = (pick(choices, key=lambda row: row.fold or 0.0) for pick in (min, max))
    base = table[0]
    between = f"lies between {_fold(least.fold)} ({least.name}) and {_fold(most.fold)} ({most.name})"
    start = f"Under {len(choices)} other choices"
    if len(choices) == 1:
        start, between = "Under the one other choice", f"is {_fold(least.fold)} ({least.name})"
    sentences = [f"{start} the fold per doubling {between}; as reported it is {_fold(base.fold)}."]
    turned = [row.name for row in choices if _side(row) != _side(base)]
    if turned:
        holds = "excludes" if _side(base) else "contains"
        sentences.append(
            f"As reported the interval {holds} 1, that is no change, but not here: {'; '.join(turned)}."
        )
    else:
        holds = "excludes 1, that is no change," if _side(base) else "contains 1, that is no change,"
        where = "there" if len(choices) == 1 else "under each of them"
        sentences.append(f"The interval {holds} {where}, as in the line that is reported.")
    needed = [row.patient_id for row in patients if row.slope is None]
    if needed:
        sentences.append(f"Without {', '.join(needed[:5])} there is no line: it depends on single patients.")
    return tuple(sentences)


def _side(row: SensitivityRow) -> int:
    """Return whether the interval of the fold lies above 1, below 1 (−1), or holds it (0)."""
    if row.low is not None and row.low > 0:
        return 1
    return -1 if row.high is not None and row.high < 0 else 0


def _fold(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
