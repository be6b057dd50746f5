"""Whole runs as a person starts them: one worker and two, a run again, the models and the report from the store."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path
from typing import Any

from helpers.page_server import cd38rd_command
from performance.measuring import in_turn
from performance.references import Reference, task_of
from performance.studies import simulated
from validation.markdown import paragraph, table

TUBES, EVENTS, FEW = 60, 100_000, 6
AGAIN = 3
"""Times that a short command is measured: the median counts."""


def measure(work: Path) -> dict[str, Any]:
    """Return seconds of the clock, each command in a process of its own."""
    folder = simulated(work, patients=TUBES, events=EVENTS)
    (flowkit,) = in_turn(Reference.of(task_of(folder)).flowkit_gates, rounds=9)
    seconds = {workers: _fresh(folder, "--workers", str(workers)) for workers in (2, 1)}
    few = simulated(work, patients=FEW, events=EVENTS)
    _fresh(few)
    again = {command: _again(folder, command) for command in ("run", "washout", "report", "check")}
    return {
        "runs": {
            "tubes": TUBES,
            "events": EVENTS,
            "flowkit": flowkit.wall,
            "one_worker": seconds[1],
            "two_workers": seconds[2],
            "few": FEW,
            "few_again": _again(few, "run"),
            "again": again,
            "results_bytes": _bytes(folder / "results"),
            "store_bytes": _bytes(folder / "results" / "store"),
            "report_bytes": (folder / "results" / "report.html").stat().st_size,
            "fcs_bytes": _bytes(folder / "fcs"),
        }
    }


def _fresh(folder: Path, *options: str) -> float:
    """Return the seconds of a run of a study without results."""
    shutil.rmtree(folder / "results", ignore_errors=True)
    return _seconds("run", folder, "--quiet", *options)


def _again(folder: Path, command: str) -> float:
    return statistics.median(_seconds(command, folder) for _ in range(AGAIN))


def _seconds(command: str, folder: Path, *options: str) -> float:
    start = time.perf_counter()
    cd38rd_command(command, folder, *options)
    return time.perf_counter() - start


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def text(figures: dict[str, Any]) -> str:
    """Return the section."""
    runs = figures["runs"]
    n, flowkit = runs["tubes"], runs["flowkit"]
    written = "## A whole run\n\n" + paragraph(
        f"`cd38rd run` of {n} tubes of {runs['events']:,} events, each with its control, from a study without "
        "results to all tables, the workbook and the report. Times are wall-clock seconds from the start of the "
        f"command to its end. FlowKit takes {1e3 * flowkit:.0f} ms for the file of one tube and four gates in the same run."
    )
    rows = [
        (name, f"{seconds:.1f} s", f"{1e3 * seconds / n:.0f} ms", f"{seconds / n / flowkit:.2f}")
        for name, seconds in (("1 worker", runs["one_worker"]), ("2 workers", runs["two_workers"]))
    ]
    written += table(("", "run", "a tube", "a tube, to FlowKit"), rows) + "\n"
    written += paragraph(
        f"Two workers are {runs['one_worker'] / runs['two_workers']:.2f} times as fast as one."
    )
    written += "The same commands again, without new tubes:\n\n"
    rows = [(f"`cd38rd run` of {runs['few']} finished tubes", f"{runs['few_again']:.2f} s")]
    rows += [
        (f"`cd38rd {command}` of {n} finished tubes", f"{seconds:.2f} s")
        for command, seconds in runs["again"].items()
    ]
    return written + table(("", "seconds"), rows) + "\n"
