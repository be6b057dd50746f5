"""Cytogenetics as typed: the share of tested patients with each abnormality, and with high risk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from pipeline.response.characteristics import share
from pipeline.response.letter.cytogenetic_cell import CellPart, CellResult, cell_parts_of, clauses_of
from pipeline.response.letter.cytogenetic_words import LOOSE, NAMES, NO_ABNORMALITY, TYPED_HIGH_RISK
from pipeline.response.letter.part import LetterPart, TypedPart, part
from pipeline.response.statistics.counts import Proportion
from pipeline.study.study import Patient
from pipeline.study.wording import counted

HIGH_RISK: Final = ("del17p", "t(4;14)", "t(14;16)")
"""Palumbo 2015, doi:10.1200/JCO.2015.61.2267 (R-ISS)."""

_ANY_OF_HIGH_RISK: Final = "high risk: at least one of " + ", ".join(HIGH_RISK)
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
    parts = cell_parts_of(typed)
    if not parts or all((part.is_not_done or not part.is_clear) and not part.names for part in parts):
        return None
    for cell_part in parts:
        if cell_part.names:
            results.update(dict.fromkeys(cell_part.names, cell_part.state))
        elif _is_free_text(cell_part):
            results[cell_part.text[:_LONGEST_NAME]] = cell_part.state
    if not all(part.is_clear for part in parts):
        results |= {name: None for name in HIGH_RISK if name not in results}
    return results


def _is_free_text(cell_part: CellPart) -> bool:
    """Return whether a part without a known name says that an abnormality is there."""
    if not cell_part.is_clear:
        return False
    if cell_part.result is None:
        return not NO_ABNORMALITY.search(cell_part.text)
    return cell_part.result is CellResult.PRESENT


def is_understood(typed: str) -> bool:
    """Return whether each word of a cell is understood, and belongs to one name only.

    Examples
    --------
    >>> is_understood("del17p 60 %; t(4;14) neg"), is_understood("del17p earlier")
    (True, False)
    >>> is_understood("del17p t(4;14) neg")
    False
    """
    return all(cell_part.is_clear for cell_part in cell_parts_of(typed))


def is_unclear(typed: str) -> bool:
    """Return whether a name without a result is next to one that is `neg`, with only a comma between them.

    Examples
    --------
    >>> is_unclear("del17p, t(4;14) neg"), is_unclear("del17p; t(4;14) neg")
    (True, False)
    """
    pairs = (pair for clause in clauses_of(typed) for pair in pairwise(clause))
    return any(
        earlier.names
        and later.names
        and later.joined_by in LOOSE
        and {earlier.result, later.result} == {None, CellResult.ABSENT}
        for earlier, later in pairs
    )


def is_named(row: str) -> bool:
    """Return whether the program knows the abnormality of this row, so that its name is not free text.

    Examples
    --------
    >>> is_named("del17p"), is_named("Dr Smith's finding")
    (True, False)
    """
    return row == _ANY_OF_HIGH_RISK or row in (name for name, _ in NAMES)


def is_high_risk(states_by_name: Mapping[str, bool | None]) -> bool | None:
    """Return whether one of `HIGH_RISK` is present or `high risk` was typed; None where not all were tested.

    Examples
    --------
    >>> is_high_risk({"del17p": True, "t(4;14)": None}), is_high_risk({"t(4;14)": None}), is_high_risk({})
    (True, None, False)
    """
    states = [states_by_name.get(name, False) for name in HIGH_RISK]
    typed_high_risk = any(
        state for name, state in states_by_name.items() if not is_named(name) and TYPED_HIGH_RISK.match(name)
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
    unread = sum(not is_understood(patient.cytogenetics) for patient in patients)
    if unread:
        rule += (
            f" Not understood in full: {counted(unread, 'cell')} (an unknown word, or one `neg` after "
            "two names without a comma). Such a name counts for nobody; nor does high risk, unless another "
            "of its three was found."
        )
    table = part("Cytogenetics", rule, _rows(cells))
    return tuple(TypedPart(each.title, each.rule, each.rows) for each in table)


def _rows(cells: Sequence[Mapping[str, bool | None]]) -> Iterator[Proportion]:
    yield from share(_ANY_OF_HIGH_RISK, [is_high_risk(cell) for cell in cells])
    for name in HIGH_RISK:
        yield from share(name, [cell.get(name, False) for cell in cells])
    counts = Counter(
        name for cell in cells for name, state in cell.items() if state and name not in HIGH_RISK
    )
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        yield from share(name, [cell.get(name, False) for cell in cells])
