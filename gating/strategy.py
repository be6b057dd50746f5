"""The strategy: clean events, then the wanted population, each step with its counts and its confidence."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import assert_never

import numpy as np

from gating.anchors.search import Search, search_anchors
from gating.arithmetic.numbers import CONFIDENCE_DIGITS
from gating.cleaning.estimates import CLEANING, cannot
from gating.cleaning.viability_and_dump import find_sides
from gating.clone.aberrant import find_aberrant
from gating.clone.jackknife import CloneJackknife
from gating.events import Events, Mask, Survivors
from gating.events.panel import GatingPanel, Role, Target
from gating.events.sampling import SAMPLE_EVENTS, drawn_by_scatter, sampled, some_of
from gating.gates import PolygonGate, inside
from gating.gates.all_steps import KIND_OF, Effect
from gating.gates.passed import Passed
from gating.gates.person_gates import Choices
from gating.gates.steps import (
    LOW_CONFIDENCE,
    NO_CELLS,
    GatedPopulation,
    GateFlag,
    GateStep,
    Step,
    StepEstimate,
)
from gating.plasma_cells.anchor_steps import find_target, find_target_by_sample
from gating.thresholds.methods import Method

FEWEST_ABERRANT = 0.05
"""Least share of aberrant cells among the plasma cells for a split. Chosen on the simulated tubes of
docs/validation.md."""
LEFT_WITHOUT_STEP, BY_ITS_CONFIDENCE = 0.8, 0.2
"""Factor on the confidence for a cleaning step that was not possible: the first value plus the second × the
step's own confidence. Chosen on the simulated tubes of docs/validation.md."""


SEARCHED_EVENTS, FEWEST_TO_SEARCH_SAMPLE = 100_000, 200_000
"""Number of events in a sample in which the wanted cells are searched; least number of events of a tube that
is searched in a sample. Convention: a smaller tube is searched completely, and the sample of a larger tube is
sufficient."""
ENOUGH_TO_GATE = 4_000
"""Number of wanted cells that suffice to place gates. Convention: with so many, single cells change the F1 by
far less than 0.001."""
ENOUGH_TO_SPLIT = 8_000
"""Number of plasma cells that suffice to find where a clone ends. Convention: a split uses far fewer cells in
detail."""


class UnfitEventsError(Exception):
    """Events that this panel cannot gate: a channel is missing, or a quantified channel is among them.

    This is a mistake of the caller, who chooses the events: it is no `GatingError`.
    """


def gate_plasma_cells(
    events: Events,
    panel: GatingPanel,
    *,
    overrides: Mapping[str, float] | None = None,
    pooled: Mapping[str, float] | None = None,
    polygons: Mapping[str, PolygonGate] | None = None,
) -> GatedPopulation:
    """Find the plasma cells, or whatever population the panel's targets describe.

    Parameters
    ----------
    events
        Linear scale, fluorescence compensated, without the quantified channel.
    panel
        What each channel is for. A panel without any target gets those of plasma cells.
    overrides
        Thresholds set by a person: name → value, linear and compensated. The name is a channel ($PnN), a
        role that one channel has, a marker, or a step (`debris singlets viable dump
        plasma_cell_size`); see `Choices`.
    pooled
        Thresholds of the batch, used where the tube itself is not clear.
    polygons
        Polygons set by a person: step → polygon, linear and compensated, in place of the step's gate. Which
        steps take one: `gating.gates.movable_gates.BY_HAND`.

    Returns
    -------
    GatedPopulation
        The same cells whatever the order of events or channels.

    Raises
    ------
    UnfitEventsError
        If the events lack a channel of the panel, or contain a quantified channel.
    UnknownGateError
        If a threshold or polygon is given for a gate that does not exist, or for CD38.
    """
    panel = panel.with_default_targets()
    choices = Choices(panel, overrides or {}, pooled or {}, polygons or {})
    check_events(events, panel)
    choices.check()
    events = drawn_by_scatter(events, panel)
    sample = sampled(events, SAMPLE_EVENTS)
    passed = Passed(Survivors.everyone(events), choices)
    for _, estimate in CLEANING:
        passed = passed.then(estimate(passed.left, sample, choices))
    with_target: Passed | None = None
    if events.n_events >= FEWEST_TO_SEARCH_SAMPLE:
        searched = passed.left.among(sampled(events, SEARCHED_EVENTS))
        with_target = _with_target_of(searched, passed, sample, choices)
    passed = with_target or _with_target(passed, sample, choices)
    viable = passed.at(Step.VIABLE)
    viable_sample = viable.among(sample)
    wanted = passed.left
    passed = passed.then(_aberrant(wanted, viable_sample, choices))
    jackknife, aberrant = None, passed.steps[-1]
    if aberrant.gate is not None and Method.PERSON not in aberrant.methods:
        shown = some_of(wanted, ENOUGH_TO_SPLIT)
        jackknife = CloneJackknife(
            wanted, lambda cells: _aberrant(cells, viable_sample, choices).gate, shown, aberrant.gate
        )
    return _population(passed, wanted, viable, jackknife, unused_overrides(choices, passed.steps))


def _with_target(passed: Passed, sample: Mask, choices: Choices) -> Passed:
    """Return the state after the second anchor."""
    single_sample = passed.left.among(sample)
    search = search_anchors(passed.left, single_sample, choices)
    passed, viable_sample = _without_sides(passed, search, single_sample, sample, choices)
    first, second = find_target(search.within(passed.left, viable_sample, choices), choices)
    return passed.then(first).then(second)


