"""What stands in the workbook beside the result tables: models, response, notes, where it all comes from."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.outcome import Outcome
from pipeline.response.counts import Contrast, Proportion, Trend
from pipeline.response.tables import ResponseTables
from pipeline.tables import Table, sample_flags, sample_notes
from pipeline.washout.report import WashoutReport

Titled = tuple[tuple[str, Table], ...]

_PROPORTION = ("group", "k", "n", "percent", "low", "high", "method")


def washout_tables(found: WashoutReport | None) -> Titled:
    """Return the estimates of M0 and M1, what was not estimable and why, and the notes."""
    if found is None:
        return (("", Table(("text",), (("The washout models were not asked for.",),))),)
    estimates = tuple(
        (e.name, e.value, e.low, e.high, e.p, e.n, e.unit, e.method, e.interval_method, e.note)
        for e in found.estimates
    )
    columns = ("estimate", "value", "low", "high", "p", "n", "unit", "method", "interval_method", "note")
    rows = (
        ("visits", found.n_rows),
        ("visits used", found.n_used),
        ("patients", found.n_patients),
        ("measured", found.n_observed),
        ("below LLOQ", found.n_left_censored),
        ("above ULOQ", found.n_right_censored),
        ("seed", found.seed),
    )
    refused = tuple((refusal.name, refusal.reason) for refusal in found.not_estimable)
    return (
        ("Estimates, with 95 % intervals", Table(columns, estimates)),
        ("Not estimated", Table(("model", "text"), refused)),
        ("Data", Table(("rows", "n"), rows)),
        ("Notes", Table(("text",), tuple((note,) for note in found.notes))),
    )


def response_tables_of(found: ResponseTables | None) -> Titled:
    """Return the response tables, their contrasts and trend."""
    if found is None:
        return (("", Table(("text",), (("The study has no patients sheet.",),))),)
    return (
        ("Best response, and disease control", _proportions(found.response)),
        ("Disease control by washout before the study drug", _proportions(found.by_washout)),
        ("Disease control by receptor density", _proportions(found.by_rd)),
        ("Disease control of patients in no stratum", _proportions(found.outside)),
        ("Contrasts", _contrasts((*found.washout_contrasts, found.rd_contrast))),
        ("Trend", _trend(found.washout_trend)),
        ("Notes", Table(("text",), tuple((note,) for note in (found.rule, *found.notes)))),
    )


def note_table(outcome: Outcome) -> Table:
    """Return every fault, flag and note, a row each, with what it is about."""
    rows = [
        ("fault", fault.where, fault.severity.value, str(fault).partition(": ")[2])
        for fault in outcome.faults
    ]
    rows += [("study", note.about, "", note.text) for note in outcome.notes]
    for result in outcome.results:
        exposure = outcome.exposures.get(result.sample_id)
        flags = ";".join(sample_flags(result, exposure))
        notes = sample_notes(result, exposure) or (("",) if flags else ())
        rows += [("sample", result.sample_id, flags, note) for note in notes]
    for run in outcome.calibrations:
        notes = (run.note, *(run.peaks.notes if run.peaks else ()), *(run.curve.notes if run.curve else ()))
        rows += [("beads", run.beads, ";".join(run.flags), note) for note in dict.fromkeys(notes) if note]
    return Table(("kind", "about", "flags", "note"), tuple(rows))


def about_table(outcome: Outcome) -> Table:
    """Return versions, settings and hashes, a row each; nothing that changes from run to run."""
    facts = outcome.provenance
    if facts is None:
        return Table(("kind", "name", "value"), ())
    rows = (
        ("program", facts.program, facts.code_sha256),
        ("program", "Python", facts.python),
        *(("library", name, value) for name, value in facts.libraries),
        *(("setting", name, value) for name, value in facts.settings),
        *(("file, SHA-256", name, value) for name, value in facts.inputs),
    )
    return Table(("kind", "name", "value"), rows)


def _proportions(found: Iterable[Proportion]) -> Table:
    rows = ((p.name, p.k, p.n, p.percent, p.low, p.high, p.method) for p in found)
    return Table(_PROPORTION, tuple(rows))


def _contrasts(found: Iterable[Contrast]) -> Table:
    columns = ("contrast", "p", "odds_ratio", "low", "high", "method", "note")
    rows = (
        (c.name, c.fisher_p, c.odds_ratio, c.odds_ratio_low, c.odds_ratio_high, c.method, c.note)
        for c in found
    )
    return Table(columns, tuple(rows))


def _trend(found: Trend) -> Table:
    columns = ("trend", "z", "p", "exact_p", "method", "note")
    return Table(columns, ((found.name, found.z, found.p, found.exact_p, found.method, found.note),))
