"""Does a change far below the noise change any cell? Every validation tube is shaken, draw after draw.

`python -m validation.steadiness` (in `tests`) moves every value but the time by a millionth of its noise, and by a
millionth of its channel's spread, which is up to a thousand times more. It gates the tube again, and writes how many
tubes change any cell, and how far their cells and densities change; then each tube that does, the most changed one
first, with the first step in which it differs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from gating import GatedPopulation, gate_plasma_cells
from gating.events import Mask
from validation.gated_tubes import gate
from validation.gating_robustness import Shake, shaken
from validation.gating_tubes import EMPTY, INSTRUMENTS, PANELS, SCENARIOS, KnownTube, Wanted, known_tube
from validation.markdown import paragraph, table

DRAWS, EVENTS = 10, 40_000
SEEDS = range(501, 506)
"""Seeds of the tubes: each with every scenario, the instruments and panels in turn."""
FEWEST_CELLS = 50
"""Cells from which a change of the density counts; as in gating_robustness."""


@dataclass(frozen=True, slots=True)
class Shaken:
    """A tube and what shaking it changed, the most of its draws.

    Attributes
    ----------
    cells
        Cells that joined or left the quantified population, relative to it.
    density
        Relative change of their CD38 median; NaN where there are too few cells or no density to speak of.
    draws
        Draws in which any cell of any step changed.
    step
        The first step that changed in any draw, "" where none did.
    """

    wanted: Wanted
    cells: float
    density: float
    draws: int
    step: str


def wanted_tubes(seeds: Iterable[int]) -> list[Wanted]:
    """Return every scenario with each seed, the instruments and panels in turn."""
    scenarios = (*SCENARIOS, EMPTY)
    each = [(scenario, seed) for seed in seeds for scenario in scenarios]
    return [
        Wanted(scenario, INSTRUMENTS[n % 2], PANELS[(n // 2) % len(PANELS)][0], seed, EVENTS)
        for n, (scenario, seed) in enumerate(each)
    ]


def shaken_tube(wanted: Wanted, shake: Shake = Shake.SPREAD) -> Shaken:
    """Shake a tube and return what changed."""
    known = known_tube(wanted)
    usual = gate(known)
    before = quantified(usual)
    cells, density, draws, steps = 0.0, 0.0, 0, set()
    for draw in range(DRAWS):
        events = shaken(known.events, known.panel, 1_000 * wanted.seed + draw, shake)
        after = gate_plasma_cells(events, known.panel)
        changed = changed_steps(usual, after)
        draws += bool(changed)
        steps.update(changed[:1])
        found = quantified(after)
        cells = max(cells, np.count_nonzero(found != before) / max(1, np.count_nonzero(before)))
        density = max(density, abs(median(known, found) / median(known, before) - 1))
    if np.count_nonzero(before) < FEWEST_CELLS or not median(known, before) >= known.floor:
        density = float("nan")
    order = [step.name for step in usual.steps]
    return Shaken(wanted, cells, density, draws, min(steps, key=order.index, default=""))


def changed_steps(usual: GatedPopulation, after: GatedPopulation) -> list[str]:
    """Return the names of the steps after which other cells are left, in the steps' order."""
    pairs = zip(usual.steps, usual.step_masks, after.step_masks, strict=True)
    return [step.name for step, old, new in pairs if not np.array_equal(old, new)]


def quantified(gated: GatedPopulation) -> Mask:
    """Return the cells whose density is told."""
    return gated.mask if gated.aberrant is None else gated.aberrant


def median(known: KnownTube, found: Mask) -> float:
    """Return the CD38 median of some cells, NaN without any."""
    return float(np.median(known.cd38[found])) if found.any() else float("nan")


def summary(tubes: Sequence[Shaken]) -> list[str]:
    """Return the sentences: how many tubes change, how far, and each that does."""
    moved = sorted((tube for tube in tubes if tube.draws), key=lambda tube: -tube.cells)
    cells = [tube.cells for tube in tubes]
    densities = [tube.density for tube in tubes if np.isfinite(tube.density)]
    quantified_too = sum(c > 0 for c in cells)
    said = [f"{len(tubes)} tubes, each shaken {DRAWS} times:"]
    said += [
        f"{len(moved)} change any cell of any step, {quantified_too} a quantified cell.",
        f"Quantified cells: P95 {np.quantile(cells, 0.95):.2%}, worst {max(cells):.2%}.",
    ]
    if densities:
        said.append(f"Density: P95 {np.quantile(densities, 0.95):.3%}, worst {max(densities):.3%}.")
    return [*said, *(_line(tube) for tube in moved)]


def section(by_noise: Sequence[Shaken], by_spread: Sequence[Shaken]) -> str:
    """Return the section of docs/validation.md."""
    moved = sorted((tube for tube in by_spread if tube.draws), key=lambda tube: -tube.cells)
    columns = ("tube", "draws of 10 that change a cell", "quantified cells", "density", "first step")
    rows = [
        (
            _name(t),
            str(t.draws),
            f"{t.cells:.2%}",
            f"{t.density:.3%}" if np.isfinite(t.density) else "",
            t.step,
        )
        for t in moved
    ]
    text = (
        "A decision that lies near its limit must not fall otherwise with the last digit of a value. Every value but "
        f"the time is moved ten times, and the tube is gated again. By a millionth of its noise: {_said(by_noise)} By "
        "a millionth of its channel's spread, for dim cells up to a thousand times more: "
        f"{_said(by_spread)} The tubes that the latter changes (`make steadiness`):"
    )
    return "## Steadiness\n\n" + paragraph(text) + table(columns, rows)


def _said(tubes: Sequence[Shaken]) -> str:
    moved = sum(tube.draws > 0 for tube in tubes)
    said = " ".join(summary(tubes)[1:][: -moved or None])
    return f"of {len(tubes)} tubes {said}"


def _line(tube: Shaken) -> str:
    return f"  {_name(tube)}: {tube.draws} draws, cells {tube.cells:.2%}, density {tube.density:.3%}, from {tube.step}"


def _name(tube: Shaken) -> str:
    wanted = tube.wanted
    return f"{wanted.scenario}, {wanted.instrument}, {wanted.panel}, seed {wanted.seed}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Shake the tubes of the seeds and print what changed."""
    parser = argparse.ArgumentParser(prog="validation.steadiness", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--seeds", type=int, nargs=2, default=(SEEDS.start, SEEDS.stop), help="first, one past last"
    )
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(arguments)
    wanted = wanted_tubes(range(*chosen.seeds))
    with ProcessPoolExecutor(chosen.workers) as pool:
        for shake in Shake:
            print(f"By a millionth of {shake}:")
            print("\n".join(summary(list(pool.map(partial(shaken_tube, shake=shake), wanted)))))


if __name__ == "__main__":
    main()
