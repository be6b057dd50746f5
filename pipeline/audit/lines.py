"""A line of the audit trail: what it holds, and how it is written and read."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

START = "0" * 64
"""Stands for the digest of the line before the first one. Convention: 64 zeros, as long as a SHA-256 and
never one."""


class Event(StrEnum):
    """What was done."""

    RUN = "run"
    REPORT = "report"
    DECISION = "decision"
    SIGNATURE = "signature"
    COUNTERSIGNATURE = "countersignature"


WRITE_RESULTS = (Event.RUN, Event.REPORT)
"""Events after which the results are those of the sheets."""


@dataclass(frozen=True, slots=True)
class ChangedCell:
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
    changes: tuple[ChangedCell, ...]
    previous: str
    digest: str


def text_of_line(
    number: int, previous: str, event: Event, facts: Mapping[str, Any], changes: Sequence[ChangedCell]
) -> bytes:
    """Return a line as it is written, without its end.

    Parameters
    ----------
    number
        From 1.
    previous
        Digest of the line before; "" for the first one.
    """
    body = {
        "number": number,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": _user(),
        "event": event.value,
        "facts": facts,
        "changes": [[change.row, change.column, change.old, change.new] for change in changes],
        "previous": previous or START,
    }
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return f'{text[:-1]}, "digest": "{digest}"}}'.encode()


def digest_of_line(text: bytes) -> str:
    """Return the digest that a line should name: of all of it but its digest."""
    body, _, _ = text.rpartition(b', "digest": ')
    return hashlib.sha256(body + b"}").hexdigest()


def line_of_text(text: bytes) -> TrailLine | None:
    """Return the line that was written so; None where the text is none."""
    try:
        facts = json.loads(text.decode("utf-8"))
        changes = tuple(ChangedCell(*map(str, change)) for change in facts.pop("changes"))
        return TrailLine(**facts, changes=changes)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _user() -> str:
    """Return the name of the user, or the number where the system knows no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # KeyError before Python 3.13
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"
