"""`cd38rd check`: lists every fault of the sheets and of the files, and computes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.checks import typed_with_findings
from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.summary import RunSummary
from pipeline.running.tasks import files_of_study
from pipeline.study.faults import Fault, Severity, fault_report, stops_run
from pipeline.study.sheets.reading import read_typed
from pipeline.study.study import Study
from pipeline.template import unnamed_files


def check_whole_study(folder: Path, *, cross_check: bool) -> RunSummary:
    """List every fault of the sheets and of the files they name; compute nothing."""
    study, faults = check_with_unnamed_files(folder)
    compared = _cross_checked(study) if cross_check and study is not None else ""
    status = (
        ExitStatus.FAULTS
        if stops_run(faults)
        else ExitStatus.SOME_FAILED
        if _some_tube_fails(faults)
        else ExitStatus.ALL_QUANTIFIED
    )
    listed = fault_report(faults) or f"{folder}: no fault found."
    return RunSummary(status, "\n".join(filter(None, (listed, compared))))


def check_with_unnamed_files(folder: Path) -> tuple[Study | None, tuple[Fault, ...]]:
    """Return the study (None if a fault of the sheets stops a run), and every fault, with files in no row."""
    typed, faults = read_typed(folder)
    if typed is None:
        return None, faults
    study, faults, _ = typed_with_findings(typed, faults)
    return study, (*faults, *unnamed_files(typed))


def _some_tube_fails(faults: Iterable[Fault]) -> bool:
    return any(fault.severity is Severity.TUBE for fault in faults)


def _cross_checked(study: Study) -> str:
    from pipeline.commands.inspection import compared

    lines = (f"{name}: {line}" for name in files_of_study(study) for line in compared(study.folder / name))
    return "\n".join(lines)
