"""The columns of the patients sheet, and of the sheet of adverse events."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from pipeline.study.cells import Day, FileSafeId, Text, YesNo, number, one_of, whole_number
from pipeline.study.cells.choices import ADA_COURSES, ADA_SPELLINGS, RESPONSE_SPELLINGS, RESPONSES, SEXES
from pipeline.study.sheets.columns import Row, column


class PatientRow(Row):
    """A patient; only `patient_id` is required."""

    patient_id: FileSafeId = column("The patient, as in the samples sheet.", example="P01", required=True)
    best_response: Annotated[str, BeforeValidator(one_of(*RESPONSES, also=RESPONSE_SPELLINGS))] = column(
        "Best response to the study drug.", example="SD", default="", choices=RESPONSES
    )
    evaluable: YesNo | None = column("Is the response evaluable?", example="yes", choices=("yes", "no"))
    disease_control_days: Annotated[float, number(0, 36525)] | None = column(
        "Days the disease was controlled.", example="61"
    )
    treatment_start: Day | None = column("First day of the study treatment.", example="2024-06-10")
    progressed_on: Day | None = column("Day of progression.")
    died_on: Day | None = column("Day of death.")
    last_assessed_on: Day | None = column(
        "Last day on which the disease was assessed well enough to show progression; PFS is censored there.",
        example="2024-08-05",
    )
    next_therapy_on: Day | None = column(
        "First day of a new antimyeloma therapy; PFS is censored there at the latest."
    )
    last_contact_on: Day | None = column("Last day the patient was known to be alive.")
    discontinued_on: Day | None = column("Day the study treatment ended.")
    discontinuation_reason: Text = column("Why it ended.", example="progression", default="")
    dexamethasone_on: Day | None = column("Day dexamethasone was added.")
    age: Annotated[float, number(0, 130)] | None = column("Age in years.", example="68")
    sex: Annotated[str, BeforeValidator(one_of(*SEXES, also=(("f", "female"), ("m", "male"))))] = column(
        "Sex.", example="female", default="", choices=SEXES
    )
    weight_kg: Annotated[float, number(1, 500)] | None = column("Weight, kg.", example="72.5")
    albumin_g_l: Annotated[float, number(1, 100)] | None = column("Serum albumin, g/L.", example="38")
    heavy_chain: Text = column("IgG, IgA, light, …", example="IgG", default="")
    ecog: Annotated[int, whole_number(0, 5)] | None = column("ECOG performance status.", example="1")
    iss_stage: Text = column("ISS stage.", example="II", default="")
    cytogenetic_risk: Text = column("Cytogenetic risk.", example="high", default="")
    prior_lines: Annotated[int, whole_number(0, 99)] | None = column("Prior lines of treatment.", example="5")
    refractory_to: Text = column(
        "Drugs the myeloma is refractory to, split by ;.", example="daratumumab", default=""
    )
    exposure_weeks: Annotated[float, number(0, 5200)] | None = column(
        "Weeks on the study treatment; empty: from treatment_start to discontinued_on.", example="8.3"
    )
    teae_grade: Annotated[int, whole_number(0, 5)] | None = column(
        "Highest grade of a treatment-emergent adverse event; 0: there was none.", example="2"
    )
    infusion_reaction: YesNo | None = column(
        "Was there a reaction to an infusion?", example="no", choices=("yes", "no")
    )
    infusions: Annotated[int, whole_number(0, 1000)] | None = column(
        "Infusions of the study drug.", example="12"
    )
    infusions_interrupted: Annotated[int, whole_number(0, 1000)] | None = column(
        "How many of them were interrupted.", example="0"
    )
    serum_ug_ml: Annotated[float, number(0, 1e5)] | None = column(
        "Serum concentration of the washed-out drug before the study drug, µg/mL; 0: none found.",
        example="0.4",
    )
    site: Text = column("Hospital where the patient was treated; a pseudonym.", example="A", default="")
    last_line_refractory: YesNo | None = column(
        "Is the myeloma refractory to the last line before the study drug?",
        example="yes",
        choices=("yes", "no"),
    )
    cytogenetics: Text = column(
        "Abnormalities by FISH, split by ;; none: looked for and not found; n.d. behind one: not done.",
        example="del17p; t(4;14)",
        default="",
    )
    ada_before: YesNo | None = column(
        "Antibodies against the study drug before its first dose?", example="no", choices=("yes", "no")
    )
    ada_on_treatment: Annotated[str, BeforeValidator(one_of(*ADA_COURSES, also=ADA_SPELLINGS))] = column(
        "Antibodies against the study drug while it was given.",
        example="none",
        default="",
        choices=ADA_COURSES,
    )
    related_grade: Annotated[int, whole_number(0, 5)] | None = column(
        "Highest grade of an adverse event that was called related to the treatment; 0: there was none.",
        example="1",
    )


class AdverseEventRow(Row):
    """An adverse event of a patient."""

    patient_id: FileSafeId = column("The patient, as in the patients sheet.", example="P01", required=True)
    grade: Annotated[int, whole_number(1, 5)] = column(
        "Its highest grade (CTCAE).", example="2", required=True
    )
    related: YesNo = column(
        "Was it called related to the treatment?", example="no", required=True, choices=("yes", "no")
    )
    term: Text = column("Name of the event; no result contains it.", example="neutropenia", default="")
