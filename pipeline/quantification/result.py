"""The result of one tube: all that tables, pictures and the store need, without events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, SerializerFunctionWrapHandler, WrapSerializer

from calibration.density.receptor_density import RdStatus, ReceptorDensity
from calibration.distribution.result import CellDistribution
from gating.batch_cuts import DyeCut
from gating.events.compensation import SpilloverMatrix
from gating.gates.steps import GateStep
from gating.thresholds.methods import methods_in, words_of
from pipeline.checks.flags import CheckFlag
from pipeline.fcs.acquisition import Acquired
from pipeline.study.file_labels import FileLabels
from pipeline.tube.detectors import DetectorSetting
from pipeline.tube.histograms import Density, Histogram


def _step_to_store(step: GateStep, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
    """Return the fields of a gating step for the store, with its methods as words."""
    stored = {name: words_of(step.methods) if name == "methods" else v for name, v in fields(step).items()}
    return {"method" if name == "methods" else name: value for name, value in stored.items()}


def _step_from_store(stored: Any) -> Any:
    """Return the fields of a stored gating step, with its methods as enums again."""
    if not isinstance(stored, Mapping) or "method" not in stored:
        return stored
    fields = {name: value for name, value in stored.items() if name != "method"}
    return {**fields, "methods": methods_in(stored["method"])}


StoredStep = Annotated[GateStep, WrapSerializer(_step_to_store), BeforeValidator(_step_from_store)]

FAILED = (RdStatus.FAILED, RdStatus.NO_CURVE)
"""Statuses of tubes that cannot be quantified before a person acts. The same holds for a named control that
gives no background."""


class SampleFlag(StrEnum):
    """Flags that quantification sets in the row of a tube; the value is the code in the tables."""

    PROGRAM_DEFECT = "PROGRAM_DEFECT"
    REPAIRED_FILE = "REPAIRED_FILE"
    CONTROL_BRIGHT = "CONTROL_BRIGHT"
    ABERRANT_TOO_FEW = "ABERRANT_TOO_FEW"
    CLONE_UNCERTAIN = "CLONE_UNCERTAIN"
    FILE_GATES_DIFFER = "FILE_GATES_DIFFER"
    GATES_FROM_FILE = "GATES_FROM_FILE"
    GATE_SET_BY_PERSON = "GATE_SET_BY_PERSON"
    GATE_FROM_BATCH = "GATE_FROM_BATCH"
    GATE_UNLIKE_BATCH = "GATE_UNLIKE_BATCH"
    HEMODILUTION_POSSIBLE = "HEMODILUTION_POSSIBLE"
    STAIN_UNSTEADY = "STAIN_UNSTEADY"
    SECOND_OPINION_DIFFERS = "SECOND_OPINION_DIFFERS"


@dataclass(frozen=True, slots=True)
class SentinelResult:
    """Free CD38 on NK cells (`nk_cells`) or B precursors (`b_precursors`) of a tube; `note`: why on none."""

    name: str
    receptor: ReceptorDensity
    confidence: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class SecondCount:
    """Result of the second opinion: its number of cells, and its agreement with the gated cells (0 to 1)."""

    n_cells: int
    agreement: float


@dataclass(frozen=True, slots=True)
class SampleResult:
    """The result of a tube: gates, density and interval, or why there are none (`receptor.status`, `note`).

    `n_plasma_cells` counts the whole gated population, `population` names the part that was quantified
    (`aberrant_plasma_cells` where the panel can tell them). `gates_document` is the GatingML of gates that
    a person drew elsewhere; empty where `steps` hold the gates. `sentinel_reading`: filled in where the
    study is known (`pipeline.patients.receptor_occupancy`). `detectors`: those that may gate. `dye_cuts`:
    what its batch is told of them. `events_sha256`: ending and SHA-256 of each of its per-event files.
    `defect`: traceback of the defect of cd38rd that failed it. `second_opinion`: None where none was asked
    for. `distribution`: of the quantified cells; None where they have no density.
    """

    sample_id: str
    receptor: ReceptorDensity
    population: str = ""
    flags: tuple[str, ...] = ()
    n_events: int | None = None
    n_viable_singlets: int | None = None
    n_plasma_cells: int | None = None
    n_aberrant: int | None = None
    normal_rd: float | None = None
    background_kind: str = ""
    gating_confidence: float | None = None
    steps: tuple[StoredStep, ...] = ()
    pictures: tuple[Density, ...] = ()
    histogram: Histogram | None = None
    acquired: Acquired = field(default_factory=Acquired)
    quantified_channel: str = ""
    spillover_source: str = ""
    spillover_sha256: str = ""
    spillover_channels: tuple[str, ...] = ()
    spillover: tuple[tuple[float, ...], ...] = ()
    repairs: tuple[str, ...] = ()
    sha256: tuple[tuple[str, str], ...] = ()
    events_sha256: tuple[tuple[str, str], ...] = ()
    note: str = ""
    gates_document: str = ""
    sentinels: tuple[SentinelResult, ...] = ()
    sentinel_reading: str = ""
    detectors: tuple[DetectorSetting, ...] = ()
    dye_cuts: tuple[DyeCut, ...] = ()
    defect: str = ""
    second_opinion: SecondCount | None = None
    distribution: CellDistribution | None = None

    @property
    def is_of_clone(self) -> bool:
        """Whether the aberrant cells alone were quantified, and not the whole gated population."""
        return self.n_aberrant is not None


def is_failed(result: SampleResult) -> bool:
    """Return whether a tube makes the run end with status 3."""
    return is_failure(result.receptor.status, result.flags)


def is_failure(status: RdStatus, flags: Collection[str]) -> bool:
    """Return the same from the status and flags of a row."""
    without = {CheckFlag.CONTROL_UNUSABLE, SampleFlag.CONTROL_BRIGHT} & set(flags)
    return status in FAILED or (status is RdStatus.NO_BACKGROUND and bool(without))


def with_findings(result: SampleResult, flags: Sequence[str], notes: Sequence[str]) -> SampleResult:
    """Return the result with the flags and notes of the study's checks added; no number changes.

    The note of a failed tube is the reason alone; all else is added to the notes of its density.
    """
    both = tuple(dict.fromkeys((*flags, *result.flags)))
    if result.receptor.status is RdStatus.FAILED:
        more = tuple(note for note in notes if note not in (result.note, *result.receptor.notes))
        receptor = replace(result.receptor, notes=(*result.receptor.notes, *more))
        return replace(result, flags=both, receptor=receptor)
    own = f"; {result.note}; "
    new = (note for note in notes if f"; {note}; " not in own)
    return replace(result, flags=both, note="; ".join(part for part in (*new, result.note) if part))


def with_labels(result: SampleResult, labels: FileLabels) -> SampleResult:
    """Return a result whose sentences contain no file names, since these may contain a patient's name."""
    say = labels.in_text
    steps = tuple(replace(step, note=say(step.note)) for step in result.steps)
    sentinels = tuple(
        replace(sentinel, note=say(sentinel.note), receptor=_labelled(sentinel.receptor, labels))
        for sentinel in result.sentinels
    )
    return replace(
        result,
        note=say(result.note),
        defect=say(result.defect),
        receptor=_labelled(result.receptor, labels),
        steps=steps,
        sentinels=sentinels,
        repairs=tuple(map(say, result.repairs)),
        spillover_source=say(result.spillover_source),
    )


def _labelled(density: ReceptorDensity, labels: FileLabels) -> ReceptorDensity:
    return replace(density, notes=tuple(map(labels.in_text, density.notes)))


def failure_reason(result: SampleResult) -> str:
    """Return only the reason why a tube has no density; "" where none is given.

    For a failed tube the reason is its note; for any other status it is the last note of its density.
    """
    if result.receptor.status is RdStatus.FAILED:
        return result.note
    return result.receptor.notes[-1] if result.receptor.notes else ""


def spillover_of(result: SampleResult) -> SpilloverMatrix | None:
    """Return the spillover matrix that compensated a tube; None where it was not compensated."""
    if not result.spillover:
        return None
    return SpilloverMatrix(result.spillover_channels, np.array(result.spillover), result.spillover_source)
