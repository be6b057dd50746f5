"""The files of a tube or a bead run, each read once: values and digest come from the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import SEEK_END
from pathlib import Path

from pipeline.fcs.errors import FcsError
from pipeline.fcs.paths import open_fcs, split_data_set
from pipeline.files.content import SHOWN_DIGITS, AnyContent, Content, file_sha256
from pipeline.files.streamed import StreamedContent

STREAMED_FROM = 16 << 20
"""A file of at least this many bytes is never held in memory as a whole. Convention: for speed; the memory of
smaller files is reused for their events."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Files of a study, by their names in it: the bytes of each, or why it cannot be read."""

    contents: Mapping[str, AnyContent | FcsError]

    def content(self, name: str) -> AnyContent:
        """Return the bytes of a file.

        Raises
        ------
        FcsError
            The file could not be read. It is not read a second time, since its content might differ from the
            digest.
        """
        content = self.contents[name]
        if isinstance(content, FcsError):
            raise content
        return content

    @property
    def sha256(self) -> tuple[tuple[str, str], ...]:
        """The name and the SHA-256 of each file; "" if it cannot be read. Files are read to their end."""
        return tuple((name, _sha256(content)) for name, content in self.contents.items())


def read_inputs(folder: Path, names: Iterable[str], *, streamed: bool = False) -> Inputs:
    """Read each file of a study once, even if several of its data sets are named.

    Parameters
    ----------
    folder
        The study folder; names are relative to it, and may name a data set (`tube.lmd#2`).
    streamed
        Whether the values of each file are used only once: large files are then read piece by piece and never
        held in memory as a whole.
    """
    paths = {name: named_file(folder, name) for name in names}
    once = Counter(paths.values())
    read = {path: _content(path, streamed=streamed and n == 1) for path, n in once.items()}
    return Inputs({name: read[path] for name, path in paths.items()})


def input_sha256(folder: Path, name: str) -> str:
    """Return the SHA-256 of a file of a study in hex; "" where it cannot be read."""
    try:
        return file_sha256(named_file(folder, name))
    except OSError:
        return ""


def bytes_of_inputs(folder: Path, names: Iterable[str]) -> int:
    """Return the total size of the files of a tube; a file that cannot be found counts as 0."""
    total = 0
    for path in {named_file(folder, name) for name in names}:
        with suppress(OSError):
            total += path.stat().st_size
    return total


def changed_inputs(expected: Iterable[tuple[str, str]], measured: Iterable[tuple[str, str]]) -> str:
    """Say which files have changed since the run began; "" if none has.

    Parameters
    ----------
    expected
        Name and SHA-256 when the run began; "" of a file that could not be read.
    measured
        The same for the bytes that were read; only files in both lists are compared.

    Examples
    --------
    >>> changed_inputs([("a.fcs", "11")], [("a.fcs", "11"), ("b.fcs", "22")])
    ''
    >>> changed_inputs([("a.fcs", "11")], [("a.fcs", "12")])
    'a.fcs changed while the run read it: SHA-256 11… when the run began, 12… now; run again'
    """
    began = dict(expected)
    differing = [(name, began[name], now) for name, now in measured if began.get(name, now) != now]
    return "; ".join(_sentence(name, before, now) for name, before, now in differing)


def _sentence(name: str, before: str, after: str) -> str:
    if not after:
        change = "it could be read when the run began, and cannot be read now"
    elif not before:
        change = "it could not be read when the run began, and can be read now"
    else:
        change = f"SHA-256 {before[:SHOWN_DIGITS]}… when the run began, {after[:SHOWN_DIGITS]}… now"
    return f"{name} changed while the run read it: {change}; run again"


def named_file(folder: Path, name: str) -> Path:
    """Return the file of a name in the study, without the number of a data set."""
    try:
        return split_data_set(folder / name, 1)[0]
    except FcsError:  # data set 0, which no file has
        return folder / name


def _content(path: Path, *, streamed: bool) -> AnyContent | FcsError:
    try:
        with open_fcs(path) as file:
            if streamed and file.seek(0, SEEK_END) >= STREAMED_FROM:
                return StreamedContent(path)
            file.seek(0)
            return Content(path, file.read())
    except FcsError as error:
        return error


def _sha256(content: AnyContent | FcsError) -> str:
    try:
        return "" if isinstance(content, FcsError) else content.sha256
    except OSError:
        return ""
