"""The bytes of a file, read once: the hashed bytes are the used bytes, even if the file changes meanwhile."""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from pipeline.files.streamed import StreamedContent

SHOWN_DIGITS = 12
"""Digits of a SHA-256 in a sentence. Convention: so many differ for any two files or programs."""


@dataclass(frozen=True, eq=False, repr=False)
class Content:
    """The bytes of a file, which open like a path, so that a reader can take either.

    Attributes
    ----------
    path
        The file of the bytes; it is not read again.
    data
        All bytes of the file.
    """

    path: Path
    data: bytes

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.path.name

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()

    def open(self, mode: str = "rb", buffering: int = -1) -> io.BytesIO:
        """Return the bytes as an open file for reading, without a copy."""
        del buffering
        if mode != "rb":
            raise ValueError(f"the bytes of {self.name} are for reading, but mode {mode!r} was asked for")
        return io.BytesIO(self.data)


AnyContent: TypeAlias = Content | StreamedContent
"""The bytes of a file, either in memory or read when they are needed."""


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex; only a piece of the file is in memory at a time.

    Raises
    ------
    OSError
        The file does not exist, is no regular file, or cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(2, "no such file, or no regular one", str(path))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def must_not_wait(path: Path) -> None:
    """Raise OSError for a pipe or a device: reading it may never end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "a pipe or a device, which is not read", str(path))


def digest_of(parts: Iterable[str]) -> str:
    """Return the SHA-256 of the parts, including the borders between them.

    Examples
    --------
    >>> digest_of(["a", "bc"]) == digest_of(["ab", "c"])
    False
    """
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part.encode()).digest())
    return total.hexdigest()
