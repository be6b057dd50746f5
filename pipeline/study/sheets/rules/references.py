"""Rules between the rows of a study: repeated names, two spellings of a name, and unknown names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pipeline.study.faults import Fault, Severity
from pipeline.study.names.look import caseless, look_alike, odd_letters
from pipeline.study.sheets.columns import Entry
from pipeline.study.sheets.rules.drugs import drug_names
from pipeline.study.sheets.rules.files import misplaced_files, repeated_files
from pipeline.study.sheets.rules.panels import (
    missing_clone,
    missing_f_p,
    panel_channels,
    panel_roles,
    unlike_measures,
)
from pipeline.study.sheets.rules.transfers import bead_transfers
from pipeline.study.sheets.rules.validation import inconsistent_validation
from pipeline.study.sheets.typed import TypedStudy, typed_values
from pipeline.study.wording import did_you_mean, enumerate_words, quoted, same_word

NAMES_OF_THE_DENSITY = ("cd38", "rd")
"""Names by which a gate or an axis would mean CD38 or its density."""

NEVER_GATES = "CD38 never gates: a gate on it would select the cells by the value that is to be measured."
MOST_NAMES_LISTED = 5
"""Most names that a hint lists where none is similar. Convention: more would not be read."""


def reference_faults(study: TypedStudy) -> tuple[Fault, ...]:
    """Return the faults of every rule between rows."""
    rules: tuple[Callable[[TypedStudy], Iterable[Fault]], ...] = (
        repeated_names,
        two_spellings,
        nearly_one_visit,
        unknown_names,
        misplaced_files,
        repeated_files,
        panel_roles,
        panel_channels,
        unlike_measures,
        missing_f_p,
        missing_clone,
        bead_transfers,
        drug_names,
        gate_overrides,
        inconsistent_validation,
    )
    return tuple(fault for rule in rules for fault in rule(study))


def repeated_names(study: TypedStudy) -> Iterator[Fault]:
    """Report a name that is in two rows although it must be unique."""
    yield from _repeated(study.samples, "sample_id", "a name of its own for each tube")
    yield from _repeated(study.bead_runs, "beads", "a name of its own for each bead run")
    yield from _repeated(study.patients, "patient_id", "one row per patient")


def _repeated(entries: Sequence[Entry[Any]], column: str, expected: str) -> Iterator[Fault]:
    first: dict[str, tuple[str, str]] = {}
    for where, name in typed_values(entries, column):
        before, earlier = first.setdefault(look_alike(name), (where, name))
        if before != where:
            also = "" if earlier == name else f" as {quoted(earlier)}"
            hint = _odd_one(name, earlier)
            yield Fault(where, f"{quoted(name)} again (already in {before}{also})", expected, hint)


def _odd_one(name: str, earlier: str) -> str:
    """Return a hint on the letters of a name that only look like those of another; "" for none."""
    odd = odd_letters(name, earlier)
    return f"What was typed has {odd}." if odd else ""


def two_spellings(study: TypedStudy) -> Iterator[Fault]:
    """Report names that differ only in case or in letters that look alike: they would count as two names."""
    patients: tuple[Entry[Any], ...] = (*study.samples, *study.doses, *study.patients, *study.adverse_events)
    yield from _spelt_alike(patients, "patient_id", str)
    yield from _spelt_alike(study.panels, "panel", str)
    yield from _spelt_alike(study.samples, "visit", caseless)


def _spelt_alike(entries: Sequence[Entry[Any]], column: str, same: Callable[[str], str]) -> Iterator[Fault]:
    """Report names of a column that look alike, except those that `same` makes equal."""
    first: dict[str, tuple[str, str]] = {}
    reported = set()
    for where, name in typed_values(entries, column):
        before, earlier = first.setdefault(look_alike(name), (where, name))
        if same(earlier) != same(name) and name not in reported:
            reported.add(name)
            expected = f"one spelling everywhere: {before} has {quoted(earlier)}"
            yield Fault(where, quoted(name), expected, _odd_one(name, earlier))


def nearly_one_visit(study: TypedStudy) -> Iterator[Fault]:
    """Report visits of a patient that differ only in blanks, dashes or leading zeros."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for entry in study.samples:
        visit, patient = entry.row.visit, entry.row.patient_id or ""
        if not visit:
            continue
        before, earlier = first.setdefault((patient, same_word(visit)), (entry.at("visit"), visit))
        if look_alike(earlier) != look_alike(visit):
            expected = f"one spelling of a visit: {before} has {quoted(earlier)}"
            hint = "They are taken for two visits."
            yield Fault(entry.at("visit"), quoted(visit), expected, hint, Severity.WARNING)


