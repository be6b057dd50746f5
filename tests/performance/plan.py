"""A plan on paper: 100,000 tubes on 64 workers, from the figures of this page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from performance.tubes import of_size
from validation.markdown import paragraph, table

TUBES, WORKERS, EVENTS = 100_000, 64, 100_000
TITLE = f"On paper: {TUBES:,} tubes on {WORKERS} workers"
DISK = 500e6
"""Bytes per second that a shared disk is taken to give. Convention: a 10 Gbit/s network file system, half used."""
READABLE = 200e6
"""Bytes of a report that a browser still opens. Convention."""
EASY = 0.1
"""Share of the time of the gating below which a part does not matter."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the run, with the seconds that it takes for all tubes, and what to do where it is the longest."""

    name: str
    how: str
    seconds: float
    to_do: str


def parts(figures: dict[str, Any]) -> list[Part]:
    """Return the parts of a run of so many tubes."""
    runs, cluster = figures["runs"], figures["cluster"]
    tube = of_size(figures, EVENTS)["everything"]
    n = runs["tubes"]
    joined = max(runs["again"]["run"] - runs["few_again"], 0.0) / (n - runs["few"])
    drawn = max(runs["again"]["report"] - runs["few_again"], 0.0) / n
    models = figures["models"][-1]
    checked = models["check"] / models["files"]
    read = runs["fcs_bytes"] / n + runs["store_bytes"] / n
    return [
        Part(
            "gating", f"{WORKERS} workers, {1e3 * tube:.0f} ms a tube", TUBES * tube / WORKERS, "more workers"
        ),
        Part(
            "scheduler",
            f"one process, {1e3 * cluster['empty']:.1f} ms a task",
            TUBES * cluster["empty"],
            "put several tubes into one task, or give several runs a part of the study each",
        ),
        Part(
            "file system",
            f"{read / 1e6:.1f} MB a tube, read once and stored, at {DISK / 1e6:.0f} MB/s",
            TUBES * read / DISK,
            "copy each worker's files to its own disk first, or spread them over several servers",
        ),
        Part(
            "headers",
            f"{1e3 * checked:.2f} ms a file, before the first tube, two files a tube",
            2 * TUBES * checked,
            "check the study once, beforehand",
        ),
        Part(
            "joining",
            f"one process, {1e3 * joined:.1f} ms a tube",
            TUBES * joined,
            "run the study in parts (one for each panel or site), and join their tables",
        ),
        Part(
            "models",
            f"one process, {models['seconds']:.0f} s for {models['patients']:,} patients",
            models["seconds"] * TUBES / models["patients"],
            "fit the models once, at the end, with `cd38rd washout`",
        ),
        Part(
            "report",
            f"one process, {1e3 * drawn:.1f} ms a tube",
            TUBES * drawn,
            "write a report for each part of the study",
        ),
    ]


def text(figures: dict[str, Any]) -> str:
    """Return the section."""
    found = parts(figures)
    gating, others = found[0], found[1:]
    rows = [(one.name, one.how, _time(one.seconds), f"{one.seconds / gating.seconds:.2f}") for one in found]
    written = f"## {TITLE}\n\n" + paragraph(
        f"Nobody has run this. It is calculated from the figures above for tubes of {EVENTS:,} events with a control. "
        "Every part is assumed to grow with its number of tubes. Parts with one process do not get faster with more "
        "workers."
    )
    written += table(("part", "how it goes", "time", "to the gating"), rows) + "\n"
    bends = sorted(
        (one for one in others if one.seconds > EASY * gating.seconds), key=lambda one: -one.seconds
    )
    if bends:
        written += "What limits the run, the longest part first:\n\n"
        written += "".join(f"- {one.name}, {_time(one.seconds)}: {one.to_do}.\n" for one in bends) + "\n"
    fine = [one.name for one in others if one not in bends]
    if fine:
        written += paragraph(f"Below a tenth of the gating: {', '.join(fine)}.")
    return written + paragraph(_limits(figures, gating))


def _limits(figures: dict[str, Any], gating: Part) -> str:
    runs, cluster = figures["runs"], figures["cluster"]
    rate = TUBES / gating.seconds
    most = (1 / cluster["empty"]) / (rate / WORKERS)
    per_tube = runs["report_bytes"] / runs["tubes"]
    demand = rate * runs["fcs_bytes"] / runs["tubes"]
    return (
        f"{WORKERS} workers finish {rate:,.0f} tubes a second and read {demand / 1e6:,.0f} MB/s of FCS files. One "
        f"scheduler can keep about {most:,.0f} workers busy. A report takes {per_tube / 1e3:.0f} kB a tube, "
        f"{TUBES * per_tube / 1e9:.1f} GB for all: a browser opens about {READABLE / per_tube:,.0f} tubes, so the "
        f"report is written in parts of this size. The results take {TUBES * runs['results_bytes'] / runs['tubes'] / 1e9:.1f} GB."
    )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
