"""The pictures of a tube, against the work that the tube itself takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.output.figures.cd38 import cd38_svg
from pipeline.output.figures.gating import gating_html, gating_panels
from pipeline.quantification.quantify import quantify_tube
from pipeline.running.tasks import bead_tasks, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.study.sheets.reading import read_study

pytestmark = pytest.mark.benchmark

ROUNDS = 15
MOST_OF_THE_TUBE = 0.08
"""Share of a tube's own CPU time that its pictures may take."""


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the median CPU time of this thread for one call, in ms."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        work()
        times.append(1000 * (time.thread_time() - start))
    return statistics.median(times)


@pytest.mark.parametrize("events", [20_000, 300_000])
def test_the_pictures_take_a_small_part_of_the_tube_s_time(tmp_path, events: int) -> None:
    study, _ = read_study(simulate_study(tmp_path, patients=1, events=events, seed=4))
    assert study is not None
    calibrations = tuple(calibrate_bead_run(one) for one in bead_tasks(study, {}))
    (task,) = tube_tasks(study, calibrations, {})
    result = quantify_tube(task)
    assert result.histogram is not None
    histogram = result.histogram

    def draw() -> int:
        panels = gating_panels(result.pictures, result.steps)
        return len(gating_html(panels, "gates")) + len(
            cd38_svg(histogram, result.receptor, "cd38", curve=calibrations[0].curve)
        )

    pictures, tube = cpu_ms(draw), cpu_ms(lambda: quantify_tube(task))
    print(f"\n{events:,} events: pictures {pictures:.1f} ms, {draw() / 1000:.0f} kB; the tube {tube:.0f} ms")
    assert pictures < MOST_OF_THE_TUBE * tube
