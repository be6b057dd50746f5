"""Cells of concentrations: a number, or the limit of the assay that the value lies below (`<0.2`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator

from pipeline.study.cells.numbers import as_number
from pipeline.study.cells.words import as_text, refuse

EXPECTED_CONCENTRATION = "a concentration of at least 0, or a limit such as <0.2"
HIGHEST_UG_ML = 1e5
"""Highest concentration in serum that a cell may hold, µg/mL. Convention: a hundred times what the labelled
dose reaches; a higher one has another unit."""


@dataclass(frozen=True, slots=True)
class Concentration:
    """A concentration as typed; `is_below`: it lies below `value`, which is the limit of the assay."""

    value: float
    is_below: bool = False

    @property
    def is_low(self) -> bool:
        """Whether the concentration lies below the limit of the assay, or is 0."""
        return self.is_below or self.value == 0


def as_concentration(value: object, most: float = HIGHEST_UG_ML) -> Concentration:
    """Return the concentration in a cell; refuse anything but a number of at least 0 or a limit.

    Examples
    --------
    >>> as_concentration("< 0,2"), as_concentration(3.5)
    (Concentration(value=0.2, is_below=True), Concentration(value=3.5, is_below=False))
    """
    if isinstance(value, Concentration):
        return value
    if isinstance(value, bool | date):
        refuse(EXPECTED_CONCENTRATION)
    text = value if isinstance(value, int | float) else as_text(value)
    if isinstance(text, str) and text[:1] in ("<", "≤"):
        limit = as_number(text[1:].lstrip("= "), 0, most, kind="a limit")
        if limit == 0:
            refuse(EXPECTED_CONCENTRATION)
        return Concentration(limit, True)
    return Concentration(as_number(text, 0, most, kind="a concentration (or a limit such as <0.2)"))


ConcentrationCell = Annotated[Any, BeforeValidator(as_concentration)]
