"""Lines of the audit trail, each with the previous line's digest: cut, edited or moved lines are detected.

The file shows later changes, but cannot prevent that somebody writes a new file. A file beside it and
results/run.json hold the digest of the last line, so that lines cut from the end are detected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.audit.earlier import facts_of_earlier, fault_of_trail
from pipeline.audit.end import cut_to_lines, note_end, read_end, write_at_end
from pipeline.audit.lines import (
    START,
    ChangedCell,
    Event,
    TrailLine,
    changes_between,
    digest_of_line,
    line_of_text,
    text_of_line,
)
from pipeline.audit.row_key import RowKey
from pipeline.files.content import must_not_wait
from pipeline.files.whole import NotWrittenError, write_whole
from pipeline.study.errors import UserError

__all__ = [
    "TRAIL", "ChangedCell", "Event", "Trail", "TrailLine", "add_line", "alone_with", "append_line",
    "cells_of", "changes_between", "coming_line", "finish_line", "history_of", "must_be_whole", "read_trail",
    "take_back",
]  # fmt: skip

TRAIL = "audit.jsonl"
SECONDS_FOR_THE_OTHER = 30.0
"""Longest wait for another process that adds a line, s. Convention: a line takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Trail:
    """The readable lines, and the fault of the file; "" for a file without fault.

    `has_lost_lines`: the fault is that lines are missing at the end.
    """

    lines: tuple[TrailLine, ...]
    fault: str = ""
    has_lost_lines: bool = False

    @property
    def head(self) -> str:
        """Digest of the last line; "" for an empty trail."""
        return self.lines[-1].digest if self.lines else ""


def read_trail(folder: Path) -> Trail:
    """Return the trail of a study; an empty trail if there is no file.

    Raises
    ------
    UserError
        The file cannot be read.
    """
    path = folder / TRAIL
    if not path.exists():
        return Trail(())
    end = read_end(path)  # before the lines: another process may add one meanwhile
    trail = _read_lines(path)
    if trail.fault or end is None or not (fault := end.fault_in(trail.lines)):
        return trail
    if read_end(path) != end:  # another process has taken its line back
        return read_trail(folder)
    return Trail(trail.lines, fault, len(trail.lines) < end.number)


def _read_lines(path: Path) -> Trail:
    try:
        must_not_wait(path)
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror or error}), expected the study's audit trail. "
            "Ask whoever made it for the right to read and write it, or move it away: "
            "the next run begins a new one"
        ) from None
    lines: list[TrailLine] = []
    previous = START
    for number, text in enumerate(raw.split(b"\n")[:-1], 1):
        line = line_of_text(text)
        if line is None:
            return Trail(tuple(lines), f"line {number} is no line of an audit trail")
        if line.digest != digest_of_line(text):
            return Trail(tuple(lines), f"line {number} was edited after it was written")
        if line.previous != previous or line.number != number:
            explanation = "a line before it was cut, added or moved"
            return Trail(tuple(lines), f"line {number} does not follow the one before: {explanation}")
        lines.append(line)
        previous = line.digest
    if not raw.endswith(b"\n") and raw:
        return Trail(tuple(lines), f"line {len(lines) + 1} was cut short")
    return Trail(tuple(lines))


def add_line(
    folder: Path, event: Event, facts: Mapping[str, Any], typed: Mapping[tuple[RowKey, str], str]
) -> Trail:
    """Add a line; return the trail with it. Two processes add their lines one after the other.

    Parameters
    ----------
    typed
        Every cell of the study now: (row, column) → text.

    Raises
    ------
    NotWrittenError
        The file cannot be written.
    UserError
        It was changed after it was written.
    """
    with alone_with(folder) as trail:
        return append_line(folder, trail, event, facts, typed)


@contextmanager
def alone_with(folder: Path) -> Iterator[Trail]:
    """Give the trail of a study, locked so that no other process can add a line.

    Raises
    ------
    NotWrittenError
        The file cannot be locked.
    UserError
        It was changed after it was written.
    """
    with _alone(folder / TRAIL):
        _finish_line(folder / TRAIL)
        yield must_be_whole(folder)


def finish_line(folder: Path) -> None:
    """Complete the last line if a process was killed or the power failed while it was written.

    Raises
    ------
    NotWrittenError
        The file cannot be written.
    """
    if _coming(folder / TRAIL).exists():
        with _alone(folder / TRAIL):
            _finish_line(folder / TRAIL)


