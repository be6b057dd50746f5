"""The confidence in a gating of plasma cells: the probability that its F1 is at least 0.9.

A logistic function of a few measured signs. It was fitted on simulated tubes of two generators (`python -m
validation.certainty` in `tests`) and tested on other tubes: docs/validation.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from gating.anchors.evidence import Anchor, Group
from gating.anchors.negative_cells import below_leukocytes, granularity, height_over, negatives_of
from gating.clusters.membership import Members
from gating.events import FloatArray, Mask, Survivors
from gating.events.quantiles import median
from gating.gates.person_gates import Choices

MOST_TRAITS, TRAITS_COUNT = 4.0, 0.5
"""Evidence from channels other than the anchors: its largest value, and the height that one unit of it is
worth. Chosen on the simulated tubes of docs/validation.md."""
MOST_HEIGHT, LEAST_HEIGHT = 3.0, -1.5
"""Largest and least height above the negative cells that counts. Chosen on the simulated tubes of
docs/validation.md."""
MOST_MISSED = 2.0
"""Largest value of the sign `missed`. Chosen on the simulated tubes of docs/validation.md."""
CLEARLY_LOW, CLEARLY_HIGH = 1.0, 2.5
"""Distance of CD45 below leukocytes, and of the anchors above the negative cells, that is beyond doubt.
Chosen on the simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Signs:
    """Measured signs of whether a group is the wanted one and complete.

    Attributes
    ----------
    expected
        Expected F1 of the gate, from the clusters' probabilities.
    agreement
        F1 between the group by anchors and traits and the group by all channels.
    height
        Mean height of the cells above the tube's own negative cells on the positive anchors, plus half of
        their median evidence from other channels; natural log, at most 3. One can compensate for the other.
    leukocyte_like
        (Distance of CD45 from clearly low) × (distance of the anchors from clearly high); 0 to about 5.
    granular
        Side scatter above the lower end of granulocytes, natural log.
    cells
        log10 of their number, at most 3.
    missed
        log10(1 + likely cells outside the gate / cells of the gate), 0 to 2, likely by anchors and traits
        together: they may include another part of the population.
    """

    expected: float
    agreement: float
    height: float
    leukocyte_like: float
    granular: float
    cells: float
    missed: float


WEIGHTS = Signs(
    expected=7.69,
    agreement=9.54,
    height=1.44,
    leukocyte_like=-2.10,
    granular=-22.02,
    cells=1.74,
    missed=-2.12,
)
"""Weight of each sign in the logistic function. Fitted on simulated tubes by `python -m validation.certainty`
and tested on others: docs/validation.md, "Is the confidence right?"."""
INTERCEPT, WITHOUT_VIABILITY = -21.06, -0.01
"""Intercept of the logistic function, and the term that is added without a viability dye. Fitted with the
weights: docs/validation.md, "Is the confidence right?"."""
MOST_WITHOUT_VIABILITY = 0.85
"""Largest confidence without a viability dye: the number of dead cells is unknown then. Chosen on the
simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The tube around the group.

    Attributes
    ----------
    candidates, reference
        The cells that were searched, and a sample of all viable single cells.
    anchors
        Anchors of the candidates, without scatter.
    traits
        Evidence of each candidate from other channels than the anchors.
    likely
        bool: which candidates are likely by anchors and traits together.
    """

    candidates: Survivors
    reference: Survivors
    anchors: Sequence[Anchor]
    traits: FloatArray
    likely: Mask


def signs_of(
    gated: Mask, seed: Group, members: Members | None, around: Surroundings, choices: Choices
) -> Signs | None:
    """Return the signs, or None where the gate has no cells.

    Parameters
    ----------
    gated
        bool, shape (n_candidates,): the cells of the gate.
    seed
        The group by anchors and traits.
    members
        The group's members by all channels; None if the group had too few cells.
    """
    n = int(np.count_nonzero(gated))
    if n == 0:
        return None
    cells = around.candidates.select(gated)
    negatives = around.reference.select(negatives_of(cells.mask(), around.reference, choices))
    high = _height(cells, negatives, around.anchors)
    beside = TRAITS_COUNT * float(np.clip(median(around.traits.compress(gated)), 0.0, MOST_TRAITS))
    low = float(np.clip(below_leukocytes(cells, around.reference, choices), -1.0, CLEARLY_LOW))
    return Signs(
        expected=0.5 if members is None else members.expected_f1(gated),
        agreement=2 * int(np.count_nonzero(gated & seed.mask)) / (n + int(np.count_nonzero(seed.mask))),
        height=min(high + beside, MOST_HEIGHT),
        leukocyte_like=(CLEARLY_LOW - low) * max(CLEARLY_HIGH - high, 0.0),
        granular=granularity(cells, around.reference, choices),
        cells=min(float(np.log10(n)), 3.0),
        missed=min(float(np.log10(1 + np.count_nonzero(around.likely & ~gated) / n)), MOST_MISSED),
    )


def _height(cells: Survivors, negatives: Survivors, anchors: Sequence[Anchor]) -> float:
    positive = [anchor for anchor in anchors if anchor.is_positive]
    if not positive or not negatives.n_events:
        return 0.0
    heights = [height_over(anchor, cells, negatives) for anchor in positive]
    return float(np.mean(np.clip(heights, LEAST_HEIGHT, MOST_HEIGHT)))


def certainty_of(signs: Signs | None, *, stained: bool) -> float:
    """Return the probability, 0 to 1, that the gate is right; 0 where there are no cells.

    Parameters
    ----------
    stained
        Whether a viability dye has shown the dead cells.
    """
    if signs is None:
        return 0.0
    total = INTERCEPT + (0.0 if stained else WITHOUT_VIABILITY)
    total += sum(w * s for w, s in zip(astuple(WEIGHTS), astuple(signs), strict=True))
    return float(1 / (1 + np.exp(-total)))
