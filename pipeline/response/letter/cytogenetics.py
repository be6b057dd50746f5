"""Cytogenetics as typed: the share of tested patients with each abnormality, and with high risk."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from pipeline.response.characteristics import share
from pipeline.response.letter.part import LetterPart, TypedPart, part
from pipeline.response.statistics.counts import Proportion
from pipeline.study.study import Patient

HIGH_RISK: Final = ("del17p", "t(4;14)", "t(14;16)")
"""Palumbo 2015, doi:10.1200/JCO.2015.61.2267 (R-ISS)."""

_NAMES: Final = (
    (
        "del17p",
        re.compile(
            r"del\(?17|17p-|-17p|17p[\d.]*\W?(del|loss)|del\W?t?p53|p53\W?(del|loss)|loss(of)?(17p|t?p53)"
        ),
    ),
    ("t(4;14)", re.compile(r"t\(4;14\)")),
    ("t(14;16)", re.compile(r"t\(14;16\)")),
    ("t(14;20)", re.compile(r"t\(14;20\)")),
    ("t(11;14)", re.compile(r"t\(11;14\)")),
    ("gain 1q", re.compile(r"(?<!\d)1q|\+1\b|amp1")),
    ("del13", re.compile(r"del\(?13|-13|13q-|monosomy13")),
    ("del1p", re.compile(r"del\(?1p|1p-|del\(1\)\(p")),
    ("hyperdiploid", re.compile(r"hyperdip")),
)
_ANY_OF_HIGH_RISK: Final = "high risk: at least one of " + ", ".join(HIGH_RISK)
_TRANSLOCATION: Final = re.compile(r"t\s*\(?\s*(\d+)\s*[;,:/]\s*(\d+)\s*\)?")
_FUSIONS: Final = tuple(
    (re.compile(rf"\b(igh\s*(::|[-/–])\s*({genes})|({genes})\s*(::|[-/–])\s*igh)\b"), name)
    for genes, name in (
        ("fgfr3|nsd2|mmset|whsc1", "t(4;14)"),
        ("c?-?maf", "t(14;16)"),
        ("mafb", "t(14;20)"),
        ("ccnd1|cyclin d1", "t(11;14)"),
    )
)
"""Fusions by their genes, and the translocation of each (Sawyer 2011,
doi:10.1016/j.cancergencyto.2010.11.002)."""
_NORMAL_KARYOTYPE: Final = re.compile(r"\b46\s*,\s*x[xy]\b(\s*\[\d+\])?(?!\s*,)")
_OF_THE_NAME_BEFORE: Final = re.compile(
    r",\s*(?=((<|below|under)\s*(the\s*)?cut\S*|(not|nicht)\s+(detected|found|present|seen|done|determined|tested"
    r"|nachgewiesen|untersucht)|neg(ative?|ativ)?|absent|n\.?\s?d\.?)\s*([,;\n]|$))"
)
"""A comma between a name and the word that belongs to it, as in `del17p, not detected`."""
_CLAUSES: Final = re.compile(r"[;\n](?![^(]*\))")
_JOINS: Final = re.compile(r"([,/](?![^(]*\))|&|\b(?:and|und|or|oder|nor)\b)")
_LOOSE: Final = (",", "/")
_COUNTS: Final = (
    (re.compile(r"\bn/a\b"), "n.d."),
    (re.compile(r"(?<![\w.,])0+([.,]0+)?\s*%|(?<![\w.,])0\s*/\s*\d+|\(\s*[-0]\s*\)"), " neg "),
    (re.compile(r"(?<![\w.,])\d+\s*/\s*\d+"), " pos "),
)
_NOT_DONE: Final = re.compile(
    r"\bn\.?\s?d\.?(?=\W|$)|not (done|determined|tested|available|known|evalua\w+|assess\w+|interpret\w+)"
    r"|unknown|failed|\?|pending|unclear|possibl|suspect|equivocal|borderline|doubt|question|inconclusive"
    r"|insufficient|no (material|result|cells|growth)|kein\w* (material|ergebnis|ergebnisse)|unklar|fraglich"
    r"|verdacht|nicht (auswertbar|untersucht|beurteilbar|bekannt)"
)
_ABSENT: Final = re.compile(
    r"\bn?either\b|\bnor?\b|\bnot\b|\bneg|absen|without|[:= ]0$|[) ]\s*-$|\bnone\b|\bnicht\b|\bkein|\bohne\b"
    r"|\bnormal|excluded|ruled out|(<|below)\s*(the )?cut"
)
_FOR_ALL: Final = re.compile(r"^\W*(neg\w*\s+(for|f[uü]r)|neither|without|ohne|absen\w+ of)\b")
_PRESENT: Final = re.compile(r"\bpos|\+\s*$|%|\byes\b|\bfound|\bdetected|\bpresent|nachgewiesen")
_NOTHING: Final = re.compile(
    r"^(0|-)$|\bnormal|\bstandard|\blow.risk|\bneg|unremarkable|nothing|unauff|\bwild.?type"
)
_TYPED_HIGH_RISK: Final = re.compile(r"high\b(.*\brisk|\W*$)")
_LONGEST_NAME: Final = 40
"""Most characters that a table shows of the name of another abnormality. Convention: the width of the
column."""

CYTOGENETICS_RULE: Final = (
    "As typed in the column cytogenetics, of the patients whose cell is filled. What a cell does not name "
    "was looked for and not found; what it calls not done or doubtful counts for nobody. High risk: del17p, "
    "t(4;14) or t(14;16), at least one, of those in whom one was found or all three were determined."
)


def abnormalities(typed: str) -> Mapping[str, bool | None] | None:
    """Return whether each named abnormality is present (None: not done); None if no test was done.

    Examples
    --------
    >>> dict(abnormalities("del(17p); t(4;14) neg, t(14;16) n.d."))
    {'del17p': True, 't(4;14)': False, 't(14;16)': None}
    >>> abnormalities("normal"), abnormalities("not done")
    ({}, None)
    """
    results: dict[str, bool | None] = {}
    parts = _parts(typed)
    if not parts or all(cell_part.is_not_done and not cell_part.names for cell_part in parts):
        return None
    for cell_part in parts:
        if cell_part.names:
            results.update(dict.fromkeys(cell_part.names, cell_part.state))
        elif cell_part.result is None and not _NOTHING.search(cell_part.text):
            results[cell_part.text[:_LONGEST_NAME]] = cell_part.state
        elif cell_part.result is _Result.PRESENT:
            results[cell_part.text[:_LONGEST_NAME]] = True
    return results


class _Result(Enum):
    """What a part of a cell says about its abnormality."""

    PRESENT = auto()
    ABSENT = auto()
    NOT_DONE = auto()


@dataclass(slots=True)
class _CellPart:
    """A part of a cell: the text between two commas, or between two words like `and`.

    `result` is None where the part holds a name alone. `after` is True where the word follows the name.
    """

    text: str
    joined_by: str
    names: list[str]
    result: _Result | None
    after: bool
    for_all: bool

    @property
    def is_not_done(self) -> bool:
        """Whether the test was not done."""
        return self.result is _Result.NOT_DONE

    @property
    def state(self) -> bool | None:
        """True where the abnormality is present, False where it is absent; None where not tested."""
        return None if self.is_not_done else self.result is not _Result.ABSENT


def _parts(typed: str) -> list[_CellPart]:
    """Return the parts of a cell, each with its own result or with that of the whole list."""
    text = _in_one_spelling(typed)
    for pattern, word in _COUNTS:
        text = pattern.sub(word, text)
    return [part for clause in _CLAUSES.split(text) for part in _spread(_of_clause(clause))]


def _in_one_spelling(typed: str) -> str:
    """Return a cell with translocations as t(4;14), and without a comma between a name and its word."""
    text = _TRANSLOCATION.sub(r"t(\1;\2)", _NORMAL_KARYOTYPE.sub("normal", typed.casefold().strip()))
    for pattern, name in _FUSIONS:
        text = pattern.sub(name, text)
    return _OF_THE_NAME_BEFORE.sub(" ", text)


def _of_clause(clause: str) -> list[_CellPart]:
    pieces = ["", *_JOINS.split(clause)]
    pairs = [(join.strip(), text.strip()) for join, text in zip(pieces[::2], pieces[1::2], strict=True)]
    return [_part(text, join) for join, text in pairs if text]


def _part(text: str, join: str) -> _CellPart:
    text = f"{join} {text}" if join == "nor" else text
    words = ((_Result.NOT_DONE, _NOT_DONE), (_Result.ABSENT, _ABSENT), (_Result.PRESENT, _PRESENT))
    result_match = next(
        ((result, match) for result, pattern in words if (match := pattern.search(text))), None
    )
    names = _named(text)
    after = result_match is not None and bool(names) and bool(_named(text[: result_match[1].start()]))
    return _CellPart(
        text, join, names, result_match[0] if result_match else None, after, bool(_FOR_ALL.search(text))
    )


def _spread(parts: list[_CellPart]) -> list[_CellPart]:
    """Give names without a result that of their list: `negative for a, b`, `no a or b`, `a and b absent`.

    After a comma, only a word for the whole list still applies: in `a, b neg` the name `a` means present, as
    everywhere.
    """
    for earlier, later in pairwise(parts):
        goes_on = earlier.for_all or later.joined_by not in _LOOSE
        if later.result is None and earlier.result is not None and not earlier.after and goes_on:
            later.result, later.for_all = earlier.result, earlier.for_all
    for later, earlier in pairwise(reversed(parts)):
        if (
            earlier.result is None
            and later.result is not None
            and later.after
            and later.joined_by not in _LOOSE
        ):
            earlier.result, earlier.after = later.result, True
    return parts


def is_unclear(typed: str) -> bool:
    """Return whether a name without a result is next to one that is `neg`, with only a comma between them.

    Examples
    --------
    >>> is_unclear("del17p, t(4;14) neg"), is_unclear("del17p; t(4;14) neg")
    (True, False)
    """
    text = _in_one_spelling(typed)
    pairs = (pair for clause in _CLAUSES.split(text) for pair in pairwise(_parts(clause)))
    return any(
        earlier.names
        and later.names
        and later.joined_by in _LOOSE
        and {earlier.result, later.result} == {None, _Result.ABSENT}
        for earlier, later in pairs
    )


def _named(segment: str) -> list[str]:
    bare = segment.replace(" ", "")
    return [name for name, pattern in _NAMES if pattern.search(bare)]


def is_named(row: str) -> bool:
    """Return whether the program knows the abnormality of this row, so that its name is not free text.

    Examples
    --------
    >>> is_named("del17p"), is_named("Dr Smith's finding")
    (True, False)
    """
    return row == _ANY_OF_HIGH_RISK or row in (name for name, _ in _NAMES)


def is_high_risk(states_by_name: Mapping[str, bool | None]) -> bool | None:
    """Return whether one of `HIGH_RISK` is present or `high risk` was typed; None where not all were tested.

    Examples
    --------
    >>> is_high_risk({"del17p": True, "t(4;14)": None}), is_high_risk({"t(4;14)": None}), is_high_risk({})
    (True, None, False)
    """
    states = [states_by_name.get(name, False) for name in HIGH_RISK]
    typed_high_risk = any(
        state for name, state in states_by_name.items() if not is_named(name) and _TYPED_HIGH_RISK.match(name)
    )
    if typed_high_risk or any(state is True for state in states):
        return True
    return None if any(state is None for state in states) else False


def cytogenetics(patients: Sequence[Patient]) -> tuple[LetterPart, ...]:
    """Return the share of patients with each abnormality, the three high-risk ones first."""
    cells = [
        abnormal for patient in patients if (abnormal := abnormalities(patient.cytogenetics)) is not None
    ]
    unclear = sum(is_unclear(patient.cytogenetics) for patient in patients)
    rule = CYTOGENETICS_RULE
    if unclear:
        rule += (
            f" In {unclear} of {len(cells)} cells a name alone and one that was not found stand in one list, "
            "as in `a, b neg`: the name alone counts as found. If it was not, type a ; and a word of its own."
        )
    counted = part("Cytogenetics", rule, _rows(cells))
    return tuple(TypedPart(table.title, table.rule, table.rows) for table in counted)


def _rows(cells: Sequence[Mapping[str, bool | None]]) -> Iterator[Proportion]:
    yield from share(_ANY_OF_HIGH_RISK, [is_high_risk(cell) for cell in cells])
    for name in HIGH_RISK:
        yield from share(name, [cell.get(name, False) for cell in cells])
    counts = Counter(
        name for cell in cells for name, state in cell.items() if state and name not in HIGH_RISK
    )
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        yield from share(name, [cell.get(name, False) for cell in cells])
