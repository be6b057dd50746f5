"""A tube and its control, read and compensated: gated once by a run, or many times on the review page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from calibration.errors import CalibrationError
from gating.events import Mask
from gating.events.errors import GatingError
from gating.gates.steps import GateStep
from gating.second_opinion import second_opinion
from gating.strategy import gate_plasma_cells
from pipeline.fcs import FcsError
from pipeline.files.content import AnyContent
from pipeline.quantification.task import TubeTask
from pipeline.study.errors import UserError
from pipeline.tube.control import Control, read_control
from pipeline.tube.dye_spill import without_dye_spill
from pipeline.tube.inputs import Inputs
from pipeline.tube.reading import Tube, read_tube

TUBE_ERRORS = (FcsError, UserError, GatingError, CalibrationError)
"""Exceptions with which a bad tube may fail. Any other exception is a defect of cd38rd: see
running/defects.py."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A tube ready to be gated.

    Attributes
    ----------
    task
        The task, with the digests of the files that were read. Its overrides may be replaced (`with_task`);
        the rest of this object does not depend on them.
    tube, control
        Compensated.
    gates_content
        The bytes of the gates file that the row names; None where it names none.
    """

    task: TubeTask
    tube: Tube
    control: Control
    gates_content: AnyContent | None
    _without_person: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def automatic(self) -> tuple[GateStep, ...]:
        """The gating steps without the cuts of a person, the batch or the control; computed once."""
        steps: tuple[GateStep, ...] = self._once(
            "automatic", lambda: gate_plasma_cells(self.tube.events, self.tube.panel).steps
        )
        return steps

    @property
    def opinion(self) -> Mask | None:
        """The cells that the second opinion gates; None where the panel does not allow one; computed once."""
        cells: Mask | None = self._once("opinion", lambda: second_opinion(self.tube.events, self.tube.panel))
        return cells

    def with_task(self, task: TubeTask) -> Prepared:
        """Return the same tube with another task; its automatic gates are kept."""
        return replace(self, task=task)

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._without_person:
            self._without_person[name] = make()
        return self._without_person[name]


def prepared(task: TubeTask, inputs: Inputs) -> Prepared:
    """Decode and compensate a tube and its control from the bytes of its files.

    Raises
    ------
    TUBE_ERRORS
        If the tube cannot be read or compensated. If the control cannot, a note says so.
    """
    tube = read_tube(
        task.folder / task.sample.fcs_file,
        task.panel,
        spillover=task.spillover,
        allow_truncated=task.settings.allow_truncated,
        content=inputs.content(task.sample.fcs_file),
    )
    tube = tube.without_streamed_bytes()
    control = _control(task, tube, inputs)
    gates = inputs.content(task.sample.gates_file) if task.sample.gates_file else None
    tube, control = without_dye_spill(tube, control)
    return Prepared(task, tube, control, gates)


def _control(task: TubeTask, tube: Tube, inputs: Inputs) -> Control:
    """Read the control; it is refused if it is the stained tube itself under another name."""
    control = read_control(task.folder, task.sample, task.panel, task.settings, tube, inputs)
    hashes = {name: digest for name, digest in inputs.sha256 if digest}  # of the whole file
    own = hashes.get(task.sample.fcs_file)
    same = [n for n in (task.sample.fmo_file, task.sample.isotype_file) if n and own and hashes.get(n) == own]
    if same:
        return Control(notes=(f"{same[0]} holds the same bytes as the stained tube: it is no control",))
    return control.without_streamed_bytes()
