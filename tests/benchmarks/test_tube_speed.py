"""A tube from its file to its receptor density, against FlowKit reading it and applying four fixed gates."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gating import SpilloverMatrix
from pipeline.fcs import read_fcs, write_fcs
from pipeline.quantification.quantify import quantify_tube
from pipeline.running.tasks import bead_tasks, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.study.sheets.reading import read_study

pytestmark = [pytest.mark.benchmark, pytest.mark.filterwarnings("ignore")]

N_EVENTS, N_CHANNELS, ROUNDS = 100_000, 16, 9


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory):
    """A simulated tube with its control, both padded to 16 channels by detectors that no panel row names."""
    from pipeline.beads.calibrate import calibrate_bead_run

    folder = simulate_study(tmp_path_factory.mktemp("speed"), patients=1, events=N_EVENTS, seed=4)
    study, _ = read_study(folder)
    assert study is not None
    calibrations = tuple(calibrate_bead_run(one) for one in bead_tasks(study, {}))
    (task,) = tube_tasks(study, calibrations, {})
    for name in (task.sample.fcs_file, task.sample.fmo_file):
        pad(folder / name)
    return task


def pad(path: Path) -> None:
    file = read_fcs(path)
    values, extra = file.events(), N_CHANNELS - len(file.channels)
    noise = np.random.default_rng(1).normal(0, 50, (extra, file.n_events)).astype(np.float32)
    names = (*file.channels, *(f"Spare{i}-A" for i in range(extra)))
    kept = ("$SPILLOVER", "$TIMESTEP", "$CYT", "$CYTSN", "$DATE", "$BTIM", "$ETIM")
    keywords = {key: file.keywords[key] for key in kept if key in file.keywords}
    write_fcs(
        path, np.vstack([values, noise]), names, markers=(*file.markers, *[""] * extra), keywords=keywords
    )


def median_seconds(*works: Callable[[], object]) -> list[float]:
    """Time the works in turn, so that a slow moment of the machine meets them alike."""
    for work in works:
        work()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, seconds in zip(works, times, strict=True):
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
    return [statistics.median(seconds) for seconds in times]


def flowkit_gates(path: Path, matrix: SpilloverMatrix, *, logicle: bool) -> object:
    """Read, compensate and apply four fixed range gates with FlowKit, on logicle axes as people gate, or on plain."""
    import flowkit as fk

    sample = fk.Sample(str(path), sample_id="tube")
    strategy = fk.GatingStrategy()
    strategy.add_comp_matrix("spill", fk.Matrix(matrix.values, list(matrix.channels)))
    if logicle:
        strategy.add_transform("logicle", fk.transforms.LogicleTransform(262_144, 0.5, 4.5, 0))
    parent: tuple[str, ...] = ("root",)
    for channel in sample.pnn_labels[4:8]:
        dimension = fk.Dimension(
            channel,
            compensation_ref="spill",
            transformation_ref="logicle" if logicle else None,
            range_min=0.2 if logicle else 100.0,
        )
        gate = fk.gates.RectangleGate(channel, dimensions=[dimension])
        strategy.add_gate(gate, gate_path=parent)
        parent = (*parent, channel)
    return strategy.gate_sample(sample)


def test_a_tube_takes_no_longer_than_flowkit_with_four_gates(task) -> None:
    path = task.folder / task.sample.fcs_file
    matrix = read_fcs(path, channels=()).spillover
    assert matrix is not None
    task = replace(task, extras=False)
    alone = replace(task, sample=replace(task.sample, fmo_file=""))
    assert quantify_tube(task).receptor.rd is not None
    whole, without_control, logicle, plain = median_seconds(
        lambda: quantify_tube(task),
        lambda: quantify_tube(alone),
        lambda: flowkit_gates(path, matrix, logicle=True),
        lambda: flowkit_gates(path, matrix, logicle=False),
    )
    print(
        f"\n{N_EVENTS:,} × {N_CHANNELS}: read to RD with interval {1e3 * whole:.0f} ms with its control tube, "
        f"{1e3 * without_control:.0f} ms without; FlowKit reading and four gates {1e3 * logicle:.0f} ms on logicle "
        f"axes, {1e3 * plain:.0f} ms on plain ones; ratio {whole / logicle:.2f} ({whole / plain:.2f} to plain; "
        f"without the control {without_control / plain:.2f})"
    )
    assert whole <= logicle
    assert without_control <= plain
