"""The messages about tubes for the page: rows of the list, densities, steps, history."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from gating.gates import PolygonGate
from pipeline.output.flag_words.all_flags import words_of_flag
from pipeline.output.legend.tube_verdict import TubeVerdict, verdict_of
from pipeline.output.result_tables import sample_flags, sample_notes
from pipeline.page import messages
from pipeline.page.number_messages import finite_or_none, number_message
from pipeline.review.decision import Decision, State, moves_as_facts
from pipeline.review.decision_history import DecisionHistory, HistoryEntry
from pipeline.review.review_file import ReviewFile, is_as_decided
from pipeline.review.snapshot import Snapshot
from pipeline.review.standing import changes_since, result_digest
from pipeline.review.view import AxisView, Move, StepView
from pipeline.study.study import GateOverride, GateSource, Sample

_WORST_FIRST = tuple(reversed(TubeVerdict))


def rows_of_tubes(
    snapshot: Snapshot, decision_history: DecisionHistory, file: ReviewFile
) -> list[messages.TubeRow]:
    """Return the tubes that ran, worst first: by verdict, second opinion, confidence and number of flags."""
    rows = [
        _row(snapshot, sample, file, decision_now(snapshot, decision_history.of(sample.sample_id), file))
        for sample in snapshot.study.samples
        if sample.sample_id in snapshot.results
    ]
    return [row for _, row in sorted(zip(map(_badness, rows), rows, strict=True), key=lambda pair: pair[0])]


def _badness(row: messages.TubeRow) -> tuple[int, float, float, int]:
    agreement = 1.0 if row.agreement is None else row.agreement
    confidence = 1.0 if row.confidence is None else row.confidence
    return _WORST_FIRST.index(TubeVerdict(row.verdict)), agreement, confidence, -len(row.flags)


def _row(
    snapshot: Snapshot, sample: Sample, file: ReviewFile, decision: messages.DecisionNow
) -> messages.TubeRow:
    result = snapshot.results[sample.sample_id]
    receptor, flags = result.receptor, flags_of(snapshot, sample.sample_id)
    second = result.second_opinion
    return messages.TubeRow(
        sample_id=sample.sample_id,
        patient_id=sample.patient_id,
        panel=sample.panel,
        day=sample.collected_on.isoformat(),
        status=receptor.status.value,
        verdict=verdict_of(receptor.status, flags).value,
        reported=number_message(result).reported,
        rd=receptor.rd,
        flags=list(flags),
        confidence=result.gating_confidence,
        agreement=None if second is None else second.agreement,
        decision=decision,
        version=decision.version,
        shown=shown_now(snapshot, file, sample.sample_id),
        stale=sample.sample_id in snapshot.stale,
    )


def shown_now(snapshot: Snapshot, file: ReviewFile, sample_id: str) -> messages.ShownDigests:
    """Return the digests of the state that a person sees now."""
    return messages.ShownDigests(
        rows=file.digest_of(sample_id), result=result_digest(snapshot.results[sample_id])
    )


def decision_now(snapshot: Snapshot, decision: Decision, file: ReviewFile) -> messages.DecisionNow:
    """Return the state of a tube's review, and why its signature is no longer valid."""
    because: tuple[str, ...] = ()
    edited = not is_as_decided(file, decision)
    if edited:
        because = ("its rows in review.csv were changed outside of this page",)
    if decision.signature is not None:
        because = (*because, *changes_since(decision.stands_on, snapshot, decision.sample_id))
    message = decision_message(decision, moves_in_file(snapshot, decision.sample_id), "; ".join(because))
    return message.model_copy(update={"state": State.OPEN}) if edited and not message.signed_by else message


