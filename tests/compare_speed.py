"""Is one checkout of the program slower than another? Both gate and quantify the same tubes, in turn.

`python tests/compare_speed.py BEFORE AFTER` takes the folders of two checkouts. The first one's simulator makes the
studies. Each program then works on the same files, in processes of its own, one after the other, round after round.
Measured is the processor time of one thread, twice: from a tube's events to its gates, and from its bytes to its
receptor density (control tube read too, nothing drawn or written). With `--command` also that of the whole
`cd38rd run`, as a process with one worker.

One line per row: median milliseconds a tube before and after, their ratio, and the lowest and the highest ratio of
single rounds: so far apart is what the machine itself does. Exit status 1 where a median ratio is above 1.05.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from compare_checkouts import called, must_be_imported_from

SCENARIOS, EVENTS = ("plain", "masked", "bimodal", "rare"), (5_000, 100_000, 300_000)
SEED, PATIENTS = 7, 3
"""Seed of every study, and its tubes."""
SLOWEST = 1.05
"""Ratio of the times, after to before, above which a row is too slow."""
WARM, REPEATS = 1, 3
"""Times that a process does the work before it counts, and times that count."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
GATING, WHOLE, COMMAND = "gating", "bytes to RD", "cd38rd run"
DOORS = {
    "read_study": ("pipeline.study.sheets.reading", "pipeline.study"),
    "bead_tasks": ("pipeline.running.tasks", "pipeline.tasks"),
    "tube_tasks": ("pipeline.running.tasks", "pipeline.tasks"),
    "calibrate_bead_run": ("pipeline.beads.calibrate", "pipeline.bead_run"),
    "quantify_tube": ("pipeline.quantification.quantify", "pipeline.quantify"),
    "read_tube": ("pipeline.tube.reading", "pipeline.tube"),
    "gate_plasma_cells": ("gating",),
}
"""Where a function is, in this layout and in older ones."""

Times = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """A study to simulate: one row of what is printed, for each kind of work."""

    scenario: str
    events: int
    seed: int

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.scenario}_{self.events}_{self.seed}"


def door(name: str) -> Callable[..., Any]:
    """Return a function of the program, wherever its layout has it."""
    for module in DOORS[name]:
        try:
            found: Callable[..., Any] = getattr(import_module(module), name)
        except (ImportError, AttributeError):
            continue
        return found
    raise SystemExit(f"{name} is in none of {', '.join(DOORS[name])}")


def measured(folder: Path) -> dict[str, float]:
    """Return the milliseconds of a study's tubes, a tube on average, by kind of work; in this very process."""
    study, faults = door("read_study")(folder)
    if study is None:
        raise SystemExit("\n".join(str(fault) for fault in faults))
    curves = tuple(door("calibrate_bead_run")(task) for task in door("bead_tasks")(study, {}))
    tasks = [replace(task, extras=False) for task in door("tube_tasks")(study, curves, {})]
    gate, quantify = door("gate_plasma_cells"), door("quantify_tube")
    times: dict[str, list[float]] = {GATING: [], WHOLE: []}
    for task in tasks:
        tube = door("read_tube")(task.folder / task.sample.fcs_file, task.panel)
        # events remember what was made of them: each time others
        fresh = (replace(tube.events) for _ in range(WARM + REPEATS))
        times[GATING].append(_milliseconds(partial(_gated, gate, fresh, tube.panel)))
        times[WHOLE].append(_milliseconds(partial(quantify, task)))
    return {work: sum(each) / len(tasks) for work, each in times.items()}


def _gated(gate: Callable[..., Any], events: Iterator[Any], panel: Any) -> object:
    return gate(next(events), panel)


def _milliseconds(work: Callable[[], object]) -> float:
    """Return the median processor time of this thread."""
    for _ in range(WARM):
        work()
    times = []
    for _ in range(REPEATS):
        started = time.thread_time()
        work()
        times.append(1e3 * (time.thread_time() - started))
    return median(times)


