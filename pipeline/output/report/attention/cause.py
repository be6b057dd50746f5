"""A cause: one problem to look at, however many tubes, cells of sheets and bead runs it affects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a cause matters, the worst first."""

    SEVERE = "severe"
    """A number is missing, or must not be used."""
    WARN = "warn"
    """A number may be wrong."""
    INFO = "info"
    """A fact that needs no action."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of one line.

    Attributes
    ----------
    order
        Its order within the level: the lower, the worse.
    title
        The problem, as a sentence.
    effect, action
        Its effect on the number, and what to do; may be empty.
    code
        The flag for the same problem in the result tables; "" without one.
    sample_ids, bead_runs
        The tubes and the bead runs that it affects.
    messages
        The messages of the checks and of the result tables.
    n_cells
        Cells of the sheets where a check found it.
    n_variants
        Number of different messages.
    """

    level: Level
    order: int
    title: str
    effect: str = ""
    action: str = ""
    code: str = ""
    sample_ids: tuple[str, ...] = ()
    bead_runs: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    n_cells: int = 0
    n_variants: int = 0


def worst_first(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return causes by level and place; of alike ones that with most tubes first."""
    levels = list(Level)
    return tuple(
        sorted(causes, key=lambda c: (levels.index(c.level), c.order, -len(c.sample_ids), c.code, c.title))
    )
