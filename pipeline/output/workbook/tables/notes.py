"""The tables of the sheets Notes and About: every sentence, with what it is about."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.assembly.study_result import StudyResult
from pipeline.output.calibration_table import calibration_notes
from pipeline.output.further_tables.response import is_empty_group, proportion_groups
from pipeline.output.result_tables import sample_flags, sample_notes
from pipeline.output.table import Table
from pipeline.response.tables import ResponseTables
from pipeline.washout.report import WashoutReport

_Line = tuple[str, str, str, str]


def note_table(study_result: StudyResult) -> Table:
    """Return every fault, flag and note, a row each, with what it is about."""
    lines = [
        *(("fault", f.where, f.severity.value, str(f).partition(": ")[2]) for f in study_result.faults),
        *(("study", note.about, "", note.text) for note in study_result.notes),
        *_of_tubes(study_result),
        *(("what limits", "densities", "", text) for text in study_result.limiting.sentences()),
        *(_of_models(study_result.washout) if study_result.washout else ()),
        *(_of_response(study_result.response) if study_result.response else ()),
    ]
    return Table(("kind", "about", "flags", "note"), tuple(lines))


def _of_tubes(study_result: StudyResult) -> Iterator[_Line]:
    for result in study_result.results:
        exposure = study_result.exposures.get(result.sample_id)
        flags = "; ".join(sample_flags(result, exposure))
        notes = sample_notes(result, exposure) or (("",) if flags else ())
        yield from (("sample", result.sample_id, flags, note) for note in notes)
    for run in study_result.calibrations:
        flags = "; ".join(run.flags)
        yield from (("beads", run.bead_run, flags, note) for note in calibration_notes(run))


def _of_models(report: WashoutReport) -> Iterator[_Line]:
    counts = (
        f"{report.n_used} of {report.n_rows} visits used, of {report.n_patients} patients: "
        f"{report.n_observed} measured, {report.n_left_censored} below LLOQ, "
        f"{report.n_right_censored} above ULOQ; seed of random draws {report.seed}"
    )
    yield ("models", "rows", "", counts)
    if report.choice:
        yield ("models", "which model", "", f"{report.choice.reason}; rule: {report.choice.rule}")
    for row in report.left_out:
        after = "" if row.weeks is None else f", {row.weeks:.1f} weeks"
        yield ("left out of the models", f"{row.patient_id} {row.visit}{after}", "", row.words)
    yield from (("models", "note", "", note) for note in report.notes)
    yield from (("assumption", "models", "", text) for text in report.assumptions)


def _of_response(tables: ResponseTables) -> Iterator[_Line]:
    """Yield what must be read beside a number first, then rules and notes."""
    first = (tables.survival_warning, tables.rule, tables.rd_rule, tables.rd_words, tables.survival_rule)
    yield from (("response", "", "", text) for text in (*first, *tables.notes) if text)
    if tables.safety:
        yield ("response", "safety", "", tables.safety_rule)
    empty = [title for title, rows in proportion_groups(tables) if is_empty_group((title, rows))]
    if empty:
        yield ("response", "", "", f"nobody to count for: {'; '.join(empty)}")
    for group in tables.rd_left_out:
        yield (
            "response",
            "in no group of receptor density",
            "",
            f"{group.reason}: {'; '.join(group.patients)}",
        )
    if tables.by_density is not None:
        sentences = (tables.by_density.warning, tables.by_density.rule if tables.by_density.warning else "")
        yield from (("response", "along the density", "", text) for text in sentences if text)
    if tables.dexamethasone is not None:
        beside = (tables.dexamethasone.warning, tables.dexamethasone.note)
        yield from (("response", "dexamethasone", "", text) for text in beside if text)
    for hit in tables.inconsistencies:
        yield ("typed, but impossible", hit.where, "", f'"{hit.phrase}": {hit.text}')


def about_table(study_result: StudyResult) -> Table:
    """Return versions, settings and hashes, a row each; nothing that changes from run to run."""
    facts = study_result.provenance
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
