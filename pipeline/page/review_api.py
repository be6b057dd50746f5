"""The tubes of a review over HTTP: seen, moved, decided, signed."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import JSONResponse

from pipeline.page import messages
from pipeline.page.desk import Desk
from pipeline.page.shown import (
    axis_message,
    bench_number,
    decision_message,
    decision_now,
    flag_messages,
    history_of_tube,
    moves_in_file,
    moves_message,
    notes_of,
    number_of,
    rows_of_tubes,
    steps_of,
)
from pipeline.review.bench import Bench, apply_to, changes
from pipeline.review.decision import Decision, State, Verdict, moves_of_facts
from pipeline.review.decisions import Asked, ConflictError, RefusedError, countersign, decide, sign
from pipeline.review.ledger import past_of
from pipeline.review.review_file import read_review_file
from pipeline.review.snapshot import Snapshot
from pipeline.review.standing import files_unlike_result, standing_of
from pipeline.review.validity import fault_of
from pipeline.review.view import Move


def review_routes(desk: Desk) -> APIRouter:
    """Return the routes below /api/tubes."""
    api = APIRouter(prefix="/api/tubes")

    @api.get("")
    def tubes() -> list[messages.TubeRow]:
        snapshot = desk.snapshot()
        return rows_of_tubes(snapshot, desk.ledger(), read_review_file(desk.folder))

    @api.get("/{sample_id}/backgate")
    def backgate(
        sample_id: str, x: str = Query(max_length=200), y: str = Query(max_length=200)
    ) -> messages.Backgate:
        _known(desk, sample_id)
        found = desk.with_bench(sample_id, lambda bench: bench.backgate(x, y))
        across, up = axis_message(found.x), axis_message(found.y)
        assert across is not None and up is not None  # noqa: PT018 -- a back-gate has two axes
        return messages.Backgate(picture=found.picture, x=across, y=up, n_cells=len(found.cells))

    @api.get("/{sample_id}")
    def tube(sample_id: str) -> messages.Tube:
        return _tube(desk, _known(desk, sample_id), sample_id)

    @api.post("/{sample_id}/move")
    def move(sample_id: str, asked: messages.MoveRequest) -> messages.Moved:
        _reviewable(_known(desk, sample_id))
        moves = _moves(asked.moves)
        return desk.with_bench(sample_id, lambda bench: _moved(bench, asked, moves), asked.request)

    @api.post("/{sample_id}/decide")
    def decide_on(sample_id: str, asked: messages.Decide) -> messages.Saved | JSONResponse:
        snapshot = _reviewable(_known(desk, sample_id))
        moves = _moves(asked.moves)
        fault = fault_of(snapshot.study, sample_id, moves) if asked.decision is Verdict.CHANGE else ""
        if fault:
            raise RefusedError(fault)
        wanted = Asked(sample_id, asked.version, asked.decision, asked.who, asked.reason, moves)
        try:
            return _saved(desk, decide(desk.folder, wanted))
        except ConflictError as conflict:
            yours = Decision(sample_id, asked.version, asked.decision, moves, asked.who, reason=asked.reason)
            return _conflict(desk, conflict, yours)

    @api.post("/{sample_id}/sign")
    def sign_tube(sample_id: str, asked: messages.Sign) -> messages.Saved | JSONResponse:
        snapshot = _reviewable(_known(desk, sample_id))
        _must_be_of_now(snapshot, sample_id)
        stands_on = standing_of(snapshot, sample_id)
        try:
            done = sign(desk.folder, sample_id, asked.version, asked.who, asked.meaning, stands_on)
        except ConflictError as conflict:
            return _conflict(desk, conflict, Decision(sample_id, asked.version, who=asked.who))
        return _saved(desk, done)

    @api.post("/{sample_id}/countersign")
    def countersign_tube(sample_id: str, asked: messages.Sign) -> messages.Saved | JSONResponse:
        snapshot = _reviewable(_known(desk, sample_id))
        now = decision_now(snapshot, desk.ledger().of(sample_id), read_review_file(desk.folder))
        if now.state is State.UNSIGNED:
            raise RefusedError(
                f"{sample_id}: what was signed has changed since ({now.unsigned_because}). Sign it first"
            )
        try:
            done = countersign(desk.folder, sample_id, asked.version, asked.who, asked.meaning)
        except ConflictError as conflict:
            return _conflict(desk, conflict, Decision(sample_id, asked.version, who=asked.who))
        return _saved(desk, done)

    @api.post("/{sample_id}/apply")
    def apply(sample_id: str, asked: messages.Apply) -> list[messages.BeforeAfter]:
        snapshot = _reviewable(_known(desk, sample_id))
        for name in asked.to:
            _known(desk, name)
        return _applied(snapshot, desk, _moves(asked.moves), asked.to)

    return api


def _tube(desk: Desk, snapshot: Snapshot, sample_id: str) -> messages.Tube:
    result = snapshot.results[sample_id]
    decision = decision_now(snapshot, desk.ledger().of(sample_id), read_review_file(desk.folder))
    notes = notes_of(snapshot, sample_id)
    if snapshot.refusal:
        notes.insert(0, snapshot.refusal)
    elif sample_id in snapshot.stale:
        notes.insert(0, "a gate, a sheet or the program has changed since the last run: run this tube again")
    notes += [
        f"the file {name} is another one than the last run read: run this tube again"
        for name in files_unlike_result(snapshot, sample_id)
    ]
    shown = messages.Tube(
        sample_id=sample_id,
        version=decision.version,
        number=number_of(result),
        steps=[],
        histogram="",
        trace="",
        flags=flag_messages(result_flags(snapshot, sample_id)),
        notes=notes,
        history=history_of_tube(past_of(desk.trail(), sample_id)),
        decision=decision,
    )
    view = desk.with_bench(sample_id, lambda bench: bench.start())
    return shown.model_copy(
        update={
            "steps": steps_of(view.steps),
            "histogram": view.histogram_picture,
            "scale": list(view.scale),
        }
    )


def result_flags(snapshot: Snapshot, sample_id: str) -> tuple[str, ...]:
    """Return every flag of a tube's row."""
    from pipeline.page.shown import flags_of

    return flags_of(snapshot, sample_id)


