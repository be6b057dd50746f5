"""Further traits of plasma cells, for tubes in which the anchors alone do not show them clearly.

A drug may strip CD138, a clone may keep CD45, an antibody may be in the wrong tube. Then the other usual
traits of plasma cells (Flores-Montero et al. 2016, doi:10.1002/cyto.b.21265) count as evidence. Each counts a
little, and none is enough alone: CD45 far below leukocytes, neither small nor very granular, no B-cell
antigens, CD56.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.anchors.edges import bright_edge, negative_edge
from gating.arithmetic.elementary import log
from gating.arithmetic.numbers import LEAST_SCATTER
from gating.events import FloatArray, Survivors
from gating.events.panel import PLASMA_CELL_TARGETS, GatingPanel, Role, Target
from gating.events.quantiles import quantile
from gating.gates.person_gates import Choices
from gating.thresholds import Axis, axis_like, axis_of, axis_on
from gating.thresholds.kernel_density import density_of

SMALL_CELL = 0.62
"""Forward scatter below which cells are small (lymphocytes, erythroid cells), as a part of the 80th
percentile. Chosen on the simulated tubes of docs/validation.md."""
TRAIT_UNIT = 0.15
"""Natural-log units of scatter that count as one unit of evidence. Chosen on the simulated tubes of
docs/validation.md."""
FAR_BELOW_LEUKOCYTES, POSITIVE_TRAIT, UNSTAINED_TRAIT, SCATTER_TRAIT = 3.0, 1.0, 1.5, 2.0
"""Most evidence from CD45, from a positive antigen, from viability or dump, and from scatter; natural log.
Chosen on the simulated tubes of docs/validation.md."""
BEYOND_EDGE = 0.5
"""Natural-log units beyond the negative edge from which a trait counts as positive. Chosen on the simulated
tubes of docs/validation.md."""
LARGE_CELL, MOST_GRANULAR = 0.8, 0.95
"""Quantiles of scatter that represent large cells and very granular cells. Chosen on the simulated tubes of
docs/validation.md."""
TRAIT_BANDWIDTH, MAIN_SPREADS = 0.15, 4
"""Bandwidth of the density estimate of viability or dump, in units of the axis; spreads from its mode to the
end of the main group. Chosen on the simulated tubes of docs/validation.md."""
STAIN_WEIGHT, GRANULAR_UNITS = 0.5, 2
"""Weight of one unit of viability or dump; scatter units that count as one unit of granularity. Chosen on the
simulated tubes of docs/validation.md."""

SURELY_BELOW = 1e-4
"""Margin, as a part of the value, by which a cell must lie below an end before its position is skipped.
Convention: far above rounding in float32."""


@dataclass(frozen=True, slots=True)
class Trait:
    """The evidence of a position beyond an end of one channel: sign · weight · distance, up to `most`.

    Attributes
    ----------
    sign
        1 for a plasma cell, −1 against it.
    end
        Position on the axis of all single cells beyond which it counts.
    most, weight
        Natural-log units; natural-log units per unit of the axis.
    """

    sign: int
    end: Callable[[Axis], float]
    most: float
    weight: float = 1.0


Counted = tuple[NDArray[np.intp], FloatArray]
Shape = Callable[[FloatArray, FloatArray], Counted]
"""Returns the rows of cells that may have evidence, and their evidence; all other cells have none."""


def is_plasma_panel(panel: GatingPanel) -> bool:
    """Return whether the panel's targets are those of plasma cells, not of another population."""
    positive = panel.with_target(Target.POSITIVE)
    return bool(positive) and all(
        PLASMA_CELL_TARGETS.get(channel.role) is Target.POSITIVE for channel in positive
    )


def has_only_other_anchors(panel: GatingPanel) -> bool:
    """Return whether every positive target lies on a channel of role `other`: CD38, VS38c or another."""
    positive = panel.with_target(Target.POSITIVE)
    return bool(positive) and all(channel.role == Role.OTHER for channel in positive)


def is_plasma_panel_without_its_antigens(panel: GatingPanel) -> bool:
    """Return whether the targets are those of plasma cells, with positive ones on role `other` only.

    For example CD38 that is not quantified, or VS38c, as role `other`, target `positive`; and CD45 `low`.
    """
    has_low_cd45 = any(channel.target is Target.LOW for channel in panel.with_role(Role.CD45))
    return has_low_cd45 and has_only_other_anchors(panel)


