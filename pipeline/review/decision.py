"""What a person decides on a tube: the verdict, the gates that were moved, and who signed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.review.view import Move
from pipeline.study.names.look import visible_text
from pipeline.study.polygon import TypedPolygon

LONGEST_WHO = 200
"""Characters of a name. Convention: it fits into a cell that is read."""

LONGEST_REASON = 2000
"""Characters of a reason. Convention: it fits into a cell that is read."""


class ReviewVerdict(StrEnum):
    """What a person said of a tube."""

    ACCEPT = "accept"
    CHANGE = "change"
    REJECT = "reject"
    ASK = "ask"


WITH_A_REASON = (ReviewVerdict.REJECT, ReviewVerdict.ASK)
"""Verdicts that say nothing without a reason."""


class State(StrEnum):
    """Where a tube stands in its review."""

    OPEN = "open"
    DECIDED = "decided"
    ASKED = "asked"
    SIGNED = "signed"
    COUNTERSIGNED = "countersigned"
    UNSIGNED = "unsigned"
    """It was signed; what was signed has changed since."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A name under a tube, the reason for it, when (UTC, ISO 8601), and the account on the computer."""

    who: str
    meaning: str
    at: str
    account: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was last decided on a tube.

    Attributes
    ----------
    version
        How many lines of the audit trail speak of this tube: who decides says which one was seen.
    verdict
        None where nothing was decided yet.
    moves
        The gates that review.csv holds for the tube since.
    rows
        The tube's rows in review.csv, as they were written.
    stands_on
        What was signed: digests of files, curve, gates, program and result.
    """

    sample_id: str
    version: int = 0
    verdict: ReviewVerdict | None = None
    moves: tuple[Move, ...] = ()
    who: str = ""
    account: str = ""
    at: str = ""
    reason: str = ""
    rows: tuple[Mapping[str, str], ...] = ()
    signature: Signature | None = None
    countersignature: Signature | None = None
    stands_on: Mapping[str, Any] = field(default_factory=dict)

    def state(self, unsigned_because: str = "") -> State:
        """Return where the tube stands; `unsigned_because`: what has changed since it was signed."""
        if self.signature is not None and unsigned_because:
            return State.UNSIGNED
        if self.signature is not None:
            return State.COUNTERSIGNED if self.countersignature else State.SIGNED
        if self.verdict is None:
            return State.OPEN
        return State.ASKED if self.verdict is ReviewVerdict.ASK else State.DECIDED


def moves_as_facts(moves: Sequence[Move]) -> list[dict[str, Any]]:
    """Return moves as the audit trail keeps them."""
    return [
        {"gate": move.gate, "value": move.value}
        if move.polygon is None
        else {
            "gate": move.gate,
            "polygon": {
                "x": move.polygon.x,
                "y": move.polygon.y,
                "vertices": [list(vertex) for vertex in move.polygon.vertices],
                **_scale_facts(move.polygon),
            },
        }
        for move in moves
    ]


def moves_of_facts(facts: Sequence[Mapping[str, Any]]) -> tuple[Move, ...]:
    """Return the moves that a line of the audit trail, or the page, tells."""
    return tuple(
        Move(str(one["gate"]), polygon=_polygon(one["polygon"]))
        if one.get("polygon")
        else Move(str(one["gate"]), float(one["value"]))
        for one in facts
    )


def _polygon(facts: Mapping[str, Any]) -> TypedPolygon:
    vertices = tuple((float(x), float(y)) for x, y in facts["vertices"])
    across, up = facts.get("cofactors") or (None, None)
    cofactors = (None if across is None else float(across), None if up is None else float(up))
    return TypedPolygon(str(facts["x"]), str(facts["y"]), vertices, cofactors)


def _scale_facts(polygon: TypedPolygon) -> dict[str, Any]:
    """Return on which scales the edges are straight; nothing where they are on the linear one."""
    return {} if polygon.cofactors == (None, None) else {"cofactors": list(polygon.cofactors)}


def written_words(text: str, longest: int) -> str:
    r"""Return what a person wrote on one line, without what cannot be seen.

    >>> written_words("  valley hidden\n by debris ", 100)
    'valley hidden by debris'
    """
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return visible_text(shown)[:longest].strip()
