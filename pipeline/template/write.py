"""`cd38rd init`: a study workbook filled in from the files of a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.files.whole import NotWrittenError, write_whole
from pipeline.study.errors import UserError
from pipeline.study.sheets.rows import SHEETS
from pipeline.study.sheets.tables import WORKBOOK
from pipeline.study.wording import enumerate_words
from pipeline.template.guesses import GuessedRow, guessed_rows
from pipeline.template.inventory import Inventory, take_inventory
from pipeline.template.untouched import is_untouched, seal

if TYPE_CHECKING:
    from openpyxl import Workbook

Rows = Mapping[str, Sequence[GuessedRow]]


@dataclass(frozen=True, slots=True)
class Template:
    """The workbook that was written, and in words what was found and what is still to do."""

    path: Path
    found: str


def write_template(study_folder: Path, fcs_folder: Path | None) -> Template:
    """Write study.xlsx to fill in; sheets that somebody has typed into are never overwritten.

    Parameters
    ----------
    study_folder
        Made where it is not there.
    fcs_folder
        A folder inside the study folder whose FCS files suggest rows; None: the study folder itself.

    Raises
    ------
    UserError
        If sheets are there already, the FCS files lie outside the study folder, or it cannot be written.
    """
    from pipeline.template.workbook import template_workbook

    _must_be_free(study_folder)
    inventory = _inventory(study_folder, fcs_folder)
    rows = guessed_rows(inventory)
    unused, files = _unused(inventory, rows), _files(inventory)
    workbook = template_workbook(rows, unused, files)
    seal(workbook)
    path = study_folder / WORKBOOK
    try:
        write_whole(path, workbook.save)
    except NotWrittenError as error:
        raise UserError(f"{error}; or choose a folder you may write to") from error
    return Template(path, found_words(inventory, rows, workbook, len(unused)))


def found_words(inventory: Inventory, rows: Rows, workbook: Workbook, left: int) -> str:
    """Return how many files were found, paired and left, and how many cells a person must look at."""
    n_read = len(_files(inventory))
    if not n_read + len(inventory.unread):
        return "No FCS file was found in the study folder: the sheets are empty."
    samples = rows["samples"]
    paired = sum(bool(row.values["fmo_file"] or row.values["isotype_file"]) for row in samples)
    with_beads = sum(bool(row.values["beads"]) for row in samples)
    from pipeline.template.workbook import coloured_cells

    orange, yellow = coloured_cells(workbook)
    return (
        f"{_n(n_read + len(inventory.unread), 'FCS file')}: {_n(len(samples), 'tube')} "
        f"({paired} with a control, {with_beads} with beads), {_n(len(inventory.controls), 'control')}, "
        f"{_n(len(inventory.beads), 'bead run')}, {len(inventory.unread)} not read; {left} in no row"
        f"{' (sheet _files_not_used)' if left else ''}. "
        f"{_n(orange, 'orange cell')} to fill in or check, {yellow} yellow to confirm."
    )


def _n(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _must_be_free(folder: Path) -> None:
    if folder.is_file():
        raise UserError(f"{folder}: found a file, expected a folder for the study; name another one")
    try:
        present = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from error
    typed = {WORKBOOK, *(f"{name}.csv" for name in SHEETS)}
    taken = [
        name
        for name in present
        if name.casefold() in typed and not (name == WORKBOOK and is_untouched(folder / name))
    ]
    if taken:
        raise UserError(
            f"{folder}: found {enumerate_words(taken, 'and')}, expected a folder without sheets, or a "
            "workbook of init into which nobody has typed; move them away, or run init in another folder"
        )


def _inventory(study: Path, fcs_folder: Path | None) -> Inventory:
    if fcs_folder is None:
        return take_inventory(study, study) if study.is_dir() else Inventory()
    if not fcs_folder.is_dir() and (study / fcs_folder).is_dir():
        fcs_folder = study / fcs_folder
    if not fcs_folder.is_dir():
        raise UserError(f"{fcs_folder}: found no such folder, expected the folder with the FCS files")
    if not fcs_folder.resolve().is_relative_to(study.resolve()):
        inside = study / "fcs"
        raise UserError(
            f"{fcs_folder}: found FCS files outside the study folder {study}, expected them inside, since "
            f"file names in the sheets may not leave it; copy or move them to {inside}, then init again"
        )
    return take_inventory(study, fcs_folder)


def _files(inventory: Inventory) -> list[str]:
    """Every FCS file that could be read, by name."""
    found = (*inventory.tubes, *inventory.controls, *inventory.beads, *inventory.others)
    return sorted(file.name for file in found)


def _unused(inventory: Inventory, rows: Rows) -> list[tuple[str, str]]:
    """Files that are in no row, and why."""
    used = {value for sheet in rows.values() for row in sheet for value in row.values.values()}
    files = (*inventory.controls, *inventory.others)
    idle = [
        (file.name, f"taken for {file.kind.value} ({file.why})") for file in files if file.name not in used
    ]
    return sorted([*idle, *inventory.unread])
