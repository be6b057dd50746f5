"""A day's tubes, one of them without a dead cell: its viability cut is its batch's, for any number of workers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gating.events import Events
from gating.events.compensation import compensate
from gating.thresholds.methods import Method
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.fcs import read_fcs, write_fcs
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.running.store import stores_in
from pipeline.running.tasks import bead_tasks, tube_tasks
from pipeline.running.two_passes import Quantified, quantified_study
from pipeline.simulate import simulate_study
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study

# dask's own worker processes and sockets close a moment after their owner looks away
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
UNCLEAR = 2
VIABILITY = "APC-H7-A"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = simulate_study(tmp_path_factory.mktemp("batch"), patients=5, events=3_000, seed=9)
    study, _ = read_study(folder)
    assert study is not None
    without_dead_cells(folder / study.samples[UNCLEAR].fcs_file)
    return study


def without_dead_cells(path: Path) -> None:
    """Write the tube again with noise alone on the viability dye."""
    file = read_fcs(path)
    matrix = file.spillover
    assert matrix is not None
    values = compensate(Events(file.events(), file.channels), matrix).values.copy()
    values[file.channels.index(VIABILITY)] = np.random.default_rng(1).normal(0, 100, values.shape[1])
    rows = [file.channels.index(name) for name in matrix.channels]
    values[rows] = matrix.values.T.astype(np.float32) @ values[rows]
    kept = {"$CYT", "$CYTSN", "$DATE", "$BTIM", "$ETIM", "$TIMESTEP", "$SPILLOVER"}
    kept |= {f"$P{n}{what}" for n in range(1, len(file.channels) + 1) for what in "VR"}
    keywords = {name: text for name, text in file.keywords.items() if name in kept}
    write_fcs(path, values, file.channels, markers=file.markers, keywords=keywords)


def run(study: Study, results: Path, workers: int) -> Quantified:
    curves = [calibrate_bead_run(task) for task in bead_tasks(study, {})]
    tasks = [replace(task, extras=False) for task in tube_tasks(study, curves, {})]
    return quantified_study(tasks, RunOptions(workers=workers), stores_in(results), QuietReporter())


def test_one_and_two_workers_and_a_second_run_pool_the_same(study: Study, tmp_path: Path):
    one, two = run(study, tmp_path / "one", 1), run(study, tmp_path / "two", 2)
    assert one.results == two.results
    again = run(study, tmp_path / "two", 1)
    assert (again.results, again.n_reused) == (one.results, 5)
    name = study.samples[UNCLEAR].sample_id
    flagged = [n for n, found in one.results.items() if "GATE_FROM_BATCH" in found.flags]
    assert flagged == [name]
    viable = next(step for step in one.results[name].steps if step.name == "viable")
    assert viable.methods == (Method.POOLED,)
    others = [
        cut.value
        for n, found in one.results.items()
        if n != name
        for cut in found.dye_cuts
        if cut.channel == VIABILITY
    ]
    assert viable.thresholds[0][1] == pytest.approx(np.median(others), rel=1e-5)
    assert "4 similar tubes" in one.results[name].note
