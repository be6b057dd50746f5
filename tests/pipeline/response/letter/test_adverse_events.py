"""Adverse events by grade and relation: the events themselves, and the patients by their highest."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from helpers.builders import good_study, write_csvs
from helpers.response import tables_of
from pipeline.deid.key import Key
from pipeline.deid.rows import adverse_event_rows
from pipeline.response.letter.courses import EVENTS_TITLE, adverse_events
from pipeline.response.safety import safety_population, safety_table
from pipeline.response.statistics.counts import Proportion
from pipeline.study.settings import Settings
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import AdverseEvent, Dose, Patient, Study

EVENTS = (
    AdverseEvent("P1", 3, True, "neutropenia"),
    AdverseEvent("P1", 1, False),
    AdverseEvent("P2", 2, True),
    AdverseEvent("P2", 4, False),
)
PATIENTS = (Patient("P1"), Patient("P2"), Patient("P3"))


def typed(patients, events=(), doses=()) -> Study:
    return Study(Path(), (), (), (), tuple(doses), tuple(patients), Settings(), adverse_events=tuple(events))


def told(patients, events=(), doses=()) -> dict[str, Proportion]:
    (part,) = adverse_events(typed(patients, events, doses))
    return {row.name: row for row in part.rows if isinstance(row, Proportion)}


def test_events_are_counted_and_patients_by_their_highest_grade():
    found = {name: (row.k, row.n) for name, row in told(PATIENTS, EVENTS).items()}
    assert found["any adverse event"] == (2, 3)
    assert found["adverse event, highest grade 3"] == (1, 3)
    assert found["related adverse event, highest grade 4"] == (0, 3)
    assert found["related adverse event, highest grade 2"] == (1, 3)
    assert found["events, of all events"] == (4, 4)
    assert found["related events, of all events"] == (2, 4)
    assert found["events, grade >= 3"] == (2, 4)
    assert found["related events, grade 3"] == (1, 4)


def test_events_have_no_interval_and_patients_have_one():
    found = told(PATIENTS, EVENTS)
    assert (found["events, grade 4"].low, found["events, grade 4"].high) == (None, None)
    assert found["any adverse event"].low == pytest.approx(9.43, abs=0.01)


def test_without_the_sheet_the_highest_grades_of_the_patients_sheet_count_and_no_event():
    found = told([Patient("P1", teae_grade=3, related_grade=0), Patient("P2", teae_grade=0, related_grade=0)])
    assert (found["any adverse event"].k, found["any related adverse event"].k) == (1, 0)
    assert not [name for name in found if name.startswith("events")]
    assert adverse_events(typed(PATIENTS)) == ()


def test_a_grade_of_the_patients_sheet_that_contradicts_the_events_is_named():
    patients = (
        Patient("P1", teae_grade=2, related_grade=3),
        Patient("P2", teae_grade=4),
        Patient("P3", teae_grade=1),
    )
    doses = tuple(Dose(one.patient_id, date(2024, 5, 31), "Isatuximab") for one in patients)
    study = Study(Path(), (), (), (), doses, patients, Settings(), adverse_events=EVENTS)
    tables = tables_of(study, [])
    hits = [(hit.where, hit.phrase) for hit in tables.inconsistencies]
    assert hits == [("patient P1", "teae_grade 2"), ("patient P3", "teae_grade 1")]
    assert EVENTS_TITLE in [part.title for part in tables.letter.parts]


HEADER = ["patient_id", "grade", "related", "term"]


def read(tmp_path: Path, *rows: list[str]):
    folder = good_study(tmp_path / "lab")
    write_csvs(folder, {"patients": [["patient_id"], ["P1"], ["P2"]], "adverse_events": [HEADER, *rows]})
    return read_study(folder)


def test_the_sheet_is_read_and_a_copy_leaves_its_words_out(tmp_path: Path):
    study, faults = read(tmp_path, ["P1", "2", "no", "told by Mrs Smith"])
    assert [str(fault) for fault in faults] == []
    assert study.adverse_events == (AdverseEvent("P1", 2, False, "told by Mrs Smith"),)
    assert adverse_event_rows(study, Key()) == ({"patient_id": "P001", "grade": "2", "related": "no"},)


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (["P99", "2", "no"], "adverse_events!A2"),
        (["P1", "6", "no"], "adverse_events!B2"),
        (["P1", "0", "no"], "adverse_events!B2"),
        (["P1", "2", "maybe"], "adverse_events!C2"),
        (["P1", "2", ""], "adverse_events!C2"),
    ],
)
def test_what_is_no_event_is_a_fault_in_its_cell(tmp_path: Path, row: list[str], where: str):
    _, faults = read(tmp_path, [*row, ""])
    assert [fault.where for fault in faults] == [where]


def test_what_an_event_was_called_is_in_no_result():
    parts = adverse_events(typed(PATIENTS, EVENTS))
    assert parts
    assert "neutropenia" not in repr(parts)


def given(*patients: str, drug: str = "Sarclisa", dose: float | None = None) -> list[Dose]:
    return [Dose(name, date(2024, 5, 31), drug, dose) for name in patients]


def test_only_patients_who_got_the_study_drug_are_in_the_denominator():
    # P3 had the washed-out drug alone; P2's events came without a dose of the study drug
    doses = [*given("P1"), *given("P2", "P3", drug="daratumumab"), *given("P2", dose=0)]
    found = told(PATIENTS, EVENTS, doses)
    assert (found["any adverse event"].k, found["any adverse event"].n) == (1, 1)
    assert (found["events, of all events"].k, found["events, grade 4"].k) == (2, 0)
    tables = tables_of(typed(PATIENTS, EVENTS, doses), [])
    rule = next(part.rule for part in tables.letter.parts if part.title == EVENTS_TITLE)
    assert "at least one dose of isatuximab (safety population): 1 of the 3 patients" in rule
    assert "Not treated, so in no number: P2, P3. Their events are left out too (2 in the sheet" in rule
    assert [(hit.where, hit.phrase) for hit in tables.inconsistencies] == [
        ("patient P2", "a row in the sheet adverse_events")
    ]


def test_the_table_of_safety_has_the_same_denominator_and_says_it():
    patients = [
        Patient("P1", teae_grade=3, infusion_reaction=True),
        Patient("P2", teae_grade=0, infusion_reaction=False),
        Patient("P3", teae_grade=0, infusion_reaction=False),
    ]
    tables = tables_of(typed(patients, doses=given("P1", "P2")), [])
    rows = {row.name: (row.k, row.n) for row in tables.safety if isinstance(row, Proportion)}
    assert rows["any adverse event"] == rows["infusion reaction"] == (1, 2)
    assert "2 of the 3 patients" in tables.safety_rule
    assert tables.safety == safety_table(typed(patients[:2], doses=given("P1", "P2")))


@pytest.mark.parametrize(
    ("patient", "is_treated"),
    [
        (Patient("P2"), False),
        (Patient("P2", treatment_start=date(2024, 5, 31)), True),
        (Patient("P2", discontinued_on=date(2024, 8, 31)), True),
        (Patient("P2", infusions=2), True),
        (Patient("P2", exposure_weeks=0.1), True),
        (Patient("P2", infusions=0), False),
    ],
)
def test_any_sign_of_treatment_makes_a_patient_count(patient: Patient, is_treated: bool):
    counted = safety_population(typed([Patient("P1"), patient], doses=given("P1")))
    assert (patient in counted.treated, patient in counted.untreated) == (is_treated, not is_treated)


def test_without_doses_of_the_study_drug_all_count_except_those_typed_as_untreated():
    patients = [Patient("P1"), Patient("P2", infusions=0), Patient("P3", exposure_weeks=0)]
    counted = safety_population(typed(patients, doses=given("P1", drug="daratumumab")))
    assert counted.treated == (patients[0],)
    assert "The doses sheet has no dose of isatuximab" in counted.rule
    assert "doses sheet has no dose" not in safety_population(typed(patients, doses=given("P1"))).rule


def test_a_study_in_which_all_events_are_of_untreated_patients_counts_none():
    found = told(PATIENTS, EVENTS[2:], given("P1", "P3"))
    assert (found["any adverse event"].k, found["any adverse event"].n) == (0, 2)
    assert "events, of all events" not in found
