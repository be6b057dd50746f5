"""One tube, from the bytes of its file to its density with interval: time and memory, at four sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from performance import studies
from performance.measuring import Spent, in_turn
from performance.memory import peak_bytes
from performance.references import Reference, task_of
from performance.studies import one_tube
from pipeline.fcs import read_fcs
from pipeline.quantification.quantify import quantify_tube
from validation.markdown import paragraph, table

SIZES = (2_000, 100_000, 1_000_000, 10_000_000)
ROUNDS = {2_000: 15, 100_000: 9, 1_000_000: 3, 10_000_000: 1}
MIXED = 100_000
"""Events up to which the mixture is fitted: it takes minutes above."""


def measure(work: Path) -> dict[str, Any]:
    """Return the figures of each size."""
    quantify_tube(task_of(one_tube(work, SIZES[0])))  # what is imported late does not count
    return {"tubes": [_size(work, n_events) for n_events in SIZES if n_events <= studies.MOST]}


def _size(work: Path, n_events: int) -> dict[str, Any]:
    folder = one_tube(work, n_events)
    task = task_of(folder)
    bare, other = replace(task, extras=False), Reference.of(task)
    file = read_fcs(other.path, channels=())
    works = [lambda: quantify_tube(bare), lambda: quantify_tube(task), other.flowkit_gates, other.floor]
    spent: list[Spent] = in_turn(*works, rounds=ROUNDS[n_events])
    mixture = None
    if n_events <= MIXED:
        (mixture,) = in_turn(other.flowkit_and_mixture, rounds=1)
    data = 4 * n_events * len(file.channels)
    small = one_tube(work, SIZES[0])
    return {
        "events": n_events,
        "channels": len(file.channels),
        "data_bytes": data,
        "rd": spent[0].cpu,
        "everything": spent[1].cpu,
        "flowkit": spent[2].cpu,
        "floor": spent[3].cpu,
        "mixture": None if mixture is None else mixture.cpu,
        "memory": peak_bytes(small, folder, extras=False) if n_events > MIXED else None,
        "memory_everything": peak_bytes(small, folder, extras=True) if n_events > MIXED else None,
    }


def of_size(figures: dict[str, Any], n_events: int) -> dict[str, Any]:
    """Return the figures of one size."""
    return next(row for row in figures["tubes"] if row["events"] == n_events)


def text(figures: dict[str, Any]) -> str:
    """Return the section."""
    rows = figures["tubes"]
    written = "## One tube\n\n" + paragraph(
        "The table gives the processor time from the bytes of the file to the receptor density with its interval, "
        "with the control tube, in one thread. It is the shortest of several rounds in which all tasks take turns. "
        "*With everything* adds the sentinels and the data for the pictures of the report. *FlowKit* "
        "reads the same file, compensates it and applies four fixed range gates on logicle axes, without a "
        "control tube. *Mixture* is FlowKit, then scikit-learn's `GaussianMixture` of eight components on all "
        "markers but CD38. *Floor* reads the bytes and computes one matrix product in float32 and one logicle for "
        "each channel of the matrix; nothing is gated."
    )
    columns = ("events", "RD with interval", "with everything", "FlowKit", "mixture", "floor")
    written += table(
        columns,
        [
            (
                f"{row['events']:,}",
                *(
                    "not fitted" if row[name] is None else f"{1e3 * row[name]:,.0f} ms"
                    for name in ("rd", "everything", "flowkit", "mixture", "floor")
                ),
            )
            for row in rows
        ],
    )
    written += "\nAs ratios, which are similar on other computers:\n\n"
    columns = ("events", "to FlowKit", "with everything, to FlowKit", "to the mixture", "to the floor")
    written += table(
        columns,
        [
            (
                f"{row['events']:,}",
                f"{row['rd'] / row['flowkit']:.2f}",
                f"{row['everything'] / row['flowkit']:.2f}",
                "–" if row["mixture"] is None else f"1 : {row['mixture'] / row['rd']:.0f}",
                f"{row['rd'] / row['floor']:.1f}",
            )
            for row in rows
        ],
    )
    written += "\n" + paragraph(_memory(rows))
    return written


def _memory(rows: list[dict[str, Any]]) -> str:
    told = [
        f"{row['memory'] / row['data_bytes']:.2f} × the DATA segment at {row['events']:,} events × "
        f"{row['channels']} channels ({row['memory_everything'] / row['data_bytes']:.2f} × with everything)"
        for row in rows
        if row["memory"] is not None
    ]
    if not told:
        return f"Memory is measured on tubes of more than {MIXED:,} events."
    first, last = rows[1], rows[-1]
    grown = f"{last['rd'] / first['rd']:.0f} times the time of {first['events']:,}"
    return (
        f"Memory beyond that of an idle process: {'; '.join(told)}. {last['events']:,} events take {grown}."
    )