def decision_message(decision: Decision, moves: Sequence[Move], because: str = "") -> messages.DecisionNow:
    """Return a decision as a message for the page."""
    signed, second = decision.signature, decision.countersignature
    return messages.DecisionNow(
        state=decision.state(because),
        choice=decision.choice,
        by=decision.who,
        at=decision.at,
        reason=decision.reason,
        signed_by=signed.who if signed else "",
        signed_at=signed.at if signed else "",
        meaning=signed.meaning if signed else "",
        countersigned_by=second.who if second else "",
        unsigned_because=because,
        moves=moves_message(moves),
        version=decision.version,
    )


def moves_message(moves: Iterable[Move]) -> list[messages.MoveMessage]:
    """Return moves as messages for the page."""
    return [messages.MoveMessage.model_validate(facts) for facts in moves_as_facts(tuple(moves))]


def moves_in_file(snapshot: Snapshot, sample_id: str) -> tuple[Move, ...]:
    """Return the gates that review.csv sets for a tube."""
    return tuple(_move(gate) for gate in snapshot.gates_of(sample_id) if gate.source is GateSource.REVIEW)


def _move(gate: GateOverride) -> Move:
    return Move(gate.gate, gate.value, gate.polygon)


def flags_of(snapshot: Snapshot, sample_id: str) -> tuple[str, ...]:
    """Return every flag of a tube's row."""
    return sample_flags(snapshot.results[sample_id], snapshot.known.exposures.get(sample_id))


def flag_messages(flags: Iterable[str]) -> list[messages.FlagMessage]:
    """Return flags with their meaning and what to do."""
    words = ((flag, words_of_flag(flag)) for flag in flags)
    return [
        messages.FlagMessage(code=flag, says=meaning.says, action=meaning.action) for flag, meaning in words
    ]


def notes_of(snapshot: Snapshot, sample_id: str) -> list[str]:
    """Return every note of a tube's row."""
    return list(sample_notes(snapshot.results[sample_id], snapshot.known.exposures.get(sample_id)))


def steps_of(steps: Iterable[StepView]) -> list[messages.StepMessage]:
    """Return gating steps as messages for the page."""
    return [_step(step) for step in steps]


def _step(step: StepView) -> messages.StepMessage:
    polygon = step.polygon
    return messages.StepMessage(
        step=step.step,
        title=step.title,
        n_in=step.n_in,
        n_out=step.n_out,
        confidence=finite_or_none(step.confidence),
        method=step.method,
        note=step.note,
        kept=step.kept,
        picture=step.picture,
        x=None if step.x is None else axis_message(step.x),
        y=None if step.y is None else axis_message(step.y),
        handles=[
            messages.HandleMessage(
                id=handle.id,
                kind=handle.kind.value,
                axis=handle.along.value,
                gate=handle.gate,
                at=handle.at,
            )
            for handle in step.handles
        ],
        cuts=[
            messages.CutMessage(gate=cut.gate, channel=cut.channel, value=cut.value)
            for cut in step.cuts
            if cut.gate not in step.fixed_gates
        ],
        polygon=None
        if polygon is None
        else messages.Polygon(
            x=polygon.x, y=polygon.y, vertices=list(polygon.vertices), cofactors=polygon.cofactors
        ),
        no_polygon=step.no_polygon,
        edges=step.gate.cofactors if step.is_polygon and isinstance(step.gate, PolygonGate) else None,
        fixed=step.fixed,
    )


def axis_message(view: AxisView) -> messages.AxisMessage:
    """Return an axis with its ends in linear units."""
    axis = view.axis

    def linear(position: float) -> float:
        return position if axis.cofactor is None else axis.cofactor * math.sinh(position)

    return messages.AxisMessage(
        channel=view.channel,
        label=view.label,
        low=linear(axis.low),
        high=linear(axis.high),
        cofactor=axis.cofactor,
    )


def history_of_tube(past: Iterable[HistoryEntry]) -> list[messages.PastChange]:
    """Return the history of a tube, the latest entry first."""
    return [
        messages.PastChange(
            at=entry.at,
            who=entry.who,
            subject=entry.subject,
            old=entry.old,
            new=entry.new,
            reason=entry.reason,
        )
        for entry in reversed(tuple(past))
    ]
