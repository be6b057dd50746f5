"""The strategy: clean events, then the wanted population, each step with its counts and its confidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import assert_never

import numpy as np

from gating.anchors.search import Search, search_anchors
from gating.cleaning.scatter import find_debris, find_margins
from gating.cleaning.singlets import find_singlets
from gating.cleaning.time import find_stable_time
from gating.cleaning.viability_and_dump import find_sides
from gating.clone.aberrant import find_aberrant
from gating.clone.again import Again, split_again
from gating.events import Events, Mask, Survivors
from gating.events.errors import GatingError
from gating.events.panel import SCATTER_ROLES, GatingPanel, Target
from gating.events.sample import SAMPLE_EVENTS, drawn_by_scatter, sampled
from gating.gates import inside
from gating.gates.given_thresholds import Choices
from gating.gates.steps import (
    LOW_CONFIDENCE,
    NO_CELLS,
    GatedPopulation,
    GateFlag,
    GateStep,
    Step,
    StepEstimate,
)
from gating.plasma_cells.anchor_steps import find_target
from gating.thresholds import Threshold, rounded
from gating.thresholds.methods import Method

FEWEST_ABERRANT = 0.05
"""Share of the plasma cells below which a split is not believed. Chosen on the simulated tubes of
docs/validation.md."""
WITHOUT_STEP: Mapping[GateFlag, float] = MappingProxyType(
    {GateFlag.NO_VIABILITY: 0.2, GateFlag.NO_SINGLETS: 0.5, GateFlag.NO_SCATTER: 0.5}
)
"""Confidence in a step that the panel cannot support. Without a viability dye it is lowest: dead cells bind
every antibody. Chosen on the simulated tubes of docs/validation.md."""

LEFT_WITHOUT_STEP, BY_ITS_CONFIDENCE = 0.8, 0.2
"""What a cleaning step that could not be made leaves of the confidence: the first, and so much for its own.
Chosen on the simulated tubes of docs/validation.md."""


SEARCHED_EVENTS, FEWEST_TO_SEARCH_SAMPLE = 100_000, 200_000
"""Events of a sample in which the wanted cells are searched, and events of a tube from which this is done.
Convention: a tube of so many events is searched whole, and a sample shows no less."""
ENOUGH_TO_PLACE = 4_000
"""Wanted cells from which gates are placed as well as among all of them. Convention: then single cells change
the F1 by far less than 0.001."""


class UnfitEventsError(GatingError):
    """Events that cannot be gated with this panel: a channel is missing, or one must not be there."""


@dataclass(frozen=True, slots=True)
class Passed:
    """Steps done so far and the events that are left.

    Attributes
    ----------
    left
        Survivors of all steps.
    steps, masks, flags
        Of each step.
    """

    left: Survivors
    steps: tuple[GateStep, ...] = ()
    masks: tuple[Mask, ...] = ()
    flags: tuple[GateFlag, ...] = ()

    def at(self, step: Step) -> Survivors:
        """Return the survivors of a step that was done."""
        done = [step_done.name for step_done in self.steps].index(step)
        return Survivors(self.left.events, np.flatnonzero(self.masks[done]))

    def then(self, estimate: StepEstimate) -> Passed:
        """Return the state after this step: its gate is applied to the survivors."""
        left = self.left
        if estimate.gate is not None:
            left = left.select(inside(estimate.gate, left))
        step = _step(estimate, self.left.n_events, left.n_events)
        return Passed(left, (*self.steps, step), (*self.masks, left.mask()), (*self.flags, *estimate.flags))


def gate_plasma_cells(
    events: Events,
    panel: GatingPanel,
    *,
    overrides: Mapping[str, float] | None = None,
    pooled: Mapping[str, float] | None = None,
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

    Returns
    -------
    GatedPopulation
        The same cells whatever the order of events or channels.

    Raises
    ------
    UnfitEventsError
        If the events lack a channel of the panel, or contain a quantified channel.
    UnknownGateError
        If a threshold is given for a gate that does not exist, or for CD38.
    """
    panel = panel.with_default_targets()
    choices = Choices(panel, overrides or {}, pooled or {})
    check_events(events, panel)
    choices.check()
    events = drawn_by_scatter(events, panel)
    sample = sampled(events, SAMPLE_EVENTS)
    passed = Passed(Survivors.everyone(events)).then(_time(events, sample, panel))
    passed = passed.then(_margins(passed.left, panel))
    passed = passed.then(_debris(passed.left.among(sample), choices))
    passed = passed.then(_singlets(passed.left, passed.left.among(sample), choices))
    found = None
    if events.n_events >= FEWEST_TO_SEARCH_SAMPLE:
        found = _with_target(passed, passed.left.among(sampled(events, SEARCHED_EVENTS)), sample, choices)
    passed = found or _with_target(passed, passed.left, sample, choices)
    viable = passed.at(Step.VIABLE)
    viable_sample = viable.among(sample)
    wanted = passed.left
    aberrant = _aberrant(wanted, viable_sample, choices)
    passed = passed.then(aberrant)
    again = None
    if aberrant.gate is not None and Method.PERSON not in aberrant.methods:
        again = partial(split_again, wanted, lambda cells: _aberrant(cells, viable_sample, choices).gate)
    return _population(passed, wanted, viable, again, unused_overrides(choices, passed.steps))


