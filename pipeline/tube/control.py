"""The control tube (without the quantified stain), gated with the gates of its stained tube."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from calibration.density.result import ControlKind
from gating.events import FloatArray, Mask, Survivors
from gating.events.below_zero import far_below_zero
from gating.events.errors import GatingError
from gating.events.panel import Role
from gating.events.sampling import SAMPLE_EVENTS, drawn_by_scatter, sampled
from gating.gates import inside
from gating.gates.steps import GatedPopulation, GateStep, Step
from pipeline.fcs import FcsError, read_fcs
from pipeline.files.content import AnyContent
from pipeline.study.errors import UserError
from pipeline.study.settings.tube import TubeSettings
from pipeline.study.study import Panel, Sample
from pipeline.tube.compensation import Compensation, MixedError, is_compensated, unlike_tube
from pipeline.tube.flags import TubeFlag
from pipeline.tube.inputs import Inputs
from pipeline.tube.names.rows import lacking_detectors, matrix_for_control, rows_of_file, stained_rows
from pipeline.tube.reading import Tube, read_tube

MOST_CONTROLS_NAMED = 3
"""Most channels that a message names. Convention: nobody would read more."""
OWN_TIME = Step.TIME
"""The gating step that is not applied to the control: a clog in the stained tube does not affect the
control."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control tube: `kind` is `FMO`, `isotype` or empty; `tube` is None if there is no usable control."""

    kind: str = ""
    tube: Tube | None = None
    notes: tuple[str, ...] = ()

    def without_streamed_bytes(self) -> Control:
        """Return the control without its file's bytes, where these are read once."""
        return self if self.tube is None else replace(self, tube=self.tube.without_streamed_bytes())


def read_control(
    folder: Path,
    sample: Sample,
    panel: Panel,
    settings: TubeSettings,
    stained: Tube,
    inputs: Inputs | None = None,
) -> Control:
    """Return the best control: FMO before isotype. If a control cannot be read, a note says so.

    Parameters
    ----------
    folder
        The study folder.
    stained
        The stained tube: its matrix compensates the control, too, since both were acquired on the same
        detectors.
    inputs
        The sample's files, where they have been read already.
    """
    notes: tuple[str, ...] = ()
    named = ((ControlKind.FMO.value, sample.fmo_file), (ControlKind.ISOTYPE.value, sample.isotype_file))
    for kind, name in named:
        if not name:
            continue
        try:
            content = None if inputs is None else inputs.content(name)
            tube = _read(folder / name, panel, settings, stained, content)
        except (FcsError, GatingError, UserError) as error:
            notes = (*notes, f"the {kind} control cannot be used: {error}")
            continue
        own = (note if note in stained.notes else f"{kind} control: {note}" for note in tube.notes)
        ends = (f"{kind} control: {repair.text}" for repair in tube.scale_repairs)
        return Control(kind, tube, (*notes, *own, *ends))
    return Control(notes=notes)


def _read(
    path: Path, panel: Panel, settings: TubeSettings, stained: Tube, content: AnyContent | None
) -> Tube:
    """Read a control and compensate it with its tube's matrix, with the same names of panel rows.

    Raises
    ------
    UserError
        If the control cannot be compensated like its tube.
    """
    header = read_fcs(path, channels=(), allow_truncated=settings.allow_truncated, content=content)
    rows = rows_of_file(panel, header.channels, header.markers, where=path.name)
    try:
        done = is_compensated(panel, header.channels, header.markers)
        unlike = unlike_tube(stained.compensation is Compensation.ALREADY, done)
        if unlike:
            raise MixedError(unlike)
        matrix = stained.spillover
        if matrix is not None and lacking_detectors(matrix, rows):
            matrix = matrix_for_control(matrix, rows, header.spillover)
    except UserError as error:
        raise UserError(f"{path.name} {error}") from None
    return read_tube(
        path,
        panel,
        spillover=matrix,
        compensated=matrix is not None,
        allow_truncated=settings.allow_truncated,
        content=content,
        header=header,
    )


def background_cells(control: Control, steps: tuple[GateStep, ...]) -> FloatArray | None:
    """Return the control's cells in the tube's gates, on the quantified channel; None: no control."""
    if control.tube is None:
        return None
    return control.tube.quantified.take(_inside_all(steps, Survivors.everyone(control.tube.events)).index)


def viable_alike(tube: Tube, gated: GatedPopulation) -> Survivors:
    """Return the viable single cells of another tube, by the gates of this tube."""
    return _inside_all(_to_viable(gated), Survivors.everyone(tube.events))


def _to_viable(gated: GatedPopulation) -> tuple[GateStep, ...]:
    names = [step.name for step in gated.steps]
    return gated.steps[: names.index(Step.VIABLE) + 1]


def gated_alike(tube: Tube, steps: tuple[GateStep, ...]) -> Mask:
    """Return the events of another tube that lie in the same gates; its time is not gated."""
    return _inside_all(steps, Survivors.everyone(tube.events)).mask()


def _inside_all(steps: tuple[GateStep, ...], left: Survivors) -> Survivors:
    """Return the events that lie in all gates; each gate is applied to the events left by the one before."""
    for step in steps:
        if step.gate is not None and step.name is not OWN_TIME:
            left = left.select(inside(step.gate, left))
    return left


def flagged_below_zero(tube: Tube, control: Control, gated: GatedPopulation) -> Tube:
    """Return the tube, flagged if it or its control has cells far below zero.

    Parameters
    ----------
    gated
        The tube's gates: the viable single cells of tube and control are checked.
    """
    sample = _sample(tube)
    notes = [_below_zero_words(tube, sample.among(gated.viable_singlets), "tube")]
    if control.tube is not None:
        sample = _sample(control.tube)
        viable = _inside_all(_to_viable(gated), sample)
        notes.append(_below_zero_words(control.tube, viable, "control"))
    sentences = tuple(filter(None, notes))
    if not sentences:
        return tube
    return replace(tube, flags=(*tube.flags, TubeFlag.FAR_BELOW_ZERO), notes=(*tube.notes, *sentences))


def _sample(tube: Tube) -> Survivors:
    """Return a sample of a tube's events."""
    sample = sampled(drawn_by_scatter(tube.events, tube.panel), SAMPLE_EVENTS)
    return Survivors.of(tube.events, sample)


def _below_zero_words(tube: Tube, cells: Survivors, which: str) -> str:
    stained = [row.name for row in stained_rows(tube.rows.panel) if row.role != Role.CD38]
    light = {name: cells.column(name) for name in stained}
    low = far_below_zero({**light, tube.quantified_channel: tube.quantified.take(cells.index)})
    if not low:
        return ""
    more = f" and {len(low) - MOST_CONTROLS_NAMED} more" if len(low) > MOST_CONTROLS_NAMED else ""
    return (
        f"the {which} has cells far below zero ({'; '.join(map(str, low[:MOST_CONTROLS_NAMED]))}{more}): "
        "was it compensated twice, or too much?"
    )
