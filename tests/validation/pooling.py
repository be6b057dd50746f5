"""What the cuts of a batch are worth to a tube that is unclear, on simulated batches whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gating.batch_cuts import BatchCut, DyeCut, batch_cuts, cuts_to_lend, dye_cuts, fitting_cuts, unlike_batch
from gating.events import Events, FloatArray, Mask
from gating.events.panel import GatingPanel
from gating.gates.steps import GatedPopulation
from gating.strategy import gate_plasma_cells
from pipeline.simulate import draw_patient, scenario_named, simulate_tube, tube_of
from pipeline.simulate.patients import draw_gains
from pipeline.simulate.tubes.cytometer import THREE_LASERS
from validation.markdown import paragraph, percent, table

TUBES = 10
EVENTS = 20_000
VIABILITY = "APC-H7-A"
THRICE = 3.0


@dataclass(frozen=True, slots=True)
class Situation:
    """What is unusual in the last tubes of a batch."""

    name: str
    n_events: int = EVENTS
    dead_percent: float = 4.0
    viability_gain: float = 1.0
    n_tubes: int = 5


SITUATIONS = (
    Situation("as usual"),
    Situation("few events (1,000)", n_events=1_000),
    Situation("few dead cells (1 %) in 3,000 events", n_events=3_000, dead_percent=1.0),
    Situation("many dead cells (15 %) in 3,000 events", n_events=3_000, dead_percent=15.0),
    Situation("viability detector x 3", viability_gain=THRICE, n_tubes=1),
)
Mapper = Callable[..., Iterable]


@dataclass(frozen=True, slots=True)
class Known:
    """A simulated tube: events, what is true, and the quantified channel."""

    events: Events
    panel: GatingPanel
    plasma_cells: Mask
    cd38: FloatArray


@dataclass(frozen=True, slots=True)
class Pooled:
    """A tube alone and with its batch: viability cut, F1, relative error of the CD38 median."""

    situation: str
    is_usual: bool
    unclear: bool
    taken: bool
    unlike: bool
    cut_alone: float
    cut: float
    f1_alone: float
    f1: float
    error_alone: float
    error: float
    cuts: Mapping[str, float]


def known_tube(situation: Situation, batch: int, number: int, seed: int) -> Known:
    """Simulate a tube of a batch: all of one batch on one day's gains."""
    plain = scenario_named("plain")
    gains = list(draw_gains(THREE_LASERS, np.random.default_rng([seed, batch])))
    viability = [detector.channel for detector in THREE_LASERS.fluorescence].index(VIABILITY)
    gains[viability] *= situation.viability_gain
    rng = np.random.default_rng([seed, batch, number])
    n_events = situation.n_events
    patient = draw_patient(plain, rng, n_events=n_events)
    parameters = tube_of(patient, plain, THREE_LASERS, n_events=n_events, gains=tuple(gains))
    tube = simulate_tube(replace(parameters, dead_percent=situation.dead_percent), rng)
    events, cd38 = tube.compensated(), tube.cytometer.cd38.channel
    only = events.only([name for name in events.channels if name != cd38])
    return Known(only, tube.gating_panel(), tube.plasma_cells, events.column(cd38))


def batch(wanted: tuple[Situation, int, int]) -> list[Pooled]:
    """Gate a batch, half as usual and half in the situation, alone and with its own cuts."""
    situation, number, seed = wanted
    usual = SITUATIONS[0]
    n_usual = TUBES - situation.n_tubes
    kinds = [usual] * n_usual + [situation] * situation.n_tubes
    tubes = [known_tube(kind, number, i, seed) for i, kind in enumerate(kinds)]
    alone = [gate_plasma_cells(tube.events, tube.panel) for tube in tubes]
    cuts = batch_cuts([_own(tube, gated) for tube, gated in zip(tubes, alone, strict=True)])
    return [
        _pooled(situation, i < n_usual, tube, gated, cuts)
        for i, (tube, gated) in enumerate(zip(tubes, alone, strict=True))
    ]


def examine(n_batches: int, seed: int, mapper: Mapper) -> list[Pooled]:
    """Return every tube of `n_batches` batches a situation."""
    wanted = [(situation, number, seed) for situation in SITUATIONS for number in range(n_batches)]
    return [tube for tubes in mapper(batch, wanted) for tube in tubes]


