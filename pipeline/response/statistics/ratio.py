"""A ratio of odds or of hazards per unit of a covariate: what every model of them returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RatioPerUnit:
    """How many times the odds, or the hazard, per unit of a covariate.

    Attributes
    ----------
    per
        What one unit is.
    ratio
        None where it cannot be estimated: `note` says why. In the JSON files it is `odds_ratio` or
        `hazard_ratio`.
    low, high
        Its interval at `level`; None: open at this side.
    p
        Of the (penalised) likelihood-ratio test of a ratio of 1.
    strength
        How weak it is, in a sentence.
    """

    name: str
    per: str
    n: int
    n_events: int
    ratio: float | None
    low: float | None
    high: float | None
    p: float | None
    level: float = 0.95
    method: str = ""
    note: str = ""
    strength: str = ""
