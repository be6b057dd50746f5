"""Sentinels: NK cells and B precursors of the same tube; the drug covers their CD38 too.

The drug covers CD38 on these normal cells, but they do not lose it as a tumour can. NK cells: lymphocytes
(CD45 bright, little side scatter) that are CD56+, CD19−, dump− and CD138−. B precursors (haematogones):
little side scatter, CD19+, CD45 dimmer than lymphocytes, CD138− and CD56−. The quantified channel is not
used: it is not among the events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gating.events import Events, FloatArray, Mask, Survivors
from gating.events.panel import GatingPanel, Role, Target
from gating.events.sampling import SAMPLE_EVENTS, drawn_by_scatter, sampled
from gating.gates import AllOf, RangeGate, inside
from gating.gates.steps import GatedPopulation, Step
from gating.thresholds import CLEAR, Axis, axis_density, axis_of, axis_on, best_valley
from gating.thresholds.side_cut import side_cut

NK_CELLS, B_PRECURSORS = "nk_cells", "b_precursors"
FEWEST_SMALL_CELLS = 100
"""Least number of cells with little side scatter to measure the lymphocytes' CD45. Chosen on the simulated
tubes of docs/validation.md."""
SENTINEL_REACH = 3.0
"""Lower end of the lymphocytes, in spreads below their CD45 mode. Chosen on the simulated tubes of
docs/validation.md."""
FEWEST_FOR_VALLEY = 30
"""Least number of B cells to search for their own valley in CD45. Chosen on the simulated tubes of
docs/validation.md."""
LEAST_CONFIDENCE = 0.3
"""Least confidence in the cuts of a sentinel that is used. Chosen on the simulated tubes of
docs/validation.md."""
SENTINEL_BANDWIDTH = 0.15
"""Bandwidth of the density in which the lymphocytes' CD45 is measured, in units of the axis. Chosen on the
simulated tubes of docs/validation.md."""
WITHOUT_VALLEY = 0.5
"""Confidence in the CD45 of B precursors without a valley of their own. Chosen on the simulated tubes of
docs/validation.md."""

RangeWithConfidence = tuple[RangeGate, float]
"""One side of a cut, and the confidence in the cut."""


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A sentinel population of a tube.

    Attributes
    ----------
    name
        `nk_cells` or `b_precursors`.
    gate
        On viable single cells, linear and compensated; None where the panel or the tube cannot show them.
    mask
        bool, shape (n_events,); all False without a gate.
    confidence
        0 to 1: confidence in the least sure cut.
    note
        Why there is no gate.
    """

    name: str
    gate: AllOf | None
    mask: Mask
    confidence: float
    note: str = ""


def find_sentinels(events: Events, panel: GatingPanel, gated: GatedPopulation) -> tuple[Sentinel, ...]:
    """Find both sentinels among the viable single cells.

    Parameters
    ----------
    events
        Linear, compensated, without the quantified channel.
    gated
        The gated tube; its viable single cells and its cuts are used.

    Notes
    -----
    Cuts are found on a sample of the events that does not depend on their order.
    """
    nothing = np.zeros(events.n_events, np.bool_)
    lacking = [role for role in (Role.CD45, Role.SSC_AREA) if not panel.with_role(role)]
    if lacking:
        note = f"the panel has no {' and no '.join(lacking)} channel"
        return tuple(Sentinel(name, None, nothing, 0.0, note) for name in (NK_CELLS, B_PRECURSORS))
    events = drawn_by_scatter(events, panel)
    viable = Survivors.of(events, gated.viable_singlets)
    sample = viable.among(sampled(events, SAMPLE_EVENTS))
    scatter = panel.with_role(Role.SSC_AREA)[0].channel
    cut = side_cut(sample.column(scatter))
    marrow = _Marrow(events, panel, gated, viable, (RangeGate(scatter, None, cut.value), cut.confidence))
    small = sample.select(inside(marrow.small[0], sample))
    if small.n_events < FEWEST_SMALL_CELLS:
        note = f"{small.n_events} viable single cells with little side scatter"
        return tuple(Sentinel(name, None, nothing, 0.0, note) for name in (NK_CELLS, B_PRECURSORS))
    return _nk_cells(marrow, small), _b_precursors(marrow, small)


