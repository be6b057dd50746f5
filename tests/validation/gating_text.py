"""The section of docs/validation.md on the gating of plasma cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from validation.gated_tubes import FEWEST_FOR_RD, SURE, GatedTube
from validation.gating_robustness import Change
from validation.markdown import paragraph, percent, table

BANDS = ((0.0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01))
GOOD = 0.9
MOST_CHANGE = 0.03


def section(simulated: Sequence[GatedTube], other: Sequence[GatedTube], changes: Sequence[Change]) -> str:
    """Return the section."""
    columns = (
        "tubes with ≥ 100 cells", "F1, median", "F1, P5", "error, ≥ 500 cells, P95", "50–499 cells, P95",
        "unsure (< 0.5)", f"sure (≥ {SURE})",
    )  # fmt: skip
    good = f"F1 ≥ {GOOD}"
    parts = [
        "## Gating of plasma cells\n",
        _head(simulated, other),
        table(
            ("tubes", "goal", "simulator: all", "given", "second generator: all", "given"),
            _overall(simulated, other),
        ),
        "### Scenario by scenario, panel by panel\n",
        table(("simulator", *columns), [row for name in NAMES[:2] for row in _rows(simulated, name)]),
        table(("second generator", *columns), [row for name in NAMES for row in _rows(other, name)]),
        "### Is the confidence right?\n",
        f"Of tubes with at least {FEWEST_FOR_RD} plasma cells or none.\n",
        table(
            ("confidence", "simulator: tubes", good, "second generator: tubes", good),
            _bands(simulated, other),
        ),
        "### What must not matter\n",
        table(("changed", "scenarios", "times", "change, P95", "largest", "goal"), _changes(changes)),
    ]
    return "\n".join(parts)


NAMES: tuple[Callable[[GatedTube], str], ...] = (
    lambda tube: tube.wanted.scenario,
    lambda tube: tube.wanted.panel,
    lambda tube: tube.wanted.instrument,
)


def _head(simulated: Sequence[GatedTube], other: Sequence[GatedTube]) -> str:
    colours = sorted({tube.colours for tube in (*simulated, *other)})
    return paragraph(
        f"{len(simulated)} tubes of the project's simulator (every scenario, two instruments, five panels) and "
        f"{len(other)} of a second generator with another design (clouds of Student's t; float, zero-clipped "
        f"integer and log-amplified scales; brightness, mix and autofluorescence drawn for each tube), {colours[0]} to "
        f"{colours[-1]} colours including the quantified one. F1: gated plasma cells compared with the labels. Error: "
        "the CD38 median of the cells that would be quantified, compared with that of the true cells. It is given where the true median is at "
        "least 1,000 molecules and a density is reported. A tube without matrix is read with its control, as in a run. "
        "*Given*: without `LOW_GATE_CONFIDENCE`. The seeds were used neither for development nor for fitting "
        "(`python -m validation.certainty`)."
    )[:-1]


def _overall(simulated: Sequence[GatedTube], other: Sequence[GatedTube]) -> list[tuple[str, ...]]:
    many, few = (lambda t: t.n_plasma_cells >= 100), (lambda t: 20 <= t.n_plasma_cells < 100)
    large, small = (lambda t: t.true_cells >= 500), (lambda t: 50 <= t.true_cells < 500)
    groups = [kept for tubes in (simulated, other) for kept in (tubes, [t for t in tubes if t.given])]
    empty = [[t for t in tubes if t.n_plasma_cells == 0] for tubes in (simulated, other)]
    false = [f"{sum(t.given for t in tubes)}/{len(tubes)}" for tubes in empty]
    return [
        ("≥ 100 plasma cells: F1, median", "≥ 0.98", *(_median(t for t in g if many(t)) for g in groups)),
        ("F1, P5", "≥ 0.90", *(_low(t for t in g if many(t)) for g in groups)),
        ("20–99 plasma cells: F1, median", "≥ 0.93", *(_median(t for t in g if few(t)) for g in groups)),
        ("≥ 500 cells: error, P95", "≤ 2 %", *(_error(t for t in g if large(t)) for g in groups)),
        ("50–499 cells: error, P95", "≤ 5 %", *(_error(t for t in g if small(t)) for g in groups)),
        ("20 cells or more, but no clear population: no density", "", *(_withheld(g) for g in groups)),
        ("no plasma cells: given a density", "none", "", false[0], "", false[1]),
    ]


def _rows(tubes: Sequence[GatedTube], name: Callable[[GatedTube], str]) -> list[tuple[str, ...]]:
    many = [tube for tube in tubes if tube.n_plasma_cells >= 100]
    return [_row(key, [tube for tube in many if name(tube) == key]) for key in dict.fromkeys(map(name, many))]


def _row(name: str, tubes: Sequence[GatedTube]) -> tuple[str, ...]:
    return (
        name, str(len(tubes)), _median(tubes), _low(tubes),
        _error(t for t in tubes if t.true_cells >= 500), _error(t for t in tubes if 50 <= t.true_cells < 500),
        str(sum(t.confidence < 0.5 for t in tubes)), str(sum(t.confidence >= SURE for t in tubes)),
    )  # fmt: skip


def _bands(simulated: Sequence[GatedTube], other: Sequence[GatedTube]) -> list[tuple[str, ...]]:
    return [
        (f"{low:.1f} to {min(high, 1.0):.1f}", *_band(simulated, low, high), *_band(other, low, high))
        for low, high in BANDS
    ]


def _band(tubes: Sequence[GatedTube], low: float, high: float) -> tuple[str, str]:
    told = [t for t in tubes if t.n_plasma_cells == 0 or t.n_plasma_cells >= FEWEST_FOR_RD]
    inside = [t for t in told if low <= t.confidence < high]
    good = sum(t.f1 >= GOOD for t in inside)
    return str(len(inside)), f"{good} ({percent(good / len(inside), 1)})" if inside else ""


def _changes(changes: Sequence[Change]) -> list[tuple[str, ...]]:
    rows = []
    for kind in dict.fromkeys(change.kind for change in changes):
        own = [change for change in changes if change.kind == kind]
        exact = kind.startswith("events and channels")
        wanted = "0, cell for cell" if exact else f"≤ {percent(MOST_CHANGE, 0)}"
        rows.append((kind, "all", *_sizes(own), wanted))
        if not exact:
            names = dict.fromkeys(change.scenario for change in own)
            rows += [(kind, name, *_sizes([c for c in own if c.scenario == name]), wanted) for name in names]
    return rows


def _sizes(changes: Sequence[Change]) -> tuple[str, str, str]:
    sizes = np.abs([change.change for change in changes])
    worst = float(np.max(sizes)) if np.isfinite(sizes).all() else float("nan")
    return str(sizes.size), _percent(float(np.quantile(sizes, 0.95))), _percent(worst)


def _median(tubes: Iterable[GatedTube]) -> str:
    scores = [tube.f1 for tube in tubes]
    return f"{np.median(scores):.3f}" if scores else ""


def _low(tubes: Iterable[GatedTube]) -> str:
    scores = [tube.f1 for tube in tubes]
    return f"{np.quantile(scores, 0.05):.3f}" if scores else ""


def _error(tubes: Iterable[GatedTube]) -> str:
    errors = [abs(tube.error) for tube in tubes if np.isfinite(tube.error)]
    return f"{_percent(float(np.quantile(errors, 0.95)))} ({len(errors)})" if errors else ""


def _withheld(tubes: Sequence[GatedTube]) -> str:
    return f"{sum(tube.withheld for tube in tubes)}/{sum(tube.true_cells >= FEWEST_FOR_RD for tube in tubes)}"


def _percent(part: float) -> str:
    return percent(part, 1) if np.isfinite(part) else "lost"
