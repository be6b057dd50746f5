"""Cells without plasma-cell antigens: the negative control within the tube, as an expert uses lymphocytes.

CD45-bright leukocytes and granulocytes have no CD138 and at most dim CD319, CD229 and CD54, in every patient.
Their signal on an anchor's channel is noise, spillover spread, unspecific binding and autofluorescence. So a
group that lies no higher than these cells is not positive, however clear the valley between it and dimmer
cells is.
"""

from __future__ import annotations

import numpy as np

from gating.anchors.edges import bright_edge
from gating.anchors.evidence import Anchor
from gating.arithmetic.numbers import LEAST_SCATTER
from gating.events import Mask, Survivors
from gating.events.panel import Role
from gating.events.quantiles import median, quantile
from gating.gates.person_gates import Choices
from gating.thresholds import Axis, axis_of, axis_on

GRANULAR = 3.2
"""Least side scatter of granular cells, as a multiple of that of lymphocytes and monocytes; that of plasma
cells is about double. Chosen on the simulated tubes of docs/validation.md."""
FEWEST_NEGATIVE_CELLS = 50
"""Fewest negative cells; with fewer, all other cells are used in their place. Chosen on the simulated tubes
of docs/validation.md."""
NEGATIVE_UPPER_END = 0.95
"""Share of the negative cells below the position that counts as their upper end. Chosen on the simulated
tubes of docs/validation.md."""


def granularity(cells: Survivors, reference: Survivors, choices: Choices) -> float:
    """Return how far the cells' side scatter lies above the lower limit of granulocytes; 0 if it lies below.

    In natural-log units of the medians; 0 where the panel lacks side scatter, or CD45 to find lymphocytes.
    """
    channel, bright = _side(choices), bright_leukocytes(reference, choices)
    if not channel or bright is None or not cells.n_events:
        return 0.0
    usual = median(reference.column(channel)[bright])
    cells_median = median(cells.column(channel))
    return (
        float(np.log(max(cells_median, LEAST_SCATTER) / max(GRANULAR * usual, LEAST_SCATTER)))
        if cells_median > GRANULAR * usual
        else 0.0
    )


def below_leukocytes(cells: Survivors, reference: Survivors, choices: Choices) -> float:
    """Return how far the cells' median CD45 lies below the bright leukocytes, natural log; 0 without CD45."""
    channels = choices.panel.with_role(Role.CD45)
    if not channels or not cells.n_events:
        return 0.0
    axis = axis_on(reference, channels[0].channel)
    cells_axis = axis_of(cells.column(channels[0].channel), axis)
    return bright_edge(axis) - median(cells_axis.values)


def negatives_of(cells: Mask, reference: Survivors, choices: Choices) -> Mask:
    """Return which reference events are negative on every anchor, bool, shape (n_reference,).

    These are the CD45-bright leukocytes outside `cells` (a clone may have kept CD45) and all granular cells.
    Without CD45, or with too few such cells, they are all events outside `cells`.

    Parameters
    ----------
    cells
        bool, over all events: the cells that may be the wanted ones.
    """
    in_question = cells[reference.index]
    bright, channel = bright_leukocytes(reference, choices), _side(choices)
    if bright is None:
        return ~in_question
    negative = bright & ~in_question
    if channel:
        side = reference.column(channel)
        negative |= side > np.float32(GRANULAR * median(side[bright]))
    return negative if np.count_nonzero(negative) >= FEWEST_NEGATIVE_CELLS else ~in_question


def height_over(anchor: Anchor, cells: Survivors, negatives: Survivors) -> float:
    """Return the distance of the cells' median above the upper end of the negative cells, in axis units."""
    cell_values = axis_of(cells.column(anchor.channel), anchor.axis).values
    negative_values = axis_of(negatives.column(anchor.channel), anchor.axis).values
    return median(cell_values) - quantile(negative_values, NEGATIVE_UPPER_END)


def bright_leukocytes(reference: Survivors, choices: Choices) -> Mask | None:
    """Return which reference events are bright in CD45: lymphocytes and monocytes; None without any."""
    channels = choices.panel.with_role(Role.CD45)
    if not channels or not reference.n_events:
        return None
    channel = channels[0].channel
    return reference.once(f"bright on {channel}", lambda: _bright(axis_on(reference, channel)))


def _bright(axis: Axis) -> Mask | None:
    bright = axis.values > np.float32(bright_edge(axis))
    return np.asarray(bright, np.bool_) if bright.any() else None


def _side(choices: Choices) -> str:
    return "".join(channel.channel for channel in choices.panel.with_role(Role.SSC_AREA)[:1])
