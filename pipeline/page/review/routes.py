"""HTTP routes of decisions: list, decide, sign, counter-sign. The disk is written before the answer."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from pipeline.page import decision_messages, messages
from pipeline.page.open_study import OpenStudy
from pipeline.page.review.asked import known, requested_moves, reviewable
from pipeline.page.review.shown import (
    decision_message,
    decision_now,
    moves_in_file,
    rows_of_tubes,
    shown_now,
)
from pipeline.review.decision import Decision, State
from pipeline.review.decisions import ConflictError, DecisionRequest, RefusedError, countersign, decide, sign
from pipeline.review.review_file import read_review_file
from pipeline.review.snapshot import Snapshot
from pipeline.review.standing import files_unlike_result, number_words, result_digest, standing_of
from pipeline.review.validity import fault_of
from pipeline.study.cells.choices import ReviewDecision


def decision_routes(open_study: OpenStudy) -> APIRouter:
    """Return the routes that list tubes and write decisions."""
    api = APIRouter(prefix="/api/tubes")

    @api.get("")
    def tubes() -> list[messages.TubeRow]:
        return rows_of_tubes(
            open_study.snapshot(), open_study.decision_history(), read_review_file(open_study.folder)
        )

    @api.post("/{sample_id}/decide")
    def decide_on(sample_id: str, asked: decision_messages.Decide) -> JSONResponse:
        return _decided(open_study, reviewable(known(open_study, sample_id)), sample_id, asked)

    @api.post("/{sample_id}/sign")
    def sign_tube(sample_id: str, asked: decision_messages.Sign) -> JSONResponse:
        return _signed(open_study, reviewable(known(open_study, sample_id)), sample_id, asked)

    @api.post("/{sample_id}/countersign")
    def countersign_tube(sample_id: str, asked: decision_messages.Sign) -> JSONResponse:
        return _countersigned(open_study, reviewable(known(open_study, sample_id)), sample_id, asked)

    return api


def _decided(
    open_study: OpenStudy, snapshot: Snapshot, sample_id: str, asked: decision_messages.Decide
) -> JSONResponse:
    _must_be_as_shown(snapshot, sample_id, asked.shown)
    moves, rows_shown = requested_moves(asked.moves), asked.shown.rows if asked.shown else ""
    fault = fault_of(snapshot.study, sample_id, moves) if asked.decision is ReviewDecision.CHANGE else ""
    if fault:
        raise RefusedError(fault)
    try:
        done = decide(
            open_study.folder,
            DecisionRequest(
                sample_id, asked.version, asked.decision, asked.who, asked.reason, moves, rows_shown
            ),
        )
    except ConflictError as conflict:
        yours = Decision(sample_id, asked.version, asked.decision, moves, asked.who, reason=asked.reason)
        return _conflict(open_study, conflict, yours)
    return _saved(open_study, done)


def _signed(
    open_study: OpenStudy, snapshot: Snapshot, sample_id: str, asked: decision_messages.Sign
) -> JSONResponse:
    _must_be_as_shown(snapshot, sample_id, asked.shown)
    _must_be_of_now(snapshot, sample_id)
    stands_on = standing_of(snapshot, sample_id)
    try:
        done = sign(open_study.folder, sample_id, asked.version, asked.who, asked.meaning, stands_on)
    except ConflictError as conflict:
        return _conflict(open_study, conflict, Decision(sample_id, asked.version, who=asked.who))
    return _saved(open_study, done)


def _countersigned(
    open_study: OpenStudy, snapshot: Snapshot, sample_id: str, asked: decision_messages.Sign
) -> JSONResponse:
    _must_be_as_shown(snapshot, sample_id, asked.shown)
    now = decision_now(
        snapshot, open_study.decision_history().of(sample_id), read_review_file(open_study.folder)
    )
    if now.state is State.UNSIGNED:
        because = now.unsigned_because
        raise RefusedError(
            f"{sample_id}: what was signed has changed since ({because}). It must be signed again first"
        )
    _must_be_of_now(snapshot, sample_id)
    try:
        done = countersign(open_study.folder, sample_id, asked.version, asked.who, asked.meaning)
    except ConflictError as conflict:
        return _conflict(open_study, conflict, Decision(sample_id, asked.version, who=asked.who))
    return _saved(open_study, done)


def _must_be_as_shown(snapshot: Snapshot, sample_id: str, shown: messages.ShownDigests | None) -> None:
    """Refuse a decision or signature if the result has changed since the person opened the tube."""
    result = snapshot.results[sample_id]
    if shown is not None and shown.result != result_digest(result):
        raise RefusedError(
            f"{sample_id}: it was run again after you opened it, and is {number_words(result)} now. "
            "Nothing was written: look at it again"
        )


def _must_be_of_now(snapshot: Snapshot, sample_id: str) -> None:
    """Refuse to sign a density that a run now would compute again."""
    if sample_id in snapshot.stale:
        raise RefusedError(
            f"{sample_id}: a gate, a sheet or the program has changed since the last run, so this is not "
            "the number of what would be signed. Run it again first"
        )
    files = files_unlike_result(snapshot, sample_id)
    if files:
        raise RefusedError(
            f"{sample_id}: {', '.join(files)} is not the file that the last run read. Run it again first"
        )


def _saved(open_study: OpenStudy, done: Decision) -> JSONResponse:
    message = decision_now(open_study.snapshot(), done, read_review_file(open_study.folder))
    return JSONResponse(
        decision_messages.Saved(version=done.version, decision=message).model_dump(mode="json")
    )


def _conflict(open_study: OpenStudy, conflict: ConflictError, yours: Decision) -> JSONResponse:
    snapshot, name = open_study.snapshot(), conflict.now.sample_id
    message = decision_messages.Conflict(
        error=str(conflict),
        yours=decision_message(yours, yours.moves),
        theirs=decision_message(conflict.now, moves_in_file(snapshot, name)),
        version=conflict.now.version,
        shown=shown_now(snapshot, read_review_file(open_study.folder), name),
    )
    return JSONResponse(message.model_dump(mode="json"), 409)
