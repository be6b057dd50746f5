"""A large file, read once from beginning to end; it is hashed meanwhile, and never whole in memory."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import finalize

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

PIECE_BYTES = 1 << 20
"""Bytes of a piece that is only hashed. Convention: for speed."""


class ChangedError(OSError):
    """Bytes that were read ahead had changed when the file was read in order."""


class StreamedContent:
    """The bytes of a file; their SHA-256 is that of the used bytes.

    `open` reads ahead anywhere, for example the header: these bytes are kept, and compared with the bytes
    that are read later. `reading` reads the file once and in order.
    """

    def __init__(self, path: Path) -> None:
        """Open the file. Raises OSError if it cannot be read."""
        self.path = path
        self._file = path.open("rb", buffering=0)
        finalize(self, self._file.close)  # closes the file if nobody needs the digest
        self.size = self._file.seek(0, io.SEEK_END)
        self._hash, self._hashed = hashlib.sha256(), 0
        self._blocks_read: list[tuple[int, bytes]] = []

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.path.name

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, in hex; the rest of the file is read now. Raises OSError."""
        if not self._file.closed:
            self._read_up_to(self.size)
            self._file.close()
        return self._hash.hexdigest()

    def open(self, mode: str = "rb", buffering: int = -1) -> io.RawIOBase:
        """Return the bytes for reading ahead, at any position."""
        del buffering
        if mode != "rb":
            raise ValueError(f"the bytes of {self.name} are for reading, but mode {mode!r} was asked for")
        return _Reader(self.size, self._look)

    def reading(self) -> io.RawIOBase:
        """Return the bytes for reading in order, from any position.

        Reading raises ChangedError if bytes differ from those read ahead, and ValueError if they were read
        already.
        """
        return _Reader(self.size, self._read)

    def _look(self, offset: int, buffer: memoryview) -> int:
        if offset < self._hashed:
            raise ValueError(
                f"the bytes of {self.name} from {offset} on have been read: it is too late to look"
            )
        n = self._filled(offset, buffer)
        self._blocks_read.append((offset, bytes(buffer[:n])))
        return n

    def _read(self, offset: int, buffer: memoryview) -> int:
        if offset < self._hashed:
            raise ValueError(f"the bytes of {self.name} from {offset} on have been read: they are read once")
        self._read_up_to(offset)
        n = self._filled(offset, buffer)
        self._hash.update(buffer[:n])
        self._hashed = end = offset + n
        for begin, earlier in self._blocks_read:
            first, last = max(begin, offset), min(begin + len(earlier), end)
            if (
                first < last
                and earlier[first - begin : last - begin] != buffer[first - offset : last - offset]
            ):
                raise ChangedError(0, f"byte {first} or one after it changed meanwhile")
        return n

    def _read_up_to(self, end: int) -> None:
        piece = memoryview(bytearray(PIECE_BYTES))
        while self._hashed < end and self._read(self._hashed, piece[: end - self._hashed]):
            pass

    def _filled(self, offset: int, buffer: memoryview) -> int:
        self._file.seek(offset)
        n = 0
        while n < len(buffer) and (more := self._file.readinto(buffer[n:])):
            n += more
        return n


class _Reader(io.RawIOBase):
    """A reader at a position in a file."""

    def __init__(self, size: int, read: Callable[[int, memoryview], int]) -> None:
        self._size, self._read, self._at = size, read, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        n = self._read(self._at, memoryview(buffer).cast("B"))
        self._at += n
        return n