def _with_target_of(searched: Survivors, passed: Passed, sample: Mask, choices: Choices) -> Passed | None:
    """Return the state after the second anchor, searched in a sample; None if the sample is too small."""
    single_sample = passed.left.among(sample)
    search = search_anchors(searched, single_sample, choices)
    passed, viable_sample = _without_sides(passed, search, single_sample, sample, choices)
    search = search.within(passed.left.among(searched.mask()), viable_sample, choices)
    estimates = find_target_by_sample(search, choices, partial(_enough, passed.left))
    return None if estimates is None else passed.then(estimates[0]).then(estimates[1])


def _without_sides(
    passed: Passed, search: Search, single_sample: Survivors, sample: Mask, choices: Choices
) -> tuple[Passed, Survivors]:
    """Return the state without dead and dump-positive cells, and the sample's viable ones."""
    passed = passed.then(_side(single_sample, search, Step.VIABLE, Role.VIABILITY, choices))
    viable_sample = passed.left.among(sample)
    return passed.then(_side(viable_sample, search, Step.DUMP, Role.DUMP, choices)), viable_sample


def _enough(left: Survivors, n: int) -> Survivors:
    """Return enough events to place gates, given n wanted cells in a sample."""
    size = SEARCHED_EVENTS
    while n < ENOUGH_TO_GATE:
        n, size = 2 * n, 2 * size
    return left.among(sampled(left.events, size)) if size < left.events.n_events else left


def check_events(events: Events, panel: GatingPanel) -> None:
    """Raise UnfitEventsError unless every channel of the panel is there and no quantified one is."""
    missing = [channel.channel for channel in panel.channels if channel.channel not in events.channels]
    if missing:
        raise UnfitEventsError(
            f"the panel's channel {', '.join(missing)} is not among the events; "
            f"there are {', '.join(events.channels)}"
        )
    refused = [channel for channel in events.channels if channel in panel.quantified]
    if refused:
        raise UnfitEventsError(f"channel {', '.join(refused)} is quantified and may not be used for gating")


def _side(sample: Survivors, search: Search, step: Step, role: Role, choices: Choices) -> StepEstimate:
    channels = [c for c in choices.panel.with_role(role) if c.target is not Target.ANY]
    if not channels:
        flag = GateFlag.NO_VIABILITY if step is Step.VIABLE else None
        return cannot(step, f"the panel has no {role} channel", flag)
    return find_sides(sample, search.rough(), step, channels, choices, clear=search.is_clear)


def _aberrant(wanted: Survivors, viable_sample: Survivors, choices: Choices) -> StepEstimate:
    """Return the split; none if hardly any cell is aberrant, as the panel does not show the clone."""
    shown = some_of(wanted, ENOUGH_TO_SPLIT)
    estimate = find_aberrant(shown, viable_sample, choices)
    if estimate is None:
        return cannot(Step.ABERRANT, "the panel cannot separate aberrant from normal plasma cells")
    if estimate.gate is None:
        return estimate
    n = int(np.count_nonzero(inside(estimate.gate, shown)))
    if shown.n_events and n < FEWEST_ABERRANT * shown.n_events:
        note = f"{n} of {shown.n_events} plasma cells have an aberrant phenotype: they were not split"
        return cannot(Step.ABERRANT, note, GateFlag.NO_ABERRANT_PHENOTYPE)
    return estimate


def unused_overrides(choices: Choices, steps: tuple[GateStep, ...]) -> tuple[str, ...]:
    """Return the names of a person's thresholds that no step used."""
    used = {name for step in steps for name in step.overrides.values()}
    return tuple(name for name in choices.overrides if name not in used)


def _population(
    passed: Passed,
    wanted: Survivors,
    viable: Survivors,
    jackknife: CloneJackknife | None,
    unused: tuple[str, ...],
) -> GatedPopulation:
    confidence = _overall(passed.steps) if wanted.n_events else 0.0
    flags: list[str] = list(passed.flags)
    if confidence < LOW_CONFIDENCE:
        flags.append(GateFlag.LOW_GATE_CONFIDENCE)
    flags += [GateFlag.OVERRIDE_UNUSED] if unused else []
    has_aberrant_split = passed.steps[-1].gate is not None
    noted = [step for step in passed.steps if step.note and Method.STEADY not in step.methods]
    return GatedPopulation(
        mask=wanted.mask(),
        steps=passed.steps,
        step_masks=passed.masks,
        confidence=confidence,
        viable_singlets=viable.mask(),
        aberrant=passed.masks[-1] if has_aberrant_split else None,
        jackknife=jackknife,
        flags=tuple(dict.fromkeys(flags)),
        notes=(
            *(f"{step.name}: {step.note}" for step in noted),
            *(f"the threshold set for {name!r} was not used: no step cuts there" for name in unused),
            *(() if wanted.n_events else (NO_CELLS,)),
        ),
    )


def _overall(steps: tuple[GateStep, ...]) -> float:
    """Return the confidence in the population; a cleaning step that was not possible lowers it slightly."""
    confidence = 1.0
    for step in steps:
        match KIND_OF[step.name].effect:
            case Effect.FINDS:
                confidence *= step.confidence
            case Effect.CLEANS:
                if step.gate is None:
                    confidence *= LEFT_WITHOUT_STEP + BY_ITS_CONFIDENCE * step.confidence
            case Effect.SPLITS:
                pass  # the split does not narrow the population
            case unknown:
                assert_never(unknown)
    return round(confidence, CONFIDENCE_DIGITS)
