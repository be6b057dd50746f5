"""The tubes of the validation sheet: their experiments, and the cells whose density counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Experiment(StrEnum):
    """The experiments of an assay validation; the value of each member is the word that is typed."""

    PRECISION = "precision"
    LINEARITY = "linearity"
    BLANK = "blank"
    LOW = "low"
    STABILITY = "stability"
    CARRY_OVER = "carry_over"
    COMPARISON = "comparison"
    CONTROL = "control"


EXPERIMENTS: tuple[str, ...] = tuple(experiment.value for experiment in Experiment)

SENTINEL_CELLS = ("nk_cells", "b_precursors")
"""Sentinels of a tube whose density may be used instead of that of the quantified cells."""


@dataclass(frozen=True, slots=True)
class ValidationTube:
    """A row of the validation sheet; None or "": not typed."""

    sample_id: str
    experiment: str
    specimen: str
    level: float | None = None
    hours: float | None = None
    sequence: int | None = None
    day: str = ""
    run: str = ""
    method: str = ""
    low: float | None = None
    high: float | None = None
    cells: str = ""
    goal_percent: float | None = None
