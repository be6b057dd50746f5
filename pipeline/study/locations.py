"""Where the files of a study lie: relative names that may not leave the study folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from pipeline.study.faults import Fault
from pipeline.study.wording import nearest, quoted, same_word

FCS_SUFFIXES = (".fcs", ".lmd")
_DATA_SET = re.compile(r"^(?P<file>.+)#(?P<number>[1-9]\d*)$")
_INSIDE = "a path relative to the study folder that stays inside it"


def fcs_location(folder: Path, name: str) -> tuple[Path, int]:
    """Return the file that a sheet names and which of its data sets is meant.

    Parameters
    ----------
    folder
        The study folder.
    name
        As typed: `fcs/a.fcs`, or `fcs/a.lmd#2` for the second data set of a file.

    Examples
    --------
    >>> fcs_location(Path("study"), "fcs/a.lmd#2")[1]
    2
    """
    match = _DATA_SET.match(name)
    if match and not (folder / name).is_file():
        return folder / match["file"], int(match["number"])
    return folder / name, 1


def file_key(folder: Path, name: str) -> tuple[str, int]:
    """Return what is the same for two spellings of one file, and different for two files."""
    path, data_set = fcs_location(folder, name)
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return str(folder / name).casefold(), data_set
    return f"{facts.st_dev}:{facts.st_ino}", data_set


def location_fault(
    where: str, folder: Path, name: str, present: Callable[[], Sequence[str]] = tuple
) -> Fault | None:
    """Return what is wrong with a typed file name, or None.

    It must be relative, stay inside the folder (also where a link leads), and name a file; `present` lists
    the files that may have been meant.
    """
    outside = _outside(folder, name)
    if outside:
        hint = "Copy the file into the study folder and name it from there."
        return Fault(where, f"{quoted(name)}, which {outside}", _INSIDE, hint)
    path, _ = fcs_location(folder, name)
    try:
        if path.is_dir():
            return Fault(where, f"{quoted(name)}, a folder", "a file in the study folder")
        if path.is_file():
            return None
    except OSError as error:
        return Fault(where, f"{quoted(name)} ({error.strerror})", "a file in the study folder")
    meant = nearest_file(name, present())
    hint = f"Did you mean {quoted(meant)}?" if meant else ""
    return Fault(where, f"{quoted(name)}, which is not there", "a file in the study folder", hint)


def _outside(folder: Path, name: str) -> str:
    """Return how a name leaves the folder, or ""."""
    if PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or name.startswith("~"):
        return "is an absolute path"
    if "\0" in name:
        return "holds a zero byte"
    try:
        root = folder.resolve()
        lexical = Path(*_walked(name))
        leads_to = fcs_location(folder, name)[0].resolve()
    except ValueError:
        return "leaves the study folder"
    except (OSError, RuntimeError):
        return "is a link that leads nowhere"
    if not leads_to.is_relative_to(root):
        return "is a link that leads out of the study folder"
    return "names the study folder itself" if lexical == Path() else ""


def _walked(name: str) -> list[str]:
    """Follow `..` by name alone; ValueError where it climbs above the folder."""
    parts: list[str] = []
    for part in PurePosixPath(name).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            raise ValueError(name)
    return parts


def study_files(folder: Path) -> tuple[str, ...]:
    """Return the FCS files below a study folder, relative, with forward slashes, in order of name."""
    names = (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.casefold() in FCS_SUFFIXES and path.is_file()
    )
    return tuple(sorted(name for name in names if not name.startswith(("results/", "."))))


def nearest_file(name: str, files: Iterable[str]) -> str:
    """Return the file that was probably meant: the same name elsewhere, else a similar one.

    >>> nearest_file("P01.FCS", ["fcs/P02.fcs", "fcs/P01.fcs"])
    'fcs/P01.fcs'
    """
    known = list(files)
    base = PurePosixPath(name).name
    same = [file for file in known if PurePosixPath(file).name.casefold() == base.casefold()]
    stem = same_word(PurePosixPath(name).stem)
    same = same or [file for file in known if same_word(PurePosixPath(file).stem) == stem]
    if same:
        return same[0]
    stems = {PurePosixPath(file).stem: file for file in reversed(known)}
    return stems.get(nearest(PurePosixPath(name).stem, stems), "")
