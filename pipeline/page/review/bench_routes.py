"""HTTP routes of the bench: show, move, back-gate, try on other tubes. These routes save nothing."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Query

from gating.gates.steps import Step
from pipeline.output.figures.gating import channel_labels
from pipeline.page import messages
from pipeline.page.number_messages import bench_number, number_message
from pipeline.page.open_study import OpenStudy
from pipeline.page.review.asked import known, requested_moves, reviewable
from pipeline.page.review.shown import (
    axis_message,
    decision_now,
    flag_messages,
    flags_of,
    history_of_tube,
    moves_message,
    notes_of,
    shown_now,
    steps_of,
)
from pipeline.review.bench import Bench, apply_to, changes_in_words
from pipeline.review.decision_history import past_of
from pipeline.review.review_file import read_review_file
from pipeline.review.snapshot import Snapshot
from pipeline.review.standing import files_unlike_result
from pipeline.review.validity import fault_of
from pipeline.review.view import Move, View
from pipeline.study.errors import UserError


def bench_routes(open_study: OpenStudy) -> APIRouter:
    """Return the routes that show a tube and move its gates."""
    api = APIRouter(prefix="/api/tubes")

    @api.get("/{sample_id}/backgate")
    def backgate(
        sample_id: str, x: str = Query(max_length=200), y: str = Query(max_length=200)
    ) -> messages.Backgate:
        known(open_study, sample_id)
        backgated = open_study.with_bench(sample_id, lambda bench, _: bench.backgate(x, y))
        return messages.Backgate(
            picture=backgated.picture,
            x=axis_message(backgated.x),
            y=axis_message(backgated.y),
            n_cells=len(backgated.cells),
        )

    @api.get("/{sample_id}")
    def tube(sample_id: str) -> messages.TubeMessage:
        return _tube(open_study, known(open_study, sample_id), sample_id)

    @api.post("/{sample_id}/move")
    def move(sample_id: str, asked: messages.MoveRequest) -> messages.Moved:
        reviewable(known(open_study, sample_id))
        moves = requested_moves(asked.moves)
        return open_study.with_bench(
            sample_id, lambda bench, start: _moved(bench, start, asked, moves), asked.request
        )

    @api.post("/{sample_id}/apply")
    def apply(sample_id: str, asked: messages.Apply) -> list[messages.BeforeAfter]:
        snapshot = reviewable(known(open_study, sample_id))
        for name in asked.to:
            known(open_study, name)
        return _applied(snapshot, requested_moves(asked.moves), asked.to)

    return api


def _tube(open_study: OpenStudy, snapshot: Snapshot, sample_id: str) -> messages.TubeMessage:
    file = read_review_file(open_study.folder)
    decision = decision_now(snapshot, open_study.decision_history().of(sample_id), file)
    notes = _warnings(snapshot, sample_id)
    steps: list[messages.StepMessage] = []
    histogram, scale = "", []
    try:
        view = open_study.with_bench(sample_id, lambda _, start: start)
        steps, histogram, scale = steps_of(view.steps), view.histogram_picture, list(view.scale)
    except UserError as error:
        notes.append(f"this tube cannot be put on the bench: {error}")
    panel = snapshot.study.panel(next(s.panel for s in snapshot.study.samples if s.sample_id == sample_id))
    labels = channel_labels(panel)
    return messages.TubeMessage(
        sample_id=sample_id,
        version=decision.version,
        shown=shown_now(snapshot, file, sample_id),
        number=number_message(snapshot.results[sample_id]),
        steps=steps,
        histogram=histogram,
        trace=next((step.picture for step in steps if step.step == Step.TIME), ""),
        flags=flag_messages(flags_of(snapshot, sample_id)),
        notes=[*notes, *notes_of(snapshot, sample_id)],
        history=history_of_tube(past_of(open_study.trail(), sample_id)),
        decision=decision,
        channels=[
            messages.Channel(channel=row.name, label=labels.get(row.name, row.name)) for row in panel.channels
        ],
        scale=scale,
    )


def _warnings(snapshot: Snapshot, sample_id: str) -> list[str]:
    """Return the reasons to run this tube again before it is signed."""
    changed_files = files_unlike_result(snapshot, sample_id)
    warnings = [
        f"the file {name} is another one than the last run read: run this tube again"
        for name in changed_files
    ]
    if snapshot.refusal:
        return [snapshot.refusal, *warnings]
    if sample_id in snapshot.stale:
        warnings.insert(
            0, "a gate, a sheet or the program has changed since the last run: run this tube again"
        )
    return warnings


def _moved(bench: Bench, start: View, asked: messages.MoveRequest, moves: Sequence[Move]) -> messages.Moved:
    view = bench.settled(moves) if asked.settle else bench.dragged(moves)
    changes = changes_in_words(start, view)
    return messages.Moved(
        request=asked.request,
        number=bench_number(view.number),
        steps=steps_of(view.steps),
        histogram=view.histogram_picture,
        changes=messages.ChangesMessage(refitted=list(changes.refitted), unchanged=list(changes.unchanged)),
        settled=view.settled,
    )


def _applied(snapshot: Snapshot, moves: Sequence[Move], names: Sequence[str]) -> list[messages.BeforeAfter]:
    faulty = {name: fault_of(snapshot.study, name, moves) for name in names}
    sound = [name for name in names if not faulty[name]]
    done = {applied.sample_id: applied for applied in apply_to(snapshot.loaded_study, moves, sound)}
    shown = []
    for name in names:
        applied = done.get(name)
        after = bench_number(applied.after) if applied is not None and applied.after is not None else None
        shown.append(
            messages.BeforeAfter(
                sample_id=name,
                before=number_message(snapshot.results[name]),
                after=after,
                moves=moves_message(applied.moves) if applied is not None else [],
                failed=faulty[name] or (applied.fault if applied is not None else ""),
            )
        )
    return shown