@dataclass(frozen=True, slots=True)
class _Marrow:
    """The viable single cells and their channels.

    `small` is the side with little side scatter: lymphocytes, precursors, erythroid cells.
    """

    events: Events
    panel: GatingPanel
    gated: GatedPopulation
    viable: Survivors
    small: RangeWithConfidence

    def channel(self, role: Role) -> str:
        """Return the first channel of a role; "" where the panel has none."""
        channels = self.panel.with_role(role)
        return channels[0].channel if channels else ""

    def cannot_show(self, role: Role) -> str:
        """Return why cells positive for a role cannot be sentinels in this tube, or ""."""
        channels = self.panel.with_role(role)
        if not channels:
            return f"the panel has no {role} channel"
        wanted = any(channel.target is Target.POSITIVE for channel in channels)
        return f"the quantified cells themselves are {role} positive" if wanted else ""

    def known_negative(self, role: Role) -> RangeWithConfidence | None:
        """Return the negative side of the cut that the tube's own gating has on a role's channel.

        A dump cut is used only if a person set it: the automatic cut follows the clone.
        """
        for step in self.gated.steps:
            if step.name is Step.ABERRANT or (step.name is Step.DUMP and not step.is_set_by_person):
                continue
            for channel, value in step.thresholds:
                if channel == self.channel(role):
                    return RangeGate(channel, None, value), step.confidence
        return None

    def negative(self, role: Role, cells: Survivors) -> list[RangeWithConfidence]:
        """Return the negative side of a role; empty if the panel lacks the role."""
        channel = self.channel(role)
        if not channel:
            return []
        known_range = self.known_negative(role)
        if known_range is not None:
            return [known_range]
        cut = cells.once(f"side cut {channel}", lambda: side_cut(cells.column(channel)))
        return [(RangeGate(channel, None, cut.value), cut.confidence)]

    def positive(self, role: Role, cells: Survivors) -> RangeWithConfidence:
        """Return the positive side of a role's channel, cut among these cells."""
        channel = self.channel(role)
        cut = side_cut(cells.column(channel))
        return RangeGate(channel, cut.value, None), cut.confidence


def _nk_cells(marrow: _Marrow, small: Survivors) -> Sentinel:
    nothing = np.zeros(marrow.events.n_events, np.bool_)
    why = marrow.cannot_show(Role.CD56)
    if why:
        return Sentinel(NK_CELLS, None, nothing, 0.0, why)
    bright = RangeGate(marrow.channel(Role.CD45), _lymphocytes_from(marrow, small), None)
    lymphocytes = small.select(inside(bright, small))
    parts = [marrow.small, (bright, 1.0), marrow.positive(Role.CD56, lymphocytes)]
    for role in (Role.DUMP, Role.CD19, Role.CD138):
        parts += marrow.negative(role, small)
    return _sentinel(NK_CELLS, marrow, parts)


def _b_precursors(marrow: _Marrow, small: Survivors) -> Sentinel:
    nothing = np.zeros(marrow.events.n_events, np.bool_)
    why = marrow.cannot_show(Role.CD19)
    if why:
        return Sentinel(B_PRECURSORS, None, nothing, 0.0, why)
    negatives: list[RangeWithConfidence] = []
    for role in (Role.CD138, Role.CD56):
        negatives += marrow.negative(role, small)
    candidates = small.select(_inside([gate for gate, _ in negatives], small))
    b_cells = marrow.positive(Role.CD19, candidates)
    b_cell_events = candidates.select(inside(b_cells[0], candidates))
    dim = _dimmer(marrow, small, b_cell_events.column(marrow.channel(Role.CD45)))
    return _sentinel(B_PRECURSORS, marrow, [marrow.small, b_cells, dim, *negatives])


def _lymphocytes_from(marrow: _Marrow, small: Survivors) -> float:
    """Return the lower CD45 limit of lymphocytes: below the brightest group of the small cells."""
    return small.once("lymphocytes", lambda: _begin_of_lymphocytes(axis_on(small, marrow.channel(Role.CD45))))


def _begin_of_lymphocytes(axis: Axis) -> float:
    density = axis_density(axis, SENTINEL_BANDWIDTH)
    mode = density.major_modes()[-1]
    return axis.linear(float(density.grid[mode]) - SENTINEL_REACH * density.half_width(mode, -1))


def _dimmer(marrow: _Marrow, small: Survivors, b_cells: FloatArray) -> RangeWithConfidence:
    """Return the CD45 range below lymphocytes, down from the B cells' valley or the lymphocytes' limit."""
    channel = marrow.channel(Role.CD45)
    usual = _lymphocytes_from(marrow, small)
    b_cell_axis = axis_of(b_cells, axis_on(small, channel))
    if b_cells.size >= FEWEST_FOR_VALLEY:
        valley = best_valley(b_cell_axis, b_cell_axis.low, b_cell_axis.high)
        if valley is not None and valley.clarity >= CLEAR:
            return RangeGate(channel, None, b_cell_axis.linear(valley.position)), 1.0
    return RangeGate(channel, None, usual), WITHOUT_VALLEY


def _inside(gates: Sequence[RangeGate], cells: Survivors) -> Mask:
    return inside(AllOf(tuple(gates)), cells) if gates else np.ones(cells.n_events, np.bool_)


def _sentinel(name: str, marrow: _Marrow, parts: Sequence[RangeWithConfidence]) -> Sentinel:
    gate = AllOf(tuple(part for part, _ in parts))
    confidence = min(sure for _, sure in parts)
    if confidence < LEAST_CONFIDENCE:
        nothing = np.zeros(marrow.events.n_events, np.bool_)
        return Sentinel(name, None, nothing, confidence, "no clear cut around them")
    left = marrow.viable
    for part in gate.gates:  # one gate after another: each has fewer events to test
        left = left.select(inside(part, left))
    return Sentinel(name, gate, left.mask(), confidence)
