"""Rules for the drugs in the doses sheet: each name is a counted drug, another drug, or unclear."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from pipeline.study.drugs import Meaning, is_drug, listed_names, read_drug
from pipeline.study.drugs.amounts import LABELLED_AMOUNTS, bears_out, usual_amounts
from pipeline.study.drugs.spelling import edits
from pipeline.study.faults import Fault, Severity
from pipeline.study.settings import Settings
from pipeline.study.sheets.columns import Entry
from pipeline.study.sheets.rows import DoseRow
from pipeline.study.sheets.typed import TypedStudy, caseless
from pipeline.study.wording import enumerate_words, quoted

EXPECTED_DRUG = "the drug's name as in the settings, or another drug"
MOST_DRUGS_NAMED = 10
"""Most unknown drugs that a warning names. Convention: as many as fit into a line."""
_SLIP = 2
"""Most letters by which a misspelled name may differ from a setting's drug. Convention: two letters are one
exchanged pair, or two mistyped letters."""
_LONG_NAME = 5
"""Fewest letters of a setting's drug for which misspellings are recognised. Convention: two letters are half
of a shorter name."""
Entries: TypeAlias = Sequence[Entry[DoseRow]]


def drug_names(study: TypedStudy) -> Iterator[Fault]:
    """Report how each name is read; refuse a name that is similar to a counted drug, or may be one.

    Otherwise it would silently count as another drug, and the washout would begin too early.
    """
    by_name: dict[str, list[Entry[DoseRow]]] = defaultdict(list)
    for entry in study.doses:
        if entry.row.drug:
            by_name[entry.row.drug].append(entry)
    unknown = {}
    for name, entries in by_name.items():
        if _is_listed(name, study.settings):
            continue
        reading = read_drug(name)
        if reading.agents or _slip_of_counted(name, study.settings):
            yield from _readings(study, name, entries)
        elif reading.meaning is Meaning.UNKNOWN:
            unknown[name] = entries
    yield from _unknown_drugs(unknown, study.settings)
    yield from _none_counted(study, tuple(by_name))


def _readings(study: TypedStudy, name: str, entries: Entries) -> Iterator[Fault]:
    """Yield the faults of a known or unclear name: one for all its rows, or a question for each row."""
    reading, settings = read_drug(name), study.settings
    meaning, antibody = reading.meaning, reading.antibody
    if meaning is Meaning.QUESTION:
        yield from (_question(entry, quoted(name), antibody) for entry in entries)
    elif not reading.agents:
        yield from (_question(entry, quoted(name), _slip_of_counted(name, settings)) for entry in entries)
    elif antibody and not _counts(antibody, settings):
        yield _uncounted(name, antibody, entries)
    elif meaning is Meaning.CONTAINS:
        yield from _regimen(study, name, entries)
    elif _counts(name, settings) and caseless(name) not in reading.agents:
        read_as = enumerate_words(reading.agents, "and")
        yield _warning(entries, f"{_of_rows(name, entries)}, which is read as {read_as}")


def _question(entry: Entry[DoseRow], problem: str, meant: str, expected: str = "") -> Fault:
    """Ask about a drug's name; `expected` is what else was expected, if not a name."""
    hint = f"Did you mean {quoted(meant)}?"
    if " " in (entry.row.drug or "").strip() and not expected:
        hint += " If it was given, type that alone; if not, delete the row."
    return Fault(entry.at("drug"), problem, expected or EXPECTED_DRUG, hint)


def _regimen(study: TypedStudy, name: str, entries: Entries) -> Iterator[Fault]:
    """Report the rows of a regimen whose amount is a dose of the antibody; ask about the other rows."""
    reading = read_drug(name)
    antibody = reading.antibody
    weights = {patient.row.patient_id: patient.row.weight_kg for patient in study.patients}
    fits: list[Entry[DoseRow]] = []
    unfit: list[Entry[DoseRow]] = []
    for entry in entries:
        row = entry.row
        route, weight = row.route or reading.route, weights.get(row.patient_id)
        (fits if bears_out(antibody, row.dose, row.unit, route, weight) else unfit).append(entry)
    if fits:
        problem = f"{_of_rows(name, fits)}, which contains {antibody}"
        yield _warning(fits, f"{problem} and is counted as its dose, since the amount is")
    usual = f" with its amount, {usual_amounts(antibody)}" if antibody in LABELLED_AMOUNTS else ""
    expected = f"the drug that was given that day: {antibody}{usual}; or another drug"
    for entry in unfit:
        problem = f"{quoted(name)}, a regimen with {antibody}, with {_amount(entry.row)}"
        yield _question(entry, problem, antibody, expected)


