"""`cd38rd init`: a study workbook filled in from the files of a folder."""

from __future__ import annotations

from pathlib import Path

from pipeline.study.errors import UserError
from pipeline.study.sheets.rows import SHEETS
from pipeline.study.sheets.tables import WORKBOOK
from pipeline.study.wording import enumerate_words
from pipeline.template.guesses import guessed_rows
from pipeline.template.inventory import Inventory, take_inventory


def write_template(study_folder: Path, fcs_folder: Path | None) -> Path:
    """Write study.xlsx to fill in; what is already there is never overwritten.

    Parameters
    ----------
    study_folder
        Made where it is not there.
    fcs_folder
        A folder inside the study folder whose FCS files suggest rows; None: empty sheets.

    Returns
    -------
    Path
        The workbook.

    Raises
    ------
    UserError
        If sheets are there already, the FCS files lie outside the study folder, or it cannot be written.
    """
    from pipeline.template.workbook import template_workbook

    _must_be_free(study_folder)
    inventory = _inventory(study_folder, fcs_folder)
    workbook = template_workbook(guessed_rows(inventory), _unused(inventory))
    path = study_folder / WORKBOOK
    try:
        study_folder.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            workbook.save(stream)
    except FileExistsError as error:
        raise UserError(f"{path} appeared while it was being written; nothing was changed") from error
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written ({error.strerror}); choose a folder you may write to"
        ) from error
    return path


def _must_be_free(folder: Path) -> None:
    if folder.is_file():
        raise UserError(f"{folder}: found a file, expected a folder for the study; name another one")
    try:
        present = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from error
    typed = {WORKBOOK, *(f"{name}.csv" for name in SHEETS)}
    taken = [name for name in present if name.casefold() in typed]
    if taken:
        raise UserError(
            f"{folder}: found {enumerate_words(taken, 'and')}, expected a folder without sheets; "
            "move them away, or run init in another folder"
        )


def _inventory(study: Path, fcs_folder: Path | None) -> Inventory:
    if fcs_folder is None:
        return Inventory()
    if not fcs_folder.is_dir():
        raise UserError(f"{fcs_folder}: found no such folder, expected the folder with the FCS files")
    if not fcs_folder.resolve().is_relative_to(study.resolve()):
        inside = study / "fcs"
        raise UserError(
            f"{fcs_folder}: found FCS files outside the study folder {study}, expected them inside, since "
            f"file names in the sheets may not leave it; copy or move them to {inside}, then init again"
        )
    return take_inventory(study, fcs_folder)


def _unused(inventory: Inventory) -> list[tuple[str, str]]:
    """Files that are in no row, and why."""
    rows = guessed_rows(inventory)
    used = {value for sheet in rows.values() for row in sheet for value in row.values.values()}
    files = (*inventory.controls, *inventory.others)
    idle = [
        (file.name, f"taken for {file.kind.value} ({file.why})") for file in files if file.name not in used
    ]
    return sorted([*idle, *inventory.unread])
