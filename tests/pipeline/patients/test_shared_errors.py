"""What visits share: of one bead run its curve and what differs between runs, as replicates do in pooling."""

import math
from datetime import date

import pytest

from calibration.density.budget import BudgetTerm, ErrorTerm
from calibration.density.receptor_density import RdStatus, ReceptorDensity
from calibration.numbers import Z_95
from pipeline.patients.shared_errors import shared_errors
from pipeline.quantification.result import SampleResult
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun, Sample, Study

SDS = {
    BudgetTerm.STANDARD_CURVE: 0.01,
    BudgetTerm.LOT_ASSIGNMENT: 0.02,
    BudgetTerm.STAINED_CELLS: 0.03,
    BudgetTerm.BETWEEN_RUNS: 0.04,
}
WHOLE = sum(sd**2 for sd in SDS.values())


def shared_of(*names):
    """Return the shared errors of a visit with a tube on each of these bead runs, by their source."""
    samples = tuple(
        Sample(f"S{place}", "P1", date(2024, 5, 1), f"{place}.fcs", "MM8", run, visit="baseline")
        for place, run in enumerate(names)
    )
    runs = tuple(BeadRun(name, "b.fcs", "qsc", "1", "PE-A", (0, 1e3, 1e4)) for name in ("B1", "B2"))
    fold = 10 ** (Z_95 * math.sqrt(WHOLE))
    budget = tuple(ErrorTerm(name, sd, sd**2 / WHOLE) for name, sd in SDS.items())
    density = ReceptorDensity(RdStatus.OK, 500, rd=1e4, rd_low=1e4 / fold, rd_high=1e4 * fold, budget=budget)
    results = [SampleResult(sample.sample_id, density) for sample in samples]
    study = Study(None, samples, (), runs, (), (), Settings())
    return {error.source: error.log_sd for error in shared_errors(study, samples, results)}


def test_visits_of_one_bead_run_share_its_curve_and_what_differs_between_runs():
    assert shared_of("B1")["run B1"] == pytest.approx(math.hypot(0.01, 0.04))
    assert shared_of("B1", "B1")["run B1"] == pytest.approx(math.hypot(0.01, 0.04))


def test_replicates_on_two_runs_share_neither_with_other_visits():
    assert [source.split()[0] for source in shared_of("B1", "B2")] == ["lot"]
