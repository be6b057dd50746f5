"""Find plasma cells in compensated events. The quantified channel is never used."""

import logging

from gating.events import Events
from gating.events.compensation import SpilloverMatrix, compensate
from gating.events.errors import GatingError
from gating.events.panel import GatingChannel, GatingPanel, Target
from gating.gates.steps import GatedPopulation, GateStep
from gating.strategy import gate_plasma_cells

__all__ = [
    "Events",
    "GateStep",
    "GatedPopulation",
    "GatingChannel",
    "GatingError",
    "GatingPanel",
    "SpilloverMatrix",
    "Target",
    "compensate",
    "gate_plasma_cells",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())  # no output unless a program sets up logging
