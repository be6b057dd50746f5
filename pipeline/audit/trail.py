"""Lines of the audit trail, each with the digest of the one before: what is cut, edited or moved is found.

The file shows that something was changed afterwards; it cannot keep anybody from writing a new one. So the
digest of the last line stands in results/run.json too: it tells where lines were cut from the end.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pipeline.files.whole import NotWrittenError
from pipeline.study.errors import UserError

TRAIL = "audit.jsonl"
SECONDS_FOR_THE_OTHER = 30.0
"""So long a process waits for another one that adds a line. Convention: a line takes milliseconds."""

_START = "0" * 64
"""Stands for the digest of the line before the first one. Convention."""


class Event(StrEnum):
    """What was done."""

    RUN = "run"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Change:
    """A cell that holds something else than when a line was last added.

    Attributes
    ----------
    row
        Sheet and row: `samples P01_BM1`.
    column, old, new
        "" where the cell was, or is, empty.
    """

    row: str
    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the trail.

    Attributes
    ----------
    number
        From 1.
    at
        In UTC, ISO 8601.
    who
        Name of the user at the computer, as the system gives it.
    facts
        Of the event: command, program, digests of inputs and results, counts.
    changes
        What was typed since the line before.
    previous, digest
        SHA-256 of the line before, and of this one.
    """

    number: int
    at: str
    who: str
    event: str
    facts: Mapping[str, Any]
    changes: tuple[Change, ...]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Trail:
    """The lines that could be read, and what is wrong with the file; "" where nothing is."""

    lines: tuple[Line, ...]
    fault: str = ""

    @property
    def head(self) -> str:
        """Digest of the last line; "" where there is none."""
        return self.lines[-1].digest if self.lines else ""


def read_trail(folder: Path) -> Trail:
    """Return the trail of a study; an empty one where there is no file.

    Raises
    ------
    UserError
        The file cannot be read.
    """
    path = folder / TRAIL
    if not path.exists():
        return Trail(())
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror or error}), expected the study's audit trail. "
            "Ask whoever made it for the right to read and write it, or move it away: "
            "the next run begins a new one"
        ) from None
    lines: list[Line] = []
    previous = _START
    for number, text in enumerate(raw.split(b"\n")[:-1], 1):
        line = _line(text)
        if line is None:
            return Trail(tuple(lines), f"line {number} is no line of an audit trail")
        if line.digest != _digest(text):
            return Trail(tuple(lines), f"line {number} was edited after it was written")
        if line.previous != previous or line.number != number:
            what = "a line before it was cut, added or moved"
            return Trail(tuple(lines), f"line {number} does not follow the one before: {what}")
        lines.append(line)
        previous = line.digest
    if not raw.endswith(b"\n") and raw:
        return Trail(tuple(lines), f"line {len(lines) + 1} was cut short")
    return Trail(tuple(lines))


def add_line(
    folder: Path, event: Event, facts: Mapping[str, Any], typed: Mapping[tuple[str, str], str]
) -> Trail:
    """Add a line; return the trail with it. Two processes at once add one after the other.

    Parameters
    ----------
    typed
        Every cell of the study now: (row, column) → what it holds.

    Raises
    ------
    NotWrittenError
        The file cannot be written.
    UserError
        It was changed after it was written.
    """
    path = folder / TRAIL
    try:
        with _alone(path):
            trail = must_be_whole(folder)
            text = _text(trail, event, facts, changes_between(cells_of(trail), typed))
            _append(path, text + b"\n")
    except OSError as error:
        raise NotWrittenError(
            path, error.strerror or str(error), isinstance(error, PermissionError)
        ) from error
    return read_trail(folder)


def _append(path: Path, line: bytes) -> None:
    """Add a line whole, or not at all where the disk is full."""
    # Without a buffer, since closing the file would write what is left in one.
    with path.open("ab", buffering=0) as file:
        before, left = file.tell(), line
        try:
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError:
            os.truncate(path, before)
            raise


def must_be_whole(folder: Path) -> Trail:
    """Return the trail of a study.

    Raises
    ------
    UserError
        It was changed after it was written: nothing is added to it.
    """
    trail = read_trail(folder)
    if trail.fault:
        raise UserError(
            f"{folder / TRAIL}: {trail.fault}, expected lines that follow each other as they were written. "
            "Keep the file as it is for whoever asks, and move it away: the next run begins a new one"
        )
    return trail


def cells_of(trail: Trail) -> dict[tuple[str, str], str]:
    """Return what the sheets held when the last line was added: the changes of all lines in their order."""
    cells: dict[tuple[str, str], str] = {}
    for line in trail.lines:
        for change in line.changes:
            cells[change.row, change.column] = change.new
    return {place: text for place, text in cells.items() if text}


def changes_between(
    before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str]
) -> tuple[Change, ...]:
    """Return the cells that differ, in order of row and column."""
    places = sorted({*before, *after})
    pairs = ((place, before.get(place, ""), after.get(place, "")) for place in places)
    return tuple(Change(*place, old, new) for place, old, new in pairs if old != new)


def history_of(trail: Trail, name: str) -> tuple[tuple[Line, Change], ...]:
    """Return every change of rows that are named so: `P01_BM1`, in the order in which they were found."""
    return tuple(
        (line, change)
        for line in trail.lines
        for change in line.changes
        if name in change.row.partition(" ")[2].split("/")
    )


def _text(trail: Trail, event: Event, facts: Mapping[str, Any], changes: Sequence[Change]) -> bytes:
    body = {
        "number": len(trail.lines) + 1,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": _user(),
        "event": event.value,
        "facts": facts,
        "changes": [[change.row, change.column, change.old, change.new] for change in changes],
        "previous": trail.head or _START,
    }
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return f'{text[:-1]}, "digest": "{digest}"}}'.encode()


def _user() -> str:
    """Return the name of the user, or the number where the system knows no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # KeyError before Python 3.13
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def _digest(text: bytes) -> str:
    """Return the digest that a line should name: of all of it but its digest."""
    body, _, _ = text.rpartition(b', "digest": ')
    return hashlib.sha256(body + b"}").hexdigest()


def _line(text: bytes) -> Line | None:
    try:
        facts = json.loads(text.decode("utf-8"))
        changes = tuple(Change(*map(str, change)) for change in facts.pop("changes"))
        return Line(**facts, changes=changes)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the trail for this process."""
    import locket

    lock = path.with_name(f".{path.name}.lock")
    try:
        with locket.lock_file(str(lock), timeout=SECONDS_FOR_THE_OTHER):
            yield
    except locket.LockError:
        raise OSError(None, "another process has held it for half a minute", str(path)) from None
