"""How sure a gating of plasma cells is: the chance that its F1 is at least 0.9, from what can be measured.

A logistic map of a few signs, fitted on simulated tubes (`python -m validation.certainty` in `tests`) of two
generators and judged on others: docs/validation.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from gating.anchors import Anchor, Group
from gating.events import FloatArray, Mask
from gating.membership import Members


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells whether a group is the wanted one and whole.

    Attributes
    ----------
    expected
        F1 that the clusters' probabilities expect of the gate.
    agreement
        F1 of the group by anchors and traits against that by all channels.
    height
        How far the cells lie above the positive anchors' edges: mean of their medians, natural log, −1 to 4.
    traits
        Median evidence beside the anchors, natural-log units, −3 to 4.
    cells
        log10 of their number, at most 3.
    """

    expected: float
    agreement: float
    height: float
    traits: float
    cells: float


WEIGHTS = Signs(expected=11.06, agreement=3.23, height=1.09, traits=0.81, cells=0.41)
INTERCEPT, WITHOUT_VIABILITY = -17.02, -0.87
MOST_WITHOUT_VIABILITY = 0.85
"""Without a viability dye nobody can tell how many of the cells are dead: never sure."""


def signs_of(
    found: Mask, seed: Group, members: Members | None, anchors: Sequence[Anchor], traits: FloatArray
) -> Signs | None:
    """Return the signs, or None where nothing was found.

    Parameters
    ----------
    found
        bool, shape (n_candidates,): the cells of the gate.
    seed
        The group as anchors and traits showed it.
    members
        By all channels; None where they were too few.
    traits
        Per candidate.
    """
    n = int(np.count_nonzero(found))
    if n == 0:
        return None
    heights = [float(np.median(a.axis.values[found])) - a.edge for a in anchors if a.is_positive]
    both = int(np.count_nonzero(found & seed.mask))
    return Signs(
        expected=0.5 if members is None else members.expected_f1(found),
        agreement=2 * both / (n + int(np.count_nonzero(seed.mask))),
        height=float(np.mean(np.clip(heights, -1.0, 4.0))),
        traits=float(np.clip(np.median(traits[found]), -3.0, 4.0)),
        cells=min(float(np.log10(n)), 3.0),
    )


def certainty_of(signs: Signs | None, *, stained: bool) -> float:
    """Return the chance, 0 to 1, that the gate is right; 0 where nothing was found.

    Parameters
    ----------
    stained
        Whether a viability dye told the dead cells.
    """
    if signs is None:
        return 0.0
    total = INTERCEPT + (0.0 if stained else WITHOUT_VIABILITY)
    total += float(np.dot(astuple(WEIGHTS), astuple(signs)))
    chance = float(1 / (1 + np.exp(-total)))
    return chance if stained else min(chance, MOST_WITHOUT_VIABILITY)
