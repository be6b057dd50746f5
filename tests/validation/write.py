"""Write docs/validation.md: what simulations with known truth show of every step. `make validation` runs it.

`python -m validation.write --out docs/validation.md`, from the folder `tests`. Same sizes and seeds, same text,
for any number of processes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

from validation import (
    along_density,
    assay,
    beads,
    beyond,
    clone_splits,
    conditions,
    density,
    gated_tubes,
    gating_robustness,
    gating_text,
    occupancy,
    other_marrow,
    planning,
    pooling,
    processors,
    recovery,
    replicates,
    response,
    second_opinions,
    sentinels,
    shapes,
    steadiness,
    tubes,
    waiting,
    washout,
    wrong_curves,
)
from validation.gating_robustness import Shake

SEED = 20240607
HELD_OUT = 2000
"""First seed of the gating's tubes: the gating was developed and its confidence fitted on lower ones."""
PROCESSOR_EVENTS = 100_000
"""In the tubes that are quantified as other processors would."""
Mapper = Callable[..., Iterable]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is simulated."""

    tube_seeds: int = 12
    bead_days: int = 500
    sabotages: int = 200
    density_tubes: int = 1000
    shape_tubes: int = 150
    washout_studies: int = 1000
    condition_studies: int = 60
    wait_studies: int = 70
    recovery_studies: int = 40
    response_studies: int = 1000
    density_studies: int = 500
    batches: int = 8
    sentinel_days: int = 6
    split_days: int = 20
    theta_tubes: int = 200
    gating_seeds: int = 3
    empty_seeds: int = 6
    other_seeds: int = 5
    perturbed_seeds: int = 2
    shaken_seeds: int = 5
    opinion_seeds: int = 2
    processor_patients: int = 4
    replicate_tubes: int = 400
    cell_tubes: int = 600
    change_studies: int = 400
    assay_experiments: int = 2000
    planned_studies: int = 200

    def scaled(self, factor: float) -> Sizes:
        """Return the same, smaller or larger."""
        return Sizes(*(max(2, round(factor * part)) for part in astuple(self)))


def _density(sizes: Sizes, mapper: Mapper) -> str:
    tubes_of_bands = density.section(density.examine(sizes.density_tubes, SEED, mapper), SEED)
    carried = density.examine_carried(sizes.density_tubes, SEED, mapper)
    return tubes_of_bands + density.carried_section(carried, SEED)


def _beads(sizes: Sizes, mapper: Mapper) -> str:
    return beads.section(beads.examine(sizes.bead_days, sizes.sabotages, SEED, mapper))


def _replicates(sizes: Sizes, mapper: Mapper) -> str:
    return replicates.section(replicates.examine(sizes.replicate_tubes, SEED, mapper), SEED)


def _batches(sizes: Sizes, mapper: Mapper) -> str:
    return pooling.section(pooling.examine(sizes.batches, SEED, mapper), SEED)


def _recovery(sizes: Sizes, mapper: Mapper) -> str:
    known = recovery.section(sizes.recovery_studies, SEED, mapper)
    return known + "\n" + wrong_curves.section(sizes.recovery_studies, SEED, mapper)


def _sentinels(sizes: Sizes, mapper: Mapper) -> str:
    known = sentinels.section(sentinels.examine(sizes.sentinel_days, SEED, mapper), SEED)
    of_scenarios = sentinels.examine_scenarios(sizes.sentinel_days, SEED, mapper)
    parts = (known, sentinels.scenario_section(of_scenarios))
    return "\n".join((*parts, occupancy.section(occupancy.examine(sizes.theta_tubes, SEED, mapper), SEED)))


def _clone_splits(sizes: Sizes, mapper: Mapper) -> str:
    return clone_splits.section(clone_splits.examine(sizes.split_days, SEED, mapper), SEED)


def _steadiness(sizes: Sizes, mapper: Mapper) -> str:
    first = steadiness.SEEDS.start
    wanted = steadiness.wanted_tubes(range(first, first + sizes.shaken_seeds))
    by_noise = mapper(partial(steadiness.shaken_tube, shake=Shake.NOISE), wanted)
    return steadiness.section(list(by_noise), list(mapper(steadiness.shaken_tube, wanted)))


def _second_opinion(sizes: Sizes, mapper: Mapper) -> str:
    seeds = range(HELD_OUT, HELD_OUT + sizes.opinion_seeds)
    return second_opinions.section(second_opinions.examine(seeds, mapper))


def _processors(sizes: Sizes, mapper: Mapper) -> str:
    return processors.section(processors.compare(sizes.processor_patients, PROCESSOR_EVENTS))


def _gating(sizes: Sizes, mapper: Mapper) -> str:
    first = HELD_OUT
    tubes_wanted = gated_tubes.wanted_tubes(
        range(first, first + sizes.gating_seeds), range(first, first + sizes.empty_seeds)
    )
    others = other_marrow.other_tubes(range(first, first + sizes.other_seeds))
    perturbed = gating_robustness.perturbed_tubes(range(first, first + sizes.perturbed_seeds), 40_000)
    return gating_text.section(
        list(mapper(gated_tubes.gated_tube, tubes_wanted)),
        list(mapper(_other, others)),
        [change for tube in mapper(gating_robustness.changes_of, perturbed) for change in tube],
    )


SECTIONS: Mapping[str, Callable[[Sizes, Mapper], str]] = {
    "tubes": lambda sizes, mapper: tubes.section(_tubes(sizes, mapper)),
    "beads": _beads,
    "density": _density,
    "shapes": lambda sizes, mapper: shapes.section(shapes.examine(sizes.shape_tubes, SEED, mapper), SEED),
    "replicates": _replicates,
    "beyond the median": lambda sizes, mapper: beyond.section(
        sizes.cell_tubes, sizes.change_studies, SEED, mapper
    ),
    "washout": lambda sizes, mapper: washout.section(sizes.washout_studies, SEED, mapper),
    "conditions": lambda sizes, mapper: conditions.section(sizes.condition_studies, SEED, mapper),
    "waits": lambda sizes, mapper: waiting.section(sizes.wait_studies, SEED, mapper),
    "recovery": _recovery,
    "response": lambda sizes, mapper: response.section(sizes.response_studies, SEED, mapper),
    "along density": lambda sizes, mapper: along_density.section(sizes.density_studies, SEED, mapper),
    "assay": lambda sizes, mapper: assay.section(sizes.assay_experiments, SEED, mapper),
    "planning": lambda sizes, mapper: planning.section(sizes.planned_studies, SEED, mapper),
    "batches": _batches,
    "sentinels": _sentinels,
    "clone splits": _clone_splits,
    "gating": _gating,
    "steadiness": _steadiness,
    "second opinion": _second_opinion,
    "processors": _processors,
}
"""The sections of the page in order, and what writes each."""


def section(name: str, sizes: Sizes, mapper: Mapper) -> str:
    """Return one section as Markdown."""
    return SECTIONS[name](sizes, mapper)


def _other(wanted: tuple[str, str, int]) -> gated_tubes.GatedTube:
    return gated_tubes.judged(other_marrow.other_tube(*wanted))


def _tubes(sizes: Sizes, mapper: Mapper) -> list[tubes.TubeOutcome]:
    wanted = [(scenario, seed) for scenario in tubes.SCENARIOS for seed in range(1, sizes.tube_seeds + 1)]
    return [tube for study in mapper(_study, wanted) for tube in study]


def _study(wanted: tuple[str, int]) -> list[tubes.TubeOutcome]:
    return list(tubes.outcomes(*wanted))


def page(names: Sequence[str], sizes: Sizes, mapper: Mapper, seen: Callable[[str], object]) -> str:
    """Return the whole page."""
    parts = [HEAD]
    for name in names:
        seen(f"{name} …")
        parts.append(section(name, sizes, mapper))
    return "\n".join(parts)


HEAD = """# Validation

This page compares the results of cd38rd with the known truth of simulated data. Nothing here is typed in: `make validation`
(`python -m validation.write --out ../docs/validation.md` in `tests`) simulates, measures and writes this page;
the same seeds give the same page. The tests marked `real` compare results with published answers for real
files. A simulation shows that the calculation is correct under its own assumptions. It does not show that a
laboratory's beads, antibodies or cells behave like these assumptions.
"""


@contextmanager
def _mapper(processes: int) -> Iterator[Mapper]:
    if processes <= 1:
        yield map
        return
    with ProcessPoolExecutor(processes) as pool:
        yield pool.map


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, write the page."""
    parser = argparse.ArgumentParser(prog="python -m validation.write", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the simulations (1)")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="a section; all where left out")
    chosen = parser.parse_args(arguments)
    with _mapper(chosen.processes) as mapper:
        sizes = Sizes().scaled(chosen.scale)
        text = page(chosen.only or tuple(SECTIONS), sizes, mapper, lambda line: sys.stderr.write(f"{line}\n"))
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
