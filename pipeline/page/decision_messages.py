"""JSON messages about decisions and signatures between the page and its server."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.page.messages import DecisionNow, Message, Moves, Name, ShownDigests, Words
from pipeline.study.cells.choices import ReviewDecision


class Decide(Message):
    """A decision on the tube as the page last saw it (`version`, `shown`)."""

    version: int
    shown: ShownDigests | None = None
    decision: ReviewDecision
    moves: Moves = Field(default_factory=list)
    reason: Words = ""
    who: Name


class Sign(Message):
    """A signature; `meaning` is the reason for it: "reviewed", "approved"."""

    version: int
    shown: ShownDigests | None = None
    who: Name
    meaning: Annotated[str, Field(min_length=1, max_length=2000)]


class Saved(Message):
    """The decision or signature is on the disk; with the tube's present version."""

    version: int
    decision: DecisionNow


class Conflict(Message):
    """Another person decided meanwhile (status 409): both versions; nothing was written."""

    error: str
    yours: DecisionNow
    theirs: DecisionNow
    version: int
    shown: ShownDigests
