"""A guard of the speed: ratios in one run, held against those that were written with docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from performance.measuring import ratio_of_least
from performance.references import Reference, task_of
from performance.studies import one_tube
from pipeline.fcs import read_fcs
from pipeline.quantification.quantify import quantify_tube

COMMITTED = Path(__file__).parent / "ratios.json"
FALLS_BACK = 1.25
"""A ratio that is so many times the committed one fails."""
ROUNDS = {2_000: 25, 100_000: 7}


def ratios(work: Path) -> dict[str, float]:
    """Return processor time as ratios: the least of several rounds, so that a busy machine fails nothing."""
    return dict(_ratios(work))


def _ratios(work: Path) -> Iterator[tuple[str, float]]:
    for n_events, rounds in ROUNDS.items():
        task = task_of(one_tube(work, n_events))
        bare, other = replace(task, extras=False), Reference.of(task)
        name = f"a tube of {n_events:,} events to its density, to FlowKit's four gates"
        yield name, ratio_of_least(lambda bare=bare: quantify_tube(bare), other.flowkit_gates, rounds)
    path = other.path
    yield (
        f"reading {n_events:,} events, to their bytes and one matrix product",
        ratio_of_least(lambda: read_fcs(path).events(), other.compensated, 5 * rounds),
    )


def fallen_back(
    measured: Mapping[str, float], committed: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Return the ratios that are worse than a quarter above the committed ones: what they are, and were."""
    return {
        name: (round(measured.get(name, float("inf")), 3), before)
        for name, before in committed.items()
        if not measured.get(name, float("inf")) <= FALLS_BACK * before
    }


def committed_ratios() -> dict[str, float]:
    """Return the ratios that were written last."""
    found: dict[str, float] = json.loads(COMMITTED.read_text("utf-8"))
    return found


def measure(work: Path) -> dict[str, dict[str, float]]:
    """Return the ratios as figures of the page."""
    return {"guard": {name: round(ratio, 3) for name, ratio in ratios(work).items()}}


def text(figures: dict[str, dict[str, float]]) -> str:
    """Return the section."""
    from validation.markdown import paragraph, table

    rows = [(name, f"{ratio:.2f}") for name, ratio in sorted(figures["guard"].items())]
    return (
        "## What is guarded\n\n"
        + paragraph(
            "`.ci/run` measures these ratios of processor time again (the shortest of several rounds). It fails if one "
            "is worse by more than 25 %."
        )
        + table(("ratio", "now"), rows)
    )
