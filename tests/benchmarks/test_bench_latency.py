"""How long the bench takes: a gate is dragged (held), and let go (settled), on small and on very large tubes.

`BENCH_EVENTS=10000000` measures one size alone; the largest takes minutes to simulate and several GB.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.commands.run import run_study
from pipeline.review.bench import Bench, load_study, open_bench
from pipeline.review.view import Move, StepView, View
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study
from pipeline.study.polygon import TypedPolygon

pytestmark = [pytest.mark.benchmark, pytest.mark.filterwarnings("ignore")]

SIZES = (100_000, 1_000_000)
ASKED = {1_000_000: 0.2, 10_000_000: 0.5}
"""Seconds that a held view may take, as the page wants it; printed, since a busy machine is slower."""
PLACES = 12


@dataclass(frozen=True)
class Drag:
    """A gate that is dragged over some places: the moves of each."""

    name: str
    places: tuple[tuple[Move, ...], ...]


@pytest.mark.parametrize(
    "n_events", [int(os.environ["BENCH_EVENTS"])] if "BENCH_EVENTS" in os.environ else SIZES
)
def test_a_dragged_gate_is_followed_at_once(
    tmp_path: Path, n_events: int, capsys: pytest.CaptureFixture[str]
):
    folder = simulate_study(tmp_path / "study", patients=1, events=n_events, seed=4)
    assert run_study(folder, RunOptions(workers=1), QuietReporter()).exit_status == 0
    loaded_study = load_study(folder)
    opened, bench = timed(lambda: open_bench(loaded_study, loaded_study.study.samples[0].sample_id))
    first, view = timed(bench.start)
    lines = [f"{n_events:,} events, {len(view.steps)} steps, {memory_of(bench) / 1e6:,.0f} MB on the bench"]
    lines.append(f"  read and compensated {opened:.2f} s, first view {first:.2f} s")
    asked = ASKED.get(n_events)
    for drag in drags(bench, view):
        bench.start()
        bench.dragged(drag.places[0])
        taken = [timed(lambda moves=moves: bench.dragged(moves)) for moves in drag.places[1:]]
        assert all(not held.settled for _, held in taken)
        seconds = sorted(each for each, _ in taken)
        settled, end = timed(lambda drag=drag: bench.settled(drag.places[-1]))
        assert end.settled
        worst = seconds[int(0.95 * (len(seconds) - 1) + 0.5)]
        goal = "" if asked is None else f" (asked: {1e3 * asked:.0f})"
        lines.append(
            f"  {drag.name:<28} held {1e3 * statistics.median(seconds):.0f} ms, P95 {1e3 * worst:.0f} ms{goal}; "
            f"settled {settled:.2f} s"
        )
    with capsys.disabled():
        print("\n" + "\n".join(lines))


def drags(bench: Bench, view: View) -> Iterator[Drag]:
    """Yield a drag of each kind: the earliest threshold, the ratio, an anchor, and vertices of polygons."""
    del bench
    steps = {step.step: step for step in view.steps}
    for name in ("debris", "singlets", "viable", "plasma_cells"):
        if steps[name].cuts:
            cut = steps[name].cuts[0]
            values = [cut.value * (1 + 0.01 * k) for k in range(PLACES)]
            yield Drag(f"threshold {cut.gate}", tuple((Move(cut.gate, value),) for value in values))
    for name in ("singlets", "plasma_cells"):
        if steps[name].polygon is not None:
            yield Drag(f"a vertex of {name}", tuple(_vertex_places(steps[name])))


def _vertex_places(step: StepView) -> Iterator[tuple[Move, ...]]:
    polygon = step.polygon
    assert polygon is not None
    for k in range(PLACES):
        (x, y), *others = polygon.vertices
        reach = max(abs(other[0] - x) for other in others)
        moved = ((x + 0.01 * k * reach, y), *others)
        yield (Move(step.step, polygon=TypedPolygon(polygon.x, polygon.y, moved)),)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Return the seconds that a work takes, and what it gives."""
    started = time.perf_counter()
    made = work()
    return time.perf_counter() - started, made


def memory_of(bench: Bench) -> int:
    """Return the bytes of the arrays that a tube on the bench keeps."""
    return bench.n_bytes
