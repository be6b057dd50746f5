"""Gates that a person drew in FlowJo or wrote as GatingML, in place of the automatic gates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gating.drawn.flowjo.workspace import shown_name
from gating.drawn.gate_file import GateFileError
from gating.drawn.outline import outline_of
from gating.drawn.population import DrawnPopulation
from gating.events import Events, FloatArray, Mask
from gating.events.compensation import SpilloverMatrix
from gating.events.panel import Role
from gating.gates import Gate
from gating.gates.steps import NO_CELLS, GatedPopulation, GateFlag, GateStep
from gating.second_opinion import dice_overlap
from gating.thresholds.methods import Method
from pipeline.fcs import FcsFile, read_fcs
from pipeline.files.content import AnyContent
from pipeline.quantification.result import SampleFlag
from pipeline.study.errors import UserError
from pipeline.study.study import Sample
from pipeline.tube.compensation import Compensation
from pipeline.tube.control import Control
from pipeline.tube.drawn_file import called_by_gates, read_drawn
from pipeline.tube.names.rows import matrix_for_control, on_rows
from pipeline.tube.reading import Tube

KEPT_FLAGS = (GateFlag.TIME_UNSTABLE, GateFlag.NO_TIME)
"""Flags of the automatic gating that are kept: they concern the acquisition, which a person's gates need not
check."""
LEAST_AGREEMENT_OF_FILE = 0.5
"""Agreement of a file's gates with the automatic ones below which a person should check both. Convention: an
agreement below a half means that most cells of at least one gating are not in the other."""


@dataclass(frozen=True, slots=True)
class DrawnGating:
    """The cells of a tube and its control in a person's gates.

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
    folder: Path,
    sample: Sample,
    tube: Tube,
    control: Control,
    automatic: GatedPopulation,
    content: AnyContent | None = None,
) -> DrawnGating:
    """Return the cells of tube and control in a person's gates.

    Parameters
    ----------
    automatic
        The automatic gates: their viable single cells are the denominator of the percentage, and the row says
        how well both gatings agree.
    content
        The bytes of the gates' file, where they have been read already.

    Raises
    ------
    UserError
        If the gates cannot be used: see `GateFileError`.
    """
    try:
        drawn = read_drawn(folder, sample, tube.file, content)
        named_tube = _named_tube(drawn, tube)
        if tube.compensation is Compensation.ALREADY:
            drawn = drawn.on_compensated_events()
        drawn.refuse(named_tube.name_of(tube.quantified_channel), named_tube.channels, named_tube.markers)
        matrix = None if tube.file_matrix is None else on_rows(tube.file_matrix, tube.rows)
        masks = _masks(drawn, named_tube, matrix)
        background = None
        if control.tube is not None:
            masks_there = _masks(drawn, *_named_control(drawn, control.tube, named_tube, matrix))
            background = control.tube.quantified[masks_there[-1]]
    except GateFileError as error:
        raise UserError(str(error)) from None
    gated = _gated(drawn, masks, named_tube, automatic)
    return DrawnGating(gated, background, drawn.to_gatingml(), _outlines(drawn, named_tube, matrix))


@dataclass(frozen=True, slots=True)
class _NamedTube:
    """A tube or its control with its channels under the names that the gates use."""

    tube: Tube
    channels: tuple[str, ...]
    markers: tuple[str, ...]

    def row_of(self, name: str) -> str:
        """Return the panel row of a channel, or its own name if it has no row; "" for ""."""
        return dict(zip(self.channels, map(self.tube.rows.row_of, self.tube.file.channels), strict=True)).get(
            name, ""
        )

    def name_of(self, row: str) -> str:
        """Return the name that the gates use for a panel row."""
        names = self.tube.file.channels
        return dict(zip(names, self.channels, strict=True)).get(self.tube.rows.name_of(row), row)


def _named_tube(drawn: DrawnPopulation, tube: Tube) -> _NamedTube:
    return _NamedTube(tube, called_by_gates(drawn, tube.rows), tube.file.markers)


def _named_control(
    drawn: DrawnPopulation, control: Tube, tube: _NamedTube, matrix: SpilloverMatrix | None
) -> tuple[_NamedTube, SpilloverMatrix | None]:
    """Return the control with the names that the gates use and its tube's markers, and the tube's matrix."""
    marker_of = {tube.row_of(name): marker for name, marker in zip(tube.channels, tube.markers, strict=True)}
    pairs = zip(control.file.channels, control.file.markers, strict=True)
    markers = tuple(marker_of.get(control.rows.row_of(name), marker) for name, marker in pairs)
    named_control = _NamedTube(control, called_by_gates(drawn, control.rows), markers)
    if matrix is None:
        return named_control, None
    return named_control, matrix_for_control(matrix, control.rows, control.file.spillover)


