"""The clone's gate: cuts that misassign the fewest cells, or ellipsoids where these do better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.numbers import Floats
from gating.clone.cell_kinds import (
    CloneSplit,
    Gains,
)
from gating.clone.marker_levels import MarkerLook
from gating.clusters.ellipsoids import LEAST_GAIN, ellipsoids_of
from gating.clusters.neighbours import ascending
from gating.events import Mask
from gating.events.panel import GatingChannel, Role, Target
from gating.gates import AllOf, AnyOf, EllipsoidGate, Gate
from gating.gates.cut_ranges import range_of_cut
from gating.gates.person_gates import Choices
from gating.thresholds import Threshold
from gating.thresholds.methods import Method

CloneCut = tuple[GatingChannel, Threshold]

CLONE_TARGETS = {
    Role.CD19: Target.NEGATIVE, Role.CD56: Target.POSITIVE, Role.CD117: Target.POSITIVE, Role.CD81: Target.LOW
}  # fmt: skip
ROUNDS = 2
"""Rounds in which each cut is moved in turn. Chosen on the simulated tubes of docs/validation.md."""
BETTER, FEWEST_BETTER = 0.005, 2.0
"""Least gain of ellipsoids over cuts, as a share of the clone and in cells; cuts are preferred since a person
can read them. Chosen on the simulated tubes of docs/validation.md."""
BY_ELLIPSOIDS = "separated by ellipsoids on all markers: the cuts alone would misassign more cells"
FARTHEST_CUT = 1.0
"""Twice the largest distance from the outermost cell to its cut, in natural-log units. Chosen on the
simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class _Side:
    """The judged cells on one marker, shape (n,), and their rows in descending order of value."""

    values: Floats
    falling: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class CloneGate:
    """The gate on the clone's cells, and the cuts that a person may read and move.

    Attributes
    ----------
    gate
        The cuts themselves, or ellipsoids; None where no cut is sure.
    cuts
        CD19 first.
    note
        Why the gate is ellipsoids; empty otherwise.
    """

    gate: Gate | None
    cuts: tuple[CloneCut, ...]
    note: str = ""


def clone_gate(split: CloneSplit, choices: Choices) -> CloneGate:
    """Return the clone's gate: cuts if a person set one or they do as well as ellipsoids, else ellipsoids."""
    cuts, total = best_cuts(split)
    of_person = [choices.person(channel) for channel, _ in cuts]
    moved = tuple((channel, person or cut) for (channel, cut), person in zip(cuts, of_person, strict=True))
    least = total + max(FEWEST_BETTER / LEAST_GAIN, BETTER * total)
    if all(person is None for person in of_person) and int(split.gain[split.gain > 0].sum()) > least:
        ellipsoids, more = ellipsoids_around(split)
        if ellipsoids is not None and more > least:
            clustered = tuple((channel, replace(cut, method=Method.CLUSTER)) for channel, cut in cuts)
            return CloneGate(ellipsoids, clustered, BY_ELLIPSOIDS)
    return CloneGate(phenotype_gate(moved), moved)


def phenotype_gate(cuts: Sequence[CloneCut]) -> Gate:
    """Return the gate CD19− (if CD19 has a cut) and at least one of the other cuts."""
    ranges = [range_of_cut(channel, cut.value) for channel, cut in cuts]
    negative = [gate for (channel, _), gate in zip(cuts, ranges, strict=True) if channel.role == Role.CD19]
    odd = [gate for (channel, _), gate in zip(cuts, ranges, strict=True) if channel.role != Role.CD19]
    return AllOf((*negative, AnyOf(tuple(odd))))


def best_cuts(split: CloneSplit) -> tuple[list[CloneCut], int]:
    """Return the cuts CD19− and (CD56+ or CD117+ or CD81 low) of the greatest gain, and that gain.

    Each cut in turn is placed where the gain is greatest, given the others. This starts once with CD19 alone,
    and once with the other marker that separates best by itself. The better result is taken.
    """
    looks = _first_of_each(split.looks)
    sides = {role: _clone_side(look, split.rows) for role, look in looks.items()}
    odd: list[Role] = [role for role in looks if role != Role.CD19]
    by_itself = {role: _best_position(sides[role], split.gain) for role in odd}
    most = max(odd, key=lambda role: int(split.gain[sides[role].values >= by_itself[role]].sum()))
    begun = (dict.fromkeys(odd, -np.inf), {role: by_itself[role] if role == most else np.inf for role in odd})
    ends = [_settled(sides, split.gain, positions) for positions in begun]
    positions, total = max(ends, key=lambda end: end[1])
    sure = round(max(0.0, total / max(int(split.gain[split.gain > 0].sum()), 1)), 2)
    cuts = []
    for role, look in looks.items():
        target = CLONE_TARGETS[role]
        position = positions[role] if target is Target.POSITIVE else -positions[role]
        channel = replace(look.channel, target=target)
        cuts.append((channel, Threshold(look.axis.linear(position), Method.MIXTURE, sure)))
    return cuts, total


