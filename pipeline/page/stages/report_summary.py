"""The summary on the page Report: what the report says first, its tubes, its flags, and what is older."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pipeline.output.flag_words.all_flags import words_of_flag
from pipeline.page.messages import NumberMessage, TubeRow
from pipeline.page.number_messages import number_message
from pipeline.page.open_study import OpenStudy
from pipeline.page.review.shown import rows_of_tubes
from pipeline.review.review_file import read_review_file
from pipeline.review.snapshot import Snapshot, facts_of_run
from pipeline.study.errors import UserError
from pipeline.study.wording import counted, first_words

REPORT = "report.html"
MOST_TUBES_IN_A_SENTENCE = 8
"""Most tubes that a sentence names. Convention: nobody reads longer lists."""


@dataclass
class ReportHead:
    """The head of report.html as it is written there: title, facts of the run, answer, verdicts."""

    title: str = ""
    facts: list[str] = field(default_factory=list)
    answer: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class FlagCount:
    """A flag, its meaning, and the number of tubes that have it."""

    code: str
    says: str
    n_tubes: int


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """The summary of a study's results; `outdated`: what is not of the last run, and what to do."""

    head: ReportHead
    n_patients: int = 0
    tubes: tuple[tuple[TubeRow, NumberMessage], ...] = ()
    flags: tuple[FlagCount, ...] = ()
    n_flagged: int = 0
    outdated: tuple[str, ...] = ()


def report_summary(open_study: OpenStudy) -> ReportSummary:
    """Return the summary of the results of a study; results that cannot be read are named in `outdated`."""
    folder = open_study.folder
    head = report_head(folder / "results" / REPORT)
    try:
        snapshot = open_study.snapshot()
        rows = rows_of_tubes(snapshot, open_study.decision_history(), read_review_file(folder))
    except UserError as error:
        return ReportSummary(head, outdated=(f"the results cannot be read with this study: {error}",))
    codes = Counter(code for row in rows for code in row.flags)
    flags = tuple(FlagCount(code, words_of_flag(code).says, n) for code, n in codes.most_common())
    return ReportSummary(
        head,
        n_patients=len({row.patient_id for row in rows}),
        tubes=tuple((row, number_message(snapshot.results[row.sample_id])) for row in rows),
        flags=flags,
        n_flagged=sum(bool(row.flags) for row in rows),
        outdated=tuple(_outdated(folder, snapshot, rows)),
    )


def report_head(path: Path) -> ReportHead:
    """Return the head of a report; an empty one if there is no readable report."""
    reader = _HeadReader()
    try:
        reader.feed(path.read_text("utf-8", "replace"))
    except OSError:
        return ReportHead()
    return reader.head


def _outdated(folder: Path, snapshot: Snapshot, rows: Sequence[TubeRow]) -> Iterator[str]:
    """Return what is not of one run: the results, the report and the files beside it."""
    if snapshot.refusal:
        yield snapshot.refusal
    stale = sorted(row.sample_id for row in rows if row.stale)
    if stale:
        yield (
            f"{counted(len(stale), 'tube')} changed since the run "
            f"({first_words(stale, MOST_TUBES_IN_A_SENTENCE)}): a gate, a sheet or "
            "the program is another one now. Run the study again"
        )
    facts = facts_of_run(folder)
    if not facts:
        yield "the last run did not come to its end, so files in results/ may be of two runs: run it again"
    names = [str(name) for name in facts.get("older", [])]
    if names:
        yield (
            f"of an earlier run: {first_words(names, MOST_TUBES_IN_A_SENTENCE)}. "
            "The last run could not replace them: close them in Excel, and run the study again"
        )
    changed = [name for name, digest in _written(facts) if _differs(folder / "results" / name, digest)]
    if changed:
        listed = first_words(changed, MOST_TUBES_IN_A_SENTENCE)
        yield f"not as the run wrote them: {listed}. They were changed or removed since"


def _written(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the tables, the workbook and the report that a run wrote, each with its SHA-256."""
    for name, digest in facts.get("files", []):
        if "/" not in str(name) and str(name) not in facts.get("older", []):
            yield str(name), str(digest)


def _differs(path: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() != digest
    except OSError:
        return True


class _HeadReader(HTMLParser):
    """Reads the text of the first header of a page: its heading and its marked paragraphs."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.head = ReportHead()
        self._in_header = self._is_past = False
        self._part = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note which part of the header begins."""
        if tag == "header" and not self._is_past:
            self._in_header = True
        elif self._in_header and tag in ("h1", "p"):
            self._part = "title" if tag == "h1" else str(dict(attrs).get("class") or "")
        elif self._part == "facts" and tag in ("span", "a"):
            self.head.facts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Note which part of the header ends."""
        if tag == "header" and self._in_header:
            self._in_header, self._is_past = False, True
        elif tag in ("h1", "p"):
            self._part = ""

    def handle_data(self, data: str) -> None:
        """Keep the text of the present part."""
        if self._part == "title":
            self.head.title += data
        elif self._part == "facts" and self.head.facts:
            self.head.facts[-1] += data
        elif self._part == "answer":
            self.head.answer += data
        elif self._part == "verdict":
            self.head.verdict += data
