"""Paths of FCS files: `file.lmd#2` is the second data set; messages suggest a file if one is missing."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from pipeline.fcs.errors import UnreadableError, UnsupportedError, shown
from pipeline.files.content import AnyContent

LONGEST_FILE_NAME = 255
"""Length of a file name; a longer one is cut in messages. Standard: the limit of today's file systems."""


def split_data_set(name: str | Path, data_set: int) -> tuple[Path, int]:
    """Return the file and the data set of a path; a file with exactly that name goes first.

    Raises
    ------
    UnreadableError
        The path is no path.
    UnsupportedError
        The data set is no number, or the path names another one than `data_set`.
    """
    if not isinstance(name, str | Path) or not str(name):
        raise UnreadableError(
            f"the file to read is {shown(name)}, expected a path, a string that is not empty"
        )
    if not isinstance(data_set, int) or isinstance(data_set, bool):
        raise UnsupportedError(
            f"{Path(name).name}: data set {shown(data_set)} was asked for, expected a number"
        )
    path = Path(name)
    if "#" not in path.name:
        return path, data_set
    named = re.fullmatch(r"(.+)#(\d{1,4})", path.name, re.ASCII)
    if not named or _is_file(path):
        return path, data_set
    if data_set not in (1, int(named[2])):
        raise UnsupportedError(
            f"{path.name}: data set {named[2]} by its name, but {data_set} was asked for; choose one"
        )
    return path.with_name(named[1]), int(named[2])


@contextmanager
def open_fcs(path: Path, content: AnyContent | None = None) -> Iterator[BinaryIO]:
    """Open a file for reading, or its bytes if they have been read already.

    Raises
    ------
    UnreadableError
        The file is missing, is no regular file, or cannot be read.
    """
    if content is not None:
        yield cast(BinaryIO, content.open())
        return
    if not _is_file(path):
        raise UnreadableError(_not_there(path))
    try:
        with path.open("rb") as file:
            yield file
    except OSError as fault:
        raise UnreadableError(
            f"{path.name} cannot be read: {fault.strerror or fault}; check its permissions or copy it again"
        ) from fault


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _not_there(path: Path) -> str:
    if os.path.isdir(path):  # noqa: PTH112
        return f"{path.name or path} is a folder, expected an FCS file; name a file in it"
    if os.path.exists(path):  # noqa: PTH110
        return (
            f"{path.name} is a device or a pipe and no file of bytes, expected an FCS file; copy it to a file"
        )
    near = difflib.get_close_matches(path.name, _names_beside(path), n=1)
    hint = f"did you mean {near[0]}?" if near else "check the name and the folder"
    name = path.name if len(path.name) <= LONGEST_FILE_NAME else path.name[:LONGEST_FILE_NAME] + "…"
    folder = f"in {path.parent.name!r}" if path.parent.name else "in this folder"
    return f"{name} is not there, expected an FCS file {folder}; {hint}"


def _names_beside(path: Path) -> list[str]:
    try:
        return os.listdir(path.parent)  # noqa: PTH208
    except (OSError, ValueError):
        return []