def section(found: Sequence[Pooled], seed: int) -> str:
    """Return the section of docs/validation.md."""
    rows = [_row(s.name, [t for t in found if t.situation == s.name and not t.is_usual]) for s in SITUATIONS]
    usual = [tube for tube in found if tube.is_usual]
    unlike = sum(tube.unlike for tube in usual)
    columns = ("tubes of the batch", "tubes", "viability unclear", "took the batch's cut", "SD of their cut, ln: alone",
               "with the batch", "F1, mean: alone", "with the batch", "F1, worst: alone", "with the batch",
               "CD38 error, mean: alone", "with the batch", "flagged as unlike the batch")  # fmt: skip
    spreads = ", ".join(f"{channel} {spread:.2f}" for channel, spread in _spreads(usual))
    return (
        "## Cuts of a batch\n\n"
        + paragraph(
            f"{len(found)} simulated tubes in batches of {TUBES} on one day's gains (seed {seed}). Half of them are as usual "
            f"({EVENTS:,} events, 4 % dead) and half as stated in the row (in the last row one of them). The batch's cut is the median of its "
            "clear cuts. The figures refer to the tubes that took it; those for the error also need a median. Flagged as "
            "unlike the batch: a tube that kept its own clear cut, which differs from the batch's. In the last row all "
            f"should be flagged, in the others none. Of the {len(usual)} usual tubes {unlike} were."
        )
        + table(columns, rows)
        + "\n"
        + paragraph(
            f'SD of the usual tubes\' cuts (ln): {spreads}. "Dye" is the cut of a viability or dump dye from the '
            "tube's own density; this cut is pooled. A cut on an anchor lies between a patient's clone and other "
            "cells. The batch's cut there would come from other patients, so it is not pooled."
        )
    )


def _pooled(
    situation: Situation, is_usual: bool, tube: Known, alone: GatedPopulation, cuts: Sequence[BatchCut]
) -> Pooled:
    own = _own(tube, alone)
    lent, _ = fitting_cuts(tube.events, alone, cuts_to_lend(alone.steps, cuts))
    gated = alone
    if lent:
        gated = gate_plasma_cells(tube.events, tube.panel, pooled={cut.channel: cut.value for cut in lent})
    before, after = _cuts(alone), _cuts(gated)
    return Pooled(
        situation=situation.name,
        is_usual=is_usual,
        unclear=any(cut.channel == VIABILITY for cut in lent),
        taken=before[VIABILITY] != after[VIABILITY],
        unlike=bool(unlike_batch(own, cuts)),
        cut_alone=before[VIABILITY],
        cut=after[VIABILITY],
        f1_alone=_f1(alone.mask, tube),
        f1=_f1(gated.mask, tube),
        error_alone=_error(alone.mask, tube),
        error=_error(gated.mask, tube),
        cuts={**before, **{f"{cut.channel}, dye": cut.value for cut in own}},
    )


def _own(tube: Known, gated: GatedPopulation) -> tuple[DyeCut, ...]:
    return dye_cuts(tube.events, tube.panel, gated)


def _cuts(gated: GatedPopulation) -> dict[str, float]:
    wanted = ("viable", "dump", "plasma_cells", "second_anchor")
    return {c: value for step in gated.steps if step.name in wanted for c, value in step.thresholds}


def _f1(mask: Mask, tube: Known) -> float:
    both, total = int((mask & tube.plasma_cells).sum()), int(mask.sum() + tube.plasma_cells.sum())
    return 2 * both / total if total else 1.0


def _error(mask: Mask, tube: Known) -> float:
    if not mask.any() or not tube.plasma_cells.any():
        return float("nan")
    return abs(float(np.median(tube.cd38[mask]) / np.median(tube.cd38[tube.plasma_cells])) - 1)


def _spreads(tubes: Sequence[Pooled]) -> list[tuple[str, float]]:
    channels = dict.fromkeys(channel for tube in tubes for channel in tube.cuts)
    found = {c: [tube.cuts[c] for tube in tubes if tube.cuts.get(c, 0) > 0] for c in channels}
    return [
        (c, float(np.std(np.log(values)))) for c, values in found.items() if len(values) >= 0.8 * len(tubes)
    ]


def _row(name: str, tubes: Sequence[Pooled]) -> tuple[str, ...]:
    took = [tube for tube in tubes if tube.taken]
    head = (name, str(len(tubes)), str(sum(tube.unclear for tube in tubes)), str(len(took)))
    last = f"{sum(tube.unlike for tube in tubes)}/{len(tubes)}"
    if not took:
        return (*head, *[""] * 8, last)
    return (
        *head,
        _sd([tube.cut_alone for tube in took]), _sd([tube.cut for tube in took]),
        f"{np.mean([t.f1_alone for t in took]):.3f}", f"{np.mean([t.f1 for t in took]):.3f}",
        f"{min(t.f1_alone for t in took):.3f}", f"{min(t.f1 for t in took):.3f}",
        percent(float(np.nanmean([t.error_alone for t in took])), 1),
        percent(float(np.nanmean([t.error for t in took])), 1),
        last,
    )  # fmt: skip


def _sd(cuts: Sequence[float]) -> str:
    return f"{np.std(np.log(np.maximum(cuts, 1.0))):.2f}"
