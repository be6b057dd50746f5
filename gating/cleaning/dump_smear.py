"""Wanted cells beyond a dump cut because of a bright dye's light; an anchor identifies them.

Where a detector was at its upper limit, or the signal of a dye spreads, compensation leaves light in the dump
channel. The cells brightest in the quantified antigen are affected first, so losing them would bias the
receptor density.
"""

from __future__ import annotations

import numpy as np

from gating.events import Survivors
from gating.events.panel import GatingChannel, Role, Target
from gating.events.quantiles import quantile
from gating.gates import AllOf, AnyOf, Gate, RangeGate
from gating.gates.person_gates import Choices
from gating.thresholds import rounded
from gating.thresholds.axis import JUST_BEYOND

FEWEST_SMEARED, LEAST_SMEARED, MOST_SMEARED = 5, 0.005, 0.15
"""Least number of sure wanted cells beyond the cut to count as smeared; their least and largest share. If the
share is larger, they are another kind of cell. Chosen on the simulated tubes of docs/validation.md."""
DIMMEST_EXCLUDED = 0.1
"""Share of the wanted cells that the cut on an anchor excludes: the dimmest ones. Chosen on the simulated
tubes of docs/validation.md."""
MOST_LET_IN = 0.02
"""Largest share of the dump-positive cells that the cut on the anchor may include. Chosen on the simulated
tubes of docs/validation.md."""


def with_smear(
    kept: RangeGate, channel: GatingChannel, events: Survivors, wanted: Survivors, choices: Choices
) -> Gate:
    """Return the gate of a dump cut, plus the wanted cells beyond the cut that an anchor identifies.

    Parameters
    ----------
    kept
        The dump-negative side of the cut.
    events
        A sample of the events to cut.
    wanted
        Cells that are surely wanted, on either side of the cut.
    """
    if channel.role != Role.DUMP or kept.upper is None or choices.person(channel) is not None:
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
    smeared = RangeGate(channel.channel, None, rounded(float(wanted_values.max()) * (1 + JUST_BEYOND)))
    return AnyOf((kept, AllOf((smeared, anchor))))


def note_of(gate: AnyOf) -> str:
    """Return in words which cells beyond the cut are kept, by which anchor, and above which value."""
    anchor = gate.gates[1].gates[1] if isinstance(gate.gates[1], AllOf) else gate.gates[1]
    limit = f"{anchor.channel} ≥ {anchor.lower:g}" if isinstance(anchor, RangeGate) else "an anchor"
    return (
        "some wanted cells lie beyond the cut, because of imperfect compensation or unspecific binding; they "
        f"are kept by {limit}"
    )


def _lower_end(anchor: GatingChannel, wanted: Survivors, dumped: Survivors) -> tuple[float, RangeGate]:
    """Return the gate above the wanted cells' lower end, after the share of dump-positive cells in it."""
    lower = rounded(quantile(wanted.column(anchor.channel), DIMMEST_EXCLUDED))
    above = float(np.mean(dumped.column(anchor.channel) >= np.float32(lower))) if dumped.n_events else 0.0
    return above, RangeGate(anchor.channel, lower, None)
