"""The odds ratio or hazard ratio per unit of a covariate: the result of every model of response."""

from __future__ import annotations

from dataclasses import dataclass

from calibration.numbers import LEVEL


@dataclass(frozen=True, slots=True)
class RatioPerUnit:
    """An odds ratio or a hazard ratio per unit of a covariate.

    Attributes
    ----------
    per
        Name of one unit.
    ratio
        None where it cannot be estimated: `note` says why. In the JSON files it is `odds_ratio` or
        `hazard_ratio`.
    low, high
        Its interval at `level`; None: open at this side.
    p
        Of the (penalised) likelihood-ratio test of a ratio of 1.
    strength
        A sentence on how weak the evidence is.
    """

    name: str
    per: str
    n: int
    n_events: int
    ratio: float | None
    low: float | None
    high: float | None
    p: float | None
    level: float = LEVEL
    method: str = ""
    note: str = ""
    strength: str = ""
