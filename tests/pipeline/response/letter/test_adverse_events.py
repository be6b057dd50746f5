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


def told(patients, events=()) -> dict[str, Proportion]:
    (part,) = adverse_events(patients, events)
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
    assert adverse_events(PATIENTS) == ()


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
    parts = adverse_events(PATIENTS, EVENTS)
    assert parts
    assert "neutropenia" not in repr(parts)
