"""The record of a command beside its results: a line of the audit trail, and the facts of run.json."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.assembly.provenance import RunFacts, command_line, now
from pipeline.assembly.study_result import StudyResult
from pipeline.audit.earlier import end_at_last_run, facts_of_earlier, fault_of_trail, fault_since_last_run
from pipeline.audit.trail import TRAIL, Event, add_line, must_be_whole
from pipeline.audit.typed_cells import typed_cells
from pipeline.files.content import digest_of, file_sha256
from pipeline.files.whole import UNFINISHED
from pipeline.running.program import code_digest, installed_libraries, program_version
from pipeline.study.study import Study

NOT_LISTED = ("store", "events", "log.txt", "run.json")
"""Parts of results/ without a digest in run.json: the store can be made again, per-event files may be huge,
the log grows, and run.json cannot hold its own."""

Digests = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command at its start: the time, what the command does, and an earlier trail that was moved away."""

    study: Study
    event: Event
    started_at: str = field(default_factory=now)
    clock: float = field(default_factory=time.monotonic)
    earlier_trail: Mapping[str, Any] = field(default_factory=dict)

    def after_the_trail(self) -> CommandRecord:
        """Return the record of a command whose line will go on with the trail, or begin a new one.

        Call it before anything is written: afterwards results/run.json does not hold the end of the trail.

        Raises
        ------
        UserError
            The trail was changed after it was written, or is not the one of the last run.
        """
        folder = self.study.folder
        end = end_at_last_run(folder)  # before the trail: another process may add a line meanwhile
        trail = must_be_whole(folder)
        if fault := fault_since_last_run(end, trail.lines):
            raise fault_of_trail(folder / TRAIL, fault)
        return replace(self, earlier_trail={} if trail.lines else facts_of_earlier(folder, folder / TRAIL))

    @property
    def day(self) -> str:
        """The day on which the command began, in UTC, ISO 8601."""
        return self.started_at[:10]

    def facts(
        self,
        results: Path,
        inputs: Sequence[tuple[str, str]],
        workers: int,
        n_reused: int,
        older: tuple[str, ...] = (),
    ) -> RunFacts:
        """Add the line to the audit trail; return the facts for run.json. Call it when all files are written.

        Parameters
        ----------
        results
            The folder.
        inputs
            (label, SHA-256) of every file that was read.
        older
            Files of results/ that could not be replaced.

        Raises
        ------
        NotWrittenError
            The audit trail cannot be written.
        """
        files = digests_of(results)
        command = command_line(self.study.folder)
        trail = add_line(
            self.study.folder,
            self.event,
            {
                **self.earlier_trail,
                "command": command,
                "program": f"cd38rd {program_version()}",
                "code_sha256": code_digest(),
                "inputs_sha256": digest_of(part for entry in sorted(inputs) for part in entry),
                "results_sha256": digest_of(part for entry in files for part in entry),
                **({"of_an_earlier_run": list(older)} if older else {}),
            },
            typed_cells(self.study),
        )
        seconds = time.monotonic() - self.clock
        return RunFacts(
            command=command,
            started_at=self.started_at,
            seconds=seconds,
            workers=workers,
            n_reused=n_reused,
            files=files,
            older=older,
            installed=installed_libraries(),
            audit_lines=len(trail.lines),
            audit_head=trail.head,
        )


def inputs_of(study_result: StudyResult) -> tuple[tuple[str, str], ...]:
    """Return (label, SHA-256) of every input file of the results."""
    return study_result.provenance.inputs if study_result.provenance else ()


def digests_of(results: Path) -> Digests:
    """Return path and SHA-256 of every file of a results folder that run.json should list."""
    files = (path for path in results.rglob("*") if path.is_file() and path.suffix != UNFINISHED)
    names = {path.relative_to(results).as_posix(): path for path in files}
    listed = {name: path for name, path in names.items() if name.partition("/")[0] not in NOT_LISTED}
    return tuple((name, file_sha256(listed[name])) for name in sorted(listed))
