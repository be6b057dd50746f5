"""The record of the last results and their inputs: if nothing has changed, nothing is written again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.assembly.provenance import provenance_of
from pipeline.assembly.study_result import Note
from pipeline.audit.trail import read_trail
from pipeline.beads.result import CalibrationResult
from pipeline.commands.exit_status import ExitStatus, RunSummary
from pipeline.commands.record import digests_of
from pipeline.files.content import digest_of
from pipeline.files.json_names import facts_of_json
from pipeline.files.whole import write_whole
from pipeline.output.report.environment import templates_digest
from pipeline.output.results_folder import NO_EXTRAS, FigureExtras, Results
from pipeline.study.faults import Fault, fault_report
from pipeline.study.study import Study

NOTHING_NEW = "Nothing has changed since the last time: every file is as it was."
"""The message if nothing is written again."""
REPORT_PATH = "\0report\0"
"""Replaces the report's path in the record, since no file of the results may hold a path."""


class LastTime:
    """The record of the results that were last written; it is kept beside the store.

    Parameters
    ----------
    results
        The folder whose files were written.
    figures
        Whether the figures are drawn now; if not, old figures may stay.
    key
        The digest of all inputs of these files (`made_from`).
    """

    def __init__(self, results: Results, key: str, *, figures: bool) -> None:
        self._results, self._key, self._figures = results, key, figures
        self._record = results.stores.samples.folder / "written" / "last"

    def summary(self, faults: Sequence[Fault]) -> RunSummary | None:
        """Return the summary from when the same files were written; None if they must be written."""
        facts = self._kept()
        keys = {"key": self._key, **({"key_of_figures": self._key} if self._figures else {})}
        if any(facts.get(name) != key for name, key in keys.items()):
            return None
        text, failures = facts.get("text"), facts.get("failures")
        if not isinstance(text, str) or not isinstance(failures, str):
            return None
        try:
            status = ExitStatus(facts.get("status", -1))
        except ValueError:
            return None
        if not self._is_unchanged():
            return None
        summary_text = text.replace(REPORT_PATH, str(self._results.report))
        return RunSummary(status, f"{NOTHING_NEW}\n{summary_text}", fault_report(faults), failures)

    def keep(self, summary: RunSummary) -> None:
        """Record the present inputs and the summary."""
        of_figures = self._key if self._figures else self._kept().get("key_of_figures", "")
        record = {
            "key": self._key,
            "key_of_figures": of_figures,
            "status": int(summary.exit_status),
            "text": summary.text.replace(str(self._results.report), REPORT_PATH),
            "failures": summary.failures,
        }
        write_whole(self._record, json.dumps(record, indent=1, sort_keys=True) + "\n", durable=False)

    def _is_unchanged(self) -> bool:
        """Whether results and audit trail still have the digests in run.json."""
        folder = self._results.folder
        facts = facts_of_json(folder / "run.json")
        files = facts.get("files")
        if not isinstance(files, list) or not files or facts.get("older", True):
            return False
        try:
            written = [[name, digest] for name, digest in digests_of(folder)]
        except OSError:
            return False
        return files == written and facts.get("audit_head") == read_trail(folder.parent).head

    def _kept(self) -> dict[str, Any]:
        return facts_of_json(self._record)


def made_from(
    study: Study,
    results: Results,
    tubes: Collection[str],
    calibrations: Sequence[CalibrationResult],
    faults: Sequence[Fault],
    notes: Sequence[Note],
    extras: FigureExtras = NO_EXTRAS,
) -> str:
    """Return the digest of all inputs of tables, models, figures and report.

    Parameters
    ----------
    tubes
        The tubes that have a result: its stored content counts, not its date.
    """
    stores = results.stores
    parts = (
        replace(study, folder=Path()),
        study.typed_samples,
        extras,
        sorted(study.places.items()),
        provenance_of(study, ()),
        templates_digest(),
        [(name, stores.samples.checksum(name), stores.alone.checksum(name)) for name in sorted(tubes)],
        calibrations,
        faults,
        notes,
        shutil.get_terminal_size().columns,  # the printed table of samples depends on the width
    )
    return digest_of(repr(part) for part in parts)
