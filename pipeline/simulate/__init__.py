"""Studies, tubes and bead runs whose true receptor densities are known.

>>> import numpy as np
>>> rng = np.random.default_rng(1)
>>> tube = simulate_tube(draw_tube("rare", rng, n_events=5_000), rng)
>>> control = control_of(tube, rng)
>>> control.markers[control.channels.index("PE-A")]
''
"""

from pipeline.simulate.patients import draw_patient, draw_tube, tube_of
from pipeline.simulate.scenarios import SCENARIOS, Scenario, scenario_named
from pipeline.simulate.study import simulate_study
from pipeline.simulate.tubes.beads import BeadParameters, Lot, SimulatedBeads, draw_lot, simulate_beads
from pipeline.simulate.tubes.parameters import Clone, TubeParameters
from pipeline.simulate.tubes.simulated_tube import Labels, SimulatedTube
from pipeline.simulate.tubes.tube import control_of, simulate_tube

__all__ = [
    "SCENARIOS",
    "BeadParameters",
    "Clone",
    "Labels",
    "Lot",
    "Scenario",
    "SimulatedBeads",
    "SimulatedTube",
    "TubeParameters",
    "control_of",
    "draw_lot",
    "draw_patient",
    "draw_tube",
    "scenario_named",
    "simulate_beads",
    "simulate_study",
    "simulate_tube",
    "tube_of",
]
