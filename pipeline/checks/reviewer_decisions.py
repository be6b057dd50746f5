"""Decisions of reviewers on tubes in review.csv: they are noted in the rows and change no number."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.checks.findings import Finding
from pipeline.checks.flags import CheckFlag
from pipeline.checks.headers import Headers
from pipeline.study.cells.choices import ReviewDecision
from pipeline.study.study import Study, TypedDecision

_FLAGS = {
    ReviewDecision.REJECT: CheckFlag.REJECTED_BY_REVIEWER,
    ReviewDecision.ASK: CheckFlag.ASKED_BY_REVIEWER,
}


def decisions_of_reviewers(study: Study, headers: Headers) -> Iterator[Finding]:
    """Note a reviewer's decision in the row of the tube; flag a tube that was rejected or asked about."""
    del headers
    for decision in study.typed_decisions:
        flag = "" if decision.meant is None else _FLAGS.get(decision.meant, "")
        yield Finding(None, decision.sample_id, flag, _words(decision))


def _words(decision: TypedDecision) -> str:
    words = f"review by {decision.set_by}: {decision.verdict}"
    return f"{words} ({decision.reason})" if decision.reason else words