def _moved(bench: Bench, asked: messages.MoveRequest, moves: Sequence[Move]) -> messages.Moved:
    fault = bench.fault(moves)
    if fault:
        raise RefusedError(fault)
    before = bench.start()
    view = bench.settled(moves) if asked.settle else bench.held(moves)
    said = changes(before, view)
    return messages.Moved(
        request=asked.request,
        number=bench_number(view.number),
        steps=steps_of(view.steps),
        histogram=view.histogram_picture,
        changes=messages.Changes(refitted=list(said.refitted), held=list(said.held)),
        settled=view.settled,
    )


def _applied(
    snapshot: Snapshot, desk: Desk, moves: Sequence[Move], names: Sequence[str]
) -> list[messages.BeforeAfter]:
    faulty = {name: fault_of(snapshot.study, name, moves) for name in names}
    sound = [name for name in names if not faulty[name]]
    done = {one.sample_id: one for one in apply_to(desk.folder, moves, sound)} if sound else {}
    shown = []
    for name in names:
        one = done.get(name)
        after = bench_number(one.after) if one is not None and one.after is not None else None
        failed = faulty[name] or (one.fault if one is not None else "")
        before = number_of(snapshot.results[name])
        shown.append(messages.BeforeAfter(sample_id=name, before=before, after=after, failed=failed))
    return shown


def _known(desk: Desk, sample_id: str) -> Snapshot:
    snapshot = desk.snapshot()
    if sample_id not in snapshot.results:
        raise HTTPException(404, f"{sample_id[:100]}: no tube of this study that has run is called so")
    return snapshot


def _reviewable(snapshot: Snapshot) -> Snapshot:
    if snapshot.refusal:
        raise RefusedError(snapshot.refusal)
    return snapshot


def _must_be_of_now(snapshot: Snapshot, sample_id: str) -> None:
    """Refuse to sign a number that a run of now would not give."""
    if sample_id in snapshot.stale:
        raise RefusedError(
            f"{sample_id}: a gate, a sheet or the program has changed since the last run, so this number is not "
            "that of what would be signed. Run it again first"
        )
    others = files_unlike_result(snapshot, sample_id)
    if others:
        raise RefusedError(
            f"{sample_id}: {', '.join(others)} is another file than the last run read. Run it again first"
        )


def _moves(moves: Sequence[messages.Move]) -> tuple[Move, ...]:
    for move in moves:
        if (move.value is None) == (move.polygon is None):
            raise RefusedError(f"{move.gate}: found no gate, expected a value or a polygon, one of both")
    return moves_of_facts([move.model_dump() for move in moves])


def _saved(desk: Desk, done: Decision) -> messages.Saved:
    snapshot = desk.snapshot()
    told = decision_now(snapshot, done, read_review_file(desk.folder))
    return messages.Saved(version=done.version, decision=told)


def _conflict(desk: Desk, conflict: ConflictError, yours: Decision) -> JSONResponse:
    theirs = decision_message(conflict.now, moves_in_file(desk.snapshot(), conflict.now.sample_id))
    said = messages.Conflict(
        error=str(conflict),
        yours=decision_message(yours, yours.moves).model_copy(update={"moves": moves_message(yours.moves)}),
        theirs=theirs,
        version=conflict.now.version,
    )
    return JSONResponse(said.model_dump(mode="json"), 409)
