"""A line of the audit trail: its content, and how it is written and read."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pipeline.audit.row_key import RowKey

START = "0" * 64
"""The previous digest in the first line. Convention: 64 zeros, as long as a SHA-256, but never a real one."""


class Event(StrEnum):
    """The kind of event that a line records."""

    RUN = "run"
    REPORT = "report"
    DECISION = "decision"
    SIGNATURE = "signature"
    COUNTERSIGNATURE = "countersignature"


WRITE_RESULTS = (Event.RUN, Event.REPORT)
"""Events that write results from the present sheets."""


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """A cell that changed since the last line was added.

    Attributes
    ----------
    row
        The key of its row, with the sheet.
    column, old, new
        Column, old and new text; "" for an empty cell.
    """

    row: RowKey
    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class TrailLine:
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
        Facts of the event: command, program, digests of inputs and results, counts.
    changes
        The cells that changed since the previous line.
    previous, digest
        SHA-256 of the previous line, and of this line.
    """

    number: int
    at: str
    who: str
    event: str
    facts: Mapping[str, Any]
    changes: tuple[ChangedCell, ...]
    previous: str
    digest: str


_KINDS = {
    "number": int, "at": str, "who": str, "event": str, "facts": dict, "changes": list,
    "previous": str, "digest": str,
}  # fmt: skip
"""The facts of a written line, and their kinds in JSON."""


def text_of_line(
    number: int, previous: str, event: Event, facts: Mapping[str, Any], changes: Sequence[ChangedCell]
) -> bytes:
    """Return a line as it is written, without the line end.

    Parameters
    ----------
    number
        From 1.
    previous
        Digest of the previous line; "" for the first line.
    """
    body = {
        "number": number,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": _user(),
        "event": event.value,
        "facts": facts,
        "changes": [[str(change.row), change.column, change.old, change.new] for change in changes],
        "previous": previous or START,
    }
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return f'{text[:-1]}, "digest": "{digest}"}}'.encode()


def digest_of_line(text: bytes) -> str:
    """Return the digest that a line should hold: that of the line without its digest.

    It is "" if anything follows the digest: a fact there would replace one of the same name before it.
    """
    body, _, _ = text.rpartition(b', "digest": ')
    digest = hashlib.sha256(body + b"}").hexdigest()
    return digest if text.endswith(f', "digest": "{digest}"}}'.encode()) else ""


def line_of_text(text: bytes) -> TrailLine | None:
    """Return the line of a written text; None if the text is no line of the trail."""
    try:
        facts = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):  # not UTF-8, or no JSON
        return None
    return TrailLine(**facts | {"changes": _changes(facts)}) if _is_line(facts) else None


def _is_line(facts: object) -> bool:
    """Return whether a JSON text holds every fact of a line, each of its kind, and nothing else."""
    if not isinstance(facts, dict) or facts.keys() != _KINDS.keys():
        return False
    kinds_fit = all(isinstance(facts[name], kind) for name, kind in _KINDS.items())
    return kinds_fit and all(
        isinstance(change, list) and len(change) == len(fields(ChangedCell)) for change in facts["changes"]
    )


def _changes(facts: Mapping[str, Any]) -> tuple[ChangedCell, ...]:
    changes = ([str(part) for part in change] for change in facts["changes"])
    return tuple(ChangedCell(RowKey.of_text(row), *cell) for row, *cell in changes)


def _user() -> str:
    """Return the name of the user, or the user number if the system knows no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # KeyError before Python 3.13
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def changes_between(
    before: Mapping[tuple[RowKey, str], str], after: Mapping[tuple[RowKey, str], str]
) -> tuple[ChangedCell, ...]:
    """Return the cells that differ, in order of row and column."""
    cell_keys = sorted({*before, *after}, key=lambda cell_key: (str(cell_key[0]), cell_key[1]))
    pairs = ((cell_key, before.get(cell_key, ""), after.get(cell_key, "")) for cell_key in cell_keys)
    return tuple(ChangedCell(*cell_key, old, new) for cell_key, old, new in pairs if old != new)
