"""The two steps of the wanted population, first and second anchors: one search, then one cut each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gating.anchors.cuts import cut_positions, passes
from gating.anchors.evidence import Anchor, Group
from gating.anchors.search import Search
from gating.anchors.traits import is_plasma_panel_without_its_antigens
from gating.arithmetic.numbers import CONFIDENCE_DIGITS
from gating.events import Survivors
from gating.events.panel import GatingChannel, Role, Target
from gating.gates import AllOf, AnyOf, EllipsoidGate, inside
from gating.gates.cut_ranges import gate_of_cuts
from gating.gates.movable_gates import PLASMA_CELL_SIZE, SECOND_ROLES
from gating.gates.person_gates import Choices
from gating.gates.steps import GateFlag, Step, StepEstimate, given_cuts
from gating.plasma_cells.larger_sample import widened_look
from gating.plasma_cells.refinement import refined
from gating.thresholds import Threshold, rounded
from gating.thresholds.methods import Method, each_once

NO_GROUP_CONFIDENCE = 0.1
"""Largest confidence of a group that is not used: the tube is then reported without a group. Chosen on the
simulated tubes of docs/validation.md."""
SURE_IN_SAMPLE, ENOUGH_IN_SAMPLE = 0.8, 150
"""Least confidence in the group, and least number of its cells, for a search in a sample alone. Chosen on the
simulated tubes of docs/validation.md."""
HARDLY_RIGHT = 0.2
"""Largest confidence of a group that is not used, where the confidence is a calibrated probability: one in
five. Convention, as docs/method.md states it in section 3."""
CONFIDENCE_OF_BATCH = 0.4
"""Confidence in an anchor's cut from the batch or a control tube. Chosen on the simulated tubes of
docs/validation.md."""


@dataclass(frozen=True, slots=True)
class _Cut:
    channel: GatingChannel
    threshold: Threshold


def find_target(search: Search, choices: Choices) -> tuple[StepEstimate, StepEstimate]:
    """Return the estimates of the steps `plasma_cells` and `second_anchor`."""
    if not search.channels:
        none = StepEstimate(
            Step.PLASMA_CELLS,
            None,
            (),
            (Method.NONE,),
            (),
            0.0,
            "no channel has a target",
            (GateFlag.NO_ANCHOR,),
        )
        return none, _no_second()
    if not search.anchors:
        note = "no event is left to search"
        none = StepEstimate(Step.PLASMA_CELLS, None, (), (Method.NONE,), (), 0.0, note)
        return none, replace(none, name=Step.SECOND_ANCHOR)
    return _estimates(refined(search, choices).search, choices)


def find_target_by_sample(
    search: Search, choices: Choices, more: Callable[[int], Survivors]
) -> tuple[StepEstimate, StepEstimate] | None:
    """Return the estimates of `find_target` from a sample of the candidates; None if it is too small.

    A sample is too small if the group is unsure or has few cells. It is not used for panels of other cells.

    Parameters
    ----------
    search
        A search in the sample.
    more
        Function that returns more of the candidates, given the number of wanted cells in the sample. The
        gates are placed again among them.
    """
    if not search.anchors:
        return None
    look = refined(search, choices)
    n = int(np.count_nonzero(look.group.mask))
    if look.group.confidence < SURE_IN_SAMPLE or n < ENOUGH_IN_SAMPLE:
        return None
    wider = widened_look(look, more(n), choices)
    return None if wider is None else _estimates(wider, choices)


def _estimates(search: Search, choices: Choices) -> tuple[StepEstimate, StepEstimate]:
    """Return the estimates of the two steps from a refined search."""
    if search.group.confidence <= _least_confidence(search, choices):
        search = replace(search, group=Group(np.zeros_like(search.group.mask), 0.0), ellipsoids=())
    cuts = _cuts(search, choices)
    agreement = _agreement(search, cuts)
    first, second = _first_and_second(cuts)
    return _estimate(first, search, agreement), _second_estimate(second)


def _least_confidence(search: Search, choices: Choices) -> float:
    """Return the largest confidence of a group of this search that is not used."""
    is_calibrated = search.traits is not None or is_plasma_panel_without_its_antigens(choices.panel)
    return HARDLY_RIGHT if is_calibrated else NO_GROUP_CONFIDENCE


def _cuts(search: Search, choices: Choices) -> list[_Cut]:
    """Return a cut per anchor: between the group and other cells, or else from the batch or the spread."""
    return [
        _Cut(channel, _threshold(channel, anchor, position, search.group, choices))
        for channel, anchor, position in zip(
            search.channels,
            search.anchors,
            cut_positions(search.anchors, search.group.mask, has_rivals=not search.ellipsoids),
            strict=True,
        )
    ]


def _threshold(
    channel: GatingChannel, anchor: Anchor, position: float, group: Group, choices: Choices
) -> Threshold:
    is_size = channel.role == Role.FSC_AREA  # whose own name is that of the step debris
    person = choices.person_of_step(PLASMA_CELL_SIZE) if is_size else choices.person(channel)
    if person is not None:
        return person
    if group.mask.any():
        return Threshold(anchor.axis.linear(position), Method.VALLEY, group.confidence)
    pooled = choices.pooled_for(channel)
    if pooled is not None:
        return Threshold(rounded(pooled), Method.POOLED, CONFIDENCE_OF_BATCH)
    return Threshold(anchor.axis.linear(position), Method.SPREAD, NO_GROUP_CONFIDENCE)


def _agreement(search: Search, cuts: list[_Cut]) -> float:
    """Return the F1 of the plain cuts against the group: how much of the group the cuts lose."""
    group = search.group
    cut = np.logical_and.reduce(
        [passes(a, a.axis.position(c.threshold.value)) for a, c in zip(search.anchors, cuts, strict=True)]
    )
    if search.ellipsoids:
        rows = np.flatnonzero(cut)
        cut[rows] = inside(AnyOf(search.ellipsoids), search.candidates.select(cut))
    both = int(np.count_nonzero(cut & group.mask))
    total = int(np.count_nonzero(cut)) + int(np.count_nonzero(group.mask))
    return 2 * both / total if total else 0.0


def _first_and_second(cuts: list[_Cut]) -> tuple[list[_Cut], list[_Cut]]:
    """Split off the second anchors, unless they are the only positive ones."""
    first = [cut for cut in cuts if cut.channel.role not in SECOND_ROLES]
    second = [cut for cut in cuts if cut.channel.role in SECOND_ROLES]
    if not any(cut.channel.target is Target.POSITIVE and cut.channel.role != Role.FSC_AREA for cut in first):
        return cuts, []
    return first, second


def _estimate(cuts: list[_Cut], search: Search, agreement: float) -> StepEstimate:
    group = search.group
    confidence = min(cut.threshold.confidence for cut in cuts)
    note = ""
    flags: tuple[GateFlag, ...] = ()
    if not group.mask.any():
        note = "no group of cells on target was found: the cuts are strict guesses"
        flags = (GateFlag.NO_CLEAR_POPULATION,)
    elif all(cut.threshold.method is Method.VALLEY for cut in cuts):
        confidence *= agreement
    estimate = _as_estimate(Step.PLASMA_CELLS, cuts, round(float(confidence), CONFIDENCE_DIGITS), note, flags)
    return _with_ellipsoids(estimate, search.ellipsoids) if search.ellipsoids else estimate


def _with_ellipsoids(estimate: StepEstimate, ellipsoids: tuple[EllipsoidGate | AllOf, ...]) -> StepEstimate:
    """Return the estimate with its gate narrowed to the clusters."""
    n = len(ellipsoids)
    clusters = ellipsoids[0] if n == 1 and isinstance(ellipsoids[0], EllipsoidGate) else AnyOf(ellipsoids)
    ranges = estimate.gate.gates if isinstance(estimate.gate, AllOf) else (estimate.gate,)
    return replace(
        estimate,
        gate=AllOf((*(part for part in ranges if part is not None), clusters)),
        methods=tuple(Method.CLUSTER if m is Method.VALLEY else m for m in estimate.methods),
        note=f"found as {n} cluster{'' if n == 1 else 's'} in the space of all channels",
    )


def _second_estimate(cuts: list[_Cut]) -> StepEstimate:
    if not cuts:
        return _no_second()
    return _as_estimate(Step.SECOND_ANCHOR, cuts, 1.0, "", ())


def _as_estimate(
    step: Step, cuts: list[_Cut], confidence: float, note: str, flags: tuple[GateFlag, ...]
) -> StepEstimate:
    ordered = sorted(cuts, key=_as_pictured)
    return StepEstimate(
        step,
        gate_of_cuts([(cut.channel, cut.threshold) for cut in ordered]),
        tuple(cut.channel.channel for cut in ordered)[:2],
        each_once(cut.threshold.method for cut in ordered),
        tuple((cut.channel.channel, cut.threshold.value) for cut in ordered),
        confidence,
        note,
        flags,
        given_cuts((cut.channel.channel, cut.threshold) for cut in ordered),
    )


def _as_pictured(cut: _Cut) -> tuple[bool, bool, str]:
    """Sort channels for a picture: antigens that the cells have, then those that they lack, then scatter."""
    channel = cut.channel
    return channel.role == Role.FSC_AREA, channel.target is not Target.POSITIVE, channel.role


def _no_second() -> StepEstimate:
    return StepEstimate(Step.SECOND_ANCHOR, None, (), (Method.NONE,), note="the panel has no second anchor")
