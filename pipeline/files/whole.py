"""Writing a file whole or not at all: first under another name, then renamed in one step."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

UNFINISHED = ".partial"
"""The ending of a file's name while it is written."""

RESULTS = "results"
"""Name of the folder of a study's results. Convention: in English, since it is typed in scripts."""

WRITE_TRIES = 3
"""Tries of a write: another command in the same folder may delete an unfinished file as a leftover, once or
twice. Convention: a third time in a row is no chance."""

PROBE_BYTES = 1 << 18
"""Bytes that are written to see whether the disk is full, after a library failed to write. Convention: more
than any library writes at a time."""

_MOVED = "is not there any more: its drive was lost, or the study was moved"

_DISK_FAILURES = frozenset(
    {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG, errno.EROFS, errno.EIO}
)
"""Errors of the operating system that are about the disk, not about one file."""

_OLDER: ContextVar[list[Path] | None] = ContextVar("older", default=None)


@contextmanager
def older_kept() -> Iterator[list[Path]]:
    """Go on if a file of an earlier run cannot be replaced, and list that file.

    Such a file is open in Excel, for example. A full disk or a write-protected folder still raises an error.
    """
    older: list[Path] = []
    token = _OLDER.set(older)
    try:
        yield older
    finally:
        _OLDER.reset(token)


class NotWrittenError(OSError):
    """A file could not be written; the old file is unchanged. The text names the file and the reason.

    Parameters
    ----------
    path
        The file.
    reason
        The reason in the words of the operating system.
    in_use
        Whether another program may hold it.
    """

    def __init__(self, path: Path, reason: str, in_use: bool = False) -> None:
        self.path, self.reason, self.in_use = path, reason, in_use
        super().__init__(
            f"{path}: cannot be written ({reason}); {self.advice} and run the same command again: "
            "finished tubes are kept"
        )

    @property
    def advice(self) -> str:
        """What the user can do, in words."""
        if self.reason == os.strerror(errno.EROFS):
            return "nothing can be written to this disk: copy the study to a place you may write to,"
        if self.in_use:
            return "is it open in Excel or another program? Close it"
        return "make room, or move away what is in its place,"

    def __reduce__(self) -> tuple[type[NotWrittenError], tuple[Path, str, bool]]:
        return type(self), (self.path, self.reason, self.in_use)


class LostFolderError(NotWrittenError):
    """The folder of the results is not there any more."""

    @property
    def advice(self) -> str:
        """What the user can do, in words."""
        return "bring it back,"


class NoResultsFolderError(NotWrittenError):
    """The results folder cannot be written into; this is raised before anything is computed."""

    def __str__(self) -> str:
        return (
            f"{self.path}: cannot write there ({self.reason}), expected a folder for the results; "
            "free the folder, or copy the study to a place you may write to"
        )


def write_whole(path: Path, content: bytes | str | Callable[[Path], object], *, durable: bool = True) -> None:
    """Write a file so that after a crash or on a full disk either the old or the new file is there.

    Parameters
    ----------
    path
        The file; an older one is replaced, and a missing folder is made.
    content
        Bytes; text, written as UTF-8; or a function that writes a file to the given path.
    durable
        Wait until the bytes are on the disk, so that a power cut cannot empty the file; False for files whose
        damage is detected and that are made again.

    Raises
    ------
    NotWrittenError
        The file cannot be written; nothing is left of the attempt.
    LostFolderError
        The folder of results is not there any more.
    """
    lost = _lost_results(path.parent)
    if lost is not None:
        raise LostFolderError(path, f"{lost} {_MOVED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tries = WRITE_TRIES if isinstance(content, bytes | str) else 1
        while not _written(path, content, durable=durable, last=tries <= 1):
            tries -= 1
    except OSError as error:
        raise NotWrittenError(
            path, error.strerror or str(error), isinstance(error, PermissionError)
        ) from error


def _lost_results(folder: Path) -> Path | None:
    """Return the missing folder of results that this one lies in; None if there is none.

    A command makes it before it computes. If it is missing later, its drive was lost or the study was moved:
    a new one would hold a part of the results, at a place where nobody expects it.
    """
    for above in (folder, *folder.parents):
        if above.name == RESULTS and not above.is_dir() and not os.path.lexists(above):
            return above
    return None


def remove_older(path: Path) -> None:
    """Remove the file of an earlier run, if there is one.

    Raises
    ------
    NotWrittenError
        The file cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        if not _is_listed(path):
            raise NotWrittenError(path, error.strerror or str(error), in_use=True) from error


def remove_unfinished(folder: Path) -> None:
    """Remove unfinished files of killed commands in a folder and its subfolders."""
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
            _write_by_library(content, unfinished)
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


def _write_by_library(content: Callable[[Path], object], unfinished: Path) -> None:
    """Let a library write the file; an error of its own that a full disk caused is raised as OSError."""
    try:
        content(unfinished)
    except OSError:
        raise
    except Exception as error:
        failure = _failure_of_disk(error, unfinished)
        if failure is None:
            raise
        raise failure from error


def _failure_of_disk(error: BaseException, unfinished: Path) -> OSError | None:
    """Return the failure of the disk that led to an error of another kind; None if the disk is sound."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _DISK_FAILURES:
            return cause
        cause = cause.__cause__ or cause.__context__
    try:  # a library in C may tell no reason: the next bytes fail as well
        with unfinished.open("ab") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as failure:
        return failure
    return None


def _replace(path: Path, unfinished: Path) -> None:
    try:
        unfinished.replace(path)
    except OSError as error:
        if isinstance(error, FileNotFoundError) or not _is_listed(path):
            raise


def _is_listed(path: Path) -> bool:
    """List a file of an earlier run that stays; False if no such file is the reason of the failure."""
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
    """Write a file's new bytes to the disk, and give a function that replaces the file in one step.

    So a full disk is noticed before any step that must go together with the replacement. The function raises
    OSError if the file cannot be replaced; then the old file is unchanged.

    Raises
    ------
    NotWrittenError
        The bytes cannot be written; nothing is left of the attempt.
    """
    unfinished = path.with_name(f".{secrets.token_hex(8)}{UNFINISHED}")

    def replace_file() -> None:
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
        yield replace_file
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Wait until a folder's file names are on the disk; does nothing on systems without this function."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network drives refuse it
            os.fsync(handle)
    finally:
        os.close(handle)
