"""How well plasma cells are gated, tube by tube, on simulated marrow of which every cell is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gating import GatedPopulation, gate_plasma_cells
from gating.events import Mask
from gating.gates.steps import LOW_CONFIDENCE, Step
from gating.thresholds.methods import words_of
from validation.gating_tubes import EMPTY, INSTRUMENTS, PANELS, SCENARIOS, KnownTube, Wanted, known_tube

FEWEST_FOR_RD = 20
SURE = 0.9


@dataclass(frozen=True, slots=True)
class GatedTube:
    """A tube and how it was gated.

    Attributes
    ----------
    f1, precision, recall
        Of the plasma cells against the labels.
    true_cells, found_cells
        Cells of the population that would be quantified: the aberrant plasma cells where the panel told them.
    error
        Relative error of the receptor density that the gating adds: CD38 median of the cells found over that
        of the true ones, − 1; NaN without a number (too few cells, no clear population) or where the true one
        is below 1,000 molecules.
    confidence, flags
        Of the gating.
    """

    wanted: Wanted
    colours: int
    n_plasma_cells: int
    f1: float
    precision: float
    recall: float
    true_cells: int
    found_cells: int
    error: float
    confidence: float
    flags: tuple[str, ...]
    method: str

    @property
    def withheld(self) -> bool:
        """Whether the tube has plasma cells enough for a density and gets none: no clear population was found."""
        return self.true_cells >= FEWEST_FOR_RD and "NO_CLEAR_POPULATION" in self.flags

    @property
    def given(self) -> bool:
        """Whether the tube gets a receptor density that no flag of the gating calls unsure."""
        return self.found_cells >= FEWEST_FOR_RD and self.confidence >= LOW_CONFIDENCE


def gate(known: KnownTube) -> GatedPopulation:
    """Gate a known tube as `cd38rd run` does."""
    return gate_plasma_cells(known.events, known.panel)


def gated_tube(wanted: Wanted) -> GatedTube:
    """Simulate a tube, gate it and compare with the truth."""
    return judged(known_tube(wanted))


def judged(known: KnownTube) -> GatedTube:
    """Gate a known tube and compare with the truth."""
    gated = gate(known)
    found, true = gated.mask, known.plasma_cells
    both = int(np.count_nonzero(found & true))
    quantified, meant = (found, true) if gated.aberrant is None else (gated.aberrant, known.aberrant)
    told = "NO_CLEAR_POPULATION" not in gated.flags
    return GatedTube(
        wanted=known.wanted,
        colours=known.colours,
        n_plasma_cells=int(np.count_nonzero(true)),
        f1=2 * both / max(1, np.count_nonzero(found) + np.count_nonzero(true)),
        precision=both / max(1, np.count_nonzero(found)),
        recall=both / max(1, np.count_nonzero(true)),
        true_cells=int(np.count_nonzero(meant)),
        found_cells=int(np.count_nonzero(quantified)),
        error=density_error(known, quantified, meant) if told else float("nan"),
        confidence=gated.confidence,
        flags=gated.flags,
        method=next(words_of(step.methods) for step in gated.steps if step.name is Step.PLASMA_CELLS),
    )


def density_error(known: KnownTube, found: Mask, true: Mask) -> float:
    """Return the relative error of the CD38 median of the cells found, or NaN."""
    if np.count_nonzero(found) < FEWEST_FOR_RD or not true.any():
        return float("nan")
    right = float(np.median(known.cd38[true]))
    return float(np.median(known.cd38[found])) / right - 1 if right >= known.floor else float("nan")


def wanted_tubes(seeds: Sequence[int], empty_seeds: Sequence[int]) -> list[Wanted]:
    """Return every scenario on every instrument with every panel, and tubes without plasma cells."""
    many = [(scenario, seed) for scenario in SCENARIOS for seed in seeds]
    many += [(EMPTY, seed) for seed in empty_seeds]
    return [
        Wanted(scenario, instrument, panel, seed)
        for scenario, seed in many
        for instrument in INSTRUMENTS
        for panel, _ in PANELS
    ]
