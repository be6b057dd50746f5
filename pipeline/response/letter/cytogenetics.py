"""Cytogenetics as typed: each abnormality of those in whom it was determined, and who is at high risk."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pipeline.response.characteristics import share
from pipeline.response.letter.part import LetterPart, part
from pipeline.response.statistics.counts import Proportion
from pipeline.study.study import Patient

HIGH_RISK: Final = ("del17p", "t(4;14)", "t(14;16)")
"""Palumbo 2015, doi:10.1200/JCO.2015.61.2267 (R-ISS)."""

_NAMES: Final = (
    ("del17p", re.compile(r"del\(?17|17p-|-17p|del.?17p|17p.?del|deltp53|tp53del")),
    ("t(4;14)", re.compile(r"t\(4;14\)")),
    ("t(14;16)", re.compile(r"t\(14;16\)")),
    ("t(14;20)", re.compile(r"t\(14;20\)")),
    ("t(11;14)", re.compile(r"t\(11;14\)")),
    ("gain 1q", re.compile(r"1q|\+1\b|amp1")),
    ("del13", re.compile(r"del\(?13|-13|13q-|monosomy13")),
    ("del1p", re.compile(r"del\(?1p|1p-|del\(1\)\(p")),
    ("hyperdiploid", re.compile(r"hyperdip")),
)
_TRANSLOCATION: Final = re.compile(r"t\s*\(?\s*(\d+)\s*[;,:/]\s*(\d+)\s*\)?")
_SPLIT: Final = re.compile(r"[;,/\n](?![^(]*\))|\band\b|\bund\b")
_NOT_DONE: Final = re.compile(
    r"\bn\.?\s?d\.?(?=\W|$)|not (done|determined|tested|available|known)|unknown|failed|\bn/?a\b|\?|pending"
)
_ABSENT: Final = re.compile(
    r"\bno\b|\bnot (found|detected|present)|\bneg|absent|without|[:= ]0$|[) ]\s*-$|\bnone\b|\bnicht\b|\bkein"
)
_NOTHING: Final = re.compile(r"^(0|-)$|\bnormal|\bstandard|\bneg|unremarkable|nothing|unauff|\bwild.?type")
_LONGEST_NAME: Final = 40
"""Characters of the name of another abnormality that a table shows. Convention."""

RULE: Final = (
    "As typed in the column cytogenetics, of the patients whose cell is filled. What a cell does not name "
    "was looked for and not found; what it calls not done counts for nobody. High risk: del17p, t(4;14) or "
    "t(14;16), at least one, of those in whom one was found or all three were determined."
)


def abnormalities(typed: str) -> Mapping[str, bool | None] | None:
    """Return of each abnormality that a cell names: found, not found, None: not done. None: nothing was done.

    Examples
    --------
    >>> dict(abnormalities("del(17p); t(4;14) neg, t(14;16) n.d."))
    {'del17p': True, 't(4;14)': False, 't(14;16)': None}
    >>> abnormalities("normal"), abnormalities("not done")
    ({}, None)
    """
    text = _TRANSLOCATION.sub(r"t(\1;\2)", typed.casefold().strip())
    segments = [segment.strip() for segment in _SPLIT.split(text) if segment.strip()]
    if not segments or all(_NOT_DONE.search(one) and not _named(one) for one in segments):
        return None
    found: dict[str, bool | None] = {}
    for segment in segments:
        names = _named(segment)
        if not names and (_NOTHING.search(segment) or _ABSENT.search(segment) or _NOT_DONE.search(segment)):
            continue
        names = names or [segment[:_LONGEST_NAME]]
        state = None if _NOT_DONE.search(segment) else not _ABSENT.search(segment)
        found.update(dict.fromkeys(names, state))
    return found


def _named(segment: str) -> list[str]:
    bare = segment.replace(" ", "")
    return [name for name, pattern in _NAMES if pattern.search(bare)]


def is_high_risk(found: Mapping[str, bool | None]) -> bool | None:
    """Tell whether one of `HIGH_RISK` was found, or `high risk` was typed; None: not all were determined.

    Examples
    --------
    >>> is_high_risk({"del17p": True, "t(4;14)": None}), is_high_risk({"t(4;14)": None}), is_high_risk({})
    (True, None, False)
    """
    states = [found.get(name, False) for name in HIGH_RISK]
    said = any(state for name, state in found.items() if name.startswith("high"))
    if said or any(state is True for state in states):
        return True
    return None if any(state is None for state in states) else False


def cytogenetics(patients: Sequence[Patient]) -> tuple[LetterPart, ...]:
    """Return the share of patients with each abnormality, the three of high risk first."""
    cells = [found for patient in patients if (found := abnormalities(patient.cytogenetics)) is not None]
    return part("Cytogenetics", RULE, _rows(cells))


def _rows(cells: Sequence[Mapping[str, bool | None]]) -> Iterator[Proportion]:
    yield from share(
        "high risk: at least one of " + ", ".join(HIGH_RISK), [is_high_risk(one) for one in cells]
    )
    for name in HIGH_RISK:
        yield from share(name, [one.get(name, False) for one in cells])
    counts = Counter(name for one in cells for name, state in one.items() if state and name not in HIGH_RISK)
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        yield from share(name, [one.get(name, False) for one in cells])
