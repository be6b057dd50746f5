"""A tube over its own time: a stain that becomes brighter or dimmer is flagged, and sound tubes are not."""

from __future__ import annotations

import shutil
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gating.events.events import BLOCK
from helpers.rewritten import rewrite
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.task import TubeTask
from pipeline.running.tasks import bead_tasks, input_hashes, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.study.sheets.reading import read_study
from pipeline.tube.steady_stain import AT_MEDIAN, BRIGHTER_HALF, every_nth, largest_change

CHANGES = {
    "rises": (lambda u: 1 + 0.4 * u, True),
    "falls": (lambda u: 1 - 0.3 * u, True),
    "a step": (lambda u: 1 + 0.2 * (u > 0.5), True),
    "hardly": (lambda u: 1 + 0.05 * u, False),
    "not": (np.ones_like, False),
}


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> TubeTask:
    folder = simulate_study(tmp_path_factory.mktemp("tubes"), patients=1, events=20_000, seed=5)
    study, _ = read_study(folder)
    assert study is not None
    calibrations = tuple(calibrate_bead_run(one) for one in bead_tasks(study, {}))
    return tube_tasks(study, calibrations, input_hashes(study))[0]


def in_file_order(time):
    return np.arange(time.size)


def with_change(task: TubeTask, folder: Path, change, order=in_file_order) -> TubeTask:
    """The task with another stained file: the PE light of each event is multiplied as its time says."""
    shutil.copytree(task.folder, folder)

    def changed(values, channels):
        time = values[channels.index("Time")]
        values[channels.index("PE-A")] *= change(time / time.max())
        return values[:, order(time)]

    rewrite(folder / task.sample.fcs_file, events=changed)
    return replace(task, folder=folder, files_sha256=())


@pytest.mark.parametrize("name", CHANGES)
def test_a_stain_that_changes_during_the_acquisition_is_flagged_with_its_size(task, tmp_path, name):
    change, flagged = CHANGES[name]
    found = quantify_tube(with_change(task, tmp_path / "study", change))
    assert ("STAIN_UNSTEADY" in found.flags) is flagged
    assert ("cells change in brightness by" in found.note or "singlets change" in found.note) is flagged


def test_times_tell_the_order_of_events_that_were_sorted_by_other_software(task, tmp_path):
    shuffled = with_change(
        task,
        tmp_path / "study",
        CHANGES["rises"][0],
        lambda time: np.random.default_rng(1).permutation(time.size),
    )
    assert "STAIN_UNSTEADY" in quantify_tube(shuffled).flags


def test_a_time_that_begins_again_hides_no_change(task, tmp_path):
    study = with_change(task, tmp_path / "study", CHANGES["a step"][0])

    def again(values, channels):
        time = values[channels.index("Time")]
        values[channels.index("Time")] = time % (time.max() / 2)
        return values

    rewrite(study.folder / task.sample.fcs_file, events=again)
    assert "STAIN_UNSTEADY" in quantify_tube(study).flags


def lognormal(n, seed=1):
    return 1000 * np.exp(np.random.default_rng(seed).normal(0, 0.8, n))


def test_another_mix_of_cells_is_no_change_of_the_stain():
    values = lognormal(20_000)
    values[15_000::4] *= 8  # a quarter of the late events are bright cells
    assert largest_change(values, BRIGHTER_HALF, "cells") is None
    assert largest_change(
        np.concatenate([lognormal(10_000), 1.3 * lognormal(10_000, 2)]), BRIGHTER_HALF, "cells"
    )


def test_few_events_and_dim_ones_are_not_judged():
    rising = np.linspace(1, 2, 240)
    assert largest_change(rising * lognormal(240), AT_MEDIAN, "cells") is None
    assert largest_change(np.linspace(1, 2, 5000) * (lognormal(5000) - 5000), AT_MEDIAN, "cells") is None


@pytest.mark.parametrize("n", [300, 3000, 30_000])
@pytest.mark.parametrize("levels", [AT_MEDIAN, BRIGHTER_HALF])
def test_sound_events_show_no_change(n, levels):
    assert [largest_change(lognormal(n, seed), levels, "cells") for seed in range(30)] == [None] * 30


def test_the_size_and_the_parts_are_those_of_the_change():
    step = largest_change(lognormal(50_000) * np.repeat([1.0, 1.3], [30_000, 20_000]), AT_MEDIAN, "cells")
    assert step.change == pytest.approx(0.3, abs=0.06)
    assert step.earlier <= 3 < step.later


@pytest.mark.parametrize("n", [260, 400, 1000])
def test_two_kinds_of_cells_in_equal_numbers_are_no_change(n):
    rng = np.random.default_rng(5)
    dim, bright = rng.lognormal(4, 0.3, (200, n)), rng.lognormal(6, 0.3, (200, n))
    cells = np.where(rng.random((200, n)) < 0.5, dim, bright)
    changed = [largest_change(one.astype(np.float32), AT_MEDIAN, "quantified cells") for one in cells]
    assert sum(change is not None for change in changed) <= 3  # 50 of 200 where each part told its own SD


@pytest.mark.parametrize("n", [1, 2, 7, 100_003])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_regular_sample_takes_every_nth_event_whatever_the_block_it_lies_in(n, share):
    mask = np.random.default_rng(n).uniform(size=3 * BLOCK + 5) < share
    assert every_nth(mask, n).tolist() == np.flatnonzero(mask)[::n].tolist()


def test_a_regular_sample_of_a_large_tube_takes_less_memory_than_the_rows_of_its_events():
    mask = np.ones(20 * BLOCK, np.bool_)
    tracemalloc.start()
    try:
        every_nth(mask, 50)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * BLOCK * 8  # bytes: a quarter of all rows
