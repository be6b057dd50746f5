"""Lines without a plateau that a recovery curve must beat: a straight one, and one that bends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.washout.censored.estimate import aicc
from pipeline.washout.censored.likelihood import maximise, single
from pipeline.washout.goodness import RowLaw
from pipeline.washout.observations.rows import SAME_WASHOUT, Observations

AICC_MARGIN: Final = 4.0
"""AICc by which the curve must be lower than a line without a plateau: the line then has considerably less
support (doi:10.1177/0049124104268644)."""


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """A line of log10 RD on log2 weeks: its description, its AICc, and its distribution of the rows."""

    words: str
    aicc: float
    law: RowLaw


def line_law(data: Observations, degree: int = 1) -> RowLaw | None:
    """Return the most likely polynomial of log2 weeks with the rows' terms; None if there is no maximum.

    Parameters
    ----------
    degree
        1: the straight line of M1; 2: a parabola.
    """
    doublings = np.log2(data.weeks)
    spread = float(doublings.std())
    if spread < SAME_WASHOUT:
        return None
    standardised = (doublings - doublings.mean()) / spread
    terms = [(term.values - term.centre) / term.scale for term in data.terms]
    design = np.column_stack([np.ones(data.n), *(standardised**k for k in range(1, degree + 1)), *terms])
    middle = float(data.log_rd.mean())
    best = maximise(single(design, data.log_rd - middle, data.kind, data.measurement_sd))
    if not best.is_determined(data.n)[0]:
        return None
    mean = middle + np.einsum("nk,k->n", design, best.beta[0])
    sigma = float(np.exp(best.log_sigma[0]))
    pull = np.zeros(design.shape[1] + 1)
    return RowLaw(data, mean[None], np.ones(1), design[None], sigma, best.information[0], pull)


def rivals(data: Observations) -> tuple[Rival, ...]:
    """Return the lines without a plateau that can be fitted to these rows."""
    words = {
        1: "a straight line, which never levels off",
        2: "a line that bends, and falls in the end",
    }
    laws = ((degree, line_law(data, degree)) for degree in words)
    return tuple(_rival(words[degree], law) for degree, law in laws if law is not None)


def _rival(words: str, law: RowLaw) -> Rival:
    n_parameters = law.slopes.shape[2] + 1
    return Rival(words, aicc(float(law.log_likelihoods().sum()), n_parameters, law.data.n), law)
