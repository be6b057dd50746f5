"""A person's decision on a tube: what was decided, the moved gates, and the signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.review.view import Move
from pipeline.study.cells.choices import ReviewDecision
from pipeline.study.names.look import visible_text
from pipeline.study.polygon import TypedPolygon

LONGEST_WHO = 200
"""Most characters of a name. Convention: it fits into a readable cell."""

LONGEST_REASON = 2000
"""Most characters of a reason. Convention: it fits into a readable cell."""


WITH_A_REASON = (ReviewDecision.REJECT, ReviewDecision.ASK)
"""Decisions that need a reason."""


class State(StrEnum):
    """The state of a tube in its review."""

    OPEN = "open"
    DECIDED = "decided"
    ASKED = "asked"
    SIGNED = "signed"
    COUNTERSIGNED = "countersigned"
    UNSIGNED = "unsigned"
    """The tube was signed, but the signed data have changed since."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature: name, reason, time (UTC, ISO 8601), and account on the computer."""

    who: str
    meaning: str
    at: str
    account: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The last decision on a tube.

    Attributes
    ----------
    version
        Number of lines of the audit trail on this tube; a new decision names the version that the person saw.
    choice
        What was decided; None if there is no decision yet.
    moves
        The gates of the tube in review.csv after the decision.
    rows
        The tube's rows in review.csv as they were written.
    stands_on
        The signed data: digests of files, curve, gates, program and result.
    """

    sample_id: str
    version: int = 0
    choice: ReviewDecision | None = None
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
        """Return the state of the tube; `unsigned_because`: changes since it was signed."""
        if self.signature is not None and unsigned_because:
            return State.UNSIGNED
        if self.signature is not None:
            return State.COUNTERSIGNED if self.countersignature else State.SIGNED
        if self.choice is None:
            return State.OPEN
        return State.ASKED if self.choice is ReviewDecision.ASK else State.DECIDED


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
    """Return the moves in a line of the audit trail or in a message of the page."""
    return tuple(
        Move(str(move["gate"]), polygon=_polygon(move["polygon"]))
        if move.get("polygon")
        else Move(str(move["gate"]), float(move["value"]))
        for move in facts
    )


def _polygon(facts: Mapping[str, Any]) -> TypedPolygon:
    vertices = tuple((float(x), float(y)) for x, y in facts["vertices"])
    across, up = facts.get("cofactors") or (None, None)
    cofactors = (None if across is None else float(across), None if up is None else float(up))
    return TypedPolygon(str(facts["x"]), str(facts["y"]), vertices, cofactors)


def _scale_facts(polygon: TypedPolygon) -> dict[str, Any]:
    """Return the scales on which the edges are straight; empty for linear scales."""
    return {} if polygon.cofactors == (None, None) else {"cofactors": list(polygon.cofactors)}


def written_words(text: str, longest: int) -> str:
    r"""Return what a person wrote on one line, without what cannot be seen.

    >>> written_words("  valley hidden\n by debris ", 100)
    'valley hidden by debris'
    """
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return visible_text(shown)[:longest].strip()
