"""The pictures of a tube, against the work that the tube itself takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

from calibration.curve.drift import DriftPoint, DriftSeries
from calibration.curve.standard_curve import CurveVerdict
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.output.figures.beads import bead_pictures
from pipeline.output.figures.cd38 import cd38_of
from pipeline.output.figures.drift import drift_pictures
from pipeline.output.figures.gating import gating_html, gating_panels
from pipeline.output.figures.svg.picture_page import in_page, side_by_side
from pipeline.quantification.quantify import quantify_tube
from pipeline.running.tasks import bead_tasks, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.study.sheets.reading import read_study

pytestmark = pytest.mark.benchmark

ROUNDS = 15
BEFORE_BEADS, BEFORE_DRIFT = 83.0, 100.0
"""CPU ms that matplotlib took for the same pictures, measured on the machine of the figures in docs."""

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
def test_the_pictures_of_a_tube_and_a_bead_run_take_little_time(tmp_path, events: int) -> None:
    study, _ = read_study(simulate_study(tmp_path, patients=1, events=events, seed=4))
    assert study is not None
    calibrations = tuple(calibrate_bead_run(one) for one in bead_tasks(study, {}))
    (task,) = tube_tasks(study, calibrations, {})
    result = quantify_tube(task)
    run = calibrations[0]

    def draw() -> int:
        panels = gating_panels(result.pictures, result.steps)
        histogram = cd38_of(result, run.curve, {})
        assert histogram is not None
        return len(gating_html(panels, "gates")) + len(in_page(histogram, "cd38", name="cd38"))

    def draw_beads() -> int:
        return len(side_by_side(bead_pictures(run), "beads", name="beads", class_="charts"))

    def draw_drift() -> int:
        return len(side_by_side(drift_pictures(SERIES), "drift", name="drift", class_="charts"))

    pictures, tube = cpu_ms(draw), cpu_ms(lambda: quantify_tube(task))
    print(f"\n{events:,} events: pictures {pictures:.1f} ms, {draw() / 1000:.0f} kB; the tube {tube:.0f} ms")
    for name, work, before in (("bead run", draw_beads, BEFORE_BEADS), ("drift", draw_drift, BEFORE_DRIFT)):
        now = cpu_ms(work)
        print(
            f"{name}: {now:.2f} ms, {work() / 1000:.0f} kB; with matplotlib {before:.0f} ms: {before / now:.0f} ×"
        )
        assert now < MOST_OF_THE_TUBE * tube
    assert pictures < MOST_OF_THE_TUBE * tube


def _series() -> tuple[DriftSeries, ...]:
    points = tuple(
        DriftPoint(
            1000.0 + 10 * (k % 5), 1020.0, 15.0, (k % 5 - 2) / 1.5, (), CurveVerdict.ACCEPT, provisional=False
        )
        for k in range(30)
    )
    days = tuple(f"2024-01-{day:02}" for day in range(1, 31))
    return tuple(DriftSeries(f"bead {k}", days, points) for k in range(6))


SERIES = _series()