def _with_target(passed: Passed, candidates: Survivors, sample: Mask, choices: Choices) -> Passed | None:
    """Return the state after the second anchor; None where the candidates are a sample that cannot tell."""
    single_sample, searched = passed.left.among(sample), candidates.mask()
    by_sample = candidates.n_events < passed.left.n_events
    search = search_anchors(candidates, single_sample, choices)
    passed = passed.then(_side(single_sample, search, Step.VIABLE, "viability", choices))
    viable_sample = passed.left.among(sample)
    passed = passed.then(_side(viable_sample, search, Step.DUMP, "dump", choices))
    left = passed.left
    search = search.within(left.among(searched) if by_sample else left, viable_sample, choices)
    found = find_target(search, choices, partial(_enough, left) if by_sample else None)
    return None if found is None else passed.then(found[0]).then(found[1])


def _enough(left: Survivors, n: int) -> Survivors:
    """Return as many of the events as hold enough wanted cells to place gates, if a search found n of them."""
    size = SEARCHED_EVENTS
    while n < ENOUGH_TO_PLACE:
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
        raise UnfitEventsError(
            f"channel {', '.join(refused)} is quantified and may not be seen by the gating"
        )


def _time(events: Events, sample: Mask, panel: GatingPanel) -> StepEstimate:
    roles = {channel.channel: channel.role for channel in panel.channels}
    times = panel.with_role("time")
    if not times:
        return _cannot(Step.TIME, "the panel has no time channel: stability was not judged", GateFlag.NO_TIME)
    channel = times[0].channel
    watched = sorted(name for name in events.channels if roles.get(name) not in ("time", *SCATTER_ROLES[1:]))
    sampled_events = Survivors(events, np.flatnonzero(sample))
    columns = [sampled_events.column(name) for name in watched if name != channel]
    return find_stable_time(events.column(channel), columns, sample, channel=channel)


def _margins(left: Survivors, panel: GatingPanel) -> StepEstimate:
    forward = [c.channel for role in ("fsc_area", "fsc_height") for c in panel.with_role(role)]
    side = [c.channel for role in ("ssc_area", "ssc_height") for c in panel.with_role(role)]
    if not forward and not side:
        return _cannot(Step.MARGINS, "the panel has no scatter channel", GateFlag.NO_SCATTER)
    tops = [left.events.scale_top(channel) for channel in (*forward, *side)]
    return find_margins(left, forward, side, tops)


def _debris(sample: Survivors, choices: Choices) -> StepEstimate:
    forward = choices.panel.with_role("fsc_area")
    if not forward:
        return _cannot(
            Step.DEBRIS, "the panel has no forward scatter area: debris was not removed", GateFlag.NO_DEBRIS
        )
    person = choices.person(forward[0])
    return find_debris(sample, forward[0].channel, _as_threshold(person))