def _settled(
    sides: dict[Role, _Side], gain: Gains, begun: dict[Role, float]
) -> tuple[dict[Role, float], int]:
    """Return the positions of the cuts after each was moved in turn, CD19 first, and their gain."""
    positions = {Role.CD19: -_beyond(-sides[Role.CD19].values), **begun}
    passing = {role: sides[role].values >= position for role, position in begun.items()}
    negative = np.ones(gain.size, np.bool_)
    for _ in range(ROUNDS):
        any_odd = _any(passing, list(begun))
        if any_odd.any():
            positions[Role.CD19] = _best_position(sides[Role.CD19], gain, any_odd)
        negative = sides[Role.CD19].values >= positions[Role.CD19]
        for role in begun:
            left = negative & ~_any(passing, [other_role for other_role in begun if other_role != role])
            side = sides[role]
            positions[role] = _best_position(side, gain, left) if left.any() else _beyond(side.values)
            passing[role] = side.values >= positions[role]
    return positions, int(gain[negative & _any(passing, list(begun))].sum())


def _first_of_each(looks: Sequence[MarkerLook]) -> dict[Role, MarkerLook]:
    first_looks: dict[Role, MarkerLook] = {}
    for role in CLONE_TARGETS:
        first = next((look for look in looks if look.channel.role == role), None)
        if first is not None:
            first_looks[role] = first
    return first_looks


def _clone_side(look: MarkerLook, rows: NDArray[np.intp]) -> _Side:
    """Return the cells in these rows, with the sign that puts the clone's side at high values."""
    values = look.axis.values.take(rows)
    values = values if CLONE_TARGETS[look.channel.role] is Target.POSITIVE else -values
    return _Side(values.astype(np.float64), ascending(-values))


def _any(passing: dict[Role, Mask], roles: Sequence[Role]) -> Mask:
    masks = [passing[role] for role in roles]
    size = next(iter(passing.values())).size
    return np.asarray(np.logical_or.reduce(masks), np.bool_) if masks else np.zeros(size, np.bool_)


def _beyond(values: Floats) -> float:
    """Return a position above all cells, for a marker that has no cells left to separate."""
    return float(values.max()) + 0.5 * FARTHEST_CUT


def _best_position(side: _Side, gain: Gains, among: Mask | None = None) -> float:
    """Return the cut above which the cells' total gain is greatest, midway in the gap between two cells."""
    order = side.falling if among is None else side.falling.compress(among.take(side.falling))
    ordered = side.values.take(order)
    totals = np.concatenate(([0], np.cumsum(gain.take(order))))
    whole = np.concatenate(([True], ordered[1:] < ordered[:-1], [True]))  # equal values stay together
    n_kept = int(np.argmax(np.where(whole, totals, totals.min() - 1)))
    if n_kept == 0:
        return float(ordered[0]) + 0.5 * FARTHEST_CUT
    if n_kept == ordered.size:
        return float(ordered[-1]) - 0.5 * FARTHEST_CUT
    last, following = float(ordered[n_kept - 1]), float(ordered[n_kept])
    return last - 0.5 * min(last - following, FARTHEST_CUT)


def ellipsoids_around(split: CloneSplit) -> tuple[AnyOf | EllipsoidGate | None, int]:
    """Return the ellipsoids around the clone's groups, and their gain."""
    axes = [(look.channel.channel, look.axis) for look in split.looks]
    likely = (1 + LEAST_GAIN * split.gain / split.weights) / 2
    gates, inside = ellipsoids_of(split.mixture, list(split.clone), axes, split.points, likely)
    if not gates:
        return None, 0
    return gates[0] if len(gates) == 1 else AnyOf(tuple(gates)), int(split.gain[inside].sum())