def _outlines(
    drawn: DrawnPopulation, named_tube: _NamedTube, matrix: SpilloverMatrix | None
) -> tuple[Gate | None, ...]:
    def row_of(label: str) -> str:
        return named_tube.row_of(drawn.channel_of(label, named_tube.channels, named_tube.markers))

    def divisor_of(channel: str) -> float:
        return (
            1.0 if drawn.uses_gain else _divisor(named_tube.tube.file, named_tube.tube.rows.name_of(channel))
        )

    return tuple(
        outline_of(
            drawn.strategy,
            step,
            row_of,
            ours=named_tube.tube.spillover,
            files=matrix,
            divisor_of=divisor_of,
        )
        for step in drawn.steps
    )


def _masks(
    drawn: DrawnPopulation, named_tube: _NamedTube, matrix: SpilloverMatrix | None
) -> tuple[Mask, ...]:
    """Apply the gates to the uncompensated events of a file: the gates bring their own matrix.

    Where FlowJo does not apply the gain, it uses the stored values.

    Parameters
    ----------
    matrix
        For gates that use the file's own matrix: that of the tube, also for its control; with the names of
        panel rows.
    """
    file = named_tube.tube.file
    own = None
    if matrix is not None:
        own = SpilloverMatrix(tuple(map(named_tube.name_of, matrix.channels)), matrix.values, matrix.source)
    needed = {
        *drawn.gating_channels(named_tube.channels, named_tube.markers),
        *drawn.detectors(named_tube.channels),
        *(own.channels if own is not None else ()),
    }
    read = [channel for channel, name in enumerate(named_tube.channels) if name in needed]
    names = tuple(file.channels[channel] for channel in read)
    raw = read_fcs(
        file.path, channels=names, data_set=file.data_set, allow_truncated=True, content=file.content
    )
    labels = tuple(named_tube.channels[channel] for channel in read)
    values = raw.events(names)
    if not drawn.uses_gain:
        for row, name in enumerate(names):
            if _divisor(raw, name) != 1:
                values[row] = raw.raw(name)
    return drawn.step_masks(Events(values, labels), [named_tube.markers[channel] for channel in read], own)


def _divisor(file: FcsFile, channel: str) -> float:
    """Return the divisor of a channel's stored values: $PnG, or 1 where the gain does not apply."""
    return file.parameters[file.channels.index(channel)].divisor


def _gated(
    drawn: DrawnPopulation, masks: tuple[Mask, ...], named_tube: _NamedTube, automatic: GatedPopulation
) -> GatedPopulation:
    mask = masks[-1]
    has_cells = bool(mask.any())
    both = int(np.count_nonzero(mask & automatic.mask))
    note = (
        f"gates of {drawn.source}, population {drawn.shown_path}, replaced the automatic ones: "
        f"{int(mask.sum())} cells, the automatic gates find {int(automatic.mask.sum())}, {both} are in both"
    )
    differ = has_cells and dice_overlap(mask, automatic.mask) < LEAST_AGREEMENT_OF_FILE
    return GatedPopulation(
        mask=mask,
        steps=_steps(drawn, masks, named_tube),
        step_masks=np.stack(masks),
        confidence=1.0 if has_cells else 0.0,
        viable_singlets=automatic.viable_singlets,
        flags=(
            SampleFlag.GATES_FROM_FILE,
            *((SampleFlag.FILE_GATES_DIFFER,) if differ else ()),
            *(flag for flag in automatic.flags if flag in KEPT_FLAGS),
            *(() if has_cells else (GateFlag.LOW_GATE_CONFIDENCE,)),
        ),
        notes=(note, *_time_note(drawn, named_tube), *(() if has_cells else (NO_CELLS,))),
    )


def _steps(drawn: DrawnPopulation, masks: tuple[Mask, ...], named_tube: _NamedTube) -> tuple[GateStep, ...]:
    steps, n_in = [], named_tube.tube.events.n_events
    for path, mask in zip(drawn.steps, masks, strict=True):
        n_out = int(mask.sum())
        rows = map(named_tube.row_of, drawn.channels_of(path, named_tube.channels, named_tube.markers))
        shown = tuple(name for name in rows if name in named_tube.tube.events.channels)[:2]
        steps.append(
            GateStep(
                shown_name(path[-1]),
                None,
                shown,
                n_in,
                n_out,
                (Method.FILE,),
                note=f"drawn in {drawn.source}",
            )
        )
        n_in = n_out
    return tuple(steps)


def _time_note(drawn: DrawnPopulation, named_tube: _NamedTube) -> tuple[str, ...]:
    times = {named_tube.name_of(channel.channel) for channel in named_tube.tube.panel.with_role(Role.TIME)}
    if times & set(drawn.gating_channels(named_tube.channels, named_tube.markers)):
        return ("a gate looks at time and was put on the control's own time too",)
    return ()
