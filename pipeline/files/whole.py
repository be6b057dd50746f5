"""A file written whole or not at all: under another name first, which then takes the file's place at once."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

UNFINISHED = ".partial"
"""How the name of a file ends while it is written."""

TRIES = 3
"""Another command in the same folder may take an unfinished file for a leftover, once or twice. Convention: a
third time in a row it is no chance."""

_OLDER: ContextVar[list[Path] | None] = ContextVar("older", default=None)


@contextmanager
def older_kept() -> Iterator[list[Path]]:
    """Go on where the file of an earlier run cannot be replaced, and list it.

    Such a file is open in Excel, or something else lies in its place. A full disk or a folder without the
    right to write still raises.
    """
    older: list[Path] = []
    token = _OLDER.set(older)
    try:
        yield older
    finally:
        _OLDER.reset(token)


def list_older(paths: Iterable[Path]) -> None:
    """List files that another process could not replace."""
    older = _OLDER.get()
    if older is not None:
        older.extend(paths)


class NotWrittenError(OSError):
    """A file could not be written; the one before is as it was. The text says which file and why.

    Parameters
    ----------
    path
        The file.
    reason
        In the system's words.
    in_use
        Whether another program may hold it.
    """

    def __init__(self, path: Path, reason: str, in_use: bool = False) -> None:
        self.path, self.reason, self.in_use = path, reason, in_use
        super().__init__(
            f"{path}: cannot be written ({reason}); {self.what_to_do} and run the same command again: "
            "finished tubes are kept"
        )

    @property
    def what_to_do(self) -> str:
        """What makes room for the file, in words."""
        if self.reason == os.strerror(errno.EROFS):
            return "nothing can be written to this disk: copy the study to a place you may write to,"
        if self.in_use:
            return "is it open in Excel or another program? Close it"
        return "make room, or move away what is in its place,"

    def __reduce__(self) -> tuple[type[NotWrittenError], tuple[Path, str, bool]]:
        return type(self), (self.path, self.reason, self.in_use)


class NoResultsFolderError(NotWrittenError):
    """Nothing can be written into the folder for the results; it is said before anything is computed."""

    def __str__(self) -> str:
        return (
            f"{self.path}: cannot write there ({self.reason}), expected a folder for the results; "
            "free the folder, or copy the study to a place you may write to"
        )


def write_whole(path: Path, content: bytes | str | Callable[[Path], object], *, durable: bool = True) -> None:
    """Write a file so that after a crash, or on a full disk, the old file is there or the new one.

    Parameters
    ----------
    path
        The file; an older one is replaced, and its folder is made where there is none.
    content
        Bytes; text, written as UTF-8; or what writes a file under the path that it is given.
    durable
        Wait until the disk has it, so that a power cut cannot empty it either; False where a damaged file is
        noticed and made again.

    Raises
    ------
    NotWrittenError
        The file cannot be written; nothing is left of the attempt.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tries = TRIES if isinstance(content, bytes | str) else 1
        while not _written(path, content, durable=durable, last=tries <= 1):
            tries -= 1
    except OSError as error:
        raise NotWrittenError(
            path, error.strerror or str(error), isinstance(error, PermissionError)
        ) from error


def remove_older(path: Path) -> None:
    """Remove the file of an earlier run, where there is one.

    Raises
    ------
    NotWrittenError
        It cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        if not _is_listed(path):
            raise NotWrittenError(path, error.strerror or str(error), in_use=True) from error


def remove_unfinished(folder: Path) -> None:
    """Remove what commands that were killed left behind, in a folder and those in it."""
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(UNFINISHED):
                (Path(parent) / name).unlink(missing_ok=True)


def _written(
    path: Path, content: bytes | str | Callable[[Path], object], *, durable: bool, last: bool
) -> bool:
    unfinished = path.with_name(f".{secrets.token_hex(8)}{UNFINISHED}")
    try:
        if isinstance(content, bytes | str):
            unfinished.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        else:
            content(unfinished)
        if durable:
            _flush(unfinished)
        _replace(path, unfinished)
    except FileNotFoundError:
        if last:
            raise
        return False
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return True


def _replace(path: Path, unfinished: Path) -> None:
    try:
        unfinished.replace(path)
    except OSError as error:
        if isinstance(error, FileNotFoundError) or not _is_listed(path):
            raise


def _is_listed(path: Path) -> bool:
    """List a file that stays as an earlier run left it; False where that is not why it failed."""
    older = _OLDER.get()
    if older is None or not os.path.lexists(path):
        return False
    older.append(path)
    return True


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def ready_to_replace(path: Path, content: bytes) -> Iterator[Callable[[], None]]:
    """Have a file's new bytes on the disk, and give what puts them in its place at once.

    So the room for them is there before anything else is done that must go with them. What is given raises
    OSError where the file cannot be replaced; the old one is as it was then.

    Raises
    ------
    NotWrittenError
        The bytes cannot be written; nothing is left of the attempt.
    """
    unfinished = path.with_name(f".{secrets.token_hex(8)}{UNFINISHED}")

    def replace_it() -> None:
        unfinished.replace(path)
        flush_folder(path.parent)

    try:
        try:
            unfinished.write_bytes(content)
            _flush(unfinished)
        except OSError as error:
            raise NotWrittenError(
                path, error.strerror or str(error), isinstance(error, PermissionError)
            ) from error
        yield replace_it
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Wait until the disk has the names of a folder's files; nothing where the system has no way to ask."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network drives refuse it
            os.fsync(handle)
    finally:
        os.close(handle)
