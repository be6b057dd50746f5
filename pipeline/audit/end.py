"""The end of the audit trail: adding lines there, and a note beside it that shows lines cut from the end."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.audit.lines import TrailLine
from pipeline.files.content import must_not_wait
from pipeline.files.whole import write_whole

END_WAS_CUT = "the end was cut"
"""The fault of a trail with fewer lines than were written."""

_WRITTEN = re.compile(r"(\d{1,12}) ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class TrailEnd:
    """The number of lines, and the digest of the last line."""

    number: int
    digest: str

    def fault_in(self, lines: Sequence[TrailLine]) -> str:
        """Return in words that lines up to this end are missing or others; "" if they are there."""
        if len(lines) < self.number:
            return f"found {len(lines)} lines, but {self.number} were written: {END_WAS_CUT}"
        if lines[self.number - 1].digest != self.digest:
            return f"line {self.number} is not the one that was written: the trail was written anew"
        return ""


def end_file(trail_path: Path) -> Path:
    """Return the file that holds the end of a trail."""
    return trail_path.with_name(f".{trail_path.name}.end")


def read_end(trail_path: Path) -> TrailEnd | None:
    """Return the noted end; None if there is no readable note, as with trails of earlier versions."""
    try:
        must_not_wait(end_file(trail_path))
        written = _WRITTEN.fullmatch(end_file(trail_path).read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        return None
    return TrailEnd(int(written[1]), written[2]) if written and int(written[1]) else None


def note_end(trail_path: Path, lines: Sequence[TrailLine]) -> None:
    """Note the end of a trail; remove the note of a trail without lines.

    Raises
    ------
    OSError
        The file cannot be written or removed.
    """
    if lines:
        write_whole(end_file(trail_path), f"{len(lines)} {lines[-1].digest}\n", durable=False)
    else:
        end_file(trail_path).unlink(missing_ok=True)


def write_at_end(path: Path, line: bytes) -> None:
    """Write a line at the end of the trail, whole or not at all.

    Raises
    ------
    OSError
        The line cannot be written; the file is unchanged.
    """
    # Without a buffer, since closing the file would write the rest of a buffer.
    with path.open("ab", buffering=0) as file:
        before, unwritten = file.tell(), line
        try:
            while unwritten:
                unwritten = unwritten[file.write(unwritten) :]
            os.fsync(file.fileno())
        except OSError:
            os.truncate(path, before)
            raise


def cut_to_lines(path: Path, n_lines: int) -> None:
    """Cut lines from the end of a trail, so that so many are left.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    lines = path.read_bytes().split(b"\n")[:n_lines]
    os.truncate(path, sum(len(line) + 1 for line in lines))
