"""A tube whose population a person drew in FlowJo or wrote as GatingML: those gates instead of ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gating.drawn.gate_file import GateFileError
from gating.drawn.outline import outline_of
from gating.drawn.population import DrawnPopulation
from gating.events import Events, FloatArray, Mask
from gating.gates import Gate
from gating.gates.steps import GatedPopulation, GateFlag, GateStep
from gating.thresholds.methods import Method
from pipeline.fcs import read_fcs
from pipeline.quantification.result import SampleFlag
from pipeline.study.errors import UserError
from pipeline.study.study import Sample
from pipeline.tube.control import Control
from pipeline.tube.drawn_file import read_drawn
from pipeline.tube.reading import Tube

KEPT_FLAGS = (GateFlag.TIME_UNSTABLE, GateFlag.NO_TIME)
"""Of the automatic gating: what it says of the acquisition, which the person's gates need not look at."""


@dataclass(frozen=True, slots=True)
class DrawnGating:
    """What a person's gates give.

    Attributes
    ----------
    gated
        The tube's population; its steps are the person's gates.
    background
        The control's cells in the same gates on the quantified channel; None: no control.
    document
        The gates as GatingML 2.0.
    outlines
        Of each step, for its picture; None where it has none on the picture's axes.
    """

    gated: GatedPopulation
    background: FloatArray | None
    document: str
    outlines: tuple[Gate | None, ...] = ()


def gated_by_file(
    folder: Path, sample: Sample, tube: Tube, control: Control, automatic: GatedPopulation
) -> DrawnGating:
    """Return the cells of tube and control in a person's gates.

    Parameters
    ----------
    automatic
        What our own gates give: its viable single cells are the denominator of the percentage, and the row
        says how far both agree.

    Raises
    ------
    UserError
        If the gates cannot be used: see `GateFileError`.
    """
    try:
        drawn = read_drawn(folder, sample, tube.file)
        drawn.refuse(tube.quantified_channel, tube.file.channels, tube.file.markers)
        masks = _masks(drawn, tube)
        background = None
        if control.tube is not None:
            background = control.tube.quantified[_masks(drawn, control.tube)[-1]]
    except GateFileError as error:
        raise UserError(str(error)) from None
    gated = _gated(drawn, masks, tube, automatic)
    return DrawnGating(gated, background, drawn.to_gatingml(), _outlines(drawn, tube))


def _outlines(drawn: DrawnPopulation, tube: Tube) -> tuple[Gate | None, ...]:
    def channel_of(label: str) -> str:
        return drawn.channel_of(label, tube.file.channels, tube.file.markers)

    return tuple(
        outline_of(drawn.strategy, step, channel_of, ours=tube.spillover, files=tube.file.spillover)
        for step in drawn.steps
    )


def _masks(drawn: DrawnPopulation, tube: Tube) -> tuple[Mask, ...]:
    """Apply the gates to the events as the file has them: the gates bring their own matrix."""
    file = tube.file
    own = file.spillover.channels if file.spillover is not None else ()
    wanted = {*drawn.gating_channels(file.channels, file.markers), *drawn.detectors(file.channels), *own}
    names = tuple(name for name in file.channels if name in wanted)
    raw = read_fcs(file.path, channels=names, data_set=file.data_set, allow_truncated=True)
    markers = [file.markers[file.channels.index(name)] for name in names]
    return drawn.step_masks(Events(raw.events(names), names), markers, file.spillover)


def _gated(
    drawn: DrawnPopulation, masks: tuple[Mask, ...], tube: Tube, automatic: GatedPopulation
) -> GatedPopulation:
    mask = masks[-1]
    both = int(np.count_nonzero(mask & automatic.mask))
    note = (
        f"gates of {drawn.source}, population {'/'.join(drawn.path[1:])}, replaced the automatic ones: "
        f"{int(mask.sum())} cells, the automatic gates find {int(automatic.mask.sum())}, {both} are in both"
    )
    return GatedPopulation(
        mask=mask,
        steps=_steps(drawn, masks, tube),
        step_masks=np.stack(masks),
        confidence=1.0,
        viable_singlets=automatic.viable_singlets,
        flags=(SampleFlag.GATES_FROM_FILE, *(flag for flag in automatic.flags if flag in KEPT_FLAGS)),
        notes=(note, *_time_note(drawn, tube)),
    )


def _steps(drawn: DrawnPopulation, masks: tuple[Mask, ...], tube: Tube) -> tuple[GateStep, ...]:
    steps, n_in = [], tube.events.n_events
    for path, mask in zip(drawn.steps, masks, strict=True):
        n_out = int(mask.sum())
        channels = drawn.channels_of(path, tube.file.channels, tube.file.markers)
        shown = tuple(name for name in channels if name in tube.events.channels)[:2]
        steps.append(
            GateStep(path[-1], None, shown, n_in, n_out, (Method.FILE,), note=f"drawn in {drawn.source}")
        )
        n_in = n_out
    return tuple(steps)


def _time_note(drawn: DrawnPopulation, tube: Tube) -> tuple[str, ...]:
    times = {channel.channel for channel in tube.panel.with_role("time")}
    if times & set(drawn.gating_channels(tube.file.channels, tube.file.markers)):
        return ("a gate looks at time and was put on the control's own time too",)
    return ()
