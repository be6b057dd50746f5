"""Aberrant against normal plasma cells, where the panel can tell them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gating.choices import Choices
from gating.events import Survivors
from gating.gates import AllOf, AnyOf, Gate, RangeGate, inside
from gating.panel import GatingChannel, Target
from gating.population import Finding
from gating.sides import range_of_cut, side_cut
from gating.thresholds import Threshold, as_person, axis_of, best_valley, rounded, settle

FEWEST_TO_SPLIT = 50
"""Wanted cells from which their own valley is looked for; below, the other cells say where negative ends."""
MONOCLONAL_ABOVE, MONOCLONAL_BELOW = 4.0, 0.5
"""κ:λ outside these is monoclonal."""
FEWEST_FOR_RATIO = 20

Cut = tuple[GatingChannel, Threshold]


def find_aberrant(wanted: Survivors, reference: Survivors, choices: Choices) -> Finding | None:
    """Return the gate on aberrant plasma cells, or None where the panel cannot tell.

    CD19− and (CD56+ or CD117+ or CD81 low); or the light chain in excess where κ:λ > 4 or < 0.5.

    Parameters
    ----------
    wanted
        The gated plasma cells.
    reference
        A sample of all viable single cells.
    """
    panel = choices.panel
    odd = [
        _cut(role, target, wanted, reference, choices)
        for role, target in (("cd56", Target.POSITIVE), ("cd117", Target.POSITIVE), ("cd81", Target.LOW))
        if panel.with_role(role)
    ]
    cd19 = [_cut("cd19", Target.NEGATIVE, wanted, reference, choices)] if panel.with_role("cd19") else []
    clonal = _light_chain(wanted, reference, choices)
    gates: list[Gate] = []
    if odd:
        any_odd: Gate = AnyOf(tuple(range_of_cut(channel, cut.value) for channel, cut in odd))
        gates.append(AllOf((range_of_cut(cd19[0][0], cd19[0][1].value), any_odd)) if cd19 else any_odd)
    if clonal is not None:
        gates.append(clonal)
    if not gates:
        return None
    cuts = [*cd19, *odd]
    return Finding(
        "aberrant",
        gates[0] if len(gates) == 1 else AnyOf(tuple(gates)),
        tuple(channel.channel for channel, _ in cuts)[:2],
        "+".join(dict.fromkeys(cut.method for _, cut in cuts)) or "light chain",
        tuple((channel.channel, cut.value) for channel, cut in cuts),
        min((cut.confidence for _, cut in cuts), default=0.8),
        "" if clonal is None else "κ:λ is monoclonal: the light chain in excess counts as aberrant",
    )


def _cut(
    role: str, target: Target, wanted: Survivors, reference: Survivors, choices: Choices
) -> tuple[GatingChannel, Threshold]:
    """Return the cut on a role's first channel: the wanted cells' own valley, else that of all cells."""
    channel = replace(choices.panel.with_role(role)[0], target=target)
    own = wanted.column(channel.channel)
    everyone = axis_of(reference.column(channel.channel))
    axis = axis_of(own, everyone.cofactor)
    valley = best_valley(axis, -1.0, axis.high) if own.size >= FEWEST_TO_SPLIT else None
    fallback = side_cut(
        reference.column(channel.channel),
        pooled=choices.pooled_for(channel),
        template=choices.template_for(channel),
    )
    clear = valley is not None and valley.clarity > 0.8 and valley.right - valley.left > 1.5
    cut = settle(axis, valley, fallback=0.0) if clear else fallback
    person = choices.person(channel)
    return channel, as_person(cut, None if person is None else rounded(person))


def _light_chain(wanted: Survivors, reference: Survivors, choices: Choices) -> RangeGate | None:
    """Return the gate on the light chain in excess, or None if there is none or the panel lacks one."""
    panel = choices.panel
    if not (panel.with_role("kappa") and panel.with_role("lambda")):
        return None
    chains = [_cut(role, Target.POSITIVE, wanted, reference, choices) for role in ("kappa", "lambda")]
    gates = [range_of_cut(channel, cut.value) for channel, cut in chains]
    kappa, lambda_ = (int(np.count_nonzero(inside(gate, wanted))) for gate in gates)
    if kappa + lambda_ < FEWEST_FOR_RATIO:
        return None
    ratio = kappa / max(lambda_, 1)
    if MONOCLONAL_BELOW <= ratio <= MONOCLONAL_ABOVE:
        return None
    return gates[0] if ratio > MONOCLONAL_ABOVE else gates[1]
