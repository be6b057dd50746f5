"""The bytes of a file, read once: what is hashed is what is used, whatever happens to the file meanwhile."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from pipeline.files.streamed import StreamedContent


@dataclass(frozen=True, eq=False, repr=False)
class Content:
    """The bytes of a file. It opens like a path, so that a reader need not know which of both it was given.

    Attributes
    ----------
    path
        Where the bytes came from; it is not read again.
    data
        All of them.
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
        """Return the bytes as a file that is open for reading; they are not copied."""
        del buffering
        if mode != "rb":
            raise ValueError(f"the bytes of {self.name} are for reading, but mode {mode!r} was asked for")
        return io.BytesIO(self.data)


AnyContent: TypeAlias = Content | StreamedContent
"""The bytes of a file, whether they lie in memory or are read as they are asked for."""


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex, a piece of it in memory at a time.

    Raises
    ------
    OSError
        It is not there, is no regular file, or cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(2, "no such file, or no regular one", str(path))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(parts: Iterable[str]) -> str:
    """Return the SHA-256 of the parts, each kept apart from the next.

    Examples
    --------
    >>> digest_of(["a", "bc"]) == digest_of(["ab", "c"])
    False
    """
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part.encode()).digest())
    return total.hexdigest()
