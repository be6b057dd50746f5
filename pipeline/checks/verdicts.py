"""Verdicts of reviewers on tubes in review.csv: they are noted in the rows and change no number."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.checks.findings import Finding
from pipeline.checks.flags import CheckFlag
from pipeline.checks.headers import Headers
from pipeline.study.cells.choices import ReviewVerdict
from pipeline.study.study import Study, TubeVerdict

_FLAGS = {
    ReviewVerdict.REJECT: CheckFlag.REJECTED_BY_REVIEWER,
    ReviewVerdict.ASK: CheckFlag.ASKED_BY_REVIEWER,
}


def verdicts_of_reviewers(study: Study, headers: Headers) -> Iterator[Finding]:
    """Note a reviewer's verdict in the row of the tube; flag a tube that was rejected or asked about."""
    del headers
    for verdict in study.verdicts:
        flag = "" if verdict.meant is None else _FLAGS.get(verdict.meant, "")
        yield Finding(None, verdict.sample_id, flag, _words(verdict))


def _words(verdict: TubeVerdict) -> str:
    words = f"review by {verdict.set_by}: {verdict.verdict}"
    return f"{words} ({verdict.reason})" if verdict.reason else words
