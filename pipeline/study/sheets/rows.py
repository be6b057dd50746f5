"""The columns of each sheet as fields of pydantic rows: the type of each cell, and a sentence for the reader.

Every typed row is read. A field whose cell is empty or faulty holds its default, which is None for a required
column. So rules between rows check every row, and a `Study` is made only if there is no fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

from gating.events.panel import Role
from pipeline.study.cells import (
    Aliases,
    Day,
    FileName,
    FileSafeId,
    Identifier,
    Levels,
    Ranges,
    Text,
    TimeOfDay,
    YesNo,
    number,
    one_of,
    whole_number,
)
from pipeline.study.cells.choices import (
    CHANNEL_ROLES,
    DOSE_UNITS,
    ROLE_SPELLINGS,
    ROUTES,
    TARGETS,
    TISSUE_SPELLINGS,
    TISSUES,
    Tissue,
)
from pipeline.study.cells.concentrations import ConcentrationCell
from pipeline.study.cells.polygons import EXAMPLE as A_POLYGON
from pipeline.study.cells.polygons import PolygonCell
from pipeline.study.sheets import kit_words
from pipeline.study.sheets.columns import Row, column
from pipeline.study.sheets.patient_row import AdverseEventRow, PatientRow
from pipeline.study.sheets.validation_row import ValidationRow


class SampleRow(Row):
    """A tube to quantify."""

    sample_id: FileSafeId = column(
        "Name of the tube in every table; it also names files.", example="P01_BM1", required=True
    )
    patient_id: FileSafeId = column(
        "Pseudonym of the patient, the same in every sheet.", example="P01", required=True
    )
    collected_on: Day = column("Day the marrow or blood was taken.", example="2024-05-31", required=True)
    fcs_file: FileName = column(
        "FCS file of the stained tube, from the study folder.", example="fcs/P01_BM1.fcs", required=True
    )
    panel: Identifier = column("Name of a panel in the panels sheet.", example="MM8", required=True)
    bead_run: Identifier = column(
        "Name of the bead run of the same day in the beads sheet.",
        header="beads",
        example="QB_2024-05-31",
        required=True,
    )
    visit: Text = column(
        "Visit; tubes of one patient and visit are replicates.", example="baseline", default=""
    )
    fmo_file: FileName = column(
        "FCS file of the tube without the quantified antibody.", example="fcs/P01_BM1_FMO.fcs", default=""
    )
    isotype_file: FileName = column(
        "FCS file of the isotype control, where there is no FMO tube.", default=""
    )
    tissue: Annotated[Tissue, BeforeValidator(one_of(*TISSUES, also=TISSUE_SPELLINGS))] = column(
        "Tissue of the sample; empty means marrow.", example="marrow", default=Tissue.MARROW, choices=TISSUES
    )
    collected_time: TimeOfDay | None = column(
        "Time of day; used only together with given_time.", example="09:15"
    )
    remark: Text = column("Free text; no result contains it.", default="")
    gates_file: FileName = column(
        "FlowJo 10 workspace (.wsp) or GatingML 2.0 file: its gates replace the automatic ones.", default=""
    )
    population: Text = column(
        "Population of gates_file to quantify: its name, or Parent/Name where several have that name.",
        default="",
    )
    serum_washed_out_ug_ml: ConcentrationCell | None = column(
        "Washed-out drug in serum at this visit, µg/mL; <0.2: below the limit of its assay; 0: none found.",
        example="<0.2",
    )
    serum_study_drug_ug_ml: ConcentrationCell | None = column(
        "Study drug in serum at this visit, µg/mL; <0.2: below the limit of its assay.", example="0"
    )


class PanelRow(Row):
    """A channel of a panel."""

    panel: Identifier = column("Name of the panel; a row per channel.", example="MM8", required=True)
    channel: Aliases = column(
        "Name of the channel in the FCS files ($PnN), or several names of one measurement split by ;.",
        example="PE-A; YG585-A",
        required=True,
    )
    role: Annotated[Role, BeforeValidator(one_of(*CHANNEL_ROLES, also=ROLE_SPELLINGS))] = column(
        "What the channel is for; exactly one is cd38, the quantified one, which never gates.",
        example="cd138",
        required=True,
        choices=CHANNEL_ROLES,
    )
    target: Annotated[str, BeforeValidator(one_of(*TARGETS))] = column(
        "Where the wanted cells lie on it; empty: it follows from the role (plasma cells).",
        example="positive",
        default="",
        choices=TARGETS,
    )
    marker: Text = column("Antigen or dye.", example="CD138", default="")
    fluorochrome: Text = column("Fluorochrome.", example="BV421", default="")
    clone: Text = column("Clone of the antibody.", example="MI15", default="")
    competes_with_drug: YesNo | None = column(
        "For cd38: does the clone compete with daratumumab?", example="yes", choices=("yes", "no")
    )
    f_p_ratio: Annotated[float, number(0.01, 100)] | None = column(
        f"For cd38: fluorophores per antibody (F:P) of the conjugate; {kit_words.F_P_KITS_IN_WORDS} need it.",
        example="1.02",
    )
    f_p_ratio_sd: Annotated[float, number(0, 100)] | None = column("Its standard deviation.", example="0.05")
    host: Text = column(
        "For cd38: host species of the antibody (mouse, rat, rabbit, human, …); "
        f"{kit_words.CAPTURING_KITS} want it.",
        example="mouse",
        default="",
    )


class BeadRow(Row):
    """A bead acquisition."""

    name: FileSafeId = column(
        "Name of the bead run; it is also used in names of files.",
        header="beads",
        example="QB_2024-05-31",
        required=True,
    )
    fcs_file: FileName = column(
        "FCS file of the beads, from the study folder.", example="fcs/beads.fcs", required=True
    )
    kit: Annotated[str, BeforeValidator(one_of(*kit_words.KITS, also=kit_words.KIT_SPELLINGS))] = column(
        "Which beads they are; once per lot.",
        example="quantibrite_pe",
        required=True,
        choices=kit_words.KITS,
    )
    lot: Identifier = column(
        "Lot on the vial; empty: the only lot of this sheet.", example="96597", required=True
    )
    channel: Identifier = column(
        "Channel of the beads that is calibrated: the panel's cd38 channel.", example="PE-A", required=True
    )
    levels: Levels = column(
        "Assigned values on the lot's sheet, dim to bright, split by ; (a blank bead is 0); once per lot.",
        example="638; 6930; 31008; 67601",
        required=True,
    )
    acquired_on: Day | None = column("Day of acquisition, where the file does not say.", example="2024-05-31")
    assigned_cv: Annotated[float, number(0, 1)] | None = column(
        "CV of the assigned values as a fraction; empty: the setting lot_assignment_cv.", example="0.05"
    )
    ranges: Ranges = column(
        "Where each population lies on the channel, low-high, dim to bright, split by ;; set by a person "
        "where the search fails; empty: searched.",
        example="450-820; 5200-8900; 24000-39000; 52000-80000",
        default=(),
    )
    transfer_from: Text = column(
        "For rainbow beads in place of a bead run: the rainbow run of another day and the bead run beside "
        "it, split by ;.",
        example="RB_2024-05-31; QB_2024-05-31",
        default="",
    )
    captures: Text = column(
        f"For {kit_words.VIAL_TELLS}: the host species whose antibodies these beads capture, as on the vial; "
        f"{kit_words.ALWAYS_CAPTURED}.",
        example="mouse",
        default="",
    )


class DoseRow(Row):
    """An administration of a drug."""

    patient_id: FileSafeId = column("The patient, as in the samples sheet.", example="P01", required=True)
    given_on: Day = column("Day it was given.", example="2023-11-02", required=True)
    drug: Identifier = column(
        "Drug: its own name, a brand or a code; a row per drug.", example="daratumumab", required=True
    )
    dose: Annotated[float, number(0, 1e6)] | None = column("Amount.", example="16")
    unit: Annotated[str, BeforeValidator(one_of(*DOSE_UNITS))] = column(
        "Unit of the amount.", example="mg/kg", default="", choices=DOSE_UNITS
    )
    route: Annotated[str, BeforeValidator(one_of(*ROUTES))] = column(
        "Into a vein (IV) or under the skin (SC).", example="IV", default="", choices=ROUTES
    )
    serum_trough_ug_ml: Annotated[float, number(0, 1e5)] | None = column(
        "Serum concentration just before this dose, µg/mL.", example="320"
    )
    given_time: TimeOfDay | None = column("Time of day; empty: after a marrow of that day.", example="13:30")


class SettingRow(Row):
    """A setting; its value is read later, by the type of the setting."""

    name: Identifier = column("Name of the setting.", example="washed_out_drug", required=True)
    value: Text = column("Its value; empty: the default.", default="")


_POLYGON = "A polygon in place of a step's gate: its two axes, then its vertices, linear and compensated."


class GateRow(Row):
    """A gate set by a person: a threshold or a polygon."""

    sample_id: FileSafeId = column("The tube, as in the samples sheet.", example="P01_BM1", required=True)
    gate: Identifier = column(
        "Name of the automatic threshold; of a polygon the step.", example="cd138", required=True
    )
    value: Annotated[float, number()] | None = column(
        "The threshold, linear and compensated; empty where there is a polygon.", example="850"
    )
    set_by: Text = column("Who set it.", example="AB", required=True)
    reason: Text = column("Why.", example="valley hidden by debris", required=True)
    set_at: Text = column("When.", example="2024-06-03", default="")
    polygon: PolygonCell | None = column(_POLYGON, example=A_POLYGON)


class StatementRow(Row):
    """A sentence whose numbers are checked."""

    statement: Text = column(
        "A sentence that will be printed; its percentages and durations are checked.",
        example="Disease control in 12/32 = 37.5 %, for 74 weeks (17.0 months)",
        required=True,
    )
    n_patients: Annotated[int, whole_number(1, 1_000_000)] | None = column(
        "Number of its patients; empty: all of the patients sheet.", example="32"
    )
    source: Text = column("Source of the sentence.", example="abstract, line 4", default="")


class ReviewRow(Row):
    """A row of review.csv: a gate that a reviewer set, a decision on the tube, or both."""

    sample_id: FileSafeId = column("The tube.", required=True)
    gate: Identifier = column("Name of the automatic threshold; of a polygon the step.", default="")
    value: Annotated[float, number()] | None = column(
        "The threshold, linear and compensated; empty where there is a polygon."
    )
    set_by: Text = column("Who.", required=True)
    reason: Text = column("Why.", default="")
    set_at: Text = column("When.", default="")
    verdict: Text = column("What the reviewer says about the tube.", default="")
    polygon: PolygonCell | None = column(_POLYGON)


STUDY_SHEETS: Mapping[str, type[Row]] = {
    "samples": SampleRow,
    "panels": PanelRow,
    "beads": BeadRow,
    "doses": DoseRow,
    "patients": PatientRow,
    "settings": SettingRow,
    "gates": GateRow,
    "statements": StatementRow,
    "validation": ValidationRow,
    "adverse_events": AdverseEventRow,
}
