"""Bead runs by worker processes, and of a run on a cluster: the same curves as in this process."""

from __future__ import annotations

import shutil
import time
from multiprocessing import active_children
from pathlib import Path
from threading import Thread

import pytest

from helpers.dask_cluster import ROOT, dask_cluster
from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.run import run_study
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study

# dask's own sockets close a moment after their owner looks away
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

WORKERS = 2


class AtTheFirstTube(QuietReporter):
    """Notes the worker processes there are when the bead runs are done and the tubes begin."""

    def __init__(self) -> None:
        self.processes: set[int | None] | None = None

    def begin(self, total: int, done: int) -> None:
        self.processes = {process.pid for process in active_children()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two bead runs, run in one process."""
    folder = simulate_study(tmp_path_factory.mktemp("alone"), patients=6, events=2_000, seed=4)
    run_study(folder, RunOptions(workers=1), QuietReporter())
    assert len(list((folder / "results" / "store" / "beads").glob("*.json"))) == WORKERS
    return folder


@pytest.fixture
def study(alone: Path, tmp_path: Path) -> Path:
    """The same study without results."""
    return Path(
        shutil.copytree(alone, tmp_path / "study", ignore=shutil.ignore_patterns("results", "*.jsonl"))
    )


def is_as_alone(study: Path, alone: Path) -> bool:
    """Whether curves and densities are those of one process, to the byte."""
    names = ("calibration.csv", "rd_samples.csv", "figures/calibration.pdf")
    return all(
        (study / "results" / name).read_bytes() == (alone / "results" / name).read_bytes() for name in names
    )


def test_a_worker_that_dies_at_a_bead_run_is_started_again_and_the_curve_is_the_same(
    study: Path, alone: Path
) -> None:
    killed: list[int | None] = []

    def kill_the_first() -> None:
        end = time.monotonic() + 60
        while not (running := active_children()) and time.monotonic() < end:
            time.sleep(0.01)
        for process in running[:1]:
            killed.append(process.pid)
            process.kill()

    killer, seen = Thread(target=kill_the_first), AtTheFirstTube()
    killer.start()
    summary = run_study(study, RunOptions(workers=WORKERS), seen)
    killer.join()
    assert summary.exit_status is ExitStatus.ALL_QUANTIFIED
    assert seen.processes is not None
    assert len(seen.processes) == WORKERS
    assert len(killed) == 1
    assert killed[0] not in seen.processes
    assert is_as_alone(study, alone)


def test_a_run_on_a_cluster_starts_no_process_here_and_its_curves_are_the_same(
    study: Path, alone: Path, tmp_path: Path
) -> None:
    seen = AtTheFirstTube()
    with dask_cluster(tmp_path, ROOT) as cluster:
        summary = run_study(study, RunOptions(workers=WORKERS, scheduler=cluster.address), seen)
    assert summary.exit_status is ExitStatus.ALL_QUANTIFIED
    assert seen.processes == set()
    assert is_as_alone(study, alone)


def test_a_run_without_a_new_tube_starts_no_process(alone: Path, tmp_path: Path) -> None:
    finished, seen = shutil.copytree(alone, tmp_path / "finished"), AtTheFirstTube()
    run_study(finished, RunOptions(workers=WORKERS), seen)
    assert seen.processes == set()
