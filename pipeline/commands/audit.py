"""`cd38rd audit`: whether inputs and results are those of the last run, and the history of a row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from pipeline.audit.earlier import end_of_earlier
from pipeline.audit.end import END_WAS_CUT, TrailEnd
from pipeline.audit.lines import WRITE_RESULTS
from pipeline.audit.trail import TRAIL, ChangedCell, Trail, cells_of, changes_between, history_of, read_trail
from pipeline.audit.typed_cells import typed_cells
from pipeline.checks import folder_with_findings
from pipeline.commands.exit_status import ExitStatus, RunSummary
from pipeline.commands.record import digests_of
from pipeline.commands.summary import shown_names
from pipeline.study.errors import UserError
from pipeline.study.faults import stops_run
from pipeline.study.file_labels import labels_of_beads, labels_of_sample, labels_of_settings
from pipeline.study.sheets.reading import read_typed
from pipeline.study.study import BeadRun, Sample
from pipeline.tube.inputs import input_sha256
from pipeline.tube.spillover_file import read_spillover

MOST_CHANGES_LISTED = 20
"""Changed cells that are listed one by one; further ones are only counted. Convention."""


def audited(folder: Path, row: str = "") -> RunSummary:
    """Compare inputs, results and audit trail with the record of the last run; nothing is computed.

    Parameters
    ----------
    row
        A sample_id, patient_id or other name of a row whose history is printed; "": no history.

    Raises
    ------
    UserError
        There was no run yet, or no row has this name.
    """
    trail, facts = read_trail(folder), _facts(folder)
    faults = [
        *_faults_of_trail(trail, facts),
        *_changed_cells(folder, trail),
        *_changed_inputs(folder, facts),
        *_changed_results(folder, facts),
    ]
    lines = [
        f"{TRAIL}: {len(trail.lines)} lines, the last {trail.head[:12]}…"
        if trail.lines
        else f"{TRAIL}: no line"
    ]
    if earlier := end_of_earlier(trail.lines):
        count = f"{earlier.number} lines, the last {earlier.digest[:12]}…"
        lines.append(f"It is a new trail: an earlier one ({count}) was moved away before line 1 was added.")
    if row:
        lines += _history(trail, row)
    if not faults:
        lines.append("Inputs, results and audit trail are as the last run left them.")
        return RunSummary(ExitStatus.ALL_QUANTIFIED, "\n".join(lines))
    return RunSummary(
        ExitStatus.FAULTS, "\n".join(lines), faults="\n".join(f"CHANGED {fault}" for fault in faults)
    )


def _facts(folder: Path) -> Mapping[str, Any]:
    path = folder / "results" / "run.json"
    try:
        facts = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        begun = (path.parent / "rd_samples.csv").exists()
        advice = "the last run did not end, so files in results/ may be of two runs: run it again"
        raise UserError(
            f"{path}: found nothing, expected what `cd38rd run {folder}` writes: "
            f"{advice if begun else 'run it first'}"
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); run `cd38rd run {folder}` again") from None
    if not isinstance(facts, dict) or "audit_head" not in facts:
        raise UserError(
            f"{path}: found no digests, expected those of this version; run `cd38rd run {folder}` again"
        )
    return facts


def _faults_of_trail(trail: Trail, facts: Mapping[str, Any]) -> Iterator[str]:
    number, head = int(facts["audit_lines"]), str(facts["audit_head"])
    if end_of_earlier(trail.lines) == TrailEnd(number, head) and not trail.fault:
        return
    if trail.fault and not (trail.has_lost_lines and len(trail.lines) < number):
        yield f"{TRAIL}: {trail.fault}"
    if len(trail.lines) < number:
        yield f"{TRAIL}: found {len(trail.lines)} lines, but results/run.json knows {number}: {END_WAS_CUT}"
    elif number and trail.lines[number - 1].digest != head:
        yield f"{TRAIL}: line {number} is not the one that results/run.json knows: the trail was rewritten"


def _changed_cells(folder: Path, trail: Trail) -> Iterator[str]:
    """Yield the cells typed since results were last written; none if the trail is damaged."""
    if trail.fault or not trail.lines:
        return
    study, faults, _ = folder_with_findings(folder)
    if study is None or stops_run(faults):
        yield "study: has faults now (cd38rd check says which), so typed cells that changed are not listed"
        return
    changes = changes_between(cells_of(_until_results(trail)), typed_cells(study))
    yield from (_cell(change) for change in changes[:MOST_CHANGES_LISTED])
    if len(changes) > MOST_CHANGES_LISTED:
        yield f"study: {len(changes) - MOST_CHANGES_LISTED} more cells were changed since the last run"


def _until_results(trail: Trail) -> Trail:
    """Return the trail up to the last writing of results: later decisions on gates count as changes."""
    writing = [number for number, line in enumerate(trail.lines, 1) if line.event in WRITE_RESULTS]
    return Trail(trail.lines[: writing[-1]] if writing else ())


def _cell(change: ChangedCell) -> str:
    return f"{change.row}  {change.column}: {change.old or '(empty)'} → {change.new or '(empty)'}"


def _changed_inputs(folder: Path, facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the inputs that changed since the last run, each with the label of its row."""
    files, spillover = _files_by_label(folder)
    for label, digest in facts.get("inputs", ()):
        name = files.get(label)
        if name is None:
            yield f"{label}: was read by the last run, and no row names it now"
            continue
        now = input_sha256(folder, name) if name != spillover else _matrix_digest(folder, name)
        if not now and digest:
            yield f"{label} ({name}): was read by the last run, and is not there"
        elif now != digest:
            yield f"{label} ({name}): is not the file that the last run read"


def _matrix_digest(folder: Path, name: str) -> str:
    """Return the digest of the study's own spillover matrix; "" if it cannot be read."""
    try:
        return read_spillover(folder, name).digest
    except UserError:
        return ""


def _files_by_label(folder: Path) -> tuple[dict[str, str], str]:
    """Return label → name of every file that the sheets name, even if they have faults; then the spillover's.

    A file that several rows share has a label for each row.
    """
    typed, _ = read_typed(folder)
    if typed is None:
        return {}, ""
    runs = (cast("BeadRun", entry.row) for entry in typed.bead_runs if entry.row.name and entry.row.fcs_file)
    each = [labels_of_beads(folder, run) for run in runs]
    tubes = (cast("Sample", entry.row) for entry in typed.samples if entry.row.sample_id)
    each += [labels_of_sample(folder, tube) for tube in tubes]
    each.append(labels_of_settings(folder, typed.settings))
    return {
        label: name for labels in each for name, label in labels.labels.items()
    }, typed.settings.spillover_file


def _changed_results(folder: Path, facts: Mapping[str, Any]) -> Iterator[str]:
    written, now = dict(facts.get("files", ())), dict(digests_of(folder / "results"))
    for name in sorted(written):
        if name not in now:
            yield f"results/{name}: was written by the last run, and is not there"
        elif now[name] != written[name]:
            yield f"results/{name}: was changed after the last run, or belongs to another run"
    for name in facts.get("older", ()):
        if now.get(name) == written.get(name):
            yield f"results/{name}: is of an earlier run, since the last run could not replace it"
    strange = sorted(set(now) - set(written))
    if strange:
        yield f"results: {shown_names(strange)} not written by the last run"


def _history(trail: Trail, row: str) -> Iterator[str]:
    changes = history_of(trail, row)
    if not changes:
        raise UserError(f"--row {row}: the audit trail has no row of this name")
    for line, change in changes:
        yield f"{line.number}  {line.at}  {line.who}  {_cell(change)}"
