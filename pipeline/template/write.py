"""`cd38rd init`: writes a study workbook with rows from the files of a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.files.whole import NotWrittenError, write_whole
from pipeline.study.errors import UserError
from pipeline.study.sheets.rows import STUDY_SHEETS
from pipeline.study.sheets.tables import WORKBOOK
from pipeline.study.wording import counted, enumerate_words
from pipeline.template.guesses import GuessedRows, guessed_rows
from pipeline.template.inventory import Inventory, take_inventory
from pipeline.template.untouched import is_untouched, seal

if TYPE_CHECKING:
    from openpyxl import Workbook


@dataclass(frozen=True, slots=True)
class Template:
    """The workbook's path, and in words the files and the open cells; `written`: whether it was written."""

    path: Path
    summary: str
    written: bool = True


def write_template(study_folder: Path, fcs_folder: Path | None, *, update: bool = False) -> Template:
    """Write study.xlsx to fill in; typed cells are never overwritten.

    Parameters
    ----------
    study_folder
        The study folder; it is made if it does not exist.
    fcs_folder
        A folder in the study folder whose FCS files suggest rows; None: the study folder itself.
    update
        Add rows for new files to an existing workbook, and change nothing else in it.

    Raises
    ------
    UserError
        If there are sheets already and `update` is False, the workbook is open in another program, the FCS
        files are outside the study folder, or the workbook cannot be written.
    """
    from pipeline.template.workbook import template_workbook

    path = study_folder / WORKBOOK
    _must_be_closed(path)
    typed = _typed_sheets(study_folder)
    if typed and update:
        return _updated(study_folder, fcs_folder, typed)
    if typed:
        raise UserError(
            f"{study_folder}: found {enumerate_words(typed, 'and')}, expected a folder without sheets, or a "
            "workbook of init into which nobody has typed; init --update adds rows for new files to it, else "
            "move it away, or run init in another folder"
        )
    inventory = _inventory(study_folder, fcs_folder)
    rows = guessed_rows(inventory)
    unused = _unused(inventory, rows)
    workbook = template_workbook(rows, unused, inventory.readable)
    seal(workbook)
    try:
        write_whole(path, workbook.save)
    except NotWrittenError as error:
        raise UserError(f"{error}; or choose a folder you may write to") from error
    return Template(path, inventory_words(inventory, rows, workbook, len(unused)))


def _updated(study: Path, fcs_folder: Path | None, typed: Sequence[str]) -> Template:
    from pipeline.template.additions.update import update_workbook

    if typed != [WORKBOOK]:
        raise UserError(
            f"{study}: found {enumerate_words(typed, 'and')}, expected {WORKBOOK}: init --update adds rows "
            "to a workbook alone; type the rows of new files into the CSV files"
        )
    inventory = take_inventory(study, study)
    in_folder = inventory.readable if fcs_folder is None else _inventory(study, fcs_folder).readable
    elsewhere = [name for name in inventory.readable if name not in set(in_folder)]
    done = update_workbook(study, inventory, elsewhere)
    return Template(study / WORKBOOK, done.words, done.changed)


def inventory_words(inventory: Inventory, rows: GuessedRows, workbook: Workbook, n_unused: int) -> str:
    """Return the numbers of read, paired and left-out files, and of cells that the user must check."""
    n_read = len(inventory.readable)
    if not n_read + len(inventory.unread):
        return "No FCS file was found in the study folder: the sheets are empty."
    samples = rows["samples"]
    paired = sum(bool(row.values["fmo_file"] or row.values["isotype_file"]) for row in samples)
    with_beads = sum(bool(row.values["beads"]) for row in samples)
    from pipeline.template.workbook import coloured_cells

    orange, yellow = coloured_cells(workbook)
    lines = [
        (
            f"{counted(n_read + len(inventory.unread), 'FCS file')}: {counted(len(samples), 'tube')} "
            f"({paired} with a control, {with_beads} with beads), "
            f"{counted(len(inventory.controls), 'control')}, "
            f"{counted(len(inventory.bead_files), 'bead run')}, {len(inventory.unread)} not read; "
            + (f"{n_unused} in no row (sheet _files_not_used)." if n_unused else "each is in a row.")
        ),
        _kits_in_words(rows),
        _assay_in_words(rows),
        f"{counted(orange, 'orange cell')} to fill in or check, {yellow} yellow to confirm.",
    ]
    return "\n".join(filter(None, lines))


def _kits_in_words(rows: GuessedRows) -> str:
    """Return the guessed kits, each with its number of bead runs."""
    guessed = Counter(str(row.values["kit"] or "") for row in rows["beads"])
    unknown = guessed.pop("", 0)
    parts = [f"{kit} ({counted(n, 'run')})" for kit, n in sorted(guessed.items())]
    parts += [f"not known ({counted(unknown, 'run')})"] if unknown else []
    return (
        f"Bead kit, guessed: {enumerate_words(parts, 'and')}; the column _guessed says why." if parts else ""
    )


def _assay_in_words(rows: GuessedRows) -> str:
    """Return the number of tubes guessed to validate the assay; such tubes belong to no patient's visit."""
    tubes = {row.values["sample_id"] for row in rows.get("validation", ())}
    if not tubes:
        return ""
    return f"{counted(len(tubes), 'tube')} named as of the assay: look at the sheet validation."


def _must_be_closed(path: Path) -> None:
    """Refuse a workbook that is open in Excel or LibreOffice: the user's changes or ours would be lost."""
    for lock, program in ((f"~${path.name}", "Excel"), (f".~lock.{path.name}#", "LibreOffice")):
        if (path.parent / lock).exists():
            raise UserError(
                f"{path}: open in {program} ({lock} lies beside it); save and close it, and run the same "
                f"command again (if nobody has it open, delete {lock})"
            )


def _typed_sheets(folder: Path) -> list[str]:
    """Return the sheets of a folder that a user may have changed."""
    if folder.is_file():
        raise UserError(f"{folder}: found a file, expected a folder for the study; name another one")
    try:
        present = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from error
    typed = {WORKBOOK, *(f"{name}.csv" for name in STUDY_SHEETS)}
    return [
        name
        for name in present
        if name.casefold() in typed and not (name == WORKBOOK and is_untouched(folder / name))
    ]


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


def _unused(inventory: Inventory, rows: GuessedRows) -> list[tuple[str, str]]:
    """Files that no row names, with the reason."""
    used = {value for sheet in rows.values() for row in sheet for value in row.values.values()}
    files = (*inventory.controls, *inventory.others)
    idle = [
        (file.name, f"taken for {file.kind.value} ({file.why})") for file in files if file.name not in used
    ]
    return sorted([*idle, *inventory.unread])