def append_line(
    folder: Path,
    trail: Trail,
    event: Event,
    facts: Mapping[str, Any],
    typed: Mapping[tuple[RowKey, str], str],
) -> Trail:
    """Add a line to a locked trail (`alone_with`); a first line holds the end of a trail that was moved away.

    Raises
    ------
    NotWrittenError
        The line cannot be written; the trail is unchanged.
    """
    path = folder / TRAIL
    changes = changes_between(cells_of(trail), typed)
    facts = facts if trail.lines else {**facts_of_earlier(folder, path), **facts}
    text = text_of_line(len(trail.lines) + 1, trail.head, event, facts, changes)
    try:
        _append(path, text + b"\n")
        after = _read_lines(path)
        try:
            note_end(path, after.lines)
        except OSError:
            cut_to_lines(path, len(trail.lines))
            raise
    except OSError as error:
        raise _not_written(path, error) from error
    return after


def take_back(folder: Path, trail: Trail) -> None:
    """Remove the lines that were added to a trail since it was read; it must still be locked.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    note_end(folder / TRAIL, trail.lines)  # first: a note of more lines than there are is a fault
    cut_to_lines(folder / TRAIL, len(trail.lines))


def _not_written(path: Path, error: OSError) -> NotWrittenError:
    if isinstance(error, NotWrittenError):  # of the file beside the trail
        return NotWrittenError(path, error.reason, error.in_use)
    return NotWrittenError(path, error.strerror or str(error), isinstance(error, PermissionError))


def _append(path: Path, line: bytes) -> None:
    """Add a line whole, or not at all if the disk is full.

    The line is first written to a file beside the trail, from which an interrupted line can be completed.
    """
    before = path.stat().st_size if path.exists() else 0
    coming = _coming(path)
    write_whole(coming, f"{before}\n".encode() + line)
    try:
        write_at_end(path, line)
    finally:
        coming.unlink(missing_ok=True)


def _finish_line(path: Path) -> None:
    """Complete an interrupted line; do nothing if the line is complete, or another line is there."""
    coming = _coming(path)
    try:
        must_not_wait(coming)
        offset, _, line = coming.read_bytes().partition(b"\n")
        written = path.read_bytes() if path.exists() else b""
        written_part = written[(start := _start_of_line(offset, coming)) :]
        if len(written) >= start and line.startswith(written_part) and written_part != line:
            write_at_end(path, line[len(written_part) :])
        coming.unlink(missing_ok=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _not_written(path, error) from error


def _start_of_line(offset: bytes, coming: Path) -> int:
    if not offset.isdigit():
        raise OSError(None, f"{coming.name} holds no line that was interrupted")
    return int(offset)


def coming_line(folder: Path) -> Path:
    """Return the file that holds a line until it is added; the file exists only for a moment."""
    return _coming(folder / TRAIL)


def _coming(path: Path) -> Path:
    return path.with_name(f".{path.name}.next")


def must_be_whole(folder: Path) -> Trail:
    """Return the trail of a study.

    Raises
    ------
    UserError
        The trail was changed after it was written: nothing is added to it.
    """
    trail = read_trail(folder)
    if trail.fault:
        raise fault_of_trail(folder / TRAIL, trail.fault)
    return trail


def cells_of(trail: Trail) -> dict[tuple[RowKey, str], str]:
    """Return the cells of the sheets when the last line was added, from the changes of all lines in order."""
    cells: dict[tuple[RowKey, str], str] = {}
    for line in trail.lines:
        for change in line.changes:
            cells[change.row, change.column] = change.new
    return {cell_key: text for cell_key, text in cells.items() if text}


def history_of(trail: Trail, sample_id: str) -> tuple[tuple[TrailLine, ChangedCell], ...]:
    """Return every change in the rows of a tube, in the order of the trail."""
    return tuple(
        (line, change) for line in trail.lines for change in line.changes if change.row.is_of_tube(sample_id)
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Lock the trail for this process."""
    import locket

    lock = path.with_name(f".{path.name}.lock")
    try:
        lock_handle = locket.lock_file(str(lock), timeout=SECONDS_FOR_THE_OTHER)
        lock_handle.acquire()
    except locket.LockError:
        raise NotWrittenError(path, "another process has held it for half a minute", in_use=True) from None
    except OSError as error:
        raise _not_written(lock, error) from error
    try:
        yield
    finally:
        lock_handle.release()