def commanded(checkout: Path, study: Path) -> float:
    """Return the milliseconds of processor time that `cd38rd run` takes, a tube, imports and all."""
    before = os.times()
    words = ("run", str(study), "--workers", "1", "--quiet", "--fresh")
    done = called(checkout, "-m", "pipeline.cli", *words, cwd=study.parent)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{checkout}: exit status {done.returncode}: {done.stdout}{done.stderr}")
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return 1e3 * used / PATIENTS


def in_a_process(checkout: Path, study: Path, *, command: bool) -> Times:
    """Return what a fresh process of a checkout measures."""
    done = called(checkout, __file__, "--measure", str(study), cwd=study.parent)
    if done.returncode:
        raise SystemExit(f"{checkout}: {done.stdout}{done.stderr}")
    times: dict[str, float] = json.loads(done.stdout)
    return {**times, COMMAND: commanded(checkout, study)} if command else times


def lines(row: Row, rounds: Sequence[tuple[Times, Times]]) -> Iterator[tuple[str, float]]:
    """Yield a line and its ratio for each kind of work: of each round the times before and after."""
    for work in rounds[0][0]:
        before, after = median(r[0][work] for r in rounds), median(r[1][work] for r in rounds)
        single = [r[1][work] / r[0][work] for r in rounds]
        ratio = after / before
        told = f"{row.scenario:<10} {row.events:>9,}  {work:<12} {before:8.1f} {after:8.1f}  {ratio:5.2f}"
        yield f"{told}  ({min(single):.2f} to {max(single):.2f})", ratio


def simulated(checkout: Path, row: Row, folder: Path) -> Path:
    """Simulate a study with a checkout's simulator; return its folder."""
    size = ("--patients", str(PATIENTS), "--events", str(row.events))
    words = ("simulate", row.name, "--scenario", row.scenario, "--seed", str(row.seed), *size)
    made = called(checkout, "-m", "pipeline.cli", *words, cwd=folder)
    if made.returncode:
        raise SystemExit(f"{row.name} cannot be simulated: {made.stdout}{made.stderr}")
    return folder / row.name / "study"


def compared(before: Path, after: Path, row: Row, folder: Path, chosen: argparse.Namespace) -> list[float]:
    """Measure a row in turn, now the one first, now the other; print its lines, return their ratios."""
    study, rounds = simulated(before, row, folder), []
    for n in range(chosen.rounds):
        order = (before, after) if n % 2 == 0 else (after, before)
        times = {one: in_a_process(one, study, command=chosen.command) for one in order}
        rounds.append((times[before], times[after]))
    ratios = []
    for line, ratio in lines(row, rounds):
        print(line, flush=True)
        ratios.append(ratio)
    return ratios


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, measure, say what was found; return the exit status."""
    parser = argparse.ArgumentParser(prog="compare_speed.py", description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path, help="folder of a checkout; its simulator makes the studies")
    parser.add_argument("after", type=Path, help="folder of the other one")
    parser.add_argument("--rounds", type=int, default=5, help="processes of each (5)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the studies ({SEED})")
    parser.add_argument("--events", type=int, nargs="+", default=EVENTS, help=f"of a tube {EVENTS}")
    parser.add_argument("--scenarios", nargs="+", default=SCENARIOS, help=" ".join(SCENARIOS))
    parser.add_argument("--command", action="store_true", help="measure `cd38rd run` as well")
    chosen = parser.parse_args(arguments)
    before, after = chosen.before.resolve(), chosen.after.resolve()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    print(
        f"seed {chosen.seed}, {PATIENTS} tubes a row, {chosen.rounds} rounds: ms a tube before, after, ratio"
    )
    ratios = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for checkout in (before, after):
            must_be_imported_from(checkout, folder)
        for events in chosen.events:
            for scenario in chosen.scenarios:
                ratios += compared(before, after, Row(scenario, events, chosen.seed), folder, chosen)
    slow = sum(ratio > SLOWEST for ratio in ratios)
    print(f"{len(ratios) - slow} of {len(ratios)} rows are at most {SLOWEST} times as slow as before.")
    return 1 if slow else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measured(Path(sys.argv[2]))))
    else:
        raise SystemExit(main())
