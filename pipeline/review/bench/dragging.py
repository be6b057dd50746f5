"""A tube with one dragged gate and all others fixed: its counts, pictures and density, updated quickly."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log, log1p, sqrt

import numpy as np
from numpy.typing import NDArray

from calibration.density.between_runs import with_between_run_cv
from calibration.density.budget import BudgetTerm
from calibration.density.receptor_density import ReceptorDensity
from calibration.density.widening import with_term
from calibration.rounding import rounded_record
from gating.events import Mask
from gating.gates import Gate
from gating.gates.steps import GatedPopulation, GateStep, Step
from pipeline.quantification.prepared import Prepared
from pipeline.quantification.quantify import quantifiable
from pipeline.quantification.receptor import receptor_of, without_guessed_cells
from pipeline.quantification.result import SampleResult
from pipeline.review.bench.chain import Chain, Crossed
from pipeline.tube.control import OWN_TIME
from pipeline.tube.histograms import Density, DisplayAxis, cd38_histogram, density_counts, step_densities

Counts = NDArray[np.int64]


@dataclass
class DraggedTube:
    """The present gates, with the counts of events behind them.

    Attributes
    ----------
    ready
        The tube and its control.
    base
        The last settled result, as a run computes it.
    steps
        The present steps.
    between_runs
        Between-run CV from the study's replicates; None if the interval includes it already.
    """

    ready: Prepared
    base: SampleResult
    steps: tuple[GateStep, ...]
    chain: Chain
    control: Chain | None
    between_runs: float | None
    has_split: bool
    _pictures: dict[str, Density] = field(default_factory=dict)
    _counts: dict[str, Counts] = field(default_factory=dict)

    @classmethod
    def of(
        cls, ready: Prepared, gated: GatedPopulation, base: SampleResult, between_runs: float | None
    ) -> DraggedTube:
        """Return the gates of a settled result."""
        gates = [step.gate for step in gated.steps]
        control = None
        if ready.control.tube is not None:
            control = Chain(ready.control.tube.events, _for_control(gated.steps))
        dragged = cls(
            ready, base, gated.steps, Chain(ready.tube.events, gates, list(gated.step_masks)), control,
            between_runs, gated.aberrant is not None,
        )  # fmt: skip
        for density in base.pictures:
            dragged._pictures[density.step] = density
            dragged._counts[density.step] = density_counts(density).astype(np.int64).ravel()
        return dragged

    def change_to(self, steps: Sequence[GateStep]) -> tuple[SampleResult, frozenset[str]]:
        """Apply the gates of these steps; return the result, and the steps with a changed picture."""
        crossed = self.chain.change_to([step.gate for step in steps])
        if self.control is not None:
            self.control.change_to(_for_control(steps))
        changed = set()
        counted = []
        entrance: Crossed | None = None
        for index, (step, old, passed) in enumerate(zip(steps, self.steps, crossed, strict=True)):
            came_in = entrance is not None and (entrance.came.size or entrance.left.size)
            if step.gate != old.gate or came_in or passed.came.size or passed.left.size:
                changed.add(step.name)
                self._draw(index, step, entrance)
            n_in = old.n_in + (0 if entrance is None else entrance.n_more)
            counted.append(replace(step, n_in=n_in, n_out=old.n_out + passed.n_more))
            entrance = passed
        self.steps = tuple(counted)
        return self._result(), frozenset(changed)

    @property
    def n_bytes(self) -> int:
        """Bytes of the masks of all gates, for the tube and its control."""
        chains = (self.chain, self.control) if self.control is not None else (self.chain,)
        return sum(mask.nbytes for chain in chains for mask in chain.masks)

    def populations(self) -> tuple[Mask, Mask]:
        """Return the present viable single cells and the quantified cells, bool, shape (n_events,)."""
        names = [step.name for step in self.steps]
        gated = self._gated()
        cells = gated.mask if gated.aberrant is None else gated.aberrant
        return self.chain.masks[names.index(Step.VIABLE)], cells

    def _draw(self, index: int, step: GateStep, entrance: Crossed | None) -> None:
        """Update a step's picture by the events that were added or removed before the step."""
        density = self._pictures.get(step.name)
        shown = () if density is None else tuple(filter(None, (density.x_channel, density.y_channel)))
        if step.is_set_by_person and not step.thresholds and step.channels != shown:
            density = self._anew(index, step)
            self._counts[step.name] = density_counts(density).astype(np.int64).ravel()
        elif density is not None and entrance is not None:
            counts = self._counts[step.name]
            for rows, sign in ((entrance.came, 1), (entrance.left, -1)):
                if rows.size:
                    counts += sign * np.bincount(self._bins(density, rows), minlength=counts.size)
        if density is not None:
            packed = zlib.compress(self._counts[step.name].astype("<u4").tobytes(), 1)
            text = base64.b64encode(packed).decode("ascii")
            self._pictures[step.name] = replace(density, counts=text, gate=step.gate)

    def _bins(self, density: Density, rows: NDArray[np.intp]) -> NDArray[np.int32]:
        events = self.ready.tube.events
        x = DisplayAxis(*density.x_axis).bin_of(events.column(density.x_channel).take(rows), density.bins)
        if not density.y_channel:
            return x
        y = DisplayAxis(*density.y_axis).bin_of(events.column(density.y_channel).take(rows), density.bins)
        return y * density.bins + x

    def _anew(self, index: int, step: GateStep) -> Density:
        """Return the picture of a step on the axes of its polygon."""
        events = self.ready.tube.events.only(step.channels)
        entered, cells = (self.chain.masks[index - 1] if index else None), self.chain.masks[index]
        if entered is not None:
            events, cells = events.select(entered), cells.compress(entered)
        gated = GatedPopulation(cells, (step,), cells[None], 1.0, cells)
        return step_densities(events, gated)[0]

    def _gated(self) -> GatedPopulation:
        names = [Step(step.name) for step in self.steps]
        wanted = self.chain.masks[names.index(Step.SECOND_ANCHOR)]
        split = self.steps[-1].gate if names[-1] is Step.ABERRANT else None
        by_person = self.steps[-1].is_set_by_person
        aberrant = self.chain.masks[-1] if split is not None and (self.has_split or by_person) else None
        viable = self.chain.masks[names.index(Step.VIABLE)]
        no_masks = np.empty((0, 0), np.bool_)
        flags = tuple(flag for flag in self.base.flags if flag not in self.base.receptor.flags)
        gated = GatedPopulation(wanted, self.steps, no_masks, 1.0, viable, aberrant, flags=flags)
        return quantifiable(self.ready.tube, gated)

    def _result(self) -> SampleResult:
        ready, gated, names = self.ready, self._gated(), [step.name for step in self.steps]
        flags = tuple(flag for flag in self.base.flags if flag not in self.base.receptor.flags)
        cells = gated.mask if gated.aberrant is None else gated.aberrant
        blank = self._blank(is_split=gated.aberrant is not None)
        receptor = self._density(gated, cells, blank, is_split=gated.aberrant is not None)
        prefix = "" if gated.aberrant is None else "aberrant_"
        return replace(
            self.base,
            receptor=receptor,
            flags=tuple(dict.fromkeys((*flags, *receptor.flags))),
            population=prefix + ready.task.settings.population_name,
            n_viable_singlets=self.steps[names.index(Step.VIABLE)].n_out,
            n_plasma_cells=int(np.count_nonzero(gated.mask)),
            n_aberrant=None if gated.aberrant is None else int(np.count_nonzero(gated.aberrant)),
            steps=self.steps,
            pictures=tuple(self._pictures[s.name] for s in self.steps if s.name in self._pictures),
            histogram=cd38_histogram(
                ready.tube.quantified.compress(cells), blank, channel=ready.tube.quantified_channel
            ),
        )

    def _blank(self, *, is_split: bool) -> NDArray[np.float32] | None:
        if self.control is None or self.ready.control.tube is None:
            return None
        index = -1 if is_split or self.steps[-1].name != Step.ABERRANT else -2
        return self.ready.control.tube.quantified.compress(self.control.masks[index])

    def _density(
        self, gated: GatedPopulation, cells: Mask, blank: NDArray[np.float32] | None, *, is_split: bool
    ) -> ReceptorDensity:
        """Return the receptor density of the cells, with the settled uncertainty of the clone split."""
        ready = self.ready
        receptor = receptor_of(ready.task, ready.tube, cells, blank, ready.control.kind)
        density = without_guessed_cells(receptor, gated)
        doubt = next((t for t in self.base.receptor.budget if t.name is BudgetTerm.CLONE_SPLIT), None)
        if doubt is not None and is_split and density.rd and not self.steps[-1].is_set_by_person:
            share = doubt.sd_dex * log(10)
            sd = share * abs(density.rd)
            density = rounded_record(with_term(density, BudgetTerm.CLONE_SPLIT, sqrt(log1p(share**2)), sd))
        return density if self.between_runs is None else with_between_run_cv(density, self.between_runs)


def _for_control(steps: Sequence[GateStep]) -> list[Gate | None]:
    """Return the gates for the control tube: all except the time gate, which is its own."""
    return [None if step.name == OWN_TIME else step.gate for step in steps]
