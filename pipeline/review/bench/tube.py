"""One tube on the bench: its events, control, curve and settings in memory, and results of moved gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from calibration.density.budget import BetweenRunSource
from gating.events import Mask, Survivors
from gating.gates.steps import GatedPopulation, GateStep
from pipeline.assembly.study_result import StudyResult
from pipeline.patients.between_runs import between_run_term_of
from pipeline.quantification.one_thread import one_thread
from pipeline.quantification.prepared import TUBE_ERRORS, Prepared, prepared
from pipeline.quantification.quantify import failed, quantified_tube
from pipeline.quantification.result import SampleResult, with_labels
from pipeline.quantification.task import TubeTask
from pipeline.review.bench.back_gating import back_gated
from pipeline.review.bench.dragging import DraggedTube
from pipeline.review.bench.faults import Refusals
from pipeline.review.bench.handles import usual_name
from pipeline.review.bench.loaded_study import LoadedStudy, load_study
from pipeline.review.bench.moving import moved_steps, moves_of, name_of, override_of
from pipeline.review.bench.tube_view import Drawing
from pipeline.review.view import BackGate, Move, StepView, View
from pipeline.running.tasks import tube_digest, without_findings
from pipeline.running.two_passes import tasks_with_batch_cuts
from pipeline.study.errors import UserError
from pipeline.study.file_labels import labels_of_sample
from pipeline.tube.inputs import read_inputs
from pipeline.tube.memory import NoMemoryError
from pipeline.tube.names.rows import gating_panel, row_named


@dataclass(frozen=True)
class _Base:
    """The last settled result; `cells`: viable single and quantified cells, if no gates can be dragged."""

    result: SampleResult
    study_result: StudyResult
    drag: DraggedTube | None
    steps: tuple[GateStep, ...]
    others: tuple[str, ...]
    cells: tuple[Mask, Mask] | None = None
    waiting: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    person_names: dict[str, str] = field(default_factory=dict)


@dataclass
class Bench:
    """A tube in memory. Not thread-safe: a caller must process one request after the other.

    Attributes
    ----------
    loaded_study
        The study and its stored results.
    ready
        The tube, read and compensated, with its control.
    refusals
        The findings of the checks on moves.
    """

    loaded_study: LoadedStudy
    ready: Prepared
    refusals: Refusals
    _base: _Base | None = field(default=None, repr=False)
    _shown: dict[str, StepView] = field(default_factory=dict, repr=False)

    @property
    def sample_id(self) -> str:
        """The sample_id of the tube."""
        return self.ready.task.sample.sample_id

    @property
    def n_bytes(self) -> int:
        """Bytes of the events of tube and control, and of the masks of all gates."""
        tubes = [tube for tube in (self.ready.tube, self.ready.control.tube) if tube is not None]
        events = sum(t.events.values.nbytes + t.quantified.nbytes + t.on_scale_end.nbytes for t in tubes)
        drag = None if self._base is None else self._base.drag
        return events + (0 if drag is None else drag.n_bytes)

    def start(self) -> View:
        """Return the tube with the gates of the study, as a run computes it."""
        return self.settled(moves_of(self.loaded_study.gates_of(self.sample_id, review=True)))

    def fault(self, moves: Sequence[Move]) -> str:
        """Return why these moves cannot be made, in the words of `cd38rd check`; "" if they can."""
        return self.refusals.fault_of(moves)

    def settled(self, moves: Sequence[Move], *, who: str = "", reason: str = "") -> View:
        """Return the tube exactly as `cd38rd run` computes it from a review.csv with these moves.

        Parameters
        ----------
        moves
            Every row of the tube in review.csv; the gates of the gates sheet apply in addition.
        who, reason
            The person and the reason for the notes on the moves.

        Raises
        ------
        UserError
            If `cd38rd check` refused these moves.
        """
        fault = self.fault(moves)
        if fault:
            raise UserError(fault)
        rows = [override_of(self.sample_id, move, who, reason) for move in moves]
        gates = (*self.loaded_study.gates_of(self.sample_id, review=False), *rows)
        loaded_study = self.loaded_study.with_gates(self.sample_id, gates)
        with one_thread():
            base = _settled(loaded_study, self.ready, self.sample_id)
        self._base = replace(base, moves=tuple(moves), person_names=self._person_names(moves))
        view = replace(
            self._drawing().view(base.result, moves, settled=True, others=base.others), waiting=base.waiting
        )
        self._shown = {step.step: step for step in view.steps}
        return view

    def dragged(self, moves: Sequence[Move]) -> View:
        """Return the tube with these moves and all other gates fixed, for use while a gate is dragged.

        Counts, medians and density are exact for these gates; gates that a run would find anew stay as they
        are. If a move needs a run, the settled view is returned.

        Raises
        ------
        UserError
            If `cd38rd check` refused these moves.
        """
        if self._base is None:
            self.start()
        base = self._base
        assert base is not None
        panel = self.ready.task.panel
        before = {name_of(panel, move): move for move in base.moves}
        now = {name_of(panel, move): move for move in moves}
        if base.drag is None or before.keys() - now.keys():
            return self.settled(moves)
        fault = self.fault(moves)
        if fault:
            raise UserError(fault)
        steps: tuple[GateStep, ...] | None = base.steps
        everyone = Survivors.everyone(self.ready.tube.events)
        for name, move in now.items():
            if before.get(name) != move and steps is not None:
                steps = moved_steps(steps, move, panel, everyone)
        if steps is None:
            return self.settled(moves)
        with one_thread():
            result, changed = base.drag.change_to(steps)
        unchanged = {name: step for name, step in self._shown.items() if name not in changed}
        view = self._drawing().view(result, moves, settled=False, kept=unchanged, others=base.others)
        self._shown = {step.step: step for step in view.steps}
        return view

    def backgate(self, x: str, y: str) -> BackGate:
        """Return the quantified cells of the last view on any two channels, including CD38.

        Raises
        ------
        UserError
            If there is no such channel, or the tube failed.
        """
        if self._base is None:
            self.start()
        assert self._base is not None
        populations = self._base.cells if self._base.drag is None else self._base.drag.populations()
        if populations is None:
            raise UserError(f"{self.sample_id}: it failed, so it has no cells to look at; its notes say why")
        among, cells = populations
        task = self.ready.task
        return back_gated(self.ready.tube, task.panel, x, y, among=among, cells=cells)

    def _drawing(self) -> Drawing:
        assert self._base is not None
        base = self._base
        typed = {
            gate.gate.casefold(): f"{gate.set_by}{f' ({gate.reason})' if gate.reason else ''}"
            for gate in self.loaded_study.gates_of(self.sample_id, review=False)
        }
        return Drawing(self.ready.task, base.study_result, self._ends, base.person_names, typed)

    def _person_names(self, moves: Sequence[Move]) -> dict[str, str]:
        panel = self.ready.task.panel
        named = [gate.gate for gate in self.loaded_study.gates_of(self.sample_id, review=False)]
        named += [move.gate for move in moves if move.value is not None]
        return {usual_name(gating_panel(panel), row_named(panel, name)): name for name in named}

    @cached_property
    def _ends(self) -> dict[str, tuple[float, float]]:
        events = self.ready.tube.events
        return {
            name: (float(np.nanmin(column, initial=0.0)), float(np.nanmax(column, initial=1.0)))
            for name in events.channels
            for column in (events.column(name),)
        }


def open_bench(study: Path | LoadedStudy, sample_id: str) -> Bench:
    """Read one tube of a study into memory.

    Parameters
    ----------
    study
        The folder of the study, or the study in memory.

    Raises
    ------
    UserError
        If the study has faults, no stored results, or no such tube, or if the tube cannot be read.
    """
    loaded_study = study if isinstance(study, LoadedStudy) else load_study(study)
    sample = loaded_study.sample(sample_id)
    inputs = read_inputs(loaded_study.study.folder, sample.input_files)
    read = labels_of_sample(loaded_study.study.folder, sample).of_pairs(inputs.sha256)
    task = next(t for t in loaded_study.tasks(read) if t.sample.sample_id == sample_id)
    if task.failure:
        raise UserError(task.failure)
    try:
        ready = prepared(without_findings(task), inputs)
    except (*TUBE_ERRORS, NoMemoryError) as error:
        raise UserError(str(error)) from error
    return Bench(loaded_study, ready, Refusals(loaded_study, sample_id))


def _settled(loaded_study: LoadedStudy, ready: Prepared, sample_id: str) -> _Base:
    """Compute one tube as a run does: alone, then with its batch, then among all tubes of the study."""
    tasks = loaded_study.tasks(ready.task.files_sha256)
    task = next(t for t in tasks if t.sample.sample_id == sample_id)
    result, gated = _quantified(ready, without_findings(task))
    alone = {**loaded_study.alone, sample_id: result}
    with_cuts = {t.sample.sample_id: t for t in tasks_with_batch_cuts(tasks, alone)}
    before = {t.sample.sample_id: t for t in tasks_with_batch_cuts(tasks, loaded_study.alone)}
    if with_cuts[sample_id].batch_cuts:
        result, gated = _quantified(ready, without_findings(with_cuts[sample_id]))
    study_result = loaded_study.assembled({**loaded_study.latest, sample_id: result}, alone)
    result_in_study = next(r for r in study_result.results if r.sample_id == sample_id)
    regated = tuple(
        name
        for name, other_task in with_cuts.items()
        if name != sample_id and name in before and other_task.batch_cuts != before[name].batch_cuts
    )
    term = between_run_term_of(loaded_study.study, study_result.results)
    cv = term.cv if term.source is BetweenRunSource.ESTIMATED else None
    drag, cells = None, None
    if gated is not None and task.sample.gates_file:
        chosen = gated.mask if gated.aberrant is None else gated.aberrant
        cells = (gated.viable_singlets | chosen, chosen)  # drawn gates need not be nested
    elif gated is not None:
        drag = DraggedTube.of(
            ready.with_task(without_findings(with_cuts[sample_id])), gated, result_in_study, cv
        )
    shares = bool(with_cuts[sample_id].batch_cuts) or cv is not None
    waiting = _waiting(loaded_study, before, sample_id) if shares else ()
    return _Base(result_in_study, study_result, drag, result_in_study.steps, regated, cells, waiting)


def _waiting(loaded_study: LoadedStudy, tasks: Mapping[str, TubeTask], sample_id: str) -> tuple[str, ...]:
    """Return the other tubes that the next run computes again: values shared with them are not known yet."""
    return tuple(
        name
        for name, digest in loaded_study.digests.items()
        if name != sample_id and name in tasks and tube_digest(tasks[name]) != digest
    )


def _quantified(ready: Prepared, task: TubeTask) -> tuple[SampleResult, GatedPopulation | None]:
    labels = labels_of_sample(task.folder, task.sample, task.settings.spillover_file)
    try:
        result, gated = quantified_tube(ready.with_task(task))
        return with_labels(result, labels), gated
    except TUBE_ERRORS as error:
        return failed(task, str(error)), None