def unknown_names(study: TypedStudy) -> Iterator[Fault]:
    """Report references to a panel, a bead run, a tube or a patient that is in no row."""
    samples = [name for _, name in typed_values(study.samples, "sample_id")]
    in_samples = [name for _, name in typed_values(study.samples, "patient_id")]
    patients = [*in_samples, *(name for _, name in typed_values(study.patients, "patient_id"))]
    panels = [name for _, name in typed_values(study.panels, "panel")]
    bead_runs = [name for _, name in typed_values(study.bead_runs, "beads")]
    yield from _unknown(study.samples, "panel", panels, "a panel of the panels sheet")
    yield from _unknown(study.samples, "beads", bead_runs, "a bead run of the beads sheet")
    yield from _unknown(study.gates, "sample_id", samples, "a tube of the samples sheet")
    yield from _unknown(study.review, "sample_id", samples, "a tube of the samples sheet")
    yield from _unknown(study.validation, "sample_id", samples, "a tube of the samples sheet")
    listed = [name for _, name in typed_values(study.patients, "patient_id")]
    yield from _unknown(study.adverse_events, "patient_id", listed, "a patient of the patients sheet")
    yield from _unknown(study.doses, "patient_id", patients, "a patient of the samples or patients sheet")
    if study.patients:
        without = set(in_samples) - {name for _, name in typed_values(study.patients, "patient_id")}
        for name in dict.fromkeys(name for name in in_samples if name in without):
            where = next(
                cell for cell, patient_id in typed_values(study.samples, "patient_id") if patient_id == name
            )
            expected = "a row for this patient in the patients sheet"
            hint = did_you_mean(name, {p.row.patient_id for p in study.patients if p.row.patient_id})
            yield Fault(where, quoted(name), expected, hint, Severity.WARNING)


def _unknown(
    entries: Sequence[Entry[Any]], column: str, names: Sequence[str], expected: str
) -> Iterator[Fault]:
    exact, folded = set(names), {look_alike(name) for name in names}
    for where, name in typed_values(entries, column):
        if name in exact or (column == "patient_id" and look_alike(name) in folded):
            continue  # `two_spellings` reports another spelling of a patient
        listed = list(dict.fromkeys(names))
        hint = did_you_mean(name, listed)
        if not hint and 0 < len(listed) <= MOST_NAMES_LISTED:
            there_are = "There is" if len(listed) == 1 else "There are"
            hint = f"{there_are} {enumerate_words(map(quoted, listed), 'and')}."
        yield Fault(where, quoted(name), expected, hint)


def gate_overrides(study: TypedStudy) -> Iterator[Fault]:
    """Require at most one override for each gate of a tube, and none on the quantified channel."""
    first: dict[tuple[str, str], str] = {}
    both: tuple[Sequence[Entry[Any]], ...] = (study.gates, study.review)
    for entry in (entry for entries in both for entry in entries):
        row, where = entry.row, entry.at("gate")
        yield from _half_an_override(entry)
        if not row.gate or not row.sample_id:
            continue
        if caseless(row.gate) in NAMES_OF_THE_DENSITY:
            yield Fault(where, quoted(row.gate), "a gate on another channel", NEVER_GATES)
        for axis in (row.polygon.x, row.polygon.y) if row.polygon else ():
            if caseless(axis) in NAMES_OF_THE_DENSITY:
                axes = f"{quoted(axis)} as an axis of a polygon"
                yield Fault(entry.at("polygon"), axes, "a polygon on other channels", NEVER_GATES)
        before = first.setdefault((caseless(row.sample_id), caseless(row.gate)), where)
        if before != where:
            problem = f"gate {quoted(row.gate)} of {quoted(row.sample_id)} again (already in {before})"
            yield Fault(where, problem, "each gate of a tube once, in the gates sheet or in review.csv")


def _half_an_override(entry: Entry[Any]) -> Iterator[Fault]:
    """Require a gate with either a value or a polygon; a row of review.csv may have no gate at all."""
    cells = (entry.typed.cells.get(name) for name in ("gate", "value", "polygon"))
    has_gate, has_value, has_polygon = (cell is not None and not cell.is_empty for cell in cells)
    if has_value and has_polygon:
        where, gate = entry.at("polygon"), quoted(entry.row.gate or "")
        yield Fault(where, f"a value and a polygon for gate {gate}", "one of both: a threshold or a polygon")
    elif has_gate and not has_value and not has_polygon:
        either = "gate and value together"
        either += ", or gate and polygon" if "polygon" in entry.typed.cells else ""
        yield Fault(entry.at("value"), "nothing", either)
    elif not has_gate and (has_value or has_polygon) and entry.sheet == "review":
        expected = (
            "gate and value together" if has_value else "gate and polygon together: the step it replaces"
        )
        yield Fault(entry.at("gate"), "nothing", expected)
