"""Decide, sign, counter-sign: written to review.csv and the audit trail before the caller gets an answer.

Under one lock of the audit trail, the new review.csv is written under another name, the line is added to the
trail, and the new file replaces review.csv. If the process is killed in between, only the line is there, and
`finish_last` corrects the file. If the file cannot be replaced, the line is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.audit.trail import (
    Event,
    Trail,
    alone_with,
    append_line,
    cells_of,
    finish_line,
    read_trail,
    take_back,
)
from pipeline.audit.typed_cells import cells_of_review
from pipeline.files.whole import NotWrittenError, ready_to_replace
from pipeline.review.decision import (
    LONGEST_REASON,
    LONGEST_WHO,
    WITH_A_REASON,
    Decision,
    moves_as_facts,
    written_words,
)
from pipeline.review.decision_history import DecisionHistory, decision_history_of
from pipeline.review.review_file import (
    REVIEW_FILE,
    ReviewFile,
    as_typed,
    content_digest,
    is_as_decided,
    read_review_file,
    rows_of,
)
from pipeline.review.view import Move
from pipeline.study.cells.choices import ReviewDecision
from pipeline.study.errors import UserError
from pipeline.study.names.look import look_alike
from pipeline.study.sheets.review import review_path


class RefusedError(UserError):
    """The request cannot be decided or signed; the text gives the reason and what to do."""


class ConflictError(UserError):
    """Another person decided on the tube meanwhile; nothing was written.

    Parameters
    ----------
    now
        The present decision.
    outside
        Whether the tube's rows of review.csv were changed outside a decision.
    """

    def __init__(self, now: Decision, *, outside: bool = False) -> None:
        who = (
            now.countersignature.who
            if now.countersignature
            else now.signature.who
            if now.signature
            else now.who
        )
        event = f"{who} decided on this tube" if not outside else f"{REVIEW_FILE} was changed elsewhere"
        super().__init__(
            f"{now.sample_id}: {event} after you opened it. Nothing of yours was written: look at both, and "
            "decide again"
        )
        self.now = now


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """A decision that a person requests.

    `version` is the version that the person saw; `rows_shown` is the digest of the tube's rows of review.csv
    at that time (`ReviewFile.digest_of`), or "" if it is unknown.
    """

    sample_id: str
    version: int
    choice: ReviewDecision
    who: str
    reason: str = ""
    moves: tuple[Move, ...] = ()
    rows_shown: str = ""


def decide(folder: Path, asked: DecisionRequest) -> Decision:
    """Write a decision to the disk; return the present decision.

    Parameters
    ----------
    folder
        The study folder. The caller must check that the tube is in the samples sheet and that the moves are
        gates of its panel.

    Raises
    ------
    ConflictError
        The tube has another version by now, or its rows of review.csv were changed elsewhere.
    RefusedError
        The person or a reason is missing, or gates are moved although the decision is not `change`.
    NotWrittenError
        The disk is full, or review.csv is open in another program; nothing has changed.
    UserError
        review.csv or the audit trail cannot be read.
    """
    who, reason = written_words(asked.who, LONGEST_WHO), written_words(asked.reason, LONGEST_REASON)
    _must_be_named(asked, who, reason)
    finish_last(folder)
    with alone_with(folder) as trail:
        file, now = read_review_file(folder), decision_history_of(trail).of(asked.sample_id)
        if now.version != asked.version:
            raise ConflictError(now)
        if asked.rows_shown and asked.rows_shown != file.digest_of(asked.sample_id):
            raise ConflictError(as_typed(file, now), outside=True)
        set_at = datetime.now(UTC).isoformat(timespec="seconds")
        rows = _rows(asked, file, who, reason, set_at)
        new = file.with_tube(asked.sample_id, rows)
        content = new.content()
        facts = {
            "sample_id": asked.sample_id,
            "version": now.version + 1,
            "verdict": asked.choice.value,
            "who": who,
            "reason": reason,
            "moves": moves_as_facts(asked.moves if asked.choice is ReviewDecision.CHANGE else now.moves),
            "rows": list(rows),
            "review_before": file.digest,
            "review_after": content_digest(content),
        }
        _write(folder, trail, content, facts, cells_of_review(cells_of(trail), asked.sample_id, rows))
    return decision_history_of(read_trail(folder)).of(asked.sample_id)


def sign(
    folder: Path, sample_id: str, version: int, who: str, meaning: str, stands_on: Mapping[str, Any]
) -> Decision:
    """Sign the decision on a tube; return the present decision.

    Parameters
    ----------
    meaning
        The reason for the signature.
    stands_on
        Digests of the signed data (`pipeline.review.standing`).

    Raises
    ------
    ConflictError, RefusedError, NotWrittenError, UserError
        As `decide`; also if there is no decision yet.
    """
    finish_last(folder)
    facts = {"stands_on": dict(stands_on)}
    return _signed(folder, Event.SIGNATURE, (sample_id, version, who, meaning), facts)


def countersign(folder: Path, sample_id: str, version: int, who: str, meaning: str) -> Decision:
    """Add a second person's signature to a signed tube; return the present decision.

    Raises
    ------
    ConflictError, RefusedError, NotWrittenError, UserError
        As `sign`; also if nobody has signed, or the same person has.
    """
    return _signed(folder, Event.COUNTERSIGNATURE, (sample_id, version, who, meaning), {})


def finish_last(folder: Path) -> None:
    """Correct review.csv if a process was killed after it had added a decision to the audit trail.

    Raises
    ------
    NotWrittenError, UserError
        As `decide`.
    """
    finish_line(folder)
    decision_history = decision_history_of(read_trail(folder))
    if not _is_unfinished(decision_history, folder):
        return
    with alone_with(folder) as trail:
        decision_history = decision_history_of(trail)
        if _is_unfinished(decision_history, folder):
            last = decision_history.of(decision_history.last)
            content = read_review_file(folder).with_tube(last.sample_id, last.rows).content()
            with ready_to_replace(review_path(folder), content) as replace_file:
                _replace(folder, replace_file)


def _must_be_named(asked: DecisionRequest, who: str, reason: str) -> None:
    if not who:
        raise RefusedError(f"{asked.sample_id}: nobody is named. Type your name or initials first")
    if asked.choice in WITH_A_REASON and not reason:
        missing = "a reason" if asked.choice is ReviewDecision.REJECT else "the question"
        raise RefusedError(f"{asked.sample_id}: {asked.choice.value} needs {missing}: type it first")
    if asked.moves and asked.choice is not ReviewDecision.CHANGE:
        raise RefusedError(
            f"{asked.sample_id}: gates were moved, but the verdict is {asked.choice.value}, which leaves "
            "them as they are. Choose change, or put the gates back"
        )


def _rows(
    asked: DecisionRequest, file: ReviewFile, who: str, reason: str, set_at: str
) -> tuple[Mapping[str, str], ...]:
    """Return the tube's new rows: the moved gates for `change`, else the gates already in the file."""
    if asked.choice is ReviewDecision.CHANGE:
        return rows_of(asked.sample_id, asked.moves, asked.choice.value, who, reason, set_at)
    gates = [row for row in file.of_tube(asked.sample_id) if row.get("gate")]
    own_gates = tuple({name: text for name, text in row.items() if name != "verdict"} for row in gates)
    return (*own_gates, *rows_of(asked.sample_id, (), asked.choice.value, who, reason, set_at))


