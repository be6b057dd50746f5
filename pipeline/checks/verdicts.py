"""What reviewers say of tubes in review.csv: it goes into the rows, and no number changes."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.checks.findings import Finding
from pipeline.checks.flags import CheckFlag
from pipeline.checks.headers import Headers
from pipeline.study.names.look import caseless
from pipeline.study.study import Study, TubeVerdict

_FLAGS = {
    "reject": CheckFlag.REJECTED_BY_REVIEWER,
    "rejected": CheckFlag.REJECTED_BY_REVIEWER,
    "ask": CheckFlag.ASKED_BY_REVIEWER,
}


def verdicts_of_reviewers(study: Study, headers: Headers) -> Iterator[Finding]:
    """Note in the row of a tube what a reviewer says of it; flag one that was rejected or asked about."""
    del headers
    for said in study.verdicts:
        yield Finding(None, said.sample_id, _FLAGS.get(caseless(said.verdict), ""), _words(said))


def _words(said: TubeVerdict) -> str:
    words = f"review by {said.set_by}: {said.verdict}"
    return f"{words} ({said.reason})" if said.reason else words
