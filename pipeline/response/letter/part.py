"""A part of the letter: a titled table of shares and medians, and the rule by which it counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.response.characteristics import Characteristic, Summary


@dataclass(frozen=True, slots=True)
class LetterPart:
    """A table of the letter; a share is of those in whom it is known."""

    title: str
    rule: str
    rows: tuple[Characteristic, ...]


def part(title: str, rule: str, rows: Iterable[Characteristic]) -> tuple[LetterPart, ...]:
    """Return the part; nothing where no row counts anybody."""
    told = tuple(row for row in rows if row.n)
    return (LetterPart(title, rule, told),) if told else ()


def is_summary(row: Characteristic) -> bool:
    """Tell whether a row is a median and not a share."""
    return isinstance(row, Summary)
