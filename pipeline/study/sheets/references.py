"""Rules between the rows of a study: what is there twice, and what refers to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from pipeline.study.faults import Fault, Severity
from pipeline.study.locations import file_key, location_fault, study_files
from pipeline.study.sheets.columns import Entry
from pipeline.study.sheets.panels import missing_f_p, panel_channels, panel_roles
from pipeline.study.sheets.rows import SampleRow
from pipeline.study.sheets.transfers import bead_transfers
from pipeline.study.sheets.typed import TypedStudy, caseless, typed_values
from pipeline.study.wording import did_you_mean, enumerate_words, quoted

BRANDS = {"darzalex": "daratumumab", "dara": "daratumumab", "sarclisa": "isatuximab", "isa": "isatuximab"}
MOST_GUESSES = 50
"""Missing files for which a similar name is looked up. Convention: thousands with thousands takes minutes."""

SAMPLE_FILES = ("fcs_file", "fmo_file", "isotype_file")


def reference_faults(study: TypedStudy) -> tuple[Fault, ...]:
    """Return the faults of every rule between rows."""
    rules: tuple[Callable[[TypedStudy], Iterable[Fault]], ...] = (
        repeated_names,
        two_spellings,
        unknown_names,
        misplaced_files,
        repeated_files,
        panel_roles,
        panel_channels,
        missing_f_p,
        bead_transfers,
        drug_names,
        gate_overrides,
    )
    return tuple(fault for rule in rules for fault in rule(study))


def repeated_names(study: TypedStudy) -> Iterator[Fault]:
    """Report names that may stand in one row only."""
    yield from _repeated(study.samples, "sample_id", "a name of its own for each tube")
    yield from _repeated(study.beads, "beads", "a name of its own for each bead run")
    yield from _repeated(study.patients, "patient_id", "one row per patient")


def _repeated(entries: Sequence[Entry[Any]], column: str, expected: str) -> Iterator[Fault]:
    first: dict[str, tuple[str, str]] = {}
    for where, name in typed_values(entries, column):
        before, earlier = first.setdefault(caseless(name), (where, name))
        if before != where:
            also = "" if earlier == name else f" as {quoted(earlier)}"
            yield Fault(where, f"{quoted(name)} again (already in {before}{also})", expected)


def two_spellings(study: TypedStudy) -> Iterator[Fault]:
    """Report names that differ only by case: they would silently be two things."""
    patients: tuple[Entry[Any], ...] = (*study.samples, *study.doses, *study.patients)
    groups: list[tuple[Sequence[Entry[Any]], str]] = [(patients, "patient_id"), (study.panels, "panel")]
    for entries, column in groups:
        first: dict[str, tuple[str, str]] = {}
        reported = set()
        for where, name in typed_values(entries, column):
            before, earlier = first.setdefault(caseless(name), (where, name))
            if earlier != name and name not in reported:
                reported.add(name)
                yield Fault(where, quoted(name), f"one spelling everywhere: {before} has {quoted(earlier)}")


def unknown_names(study: TypedStudy) -> Iterator[Fault]:
    """Report references to a panel, a bead run, a tube or a patient that no row has."""
    samples = [name for _, name in typed_values(study.samples, "sample_id")]
    in_samples = [name for _, name in typed_values(study.samples, "patient_id")]
    patients = [*in_samples, *(name for _, name in typed_values(study.patients, "patient_id"))]
    panels = [name for _, name in typed_values(study.panels, "panel")]
    beads = [name for _, name in typed_values(study.beads, "beads")]
    yield from _unknown(study.samples, "panel", panels, "a panel of the panels sheet")
    yield from _unknown(study.samples, "beads", beads, "a bead run of the beads sheet")
    yield from _unknown(study.gates, "sample_id", samples, "a tube of the samples sheet")
    yield from _unknown(study.review, "sample_id", samples, "a tube of the samples sheet")
    yield from _unknown(study.doses, "patient_id", patients, "a patient of the samples or patients sheet")
    if study.patients:
        without = set(in_samples) - {name for _, name in typed_values(study.patients, "patient_id")}
        for name in dict.fromkeys(name for name in in_samples if name in without):
            where = next(cell for cell, other in typed_values(study.samples, "patient_id") if other == name)
            expected = "a row for this patient in the patients sheet"
            hint = did_you_mean(name, {p.row.patient_id for p in study.patients if p.row.patient_id})
            yield Fault(where, quoted(name), expected, hint, Severity.WARNING)


def _unknown(
    entries: Sequence[Entry[Any]], column: str, known: Sequence[str], expected: str
) -> Iterator[Fault]:
    exact, folded = set(known), {caseless(name) for name in known}
    for where, name in typed_values(entries, column):
        if name in exact or (column == "patient_id" and caseless(name) in folded):
            continue  # another spelling of a patient is reported as that
        listed = list(dict.fromkeys(known))
        hint = did_you_mean(name, listed)
        if not hint and 0 < len(listed) <= 5:
            there_are = "There is" if len(listed) == 1 else "There are"
            hint = f"{there_are} {enumerate_words(map(quoted, listed), 'and')}."
        yield Fault(where, quoted(name), expected, hint)


def misplaced_files(study: TypedStudy) -> Iterator[Fault]:
    """Report files that are not there, or not in the study folder."""
    missing = 0
    present = cache(lambda: study_files(study.folder))
    for entry, column in _file_cells(study):
        files = present if missing < MOST_GUESSES else tuple
        fault = location_fault(entry.at(column), study.folder, getattr(entry.row, column), files)
        if fault:
            missing += 1
            yield fault


def _file_cells(study: TypedStudy) -> Iterator[tuple[Entry[Any], str]]:
    cells: tuple[tuple[Sequence[Entry[Any]], tuple[str, ...]], ...] = (
        (study.samples, SAMPLE_FILES),
        (study.beads, ("fcs_file",)),
    )
    for entries, columns in cells:
        yield from ((entry, column) for entry in entries for column in columns if getattr(entry.row, column))


def repeated_files(study: TypedStudy) -> Iterator[Fault]:
    """Report a file that stands for two things: two tubes, tube and control, tube and beads."""
    stains: dict[tuple[str, int], str] = {}
    beads = {file_key(study.folder, name): where for where, name in typed_values(study.beads, "fcs_file")}
    for where, name in typed_values(study.samples, "fcs_file"):
        key = file_key(study.folder, name)
        if key in stains:
            yield Fault(
                where, f"{quoted(name)} again (already in {stains[key]})", "a file of its own per tube"
            )
        stains.setdefault(key, where)
        if key in beads:
            problem = f"{quoted(name)}, which {beads[key]} lists as beads"
            yield Fault(where, problem, "a tube's own file")
    for entry, column in _file_cells(study):
        if entry.sheet == "samples" and column != "fcs_file":
            yield from _control_twice(study, entry, column, stains, beads)


def _control_twice(
    study: TypedStudy,
    entry: Entry[SampleRow],
    column: str,
    stains: dict[tuple[str, int], str],
    beads: dict[tuple[str, int], str],
) -> Iterator[Fault]:
    name, where = getattr(entry.row, column), entry.at(column)
    key = file_key(study.folder, name)
    if key in beads:
        yield Fault(where, f"{quoted(name)}, which {beads[key]} lists as beads", "a control tube's file")
    elif stains.get(key) == entry.at("fcs_file"):
        yield Fault(where, f"{quoted(name)}, the stained tube itself", "the file of the control tube")
    elif key in stains:
        problem = f"{quoted(name)}, which is the stained tube of {stains[key]}"
        yield Fault(where, problem, "a tube without the quantified antibody", severity=Severity.WARNING)


def drug_names(study: TypedStudy) -> Iterator[Fault]:
    """Report drugs that are nearly a counted drug: they would silently count as another one."""
    washed_out = _synonyms(study.settings.washed_out_drug)
    folded = {caseless(name): name for name in (*washed_out, *_synonyms(study.settings.study_drug))}
    given = set()
    for where, drug in typed_values(study.doses, "drug"):
        given.add(caseless(drug))
        meant = _meant_drug(caseless(drug), folded)
        if meant:
            hint = f"Did you mean {quoted(meant)}?"
            yield Fault(where, quoted(drug), "the drug's name as in the settings, or another drug", hint)
    if study.doses and given.isdisjoint(caseless(name) for name in washed_out):
        named = " or ".join(washed_out)
        expected = f"doses of {named}, whose washout is counted"
        hint = "The setting washed_out_drug names the drug."
        yield Fault("doses", f"no dose of {named}", expected, hint, Severity.WARNING)


def _synonyms(drug: str) -> list[str]:
    """Return the names that a setting lists with `;`, as `patients.exposure.is_drug` compares them."""
    return [name.strip() for name in drug.split(";") if name.strip()]


def _meant_drug(drug: str, counted: dict[str, str]) -> str:
    """Return the counted drug that a name is a slip or a brand of, or ""."""
    if drug in counted:
        return ""
    brand = BRANDS.get(drug.split(maxsplit=1)[0] if drug else "", "")
    for folded, name in counted.items():
        if folded == brand or drug.startswith(folded) or _edits(drug, folded) <= 2:
            return name
    return ""


def _edits(first: str, second: str) -> int:
    """Return the Levenshtein distance."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(second, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def gate_overrides(study: TypedStudy) -> Iterator[Fault]:
    """Want one override per tube and gate, in one place; none on the quantified channel."""
    first: dict[tuple[str, str], str] = {}
    both: tuple[Sequence[Entry[Any]], ...] = (study.gates, study.review)
    for entry in (entry for entries in both for entry in entries):
        row, where = entry.row, entry.at("gate")
        if entry.sheet == "review":
            yield from _half_an_override(entry)
        if not row.gate or not row.sample_id:
            continue
        if caseless(row.gate) in ("cd38", "rd"):
            hint = "CD38 never gates: it would choose the cells that it is to measure."
            yield Fault(where, quoted(row.gate), "a gate on another channel", hint)
        before = first.setdefault((caseless(row.sample_id), caseless(row.gate)), where)
        if before != where:
            problem = f"gate {quoted(row.gate)} of {quoted(row.sample_id)} again (already in {before})"
            yield Fault(where, problem, "each gate of a tube once, in the gates sheet or in review.csv")


def _half_an_override(entry: Entry[Any]) -> Iterator[Fault]:
    gate, value = entry.typed.cells.get("gate"), entry.typed.cells.get("value")
    has_gate, has_value = (cell is not None and not cell.is_empty for cell in (gate, value))
    if has_gate != has_value:
        column = "value" if has_gate else "gate"
        yield Fault(entry.at(column), "nothing", "gate and value together")