def phenotype_of(candidates: Survivors, reference: Survivors, choices: Choices) -> FloatArray:
    """Return the evidence of all traits other than the anchors, natural log, float32, shape (n_candidates,).

    Parameters
    ----------
    candidates
        Single cells.
    reference
        A sample of single cells that shows where negative, bright and large cells lie.
    """
    total = np.zeros(candidates.n_events, np.float32)
    for channel in choices.panel.with_role(Role.CD45):
        usual = axis_on(reference, channel.channel)
        if usual.values.size:
            total += _far_below_leukocytes(axis_like(candidates, channel.channel, usual), usual)
    for role, trait in TRAITS:
        for channel in choices.panel.with_role(role):
            usual = axis_on(reference, channel.channel)
            if usual.values.size:
                rows, evidence = _beyond_end(candidates.column(channel.channel), usual, trait)
                total[rows] += evidence
    for role, shape in SCATTER_TRAITS:
        for channel in choices.panel.with_role(role):
            if reference.n_events:
                rows, evidence = shape(candidates.column(channel.channel), reference.column(channel.channel))
                total[rows] += evidence
    return total


def _far_below_leukocytes(cells: Axis, usual: Axis) -> FloatArray:
    return _clipped(np.float32(bright_edge(usual)) - cells.values, 0.0, FAR_BELOW_LEUKOCYTES)


def _beyond_end(values: FloatArray, usual: Axis, trait: Trait) -> Counted:
    """Return the rows of cells that may lie beyond a trait's end, and their evidence; others have none."""
    end = trait.end(usual)
    linear = float(np.sinh(end * usual.unit)) * usual.cofactor
    rows = np.flatnonzero(values > np.float32(linear - SURELY_BELOW * (abs(linear) + usual.cofactor)))
    beyond = axis_of(values.take(rows), usual).values - np.float32(end)
    return rows, np.float32(trait.sign) * _clipped(trait.weight * beyond, 0.0, trait.most)


def _not_small(cells: FloatArray, usual: FloatArray) -> Counted:
    small = max(SMALL_CELL * quantile(usual, LARGE_CELL), LEAST_SCATTER)
    rows = np.flatnonzero(cells < np.float32(small * (1 + SURELY_BELOW)))
    below = np.float32(_log(small)) - _logs(cells.take(rows))
    return rows, -_clipped(below / np.float32(TRAIT_UNIT), 0.0, SCATTER_TRAIT)


def _not_most_granular(cells: FloatArray, usual: FloatArray) -> Counted:
    most = max(quantile(usual, MOST_GRANULAR), LEAST_SCATTER)
    rows = np.flatnonzero(cells > np.float32(most * (1 - SURELY_BELOW)))
    beyond = _logs(cells.take(rows)) - np.float32(_log(most))
    return rows, -_clipped(beyond / np.float32(GRANULAR_UNITS * TRAIT_UNIT), 0.0, SCATTER_TRAIT)


def _log(value: float) -> float:
    return float(np.log(max(value, LEAST_SCATTER)))


def _logs(values: FloatArray) -> FloatArray:
    return np.asarray(log(np.maximum(values, np.float32(LEAST_SCATTER))), np.float32)


def _positive_end(axis: Axis) -> float:
    return negative_edge(axis) + BEYOND_EDGE


def _upper_end(axis: Axis) -> float:
    """Return the end of the main group on an axis: its mode plus four spreads."""
    density = density_of(axis.values, bandwidth=TRAIT_BANDWIDTH, low=axis.low, high=axis.high)
    mode = int(np.argmax(density.counts))
    return float(density.grid[mode]) + MAIN_SPREADS * density.half_width(mode, 1)


def _clipped(values: FloatArray, low: float, high: float) -> FloatArray:
    return np.asarray(np.clip(values, np.float32(low), np.float32(high)), np.float32)


TRAITS: tuple[tuple[Role, Trait], ...] = (
    (Role.CD19, Trait(-1, _positive_end, POSITIVE_TRAIT)),
    (Role.CD20, Trait(-1, _positive_end, POSITIVE_TRAIT)),
    (Role.CD56, Trait(1, _positive_end, POSITIVE_TRAIT)),
    (Role.VIABILITY, Trait(-1, _upper_end, UNSTAINED_TRAIT, STAIN_WEIGHT)),
    (Role.DUMP, Trait(-1, _upper_end, UNSTAINED_TRAIT, STAIN_WEIGHT)),
)
"""Evidence of the roles that are no anchors. Cells count as dead or dump-positive if they are brighter than
the autofluorescence of most living cells. Phenotype of doi:10.1002/cyto.b.21265; numbers chosen on the
simulated tubes of docs/validation.md."""

SCATTER_TRAITS: tuple[tuple[Role, Shape], ...] = (
    (Role.FSC_AREA, _not_small),
    (Role.SSC_AREA, _not_most_granular),
)
