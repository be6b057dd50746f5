"""What the last command wrote of a study, and from what: where nothing has changed, nothing is made again."""

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
from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.record import digests_of
from pipeline.commands.summary import RunSummary
from pipeline.files.content import digest_of
from pipeline.files.whole import write_whole
from pipeline.output.results_folder import NO_EXTRAS, FigureExtras, Results
from pipeline.study.faults import Fault, fault_report
from pipeline.study.study import Study

NOTHING_NEW = "Nothing has changed since the last time: every file is as it was."
"""What is said where nothing is made again."""
REPORT_PATH = "\0report\0"
"""Stands for the report's path in what is kept: no path reaches a file of the results."""


class LastTime:
    """The record of what was written last, beside the store.

    Parameters
    ----------
    results
        The folder whose files were written.
    figures
        Whether the figures are drawn now; where they are not, old ones may stay.
    key
        The digest of all that these files are made from (`made_from`).
    """

    def __init__(self, results: Results, key: str, *, figures: bool) -> None:
        self._results, self._key, self._figures = results, key, figures
        self._record = results.stores.samples.folder / "written" / "last"

    def summary(self, faults: Sequence[Fault]) -> RunSummary | None:
        """Return what the command said when it wrote the same files; None where they must be made."""
        kept = self._kept()
        wanted = {"key": self._key, **({"key_of_figures": self._key} if self._figures else {})}
        if any(kept.get(name) != key for name, key in wanted.items()):
            return None
        try:
            text, status = str(kept["text"]), ExitStatus(kept["status"])
            failures = str(kept["failures"])
            if not self._is_as_it_was():
                return None
        except (KeyError, ValueError, TypeError, OSError):
            return None
        said = text.replace(REPORT_PATH, str(self._results.report))
        return RunSummary(status, f"{NOTHING_NEW}\n{said}", fault_report(faults), failures)

    def keep(self, summary: RunSummary) -> None:
        """Keep what was written now, and what was said of it."""
        of_figures = self._key if self._figures else self._kept().get("key_of_figures", "")
        record = {
            "key": self._key,
            "key_of_figures": of_figures,
            "status": int(summary.exit_status),
            "text": summary.text.replace(str(self._results.report), REPORT_PATH),
            "failures": summary.failures,
        }
        write_whole(self._record, json.dumps(record, indent=1, sort_keys=True) + "\n", durable=False)

    def _is_as_it_was(self) -> bool:
        """Whether results and audit trail are those that run.json names."""
        folder = self._results.folder
        facts = json.loads((folder / "run.json").read_text("utf-8"))
        files = dict(facts["files"])
        head = read_trail(folder.parent).head
        if facts["older"]:
            return False
        return bool(files) and files == dict(digests_of(folder)) and facts["audit_head"] == head

    def _kept(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._record.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return kept if isinstance(kept, dict) else {}


def made_from(
    study: Study,
    results: Results,
    tubes: Collection[str],
    calibrations: Sequence[CalibrationResult],
    faults: Sequence[Fault],
    notes: Sequence[Note],
    extras: FigureExtras = NO_EXTRAS,
) -> str:
    """Return the digest of all that tables, models, figures and report are made from.

    Parameters
    ----------
    tubes
        Those that have a result: what the store holds of them counts, not when it was made.
    """
    stores = results.stores
    parts = (
        replace(study, folder=Path()),
        study.typed_samples,
        extras,
        sorted(study.places.items()),
        provenance_of(study, ()),
        [(name, stores.samples.checksum(name), stores.alone.checksum(name)) for name in sorted(tubes)],
        calibrations,
        faults,
        notes,
        shutil.get_terminal_size().columns,  # as wide as the table of samples is printed
    )
    return digest_of(repr(part) for part in parts)
