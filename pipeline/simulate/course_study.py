"""A small study of patients with follow-up: three marrows each after one last dose, on one cytometer."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from pipeline.simulate.plan import PlannedTube, Slot, StudyPlan, plan_study
from pipeline.simulate.scenarios import scenario_named
from pipeline.simulate.typed_sheets import TYPED_SAMPLE_COLUMNS, SimulatedCell, sample_row, write_typed_csv

COURSE_NAME = "course"
COURSE_EVENTS, COURSE_CONTROL_EVENTS, COURSE_BEAD_EVENTS = 460, 190, 2_800
DAYS_APART = 84
COURSE_VISITS = ("screening", "week 12", "week 24")
FIRST_WEEKS = (10, 13, 18, 16, 18, 20, 8)
"""Weeks from the last dose to the first marrow of each patient; the last one begins below the LLOQ."""

TWO_GROUPS, DIM_FRACTION = "P06", 0.4
"""The patient whose clone has a bright and a dim group, and the fraction of the dim group."""

COURSE_SAMPLE_COLUMNS = (*TYPED_SAMPLE_COLUMNS, "serum_study_drug_ug_ml")
_BEFORE_IT = "<0.5"


def course_plan(seed: int) -> StudyPlan:
    """Return the plan of the study, which has a fixed size."""
    slots = [
        Slot(f"P{number:02d}", day, weeks + day * DAYS_APART / 7, f"_BM{day + 1}", visit)
        for number, weeks in enumerate(FIRST_WEEKS, start=1)
        for day, visit in enumerate(COURSE_VISITS)
    ]
    plan = plan_study(
        scenario_named(COURSE_NAME), slots, events=COURSE_EVENTS, seed=seed, days_apart=DAYS_APART
    )
    return replace(plan, tubes=tuple(map(_smaller, plan.tubes)))


def write_adverse_events(study: Path) -> None:
    """Write the sheet of adverse events from the highest grades in the patients sheet."""
    with (study / "patients.csv").open(encoding="utf-8", newline="") as file:
        patients = list(csv.DictReader(file))
    rows: list[tuple[SimulatedCell, ...]] = []
    for patient in patients:
        name, highest, related = (patient[column] for column in ("patient_id", "teae_grade", "related_grade"))
        if highest != "0":
            rows.append((name, highest, highest == related))
        if related not in ("0", highest):
            rows.append((name, related, True))
        if highest not in ("0", "1"):
            rows.append((name, 1, False))
    write_typed_csv(study / "adverse_events.csv", ("patient_id", "grade", "related"), rows)


def _smaller(tube: PlannedTube) -> PlannedTube:
    """Return the tube: its control has few events, and one patient's clone has two groups."""
    dim = DIM_FRACTION if tube.slot.patient_id == TWO_GROUPS else 0.0
    patient = replace(tube.patient, clone=replace(tube.patient.clone, dim_fraction=dim))
    return replace(tube, control_events=COURSE_CONTROL_EVENTS, patient=patient)


def write_samples(plan: StudyPlan, study: Path) -> None:
    """Write the samples sheet; at the last marrow the study drug was measured before its first dose."""
    rows: list[tuple[SimulatedCell, ...]] = [
        (*sample_row(tube), _BEFORE_IT if tube.slot.visit == COURSE_VISITS[-1] else None)
        for tube in plan.tubes
    ]
    write_typed_csv(study / "samples.csv", COURSE_SAMPLE_COLUMNS, rows)
