"""The decisions of a study, replayed from its audit trail: the last one of each tube, and its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.audit.trail import ChangedCell, Event, Trail, TrailLine, history_of
from pipeline.review.decision import Decision, Signature, moves_of_facts
from pipeline.study.cells.choices import ReviewDecision

OF_REVIEW = (Event.DECISION, Event.SIGNATURE, Event.COUNTERSIGNATURE)
"""Events that concern one tube."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An entry of a tube's history: a changed cell or a decision, by `who` on the account `account`."""

    at: str
    who: str
    account: str
    subject: str
    old: str
    new: str
    reason: str


@dataclass(frozen=True, slots=True)
class DecisionHistory:
    """The decisions on the tubes of a study, by sample_id.

    Attributes
    ----------
    review_before, review_after
        SHA-256 of review.csv before and after the last decision.
    last
        The tube of the last decision; "" if there is none.
    """

    decisions: Mapping[str, Decision]
    last: str = ""
    review_before: str = ""
    review_after: str = ""

    def of(self, sample_id: str) -> Decision:
        """Return the last decision on a tube."""
        return self.decisions.get(sample_id, Decision(sample_id))


def decision_history_of(trail: Trail) -> DecisionHistory:
    """Return the decisions of an audit trail."""
    decisions: dict[str, Decision] = {}
    last, before, after = "", "", ""
    for line in trail.lines:
        if line.event not in OF_REVIEW:
            continue
        name = str(line.facts["sample_id"])
        decisions[name] = _next(decisions.get(name, Decision(name)), line)
        if line.event == Event.DECISION:
            last = name
            before, after = str(line.facts["review_before"]), str(line.facts["review_after"])
    return DecisionHistory(decisions, last, before, after)


def digest_before_decisions(trail: Trail, digest: str) -> str:
    """Return the digest of review.csv before the unbroken chain of decisions that led to its present bytes.

    It stays the same while only decisions change the file, and changes if a user types into the file.

    Parameters
    ----------
    digest
        SHA-256 of the present file; "" if there is none.
    """
    for line in reversed(trail.lines):
        if line.event != Event.DECISION:
            continue
        if str(line.facts["review_after"]) != digest:
            break
        digest = str(line.facts["review_before"])
    return digest


def past_of(trail: Trail, sample_id: str) -> tuple[HistoryEntry, ...]:
    """Return the history of a tube in order: changed cells, moved gates, decisions, signatures.

    The first content of its row is no change, and is not reported.
    """
    changed: dict[int, list[ChangedCell]] = {}
    for line, change in history_of(trail, sample_id):
        changed.setdefault(line.number, []).append(change)
    entries: list[HistoryEntry] = []
    for line in trail.lines:
        if line.event in OF_REVIEW and line.facts.get("sample_id") == sample_id:
            entries.append(_past_entry(line))
        changes = changed.get(line.number, [])
        is_first = any(_is_new_row(change) for change in changes)
        entries += [_changed(line, change) for change in changes if _is_recorded(change, is_first=is_first)]
    return tuple(entries)


def _is_new_row(change: ChangedCell) -> bool:
    return change.row.startswith("samples ") and change.column == "sample_id" and not change.old


def _is_recorded(change: ChangedCell, *, is_first: bool) -> bool:
    """Whether a change gets a line: for a gate, its position; what was decided has a line of its own."""
    sheet = change.row.partition(" ")[0]
    if sheet == "gates":
        return change.column in ("value", "polygon")
    return sheet == "samples" and not is_first


def _changed(line: TrailLine, change: ChangedCell) -> HistoryEntry:
    sheet, _, name = change.row.partition(" ")
    subject = f"gate {name.rpartition('/')[2]}" if sheet == "gates" else f"{sheet}, {change.column}"
    return HistoryEntry(line.at, _who(line), line.who, subject, change.old, change.new, _reason(line))


def _next(now: Decision, line: TrailLine) -> Decision:
    facts = line.facts
    version = now.version + 1
    if line.event == Event.DECISION:
        return Decision(
            now.sample_id,
            version,
            ReviewDecision(facts["verdict"]),
            moves_of_facts(facts["moves"]),
            str(facts["who"]),
            line.who,
            line.at,
            str(facts["reason"]),
            tuple(facts["rows"]),
        )
    signed = Signature(str(facts["who"]), str(facts["meaning"]), line.at, line.who)
    if line.event == Event.COUNTERSIGNATURE:
        return replace(now, version=version, countersignature=signed)
    return replace(
        now, version=version, signature=signed, countersignature=None, stands_on=facts["stands_on"]
    )


def _past_entry(line: TrailLine) -> HistoryEntry:
    facts: Mapping[str, Any] = line.facts
    if line.event == Event.DECISION:
        return HistoryEntry(
            line.at, _who(line), line.who, "decided", "", str(facts["verdict"]), str(facts["reason"])
        )
    subject = "signed" if line.event == Event.SIGNATURE else "counter-signed"
    return HistoryEntry(line.at, _who(line), line.who, subject, "", "", str(facts["meaning"]))


def _who(line: TrailLine) -> str:
    return str(line.facts.get("who", line.who)) if line.event in OF_REVIEW else line.who


def _reason(line: TrailLine) -> str:
    return str(line.facts.get("reason", "")) if line.event == Event.DECISION else ""
