"""The tables of the sheets Notes and About."""

from __future__ import annotations

from pipeline.assembly.study_result import StudyResult
from pipeline.output.calibration_table import calibration_notes
from pipeline.output.result_tables import sample_flags, sample_notes
from pipeline.output.table import Table


def note_table(study_result: StudyResult) -> Table:
    """Return every fault, flag and note, a row each, with what it is about."""
    rows = [
        ("fault", fault.where, fault.severity.value, str(fault).partition(": ")[2])
        for fault in study_result.faults
    ]
    rows += [("study", note.about, "", note.text) for note in study_result.notes]
    for result in study_result.results:
        exposure = study_result.exposures.get(result.sample_id)
        flags = ";".join(sample_flags(result, exposure))
        notes = sample_notes(result, exposure) or (("",) if flags else ())
        rows += [("sample", result.sample_id, flags, note) for note in notes]
    for run in study_result.calibrations:
        rows += [("beads", run.beads, ";".join(run.flags), note) for note in calibration_notes(run)]
    return Table(("kind", "about", "flags", "note"), tuple(rows))


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
