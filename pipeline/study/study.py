"""The study as typed: its valid rows as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from gating.events.panel import Role
from pipeline.study.cells.choices import ReviewDecision, Tissue, review_decision
from pipeline.study.cells.concentrations import Concentration
from pipeline.study.polygon import TypedPolygon
from pipeline.study.settings import Settings
from pipeline.study.validation import ValidationTube

TypedCell: TypeAlias = str | int | float | bool | date | time | timedelta | None


@dataclass(frozen=True, slots=True)
class TypedRow:
    """A row of a sheet as typed: a cell for each column, known or unknown."""

    sample_id: str
    cells: tuple[TypedCell, ...]


@dataclass(frozen=True, slots=True)
class TypedRows:
    """The samples sheet as typed, without titles and empty rows, so that results can repeat it."""

    header: tuple[TypedCell, ...] = ()
    rows: tuple[TypedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A tube to quantify; files are relative to the study folder.

    `gates_file` and `population`: a FlowJo workspace or GatingML file whose population replaces our gates.
    """

    sample_id: str
    patient_id: str
    collected_on: date
    fcs_file: str
    panel: str
    bead_run: str
    visit: str = ""
    fmo_file: str = ""
    isotype_file: str = ""
    tissue: Tissue = Tissue.MARROW
    remark: str = ""
    gates_file: str = ""
    population: str = ""
    collected_time: time | None = None
    serum_washed_out_ug_ml: Concentration | None = None
    serum_study_drug_ug_ml: Concentration | None = None

    @property
    def fcs_files(self) -> tuple[str, ...]:
        """The FCS file of the tube, then those of its controls."""
        return tuple(name for name in (self.fcs_file, self.fmo_file, self.isotype_file) if name)

    @property
    def input_files(self) -> tuple[str, ...]:
        """Every file that the result depends on: the FCS files, and the file with a person's gates."""
        return (*self.fcs_files, *([self.gates_file] if self.gates_file else []))


@dataclass(frozen=True, slots=True)
class PanelChannel:
    """A channel of a panel, from a row of the panels sheet: its $PnN names, and its role.

    `target` is never empty: if the sheet leaves it empty, the role gives it.
    """

    aliases: tuple[str, ...]
    role: Role
    target: str = "any"
    marker: str = ""
    fluorochrome: str = ""
    clone: str = ""
    competes_with_drug: bool | None = None
    f_p_ratio: float | None = None
    f_p_ratio_sd: float | None = None
    host: str = ""

    @property
    def name(self) -> str:
        """The first $PnN name, which events, gates and matrices of every file use for this channel."""
        return self.aliases[0]


@dataclass(frozen=True, slots=True)
class Panel:
    """The channels of a panel; exactly one has the role `cd38`.

    `compensated`: whether the study says that the files are compensated or unmixed already.
    """

    name: str
    channels: tuple[PanelChannel, ...]
    compensated: bool = False

    @property
    def quantified(self) -> PanelChannel:
        """The channel whose receptor density is quantified."""
        return next(channel for channel in self.channels if channel.role == Role.CD38)


@dataclass(frozen=True, slots=True)
class BeadRun:
    """A bead acquisition; `levels` are the lot's assigned values, dim to bright; a blank bead is 0.

    `ranges`: (low, high) of each bead population as a person set it, dim to bright; empty: it is searched.
    `transfer_from`: for rainbow beads, the rainbow run of another day and the bead run of that day.
    `captures`: host species whose antibodies the beads bind; "": that of the kit, or not reported.
    """

    name: str
    fcs_file: str
    kit: str
    lot: str
    channel: str
    levels: tuple[float, ...]
    acquired_on: date | None = None
    assigned_cv: float | None = None
    ranges: tuple[tuple[float, float], ...] = ()
    transfer_from: str = ""
    captures: str = ""

    @property
    def transfer_names(self) -> tuple[str, ...]:
        """The rainbow run and the bead run of another day; empty if the run has a curve of its own."""
        return tuple(name.strip() for name in self.transfer_from.split(";") if name.strip())


