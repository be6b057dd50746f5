"""The spillover of the quantified dye, estimated from a tube and its FMO if the file has no matrix.

The two tubes hold the same cells and differ by one dye. So, for one population, the shift of a channel's
median divided by the shift of the quantified channel's median is the spillover of that dye into the channel.
Subtracting it prevents CD38 from gating by its spillover. The spillover of the other dyes does not depend on
CD38.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.numbers import IQR_TO_SD, MEDIAN_TO_MEAN_ERROR, QUARTILES
from gating.events import FloatArray, Mask
from gating.events.compensation import SpilloverMatrix
from gating.events.panel import UNSTAINED_ROLES
from gating.gates.steps import GateStep, Step
from gating.strategy import gate_plasma_cells
from pipeline.tube.compensation import Compensation
from pipeline.tube.control import Control, gated_alike
from pipeline.tube.reading import Tube

STANDARD_ERRORS = 4.0
"""A shift of fewer standard errors than this does not count as spillover. Arithmetic: of a normal error one
in 16,000."""

LARGEST_SPILL = 0.6
"""A larger part of a dye's light in another detector is not spillover but another staining. Convention:
usually less than half of a dye's light reaches a neighbouring detector."""

FEWEST_FOR_SPILL = 20
"""Fewest cells for an estimate. Convention: the error of the median of fewer cells is a quarter of their
spread."""

MOST_UNLIKE_SHARES = 3.0
"""A population that is this many times as frequent in one of the two tubes is not the same population.
Convention; in 18 simulated pairs without a matrix the ratio was 0.85 to 1.13."""

SPILL_SOURCE = "the quantified dye's spillover alone, estimated from the control tube"


def without_dye_spill(tube: Tube, control: Control) -> tuple[Tube, Control]:
    """Return tube and control, with the quantified dye's spillover subtracted if no matrix was applied."""
    if tube.compensation is not Compensation.MISSING or control.tube is None:
        return tube, control
    matrix = estimated_spillover(tube, control.tube)
    if matrix is None:
        return tube, control
    shares = zip(matrix.channels, matrix.values[-1], strict=True)
    listed = ", ".join(f"{name} {share:.3f}" for name, share in shares if 0 < share < 1)
    note = f"{SPILL_SOURCE}: {listed or 'none to be seen'}"
    cleaned = replace(tube.compensated(matrix), notes=(*tube.notes, note))
    return cleaned, replace(control, tube=control.tube.compensated(matrix))


def estimated_spillover(tube: Tube, control: Tube) -> SpilloverMatrix | None:
    """Return a matrix that subtracts the quantified dye from the other channels, and nothing else.

    At first each tube is gated by its own gates: spilled light moves cells out of the control's gates, so
    that only cells which it did not move would be left to show it. Then the tube is gated again without the
    spilled light, and both are gated by its gates.

    Parameters
    ----------
    tube, control
        The stained tube and the same cells without the quantified stain, not compensated.

    Returns
    -------
    SpilloverMatrix or None
        The identity if the tube is too dim to show a spillover; None if there are too few cells, or if tube
        and control do not show the same cells.
    """
    first = _estimate(tube, gated_alike(tube, _steps(tube)), control, _steps(control))
    if first is None:
        return None
    cleaned = tube.compensated(first)
    steps = _steps(cleaned)
    return _estimate(tube, gated_alike(cleaned, steps), control, steps)


def _steps(tube: Tube) -> tuple[GateStep, ...]:
    """Gate a tube, without the steps whose cuts the dye's spillover would move."""
    steps = gate_plasma_cells(tube.events, tube.panel).steps
    return tuple(step for step in steps if step.name not in (Step.DUMP, Step.ABERRANT))


def _estimate(
    tube: Tube, cells: Mask, control: Tube, control_steps: tuple[GateStep, ...]
) -> SpilloverMatrix | None:
    """Return the matrix by which the gated cells of both tubes agree; None if they are not the same cells."""
    same_cells = gated_alike(control, control_steps)
    if min(cells.sum(), same_cells.sum()) < FEWEST_FOR_SPILL or _unlike(cells, same_cells):
        return None
    return _matrix(tube, cells, control, same_cells)


def _unlike(cells: Mask, same_cells: Mask) -> bool:
    """Return whether the population is far more frequent in one tube than in the other."""
    shares = sorted((float(cells.mean()), float(same_cells.mean())))
    return shares[1] > MOST_UNLIKE_SHARES * shares[0]


def _matrix(tube: Tube, cells: Mask, control: Tube, same_cells: Mask) -> SpilloverMatrix:
    dyes = [row.channel for row in tube.panel.channels if row.role not in UNSTAINED_ROLES]
    values = np.eye(len(dyes) + 1)
    blank, stained = control.quantified[same_cells], tube.quantified[cells]
    light = float(np.median(stained) - np.median(blank))
    if light > STANDARD_ERRORS * _standard_error(stained, blank):
        values[-1, :-1] = [
            _fraction(tube.events.column(dye)[cells], control.events.column(dye)[same_cells], light)
            for dye in dyes
        ]
    return SpilloverMatrix((*dyes, tube.quantified_channel), values, SPILL_SOURCE)


def _fraction(stained: FloatArray, blank: FloatArray, light: float) -> float:
    shift = float(np.median(stained) - np.median(blank))
    plain = shift > STANDARD_ERRORS * _standard_error(stained, blank)
    return shift / light if plain and shift <= LARGEST_SPILL * light else 0.0


def _standard_error(stained: FloatArray, blank: FloatArray) -> float:
    """Return the standard error of the difference of two medians, from the interquartile ranges."""
    squares = 0.0
    for values in (stained, blank):
        low, high = np.quantile(values, QUARTILES[::2])
        squares += (MEDIAN_TO_MEAN_ERROR * IQR_TO_SD * float(high - low)) ** 2 / values.size
    return float(np.sqrt(squares))
