"""Checks of a request about a tube, before any work is done."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import HTTPException

from pipeline.page import messages
from pipeline.page.open_study import OpenStudy
from pipeline.review.decision import moves_of_facts
from pipeline.review.decisions import RefusedError
from pipeline.review.snapshot import Snapshot
from pipeline.review.view import Move


def known(open_study: OpenStudy, sample_id: str) -> Snapshot:
    """Return the present study, which must have a result of this tube.

    Raises
    ------
    HTTPException
        There is no result of a tube with this name.
    """
    snapshot = open_study.snapshot()
    if sample_id not in snapshot.results:
        raise HTTPException(404, f"{sample_id[:100]}: no tube of this name has been run in this study")
    return snapshot


def reviewable(snapshot: Snapshot) -> Snapshot:
    """Return the present study, whose results this program must have made.

    Raises
    ------
    RefusedError
        Another program made the results.
    """
    if snapshot.refusal:
        raise RefusedError(snapshot.refusal)
    return snapshot


def requested_moves(moves: Sequence[messages.MoveMessage]) -> tuple[Move, ...]:
    """Return the moves of a request.

    Raises
    ------
    RefusedError
        A move is neither a threshold nor a polygon, or both.
    """
    for move in moves:
        if (move.value is None) == (move.polygon is None):
            raise RefusedError(f"{move.gate}: found no gate, expected a value or a polygon, one of both")
    return moves_of_facts([move.model_dump() for move in moves])
