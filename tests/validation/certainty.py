"""Fit the confidence of the gating: `python -m validation.certainty`, from the folder `tests`, prints its weights.

A logistic regression of "F1 at least 0.9" on the signs of gating/plasma_cells/confidence.py, with a small ridge, on tubes of both
generators whose seeds are not among those that docs/validation.md judges.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, fields
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from gating.plasma_cells.confidence import Signs, certainty_of
from validation.gated_tubes import judged, wanted_tubes
from validation.gating_tubes import KnownTube, Wanted, known_tube
from validation.other_marrow import other_tube, other_tubes

Floats = NDArray[np.float64]
SEEDS, EMPTY_SEEDS, OTHER_SEEDS = range(200, 206), range(200, 212), range(200, 212)
GOOD = 0.9
RIDGE = 0.5
FEWEST = 20
ALIKE = 1e-9
"""Spread of a sign over the examples below which it is the same in all of them."""


@dataclass(frozen=True, slots=True)
class Example:
    """A tube's signs and whether its gate is right."""

    signs: Signs
    stained: bool
    good: bool


def example(known: KnownTube) -> Example | None:
    """Gate a tube and return the example of its surest look, or None of nothing or too few cells to tell."""
    seen: list[tuple[float, Signs | None, bool]] = []

    def recording(signs: Signs | None, *, stained: bool) -> float:
        seen.append((certainty_of(signs, stained=stained), signs, stained))
        return seen[-1][0]

    with patch("gating.plasma_cells.refinement.certainty_of", recording):
        tube = judged(known)
    _, signs, stained = max(seen, key=lambda look: look[0], default=(0.0, None, False))
    if signs is None or 0 < tube.n_plasma_cells < FEWEST:
        return None
    return Example(signs, stained, tube.f1 >= GOOD)


def from_simulator(wanted: Wanted) -> Example | None:
    """Return the example of a tube of the project's simulator."""
    return example(known_tube(wanted))


def from_other(wanted: tuple[str, str, int]) -> Example | None:
    """Return the example of a tube of the other generator."""
    return example(other_tube(*wanted))


def fitted(examples: list[Example]) -> tuple[Floats, float]:
    """Return the weights (signs, intercept, without viability) and the mean log-likelihood, by Newton steps."""
    columns = [[*astuple(one.signs), 1.0, 0.0 if one.stained else 1.0] for one in examples]
    table, good = np.array(columns), np.array([one.good for one in examples], float)
    spread = table[:, :-2].std(axis=0)
    scale = np.r_[np.where(spread > ALIKE, spread, 1.0), 1.0, 1.0]  # a sign that never varies tells nothing
    ridge = np.diag(np.r_[np.full(table.shape[1] - 2, RIDGE), 0.0, RIDGE])
    x, weights = table / scale, np.zeros(table.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (good - chance) - ridge @ weights
        weights += np.linalg.solve((x * (chance * (1 - chance))[:, None]).T @ x + ridge, slope)
    chance = np.clip(1 / (1 + np.exp(-x @ weights)), 1e-9, 1 - 1e-9)
    return weights / scale, float(np.mean(good * np.log(chance) + (1 - good) * np.log(1 - chance)))


def examples_of(processes: int) -> list[Example]:
    """Return the examples of every training tube."""
    with ProcessPoolExecutor(processes) as pool:
        simulated = list(pool.map(from_simulator, wanted_tubes(SEEDS, EMPTY_SEEDS), chunksize=5))
        other = list(pool.map(from_other, other_tubes(OTHER_SEEDS), chunksize=5))
    return [one for one in (*simulated, *other) if one is not None]


def main() -> None:
    """Print the weights."""
    examples = examples_of(min(2, os.cpu_count() or 1))
    weights, likelihood = fitted(examples)
    good = sum(one.good for one in examples)
    print(f"{len(examples)} tubes, {good} right; mean log-likelihood {likelihood:.3f}")
    names = [*(field.name for field in fields(Signs)), "INTERCEPT", "WITHOUT_VIABILITY"]
    for name, weight in zip(names, weights, strict=True):
        print(f"{name} = {weight:.2f}")


if __name__ == "__main__":
    main()
