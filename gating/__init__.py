"""Find plasma cells in compensated events, without ever seeing the quantified channel."""

from gating.compensation import SpilloverMatrix, compensate
from gating.events import Events
from gating.panel import GatingChannel, GatingPanel, Target
from gating.plasma_cells import gate_plasma_cells
from gating.population import GatedPopulation, GateStep

__all__ = [
    "Events",
    "GateStep",
    "GatedPopulation",
    "GatingChannel",
    "GatingPanel",
    "SpilloverMatrix",
    "Target",
    "compensate",
    "gate_plasma_cells",
]