def _singlets(left: Survivors, sample: Survivors, choices: Choices) -> StepEstimate:
    panel = choices.panel
    area, height = panel.with_role("fsc_area"), panel.with_role("fsc_height")
    width = panel.with_role("fsc_width")
    if not (area and height) and not width:
        area, height = panel.with_role("ssc_area"), panel.with_role("ssc_height")
    person = choices.person_of_step(Step.SINGLETS)
    if area and height:
        return find_singlets(left, sample, area[0].channel, height[0].channel, _as_threshold(person))
    if width:
        person = choices.person(width[0]) if person is None else person
        return find_singlets(left, sample, None, width[0].channel, _as_threshold(person))
    return _cannot(
        Step.SINGLETS,
        "the panel has no pulse height or width: doublets were not removed",
        GateFlag.NO_SINGLETS,
    )


def _side(sample: Survivors, search: Search, step: Step, role: str, choices: Choices) -> StepEstimate:
    channels = [c for c in choices.panel.with_role(role) if c.target is not Target.ANY]
    if not channels:
        flag = GateFlag.NO_VIABILITY if step is Step.VIABLE else None
        return _cannot(step, f"the panel has no {role} channel", flag)
    return find_sides(sample, search.rough(), step, channels, choices, clear=search.is_clear)


def _aberrant(wanted: Survivors, viable_sample: Survivors, choices: Choices) -> StepEstimate:
    """Return the split. Where hardly any cell is aberrant, the panel does not show the clone: no split."""
    estimate = find_aberrant(wanted, viable_sample, choices)
    if estimate is None:
        return _cannot(Step.ABERRANT, "the panel cannot tell aberrant plasma cells")
    if estimate.gate is None:
        return estimate
    n = int(np.count_nonzero(inside(estimate.gate, wanted)))
    if wanted.n_events and n < FEWEST_ABERRANT * wanted.n_events:
        note = f"{n} of {wanted.n_events} plasma cells have an aberrant phenotype: they were not split"
        return _cannot(Step.ABERRANT, note, GateFlag.NO_ABERRANT_PHENOTYPE)
    return estimate


def _as_threshold(value: float | None) -> Threshold | None:
    return None if value is None else Threshold(rounded(value), Method.PERSON, 1.0)


def _cannot(step: Step, why: str, flag: GateFlag | None = None) -> StepEstimate:
    flags = () if flag is None else (flag,)
    sure = min((WITHOUT_STEP.get(flag, 1.0) for flag in flags), default=1.0)
    return StepEstimate(step, None, (), (Method.NONE,), confidence=sure, note=why, flags=flags)


def _step(estimate: StepEstimate, n_in: int, n_out: int) -> GateStep:
    return GateStep(
        estimate.name, estimate.gate, estimate.channels, n_in, n_out, estimate.methods, estimate.thresholds,
        estimate.confidence, estimate.note,
    )  # fmt: skip


def unused_overrides(choices: Choices, steps: tuple[GateStep, ...]) -> tuple[str, ...]:
    """Return the names of a person's thresholds that no step used."""
    taken = {value for step in steps if step.is_set_by_person for _, value in step.thresholds}
    return tuple(name for name, value in choices.overrides.items() if rounded(value) not in taken)


def _population(
    passed: Passed, wanted: Survivors, viable: Survivors, again: Again | None, unused: tuple[str, ...]
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
        step_masks=np.stack(passed.masks),
        confidence=confidence,
        viable_singlets=viable.mask(),
        aberrant=passed.masks[-1] if has_aberrant_split else None,
        make_split_again=again,
        flags=tuple(dict.fromkeys(flags)),
        notes=(
            *(f"{step.name}: {step.note}" for step in noted),
            *(f"the threshold set for {name!r} was not used: no step cuts there" for name in unused),
            *(() if wanted.n_events else (NO_CELLS,)),
        ),
    )


def _overall(steps: tuple[GateStep, ...]) -> float:
    """Return the confidence in the population; a cleaning step that could not be made lowers it a little."""
    confidence = 1.0
    for step in steps:
        match Step(step.name):
            case Step.PLASMA_CELLS | Step.SECOND_ANCHOR:
                confidence *= step.confidence
            case Step.TIME | Step.MARGINS | Step.DEBRIS | Step.SINGLETS | Step.VIABLE | Step.DUMP:
                if step.gate is None:
                    confidence *= LEFT_WITHOUT_STEP + BY_ITS_CONFIDENCE * step.confidence
            case Step.ABERRANT:
                pass  # the split does not narrow the population
            case unknown:
                assert_never(unknown)
    return round(confidence, 4)
