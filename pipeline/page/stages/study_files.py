"""The FCS files in a study folder as `init` reads them: kind, reason of the guess, control and beads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.study.names.file_kinds import FileKind
from pipeline.template.guesses import guessed_rows
from pipeline.template.inventory import Inventory, InventoryFile, take_inventory


@dataclass(frozen=True, slots=True)
class StudyFcsFile:
    """A file: its guessed kind and the reason; a tube's control and bead run; or why it cannot be read."""

    name: str
    kind: str
    why: str
    day: str = ""
    control: str = ""
    bead_run: str = ""
    problem: str = ""


def study_fcs_files(folder: Path) -> tuple[StudyFcsFile, ...]:
    """Return every FCS file below a study folder: tubes, controls, beads, others, unreadable ones."""
    inventory = take_inventory(folder, folder)
    return (*_tubes(inventory), *_others(inventory), *_unread(inventory))


def _tubes(inventory: Inventory) -> Iterator[StudyFcsFile]:
    rows = {str(row.values["fcs_file"]): row for row in guessed_rows(inventory)["samples"]}
    for tube in inventory.tubes:
        values = rows[tube.name].values if tube.name in rows else {}
        control = str(values.get("fmo_file") or values.get("isotype_file") or "")
        yield StudyFcsFile(
            tube.name, FileKind.TUBE.value, tube.why, _day(tube), control, str(values.get("beads") or "")
        )


def _others(inventory: Inventory) -> Iterator[StudyFcsFile]:
    for file in (*inventory.controls, *inventory.bead_files, *inventory.others):
        yield StudyFcsFile(file.name, file.kind.value, file.why, _day(file))


def _unread(inventory: Inventory) -> Iterator[StudyFcsFile]:
    for name, problem in inventory.unread:
        yield StudyFcsFile(name, "not read", "", problem=problem)


def _day(file: InventoryFile) -> str:
    return file.day.isoformat() if file.day else ""
