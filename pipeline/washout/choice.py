"""Which of the models that could be fitted describes these rows best, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

RULE: Final = (
    "lowest AICc on the same rows; a simpler model within 2 of the lowest is preferred; "
    "a model that was refused does not take part"
)
_CLOSE: Final = 2.0
"""AICc; models this close are equally supported (doi:10.1177/0049124104268644). Convention."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fitted model: `parameters` is how many the data decide."""

    name: str
    aicc: float
    parameters: float


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The preferred model, all that took part, the rule and the reason in words."""

    preferred: str
    candidates: tuple[Candidate, ...]
    rule: str
    reason: str


def choose(candidates: Sequence[Candidate]) -> ModelChoice | None:
    """Return the preferred model; None where none was fitted, or none with rows enough for an AICc.

    Examples
    --------
    >>> choose([Candidate("M1", 41.0, 3), Candidate("M2", 39.5, 3.4)]).preferred
    'M1'
    """
    candidates = [candidate for candidate in candidates if math.isfinite(candidate.aicc)]
    if not candidates:
        return None
    lowest = min(candidate.aicc for candidate in candidates)
    close = [candidate for candidate in candidates if candidate.aicc - lowest <= _CLOSE]
    chosen = min(close, key=lambda candidate: (candidate.parameters, candidate.aicc))
    criteria = ", ".join(f"{candidate.name} {candidate.aicc:.1f}" for candidate in candidates)
    if len(candidates) == 1:
        reason = f"{chosen.name} is the only model that these data allow"
    else:
        reason = f"{chosen.name} is preferred (AICc {criteria})"
    return ModelChoice(chosen.name, tuple(candidates), RULE, reason)
