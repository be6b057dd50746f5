"""The lines of what to look at first: a few, however large the study is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.assembly.study_result import StudyResult
from pipeline.output.report.attention.cause import Cause, Level, worst_first
from pipeline.output.report.attention.causes import causes
from pipeline.study.faults import without_values

MOST_LINES = 12
"""Lines that a page shows; the last one folds the others. Convention: they are read at one go."""

FIRST_LINKS = 6
"""Number of tubes that a line names; the others are folded. Convention: they fit in the line."""

MOST_SAID = 5
"""Most example messages of one cause. Convention: nobody would read more."""

_SYMBOL: Final[Mapping[Level, str]] = {Level.SEVERE: "✕", Level.WARN: "!", Level.INFO: "i"}


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the page; without an anchor the text alone."""

    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """One line: what it is, how many tubes it touches, what it means, what to do, and where."""

    level: str
    symbol: str
    title: str
    count: str = ""
    effect: str = ""
    action: str = ""
    code: str = ""
    first: tuple[Link, ...] = ()
    more: tuple[Link, ...] = ()
    bead_runs: tuple[Link, ...] = ()
    messages: tuple[str, ...] = ()
    n_more_messages: int = 0


@dataclass(frozen=True, slots=True)
class Attention:
    """The lines that are shown, and those that one more line folds."""

    lines: tuple[AttentionItem, ...]
    folded: tuple[AttentionItem, ...]

    @property
    def asks(self) -> int:
        """How many causes ask for a look: those that are more than a fact."""
        return sum(item.level != Level.INFO for item in (*self.lines, *self.folded))


def attention(study_result: StudyResult, anchors: Mapping[str, str]) -> Attention:
    """Return the lines of what to look at first, the worst first; further lines are folded.

    Flags that only note a fact are folded in any study.

    Parameters
    ----------
    study_result
        What was found.
    anchors
        Anchor of each card by `sample:<sample_id>` or `beads:<name of the bead run>`; "" or none: no card.
    """
    listed = worst_first(causes(study_result))
    facts = [cause for cause in listed if cause.level is Level.INFO and cause.code]
    shown_causes = [cause for cause in listed if cause not in facts]
    shown = shown_causes if len(shown_causes) + bool(facts) <= MOST_LINES else shown_causes[: MOST_LINES - 1]
    folded = [*shown_causes[len(shown) :], *facts]
    patients = {sample.sample_id: sample.patient_id for sample in study_result.study.samples}
    n, n_beads = len(study_result.results), len(study_result.calibrations)
    return Attention(
        tuple(_item(cause, anchors, patients, n, n_beads) for cause in shown),
        tuple(_item(cause, anchors, patients, n, n_beads) for cause in folded),
    )


def _item(
    cause: Cause, anchors: Mapping[str, str], patients: Mapping[str, str], n: int, n_beads: int
) -> AttentionItem:
    tubes = _links("sample", cause.sample_ids, anchors)
    messages = [text for text in _once(cause.messages) if not _repeats(text, cause.title)]
    return AttentionItem(
        cause.level.value,
        _SYMBOL[cause.level],
        cause.title,
        _count(cause, patients, n, n_beads),
        cause.effect,
        cause.action,
        cause.code,
        tubes[:FIRST_LINKS],
        tubes[FIRST_LINKS:],
        _links("beads", cause.bead_runs, anchors),
        tuple(messages[:MOST_SAID]),
        len(messages[MOST_SAID:]),
    )


def _count(cause: Cause, patients: Mapping[str, str], n: int, n_beads: int) -> str:
    """Return how many tubes and patients a cause affects; else how many bead runs or cells of sheets."""
    if not cause.sample_ids:
        cells = f"{cause.n_cells:,} cells" if cause.n_cells > 1 else ""
        return f"{len(cause.bead_runs):,} of {n_beads:,} bead runs" if cause.bead_runs else cells
    people = len({patients[name] for name in cause.sample_ids if name in patients})
    tubes = f"{len(cause.sample_ids):,} of {n:,} {'tube' if n == 1 else 'tubes'}"
    of_people = f" ({people:,} {'patient' if people == 1 else 'patients'})" if people else ""
    alike = ", the others alike" if cause.n_variants > 1 and not cause.code else ""
    return f"{tubes}{of_people}{alike}"


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the first of texts that differ by values alone."""
    return tuple({_kind(text): text for text in reversed(list(texts))}.values())[::-1]


def _repeats(text: str, title: str) -> bool:
    """Return whether a text says what the title says, but for values and the cell before it."""
    return _kind(title).endswith(_kind(text).removeprefix("…: "))


def _kind(text: str) -> str:
    return without_values(text).rstrip(".").casefold()


def _links(kind: str, names: Iterable[str], anchors: Mapping[str, str]) -> tuple[Link, ...]:
    return tuple(Link(anchors.get(f"{kind}:{name}", ""), name) for name in names)
