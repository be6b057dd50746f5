"""Wanted cells that a bright dye's light has smeared across a dump cut, known by an anchor.

Where a detector was at its end, or dyes spread, compensation leaves light in the dump channel: of the cells
brightest in the quantified antigen first, so that losing them would bias its density.
"""

from __future__ import annotations

import numpy as np

from gating.events import Survivors
from gating.events.panel import GatingChannel, Target
from gating.events.quantiles import quantile
from gating.gates import AllOf, AnyOf, Gate, RangeGate
from gating.gates.given_gates import Choices
from gating.thresholds import rounded

FEWEST_SMEARED, LEAST_SMEARED, MOST_SMEARED = 5, 0.005, 0.15
"""Sure wanted cells beyond the cut, and their share, from which they are smeared; more are another kind.
Chosen on the simulated tubes of docs/validation.md."""
DIMMEST = 0.1
"""Share of the wanted cells that an anchor's cut leaves out. Chosen on the simulated tubes of
docs/validation.md."""
MOST_LET_IN = 0.02
"""Share of the dumped cells that the anchor's cut may let in. Chosen on the simulated tubes of
docs/validation.md."""


def with_smear(
    kept: RangeGate, channel: GatingChannel, events: Survivors, wanted: Survivors, choices: Choices
) -> Gate:
    """Return the gate of a dump cut, with the wanted cells beyond it that an anchor shows.

    Parameters
    ----------
    kept
        The side of the cut without dump.
    events
        A sample of the events to cut.
    wanted
        Surely the wanted cells, on either side of the cut.
    """
    if channel.role != "dump" or kept.upper is None or choices.person(channel) is not None:
        return kept
    wanted_values, cut = wanted.column(channel.channel), np.float32(kept.upper)
    n = int(np.count_nonzero(wanted_values >= cut))
    if n < FEWEST_SMEARED or not LEAST_SMEARED <= n / wanted_values.size <= MOST_SMEARED:
        return kept
    dumped = events.select(events.column(channel.channel) >= cut)
    positive = sorted(
        choices.panel.with_target(Target.POSITIVE), key=lambda anchor: (anchor.role, anchor.channel)
    )
    anchors = [_lower_end(anchor, wanted, dumped) for anchor in positive]
    let_in, anchor = min(anchors, key=lambda end: end[0], default=(1.0, kept))
    if let_in > MOST_LET_IN:
        return kept
    smeared = RangeGate(channel.channel, None, rounded(float(wanted_values.max()) * (1 + 1e-5)))
    return AnyOf((kept, AllOf((smeared, anchor))))


def note_of(gate: AnyOf) -> str:
    """Return in words which cells beyond the cut are kept, by which anchor, from where on."""
    anchor = gate.gates[1].gates[1] if isinstance(gate.gates[1], AllOf) else gate.gates[1]
    limit = f"{anchor.channel} ≥ {anchor.lower:g}" if isinstance(anchor, RangeGate) else "an anchor"
    return (
        "some wanted cells lie beyond the cut, because compensation has left light there or something sticks "
        f"to them; they are kept by {limit}"
    )


def _lower_end(anchor: GatingChannel, wanted: Survivors, dumped: Survivors) -> tuple[float, RangeGate]:
    """Return the share of the dumped cells above the wanted cells' lower end, and the gate above it."""
    lower = rounded(quantile(wanted.column(anchor.channel), DIMMEST))
    above = float(np.mean(dumped.column(anchor.channel) >= np.float32(lower))) if dumped.n_events else 0.0
    return above, RangeGate(anchor.channel, lower, None)
