"""Tubes of which every cell is known, for the validation of the gating: the project's simulator, panel by panel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gating.events import Events, FloatArray, Mask
from gating.events.panel import GatingPanel
from pipeline.simulate import SimulatedTube, simulate_tube
from pipeline.simulate.patients import draw_gains, draw_patient, tube_of
from pipeline.simulate.scenarios import scenario_named
from pipeline.simulate.tubes.cytometer import THREE_LASERS, WIDE_SCALE, Cytometer, SimulatedDetector
from pipeline.simulate.tubes.populations import ABERRANT_PLASMA_CELL, POPULATIONS
from pipeline.simulate.tubes.tube import control_of
from pipeline.tube.compensation import Compensation
from pipeline.tube.control import Control
from pipeline.tube.dye_spill import without_dye_spill
from pipeline.tube.reading import Tube

SCENARIOS = (
    "plain", "masked", "rare", "no_matrix", "clog", "drift", "dim_cd138", "bimodal", "low_events",
    "mislabelled_channel",
)  # fmt: skip
EMPTY = "no_plasma_cells"
SECOND_ANCHORS = ("cd319", "cd229")
PANELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("full", ()),
    ("no second anchor", SECOND_ANCHORS),
    ("no viability, no dump", ("viability", "dump")),
    ("six colours", (*SECOND_ANCHORS, "dump", "cd117", "cd81")),
    ("no CD138", ("cd138", "cd81")),
)
"""Name of a panel and the roles that it lacks."""
INSTRUMENTS = ("three_lasers", "wide_scale")
BRIGHTER_CD229 = SimulatedDetector("BV711-A", "cd229", "CD229", "BV711", 520, 0.09, 5.0, 30, 5, 3.0)
ELEVEN = replace(THREE_LASERS, detectors=(*THREE_LASERS.detectors, BRIGHTER_CD229))
"""The three lasers with an eleventh colour: all anchors at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tube to simulate; the same one gives the same tube."""

    scenario: str
    instrument: str
    panel: str
    seed: int
    n_events: int = 40_000


@dataclass(frozen=True, slots=True)
class KnownTube:
    """A tube and its truth.

    Attributes
    ----------
    events, panel
        What the gating sees: compensated, without CD38.
    cd38
        Compensated CD38 of each event, less what a plasma cell shines without the stain; linear units.
    plasma_cells, aberrant
        Viable single ones outside clogs, bool, shape (n_events,).
    floor
        CD38 below which a tube has no density that could be defended, same units.
    colours
        Fluorescence channels of the panel, CD38 among them.
    """

    wanted: Wanted
    events: Events
    panel: GatingPanel
    cd38: FloatArray
    plasma_cells: Mask
    aberrant: Mask
    floor: float
    colours: int


LEAST_DENSITY = 1_000.0
"""Molecules: about what a PE assay can defend."""


def known_tube(wanted: Wanted) -> KnownTube:
    """Simulate a tube of the project's simulator, take away what the panel lacks, and read it as a run does.

    Where the file has no matrix, the quantified dye's own spillover is taken off by the control tube, as
    `cd38rd run` does: without a control such a tube has no background and so no receptor density.
    """
    tube = simulated(wanted)
    lacking = dict(PANELS)[wanted.panel]
    panel = tube.gating_panel()
    panel = GatingPanel(tuple(channel for channel in panel.channels if channel.role not in lacking))
    read = as_read(tube, panel)
    if tube.spillover is None:
        control = control_of(tube, np.random.default_rng([wanted.seed, *b"control"]), wanted.n_events // 2)
        read, _ = without_dye_spill(read, Control("FMO", as_read(control, panel)))
    cd38 = tube.cytometer.cd38
    whole = ~tube.labels.clog
    return KnownTube(
        wanted,
        read.events,
        panel,
        read.quantified - np.float32(unstained(tube)),
        tube.plasma_cells & whole,
        tube.aberrant & whole,
        LEAST_DENSITY * cd38.efficiency * cd38.gain,
        1 + sum(not _is_scatter_or_time(channel.role) for channel in panel.channels),
    )


def as_read(tube: SimulatedTube, panel: GatingPanel) -> Tube:
    """Return a simulated tube as it is after reading and compensation; no file stands behind it."""
    events, cd38 = tube.compensated(), tube.cytometer.cd38.channel
    quantified = events.column(cd38)
    return Tube(
        file=None,
        rows=None,
        events=events.only([channel.channel for channel in panel.channels]),
        panel=panel,
        quantified=quantified,
        quantified_channel=cd38,
        quantified_top=tube.cytometer.top,
        on_scale_end=np.zeros(quantified.size, np.bool_),
        compensation=Compensation.MISSING,
        spillover=None,
    )


def simulated(wanted: Wanted) -> SimulatedTube:
    """Return the whole tube, all channels."""
    scenario = scenario_named(wanted.scenario)
    cytometer = cytometer_of(wanted)
    rng = np.random.default_rng(
        [wanted.seed, INSTRUMENTS.index(wanted.instrument), *wanted.scenario.encode()]
    )
    patient = draw_patient(scenario, rng, n_events=wanted.n_events)
    gains = draw_gains(cytometer, rng)
    return simulate_tube(tube_of(patient, scenario, cytometer, n_events=wanted.n_events, gains=gains), rng)


def cytometer_of(wanted: Wanted) -> Cytometer:
    """Return the instrument; a full panel on the three lasers has all eleven colours."""
    if wanted.instrument == "wide_scale":
        return WIDE_SCALE
    return ELEVEN if wanted.panel in ("full", "no CD138") and wanted.seed % 2 else THREE_LASERS


def unstained(tube: SimulatedTube) -> float:
    """Return the CD38 channel of a plasma cell without the stain, linear units."""
    cd38 = tube.cytometer.cd38
    glow = next(p.autofluorescence for p in POPULATIONS if p.name == ABERRANT_PLASMA_CELL)
    return glow * cd38.autofluorescence * cd38.gain


def _is_scatter_or_time(role: str) -> bool:
    return role == "time" or role[:3] in ("fsc", "ssc")
