"""Which of the models that could be fitted describes these rows best, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.washout.goodness import CONTRADICTED

CHOICE_RULE: Final = (
    "lowest AICc on the same rows; a simpler model within 2 of the lowest is preferred; "
    f"a model that was refused, or that the rows contradict (p < {CONTRADICTED:g}), does not take part"
)
_CLOSE_AICC: Final = 2.0
"""Difference in AICc up to which models are equally supported (doi:10.1177/0049124104268644). Convention: the
paper's rule of 2."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fitted model.

    Attributes
    ----------
    parameters
        How many parameters the data determine.
    misfit_p
        p of the test for a trend of the residuals over the weeks; None: not tested.
    """

    name: str
    aicc: float
    parameters: float
    misfit_p: float | None = None

    @property
    def is_contradicted(self) -> bool:
        """Whether the rows contradict the model."""
        return self.misfit_p is not None and self.misfit_p < CONTRADICTED


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The preferred model, all that took part, the rule, and the reason in words.

    `preferred` is "" where the rows contradict every model.
    """

    preferred: str
    candidates: tuple[Candidate, ...]
    rule: str
    reason: str


def choose(candidates: Sequence[Candidate]) -> ModelChoice | None:
    """Return the preferred model; None if no model was fitted, or none has enough rows for an AICc.

    Examples
    --------
    >>> choose([Candidate("M1", 41.0, 3), Candidate("M2", 39.5, 3.4)]).preferred
    'M1'
    >>> choose([Candidate("M1", 30.0, 3, misfit_p=0.002), Candidate("M2", 39.5, 3.4, misfit_p=0.4)]).preferred
    'M2'
    """
    candidates = [candidate for candidate in candidates if math.isfinite(candidate.aicc)]
    if not candidates:
        return None
    sound = [candidate for candidate in candidates if not candidate.is_contradicted]
    against = "; ".join(
        f"the rows contradict {candidate.name}: its residuals have a trend over the weeks (p = "
        f"{candidate.misfit_p:.3f})"
        for candidate in candidates
        if candidate.is_contradicted
    )
    if not sound:
        return ModelChoice("", tuple(candidates), CHOICE_RULE, f"no model is preferred: {against}")
    lowest = min(candidate.aicc for candidate in sound)
    close = [candidate for candidate in sound if candidate.aicc - lowest <= _CLOSE_AICC]
    chosen = min(close, key=lambda candidate: (candidate.parameters, candidate.aicc))
    criteria = ", ".join(f"{candidate.name} {candidate.aicc:.1f}" for candidate in candidates)
    if len(candidates) == 1:
        reason = f"{chosen.name} is the only model that these data allow"
    else:
        reason = f"{chosen.name} is preferred (AICc {criteria})"
    return ModelChoice(
        chosen.name, tuple(candidates), CHOICE_RULE, "; ".join(filter(None, (reason, against)))
    )
