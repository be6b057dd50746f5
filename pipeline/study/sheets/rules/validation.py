"""Rules for the validation sheet: what each experiment needs, repeated rows, and contradictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.study.faults import Fault
from pipeline.study.names.look import look_alike
from pipeline.study.sheets.columns import Entry
from pipeline.study.sheets.typed import TypedStudy
from pipeline.study.validation import Experiment
from pipeline.study.wording import quoted

_NEEDED = {
    Experiment.LINEARITY: ("level", "the expected level"),
    Experiment.CARRY_OVER: ("sequence", "the tube's place in the order of acquisition"),
}
_NAME_COLUMNS = ("specimen", "method")


def inconsistent_validation(study: TypedStudy) -> Iterator[Fault]:
    """Report rows that lack a value that their experiment needs, or that repeat or contradict another row."""
    first: dict[tuple[str, str], str] = {}
    goals: dict[str, tuple[str, float]] = {}
    orders: dict[int, str] = {}
    for entry in study.validation:
        row = entry.row
        if not row.experiment:
            continue
        yield from _lacking(entry)
        before = first.setdefault((row.sample_id or "", row.experiment), entry.at("experiment"))
        if before != entry.at("experiment"):
            problem = f"{quoted(row.experiment)} of {quoted(row.sample_id)} again (already in {before})"
            yield Fault(entry.at("experiment"), problem, "one row for each tube and experiment")
        if row.goal_percent is not None:
            where, goal = goals.setdefault(row.experiment, (entry.at("goal_percent"), row.goal_percent))
            if goal != row.goal_percent:
                expected = f"one goal for {row.experiment}: {where} has {goal:g}"
                yield Fault(entry.at("goal_percent"), f"{row.goal_percent:g}", expected)
        if row.experiment == Experiment.CARRY_OVER and row.sequence is not None:
            where = orders.setdefault(row.sequence, entry.at("sequence"))
            if where != entry.at("sequence"):
                yield Fault(
                    entry.at("sequence"),
                    f"{row.sequence} again (already in {where})",
                    "a place of its own in the order of acquisition for each tube",
                )
        if row.low is not None and row.high is not None and row.low >= row.high:
            expected = f"a range from low to high: {entry.at('low')} has {row.low:g}"
            yield Fault(entry.at("high"), f"{row.high:g}", expected)
    for column in _NAME_COLUMNS:
        yield from _two_spellings(study.validation, column)


def _lacking(entry: Entry[Any]) -> Iterator[Fault]:
    column, words = _NEEDED.get(Experiment(entry.row.experiment), ("", ""))
    cell = entry.typed.cells.get(column)
    if column and getattr(entry.row, column) is None and (cell is None or cell.is_empty):
        yield Fault(entry.at(column), "nothing", f"{column} of a {entry.row.experiment} tube ({words})")


def _two_spellings(entries: tuple[Entry[Any], ...], column: str) -> Iterator[Fault]:
    """Report names that differ only in case or in letters that look alike: they would count as two names."""
    first: dict[str, tuple[str, str]] = {}
    for entry in entries:
        name = getattr(entry.row, column)
        if not name:
            continue
        where, earlier = first.setdefault(look_alike(name), (entry.at(column), name))
        if earlier != name:
            expected = f"one spelling everywhere: {where} has {quoted(earlier)}"
            yield Fault(entry.at(column), quoted(name), expected)
