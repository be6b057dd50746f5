"""The control tube: the same gates on the tube without the quantified stain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.density.result import ControlKind
from gating.events import FloatArray, Mask
from gating.gates import inside
from gating.gates.steps import GateStep, Step
from pipeline.fcs import FcsError
from pipeline.study.errors import UserError
from pipeline.study.settings import Settings
from pipeline.study.study import Panel, Sample
from pipeline.tube.reading import Tube, read_tube

OWN_TIME = Step.TIME
"""The step that belongs to one acquisition alone: a clog in the stained tube says nothing of the control."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control tube: `kind` is `FMO`, `isotype` or empty; `tube` None where there is none to use."""

    kind: str = ""
    tube: Tube | None = None
    notes: tuple[str, ...] = ()


def read_control(folder: Path, sample: Sample, panel: Panel, settings: Settings, stained: Tube) -> Control:
    """Return the best control there is: FMO before isotype; one that cannot be read is a note.

    Parameters
    ----------
    folder
        The study folder.
    stained
        The tube itself: its matrix compensates the control too, since both see the same detectors.
    """
    notes: tuple[str, ...] = ()
    named = ((ControlKind.FMO.value, sample.fmo_file), (ControlKind.ISOTYPE.value, sample.isotype_file))
    for kind, name in named:
        if not name:
            continue
        try:
            tube = read_tube(
                folder / name,
                panel,
                spillover=stained.spillover,
                compensated=stained.spillover is not None,
                allow_truncated=settings.allow_truncated,
            )
        except (FcsError, UserError) as error:
            notes = (*notes, f"the {kind} control cannot be used: {error}")
            continue
        return Control(kind, tube, (*notes, *tube.notes))
    return Control(notes=notes)


def background_cells(control: Control, steps: tuple[GateStep, ...]) -> FloatArray | None:
    """Return the control's cells on the quantified channel, in the tube's own gates; None: no control."""
    if control.tube is None:
        return None
    return control.tube.quantified[gated_alike(control.tube, steps)]


def gated_alike(tube: Tube, steps: tuple[GateStep, ...]) -> Mask:
    """Return the events of another tube that lie inside the same gates; its own time is not judged."""
    mask = np.ones(tube.events.n_events, np.bool_)
    for step in steps:
        if step.gate is not None and step.name is not OWN_TIME:
            mask &= inside(step.gate, tube.events)
    return mask
