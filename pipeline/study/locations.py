"""Locations of the files of a study: relative names that may not leave the study folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from pipeline.study.faults import Fault
from pipeline.study.names.look import caseless, visible_text
from pipeline.study.wording import enumerate_words, meaning, nearest, quoted, same_word

FCS_SUFFIXES = (".fcs", ".lmd")
_DATA_SET = re.compile(r"^(?P<file>.+)#(?P<number>[1-9]\d*)$")
MOST_LISTED = 5
"""Most files that a message lists if no name is similar. Convention: more would not be read."""

_INSIDE = "a path relative to the study folder that stays inside it"


def fcs_location(folder: Path, name: str) -> tuple[Path, int]:
    """Return the path of the file that a sheet names, and the number of the data set in it.

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
    """Return a key of a file that is equal for two spellings of its name, and differs between files."""
    path, data_set = fcs_location(folder, name)
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return str(folder / name).casefold(), data_set
    return f"{facts.st_dev}:{facts.st_ino}", data_set


def on_disk(folder: Path, name: str) -> str:
    """Return a typed name as it is in the folder, if the two differ only in invisible ways.

    For example, a folder from a Mac writes `ü` as two characters, an Excel sheet as one. Non-breaking blanks,
    double blanks and zero-width characters do not matter either. If two files match, the name stays as typed.

    Parameters
    ----------
    folder
        The study folder.
    name
        Relative, as typed; `#2` after it is kept.
    """
    match = _DATA_SET.match(name)
    written = [(name, ""), *([(match["file"], f"#{match['number']}")] if match else [])]
    try:
        if name.startswith("/") or (folder / name).exists():
            return name
        paths = ((_path_part_by_part(folder, file), number) for file, number in written)
        return next((file + number for file, number in paths if file), name)
    except (OSError, ValueError):
        return name


def _path_part_by_part(folder: Path, name: str) -> str:
    """Return the only path below the folder whose parts look like those of a name; "" for none or several."""
    parent, parts = folder, []
    for part in PurePosixPath(name).parts:
        exact = part != ".." and (parent / part).exists()
        matches = [part] if exact else _alike(parent, part)
        if len(matches) != 1:
            return ""
        parts.append(matches[0])
        parent = parent / matches[0]
    return "/".join(parts)


def _alike(folder: Path, part: str) -> list[str]:
    """Return the names in a folder that look like the given one."""
    try:
        return sorted(path.name for path in folder.iterdir() if visible_text(path.name) == visible_text(part))
    except OSError:
        return []


def location_fault(
    where: str,
    folder: Path,
    name: str,
    present: Callable[[], Sequence[str]] = tuple,
    unused: Callable[[], Sequence[str]] | None = None,
) -> Fault | None:
    """Return the fault of a typed file name, or None.

    The name must be relative, must name a file, and must stay inside the folder, also if it is a link.

    Parameters
    ----------
    present
        Returns the files that may have been meant.
    unused
        Returns the files to list if none of `present` is similar; None: no list.
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
        if path.exists():
            return Fault(where, f"{quoted(name)}, a pipe or a device", "a file in the study folder")
    except OSError as error:
        return Fault(where, f"{quoted(name)} ({error.strerror})", "a file in the study folder")
    return _not_there(where, path, name, present(), unused)


def _not_there(
    where: str, path: Path, name: str, present: Sequence[str], unused: Callable[[], Sequence[str]] | None
) -> Fault:
    expected = "a file in the study folder"
    alike = _alike(path.parent, path.name)
    if len(alike) > 1:
        hint = f"The folder has {enumerate_words(map(quoted, alike), 'and')}: rename one of them."
        return Fault(where, f"{quoted(name)}, which may be one of two files", expected, hint)
    meant = nearest_file(name, present)
    hint = meaning(name, meant) if meant else "" if unused is None else _listed(unused())
    return Fault(where, f"{quoted(name)}, which is not there", expected, hint)


def _listed(unused: Sequence[str]) -> str:
    if not unused:
        return "Every FCS file of the study folder is in a row."
    shown = [quoted(name) for name in unused[:MOST_LISTED]]
    more = len(unused) - len(shown)
    named = f"{', '.join(shown)} and {more} more" if more else enumerate_words(shown, "and")
    return f"In no row yet: {named}."


def sheet_problem(folder: Path, path: Path) -> Fault | None:
    """Return the fault of a sheet that is not opened: a pipe, a folder, or a link out of the study folder."""
    expected = "a file in the study folder"
    try:
        if path.is_symlink() and not path.resolve(strict=True).is_relative_to(folder.resolve()):
            hint = "Copy the file into the study folder."
            return Fault(path.name, "a link that leads out of the study folder", expected, hint)
        if path.is_file():
            return None
        kind = "a folder" if path.is_dir() else "a pipe or a device, which is not read"
    except (OSError, RuntimeError):
        kind = "a link that leads nowhere"
    return Fault(path.name, kind, expected)


def _outside(folder: Path, name: str) -> str:
    """Return in words how a name leaves the folder; "" if it does not."""
    if PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or name.startswith("~"):
        return "is an absolute path"
    if "\0" in name:
        return "holds a zero byte"
    walked = _walked(name)
    if walked is None:
        return "leaves the study folder"
    try:
        root = folder.resolve()
        leads_to = fcs_location(folder, name)[0].resolve()
    except UnicodeEncodeError:
        return "has a character that no file name can have"
    except (OSError, RuntimeError):
        return "is a link that leads nowhere"
    if not leads_to.is_relative_to(root):
        return "is a link that leads out of the study folder"
    return "names the study folder itself" if not walked else ""


def _walked(name: str) -> list[str] | None:
    """Resolve `..` in a name without looking at the disk; return None if it leads above the folder."""
    parts: list[str] = []
    for part in PurePosixPath(name).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return parts


def study_files(folder: Path) -> tuple[str, ...]:
    """Return the FCS files below a study folder as relative names with forward slashes, sorted."""
    names = (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.casefold() in FCS_SUFFIXES and path.is_file()
    )
    return tuple(sorted(name for name in names if not name.startswith(("results/", "."))))


def nearest_file(name: str, files: Iterable[str]) -> str:
    """Return the file that was probably meant: the same name in another folder, else a similar name.

    >>> nearest_file("P01.FCS", ["fcs/P02.fcs", "fcs/P01.fcs"])
    'fcs/P01.fcs'
    """
    names = list(files)
    base = PurePosixPath(name).name
    same = [file for file in names if caseless(PurePosixPath(file).name) == caseless(base)]
    stem = same_word(PurePosixPath(name).stem)
    same = same or [file for file in names if same_word(PurePosixPath(file).stem) == stem]
    if same:
        return same[0]
    stems = {PurePosixPath(file).stem: file for file in reversed(names)}
    return stems.get(nearest(PurePosixPath(name).stem, stems), "")
