"""When a density is taken back although the arithmetic would give one."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.density.receptor_density import RdStatus, ReceptorDensity
from gating.gates.steps import GatedPopulation, GateStep
from gating.thresholds.methods import methods_in
from pipeline.quantification.receptor import without_guessed_cells

MEASURED = ReceptorDensity(
    RdStatus.OK, 154, median_mfi=2_000.0, abc=4_000.0, rd=3_500.0, rd_low=3_000.0, rd_high=4_100.0
)


def _gated(method: str, *flags: str) -> GatedPopulation:
    step = GateStep("plasma_cells", None, ("CD138",), 1000, 154, methods_in(method), (), 0.08, "")
    nobody = np.zeros(1000, bool)
    return GatedPopulation(nobody, (step,), nobody[None], 0.08, nobody, flags=flags)


def test_cells_beyond_guessed_cuts_are_given_no_density():
    found = without_guessed_cells(MEASURED, _gated("spread", "NO_CLEAR_POPULATION"))
    assert found.status is RdStatus.LOW_EVENTS
    assert (found.rd, found.rd_low, found.rd_high) == (None, None, None)
    assert (found.n_cells, found.median_mfi) == (154, 2_000.0)
    assert "the 154 cells beyond the cuts get no density" in found.notes[-1]


@pytest.mark.parametrize(
    ("method", "flag"), [("person+spread", "NO_CLEAR_POPULATION"), ("valley", "NO_VIABILITY")]
)
def test_a_persons_cut_or_a_population_that_stands_out_keeps_its_density(method, flag):
    assert without_guessed_cells(MEASURED, _gated(method, flag)) is MEASURED
