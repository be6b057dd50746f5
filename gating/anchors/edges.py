"""Where the negative cells of a channel end, and where its bright cells begin."""

from __future__ import annotations

from gating.events.quantiles import quantile
from gating.thresholds import Axis, axis_density

EDGE_BANDWIDTH, LEAST_MODE = 0.15, 0.03
"""Bandwidth of the density estimate, in units of the axis; least height of the dimmest mode, as a part of the
highest mode. Chosen on the simulated tubes of docs/validation.md."""
SPREADS_TO_EDGE, NEAREST_EDGE, FARTHEST_EDGE = 2.5, 0.7, 1.2
"""Distance from the dimmest mode to the upper end of its group: in spreads of the group, and its least and
largest value in units of the axis. Chosen on the simulated tubes of docs/validation.md."""
BRIGHT_SHARE, BELOW_BRIGHT = 0.95, 1.25
"""Quantile of all cells that lies within the bright cells, and distance from it down to their lower end, in
units of the axis. Chosen on the simulated tubes of docs/validation.md."""


def negative_edge(axis: Axis) -> float:
    """Return the upper end of the dimmest group: its mode plus 2.5 spreads, within 0.7 to 1.2 units."""
    density = axis_density(axis, EDGE_BANDWIDTH)
    mode = density.major_modes(LEAST_MODE)[0]
    return float(density.grid[mode]) + min(
        max(SPREADS_TO_EDGE * density.half_width(mode, -1), NEAREST_EDGE), FARTHEST_EDGE
    )


def steady_negative_edge(axis: Axis) -> float:
    """Return `negative_edge` with mode and spread interpolated between the bins: it never jumps by a bin."""
    density = axis_density(axis, EDGE_BANDWIDTH)
    mode = int(density.major_modes(LEAST_MODE)[0])
    spread = SPREADS_TO_EDGE * density.steady_half_width(mode, -1)
    return density.steady_position(mode) + min(max(spread, NEAREST_EDGE), FARTHEST_EDGE)


def bright_edge(axis: Axis) -> float:
    """Return the lower end of the bright cells: about one unit below the 95th percentile of all events.

    Lymphocytes and monocytes are more than 5 % of the events of any blood or marrow sample.
    """
    return quantile(axis.values, BRIGHT_SHARE) - BELOW_BRIGHT if axis.values.size else 0.0
