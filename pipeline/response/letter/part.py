"""A part of the letter: a titled table of shares and medians, with its counting rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.response.characteristics import Characteristic


@dataclass(frozen=True, slots=True)
class LetterPart:
    """A table of the letter. A share counts only patients whose value is known."""

    title: str
    rule: str
    rows: tuple[Characteristic, ...]


@dataclass(frozen=True, slots=True)
class TypedPart(LetterPart):
    """A table of the letter whose rows may be named by free text that a person typed."""


def part(title: str, rule: str, rows: Iterable[Characteristic]) -> tuple[LetterPart, ...]:
    """Return the part; an empty tuple where no row counts a patient."""
    counted_rows = tuple(row for row in rows if row.n)
    return (LetterPart(title, rule, counted_rows),) if counted_rows else ()