def _write(
    folder: Path,
    trail: Trail,
    content: bytes,
    facts: Mapping[str, Any],
    typed: Mapping[tuple[str, str], str],
) -> None:
    with ready_to_replace(review_path(folder), content) as replace_file:
        append_line(folder, trail, Event.DECISION, facts, typed)
        try:
            _replace(folder, replace_file)
        except NotWrittenError:
            take_back(folder, trail)
            raise


def _replace(folder: Path, replace_file: Callable[[], None]) -> None:
    try:
        replace_file()
    except OSError as error:
        path = review_path(folder)
        raise NotWrittenError(
            path, error.strerror or str(error), isinstance(error, PermissionError)
        ) from error


def _signed(folder: Path, event: Event, by: tuple[str, int, str, str], more: Mapping[str, Any]) -> Decision:
    sample_id, version, who, meaning = by
    who, meaning = written_words(who, LONGEST_WHO), written_words(meaning, LONGEST_REASON)
    if not who or not meaning:
        raise RefusedError(f"{sample_id}: a signature needs a name and its meaning, such as reviewed")
    with alone_with(folder) as trail:
        now = decision_history_of(trail).of(sample_id)
        if now.version != version:
            raise ConflictError(now)
        _must_be_signable(now, event, who, read_review_file(folder))
        facts = {"sample_id": sample_id, "version": version + 1, "who": who, "meaning": meaning, **more}
        after = append_line(folder, trail, event, facts, cells_of(trail))
    return decision_history_of(after).of(sample_id)


def _must_be_signable(now: Decision, event: Event, who: str, file: ReviewFile) -> None:
    name = now.sample_id
    if now.choice is None:
        raise RefusedError(f"{name}: nothing was decided yet. Accept, change or reject it first")
    if now.choice is ReviewDecision.ASK:
        raise RefusedError(f"{name}: {now.who} asked a question ({now.reason}). Decide on it first")
    if not is_as_decided(file, now):
        raise RefusedError(
            f"{name}: its rows in {REVIEW_FILE} are not those that {now.who} decided. Decide on it again"
        )
    if event is Event.COUNTERSIGNATURE:
        if now.signature is None:
            raise RefusedError(f"{name}: nobody has signed it yet. The first signature comes first")
        if same_person(now.signature.who, who):
            raise RefusedError(
                f"{name}: {who} has signed it already. A second person counter-signs: type another name"
            )


def same_person(first: str, second: str) -> bool:
    """Whether two names are of the same person; case, blanks, dashes and points are ignored.

    >>> same_person("A. Berger", "a berger"), same_person("AB", "CD")
    (True, False)
    """
    bare = [look_alike(name).replace(".", "").replace("-", " ").split() for name in (first, second)]
    return bare[0] == bare[1]


def _is_unfinished(decision_history: DecisionHistory, folder: Path) -> bool:
    if not decision_history.last or decision_history.review_before == decision_history.review_after:
        return False
    return read_review_file(folder).digest == decision_history.review_before
