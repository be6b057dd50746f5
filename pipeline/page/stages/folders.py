"""Folders to choose from, and the files that the page may name: only files inside the study."""

from __future__ import annotations

import os
import string
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.page.remembered import is_folder
from pipeline.study.errors import UserError
from pipeline.study.locations import location_fault

STUDY_FILES = ("study.xlsx", "samples.csv")
MOST_FOLDERS = 500
"""Most subfolders in a list. Convention: nobody reads longer lists."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder to choose: whether it holds a study, and whether it holds FCS files."""

    path: Path
    is_study: bool
    n_fcs: int

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.path.name or str(self.path)


@dataclass(frozen=True, slots=True)
class Listing:
    """The subfolders of a folder, by name; `more`: the number that is not listed."""

    folder: Folder
    parent: Path | None
    folders: tuple[Folder, ...]
    more: int
    drives: tuple[Path, ...]


def listing(path: Path) -> Listing:
    """Return the choices in a folder: only names of folders, never the content of files.

    Raises
    ------
    UserError
        The folder cannot be read.
    """
    folder = real_folder(path)
    try:
        names = sorted(
            (
                entry.path
                for entry in os.scandir(folder)
                if not entry.name.startswith(".") and is_folder(entry)
            ),
            key=str.casefold,
        )
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror}), expected a folder") from None
    folders = tuple(folder_facts(Path(name)) for name in names[:MOST_FOLDERS])
    parent = folder.parent if folder.parent != folder else None
    return Listing(folder_facts(folder), parent, folders, max(len(names) - MOST_FOLDERS, 0), drives())


def real_folder(path: Path) -> Path:
    """Return a folder with all links followed.

    Raises
    ------
    UserError
        There is no such folder.
    """
    try:
        folder = path.expanduser().resolve(strict=True)
        if folder.is_dir():
            return folder
    except (OSError, RuntimeError, ValueError):
        pass
    raise UserError(f"{path}: found no such folder, expected one that is there")


def study_in(path: Path) -> Path:
    """Return the folder of a study: the chosen folder, or for a simulated one the study inside it."""
    folder = real_folder(path)
    inner = folder / "study"
    if not _has_sheets(folder) and inner.is_dir() and _has_sheets(inner):
        return inner
    return folder


def folder_facts(path: Path) -> Folder:
    """Return whether a folder holds a study and FCS files, by the names of its files."""
    try:
        names = [entry.name.casefold() for entry in os.scandir(path)]
    except OSError:
        names = []
    n_fcs = sum(name.endswith((".fcs", ".lmd")) for name in names)
    return Folder(path, any(name in STUDY_FILES for name in names), n_fcs)


def drives() -> tuple[Path, ...]:
    """Return the drives of a Windows computer; none on other systems, which have one root folder."""
    if os.name != "nt":
        return ()
    return tuple(path for letter in string.ascii_uppercase if (path := Path(f"{letter}:\\")).exists())


def file_inside(folder: Path, name: str) -> Path:
    """Return a file below a folder.

    Parameters
    ----------
    name
        The name with forward slashes, relative to the folder.

    Raises
    ------
    UserError
        The file is outside the folder, by its name or by a link, or does not exist.
    """
    hidden = any(part.startswith(".") for part in PurePosixPath(name).parts)
    if not name or "\\" in name or "\0" in name or hidden or location_fault("file", folder, name) is not None:
        raise UserError(f"{folder.name} has no such file")
    return folder / name


def file_of_results(study: Path, name: str) -> Path:
    """Return a file of a study's results.

    Raises
    ------
    UserError
        As `file_inside`; also if the folder of the results is a link to a folder outside the study.
    """
    path = file_inside(study / "results", name)
    if not path.resolve().is_relative_to(study.resolve()):
        raise UserError(
            "results is a link that leads out of the study folder, and the page gives nothing from there: "
            "open the file by hand, or move the folder into the study"
        )
    return path


def _has_sheets(folder: Path) -> bool:
    return any((folder / name).exists() for name in STUDY_FILES)