@dataclass(frozen=True, slots=True)
class Dose:
    """An administration of a drug."""

    patient_id: str
    given_on: date
    drug: str
    dose: float | None = None
    unit: str = ""
    route: str = ""
    serum_trough_ug_ml: float | None = None
    given_time: time | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """A row of the optional patients sheet; None or "": not known."""

    patient_id: str
    best_response: str = ""
    evaluable: bool | None = None
    disease_control_days: float | None = None
    treatment_start: date | None = None
    progressed_on: date | None = None
    died_on: date | None = None
    last_assessed_on: date | None = None
    next_therapy_on: date | None = None
    last_contact_on: date | None = None
    discontinued_on: date | None = None
    discontinuation_reason: str = ""
    dexamethasone_on: date | None = None
    age: float | None = None
    sex: str = ""
    weight_kg: float | None = None
    albumin_g_l: float | None = None
    heavy_chain: str = ""
    ecog: int | None = None
    iss_stage: str = ""
    cytogenetic_risk: str = ""
    prior_lines: int | None = None
    refractory_to: str = ""
    exposure_weeks: float | None = None
    teae_grade: int | None = None
    infusion_reaction: bool | None = None
    infusions: int | None = None
    infusions_interrupted: int | None = None
    serum_ug_ml: float | None = None
    site: str = ""
    last_line_refractory: bool | None = None
    cytogenetics: str = ""
    ada_before: bool | None = None
    ada_on_treatment: str = ""
    related_grade: int | None = None


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """An adverse event, from an optional sheet: its highest grade, and whether it was called related."""

    patient_id: str
    grade: int
    related: bool
    term: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that a person wants to print; its percentages and durations are checked.

    `n_patients`: the number of patients in the sentence; None: all of the patients sheet. `cell`: its cell.
    """

    statement: str
    n_patients: int | None = None
    source: str = ""
    cell: str = ""


class GateSource(StrEnum):
    """Where a person set a gate; the value is the name of the sheet or of the file."""

    SHEET = "gates"
    REVIEW = "review.csv"


@dataclass(frozen=True, slots=True)
class GateOverride:
    """A gate that a person set: a threshold in `value`, or a whole step's `polygon`; the other is None."""

    sample_id: str
    gate: str
    value: float | None
    set_by: str
    reason: str
    set_at: str = ""
    polygon: TypedPolygon | None = None
    source: GateSource = GateSource.SHEET


@dataclass(frozen=True, slots=True)
class TypedDecision:
    """A reviewer's decision on a tube in review.csv: `accept`, `change`, `reject`, `ask`, or other words."""

    sample_id: str
    verdict: str
    set_by: str
    reason: str = ""
    set_at: str = ""

    @property
    def meant(self) -> ReviewDecision | None:
        """What the words mean; None for words that are only noted."""
        return review_decision(self.verdict)


@dataclass(frozen=True, slots=True)
class Study:
    """Everything that a person typed, without faults; `places` has the cell of each typed value."""

    folder: Path
    samples: tuple[Sample, ...]
    panels: tuple[Panel, ...]
    bead_runs: tuple[BeadRun, ...]
    doses: tuple[Dose, ...]
    patients: tuple[Patient, ...]
    settings: Settings
    gates: tuple[GateOverride, ...] = ()
    statements: tuple[Statement, ...] = ()
    validation: tuple[ValidationTube, ...] = ()
    typed_decisions: tuple[TypedDecision, ...] = ()
    adverse_events: tuple[AdverseEvent, ...] = ()
    places: Mapping[tuple[str, str, str], str] = field(default_factory=dict, compare=False, repr=False)
    typed_samples: TypedRows = field(default_factory=TypedRows, compare=False, repr=False)

    def at(self, sheet: str, name: str, column: str) -> str:
        """Return the cell of a row and column (`samples!C7`).

        `name` is the id of the row, in panels `panel/channel`; in doses and adverse events the number of the
        row, from 0.
        """
        return self.places.get((sheet, name, column), f"{sheet} {name} {column}")

    @property
    def validation_tubes(self) -> frozenset[str]:
        """The ids of tubes that validate the assay; they do not belong to a visit of a patient."""
        return frozenset(tube.sample_id for tube in self.validation)

    def panel(self, name: str) -> Panel:
        """Return the panel of this name; raise KeyError if there is none."""
        return {panel.name: panel for panel in self.panels}[name]

    def bead_run(self, name: str) -> BeadRun:
        """Return the bead run of this name; raise KeyError if there is none."""
        return {run.name: run for run in self.bead_runs}[name]

    def unit_run(self, name: str) -> BeadRun:
        """Return the bead run whose kit gives the unit of a run's curve: itself, or that of the transfer."""
        run = self.bead_run(name)
        return self.bead_run(run.transfer_names[-1]) if run.transfer_names else run
