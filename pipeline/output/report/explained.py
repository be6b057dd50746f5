"""The legend within a page: words that lead to the glossary, and the flags that were raised in a study."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.assembly.study_result import StudyResult
from pipeline.output.flag_words.all_flags import FLAGS, words_of_flag
from pipeline.output.flag_words.entry import FlagWords, sentence
from pipeline.output.legend.glossary import TERMS, GlossaryTerm
from pipeline.output.result_tables import sample_flags

if TYPE_CHECKING:
    from markupsafe import Markup

_TERM_OF: Final[dict[str, GlossaryTerm]] = {
    form: term for term in TERMS if not term.is_plain for form in (term.forms or (term.name,))
}
_LINKED: Final = re.compile(
    r"(?<![\w′/-])(" + "|".join(map(re.escape, sorted(_TERM_OF, key=len, reverse=True))) + r")(?![\w′/-])"
)
_CODE: Final = re.compile("`([^`]+)`")


@dataclass(frozen=True, slots=True)
class FlagEntry:
    """A flag in the legend: its words, and how many tubes or bead runs have it."""

    code: str
    words: FlagWords
    n_tubes: int = 0
    n_beads: int = 0

    @property
    def text(self) -> tuple[tuple[str, str], ...]:
        """Return name and text of what is said of it."""
        return (
            ("means", self.words.meaning),
            ("comes from", sentence(self.words.cause)),
            ("to do", sentence(self.words.action)),
        )


def flag_entries(study_result: StudyResult) -> tuple[tuple[FlagEntry, ...], tuple[FlagEntry, ...]]:
    """Return the flags that were raised in a study, the commonest first, and all others by name."""
    tubes = Counter(
        flag
        for result in study_result.results
        for flag in sample_flags(result, study_result.exposures.get(result.sample_id))
    )
    tubes.update(flag for visit in study_result.visits for flag in visit.flags if flag not in tubes)
    bead_runs = Counter(str(flag) for run in study_result.calibrations for flag in run.flags)
    return entries_of(tubes, bead_runs)


def entries_of(
    tubes: Mapping[str, int], bead_runs: Mapping[str, int]
) -> tuple[tuple[FlagEntry, ...], tuple[FlagEntry, ...]]:
    """Return the same from how many tubes and bead runs have each flag."""
    n = {code: (tubes.get(code, 0), bead_runs.get(code, 0)) for code in {*tubes, *bead_runs}}
    codes = sorted(n, key=lambda code: (-n[code][0], -n[code][1], code))
    raised = tuple(FlagEntry(str(code), words_of_flag(code), *n[code]) for code in codes)
    other_entries = (FlagEntry(str(code), words) for code, words in sorted(FLAGS.items()) if code not in n)
    return raised, tuple(other_entries)


def linked(text: object) -> Markup:
    """Return a text in which the first use of each word of the glossary leads there; all else is escaped.

    What stands between backticks is set as code.

    Examples
    --------
    >>> str(linked("ABC < 5"))
    '<a class="term" href="#term-abc" title="antibodies bound per cell">ABC</a> &lt; 5'
    """
    from markupsafe import Markup, escape

    used: set[str] = set()

    def of_words(words: str) -> Iterator[str]:
        for k, part in enumerate(_LINKED.split(words)):
            term = _TERM_OF[part] if k % 2 else None
            if term is None or term.anchor in used:
                yield escape(part)
                continue
            used.add(term.anchor)
            title = escape(term.stands_for or term.text)
            yield f'<a class="term" href="#{term.anchor}" title="{title}">{escape(part)}</a>'

    pieces = enumerate(_CODE.split(str(text)))
    return Markup("".join(f"<code>{escape(p)}</code>" if k % 2 else "".join(of_words(p)) for k, p in pieces))