def _amount(row: DoseRow) -> str:
    if row.dose is None:
        return "no dose"
    return " ".join(part for part in (f"{row.dose:g}", row.unit, row.route) if part)


def _uncounted(name: str, antibody: str, entries: Entries) -> Fault:
    """Warn of an antibody against CD38 that no setting names, since it covers CD38, too."""
    verb = "contains" if read_drug(name).meaning is Meaning.CONTAINS else "is"
    meaning = f", which {verb} {antibody}" if caseless(name) != antibody.casefold() else ""
    problem = f"{_of_rows(name, entries)}{meaning}: an antibody against CD38 that neither setting names"
    hint = "Its doses are not counted. If they are to count, list it in washed_out_drug behind a ;."
    return Fault(
        entries[0].at("drug"), problem, "the drug of washed_out_drug or study_drug", hint, Severity.WARNING
    )


def _unknown_drugs(unknown: dict[str, list[Entry[DoseRow]]], settings: Settings) -> Iterator[Fault]:
    """Report all unknown drugs in one warning; they count as other drugs."""
    if unknown:
        names = list(unknown)
        more = f" and {len(names) - MOST_DRUGS_NAMED} more" if len(names) > MOST_DRUGS_NAMED else ""
        listed = enumerate_words(map(quoted, names[:MOST_DRUGS_NAMED]), "," if more else "and").replace(
            " , ", ", "
        )
        where = unknown[names[0]][0].at("drug")
        counted = (*listed_names(settings.washed_out_drug)[:1], *listed_names(settings.study_drug)[:1])
        is_known = (
            "are not known, and count as other drugs"
            if len(names) > 1
            else "is not known, and counts as another drug"
        )
        hint = "Is one of them such a drug? Then type its usual name." if len(names) > 1 else ""
        yield Fault(
            where,
            f"{listed}{more} {is_known} than {enumerate_words(counted)}",
            "",
            hint,
            Severity.WARNING,
        )


def _none_counted(study: TypedStudy, names: Sequence[str]) -> Iterator[Fault]:
    drug = study.settings.washed_out_drug
    if study.doses and not any(is_drug(name, drug) for name in names):
        named = " or ".join(listed_names(drug))
        expected = f"doses of {named}, whose washout is counted"
        hint = "The setting washed_out_drug names the drug."
        yield Fault("doses", f"no dose of {named}", expected, hint, Severity.WARNING)


def _counts(name: str, settings: Settings) -> bool:
    return any(is_drug(name, drug) for drug in (settings.washed_out_drug, settings.study_drug))


def _is_listed(name: str, settings: Settings) -> bool:
    """Return whether a setting lists exactly this name; the person has then said which drug it is."""
    listed = (*listed_names(settings.washed_out_drug), *listed_names(settings.study_drug))
    return caseless(name) in {caseless(listed_name) for listed_name in listed}


def _slip_of_counted(name: str, settings: Settings) -> str:
    """Return the setting's drug that an unknown name misspells, or begins with; "" for none."""
    typed = caseless(name)
    for listed in (*listed_names(settings.washed_out_drug), *listed_names(settings.study_drug)):
        listed_name = caseless(listed)
        if len(listed_name) >= _LONG_NAME and (
            typed.startswith(listed_name) or edits(typed, listed_name) <= _SLIP
        ):
            return listed
    return ""


def _warning(entries: Entries, sentence: str) -> Fault:
    return Fault(entries[0].at("drug"), sentence, "", severity=Severity.WARNING)


def _of_rows(name: str, entries: Entries) -> str:
    return f"{quoted(name)} in {len(entries)} rows" if len(entries) > 1 else quoted(name)
