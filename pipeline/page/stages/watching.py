"""The sheets while a user fills them in: time of the last save, and the open cells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pipeline.page import stage_messages
from pipeline.study.faults import Fault, Severity, cause_of, fault_count
from pipeline.study.sheets.reading import read_study
from pipeline.study.sheets.tables import WORKBOOK
from pipeline.study.wording import capitalized

MOST_CELLS_OF_A_CAUSE = 60
"""Most cells that are named for a cause. Convention: nobody reads longer lists."""


def sheet_files(folder: Path) -> tuple[Path, ...]:
    """Return the workbook, or the CSV files, of a study; empty if there are none."""
    workbook = folder / WORKBOOK
    if workbook.is_file():
        return (workbook,)
    return tuple(sorted(path for path in folder.glob("*.csv") if path.is_file()))


def sheets_now(folder: Path) -> stage_messages.SheetsNow:
    """Return the present state of the sheets; no FCS file is opened."""
    files = sheet_files(folder)
    # Before they are read: what is saved meanwhile is another version. Two saves can lie within a second.
    saves = [(fact.st_mtime_ns, fact.st_size) for fact in (path.stat() for path in files)]
    saved = max((when / 1e9 for when, _ in saves), default=None)
    saved_at = "" if saved is None else datetime.fromtimestamp(saved, UTC).isoformat(timespec="seconds")
    is_open = any(
        (folder / lock).exists() for path in files for lock in (f"~${path.name}", f".~lock.{path.name}#")
    )
    _, faults = read_study(folder)
    return stage_messages.SheetsNow(
        files=[path.name for path in files],
        saved_at=saved_at,
        version=f"{[(path.name, *when) for path, when in zip(files, saves, strict=True)]} {is_open}",
        is_open=is_open,
        counted=fault_count(faults),
        causes=causes_of(faults),
    )


def causes_of(faults: Iterable[Fault]) -> list[stage_messages.CauseMessage]:
    """Return faults by cause, each with its cells; faults that stop a run come first."""
    by_cause: dict[tuple[Severity, str], list[Fault]] = {}
    for fault in faults:
        by_cause.setdefault((fault.severity, cause_of(fault)), []).append(fault)
    ordered = sorted(by_cause.items(), key=lambda item: list(Severity).index(item[0][0]))
    return [_cause(severity, alike) for (severity, _), alike in ordered]


def _cause(severity: Severity, alike: list[Fault]) -> stage_messages.CauseMessage:
    first = alike[0]
    words = str(first).removeprefix(f"{first.where}: ")
    cells = list(dict.fromkeys(fault.where for fault in alike))
    every = dict.fromkeys(str(fault).removeprefix(f"{fault.where}: ") for fault in alike)
    other_words = [text for text in every if text != words]
    return stage_messages.CauseMessage(
        severity=severity.value,
        says=capitalized(words),
        cells=cells[:MOST_CELLS_OF_A_CAUSE],
        more=max(len(cells) - MOST_CELLS_OF_A_CAUSE, 0),
        others=other_words[:MOST_CELLS_OF_A_CAUSE],
    )
