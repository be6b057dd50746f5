"""Progression, death, assessment and new therapy: each with its day, each day in its order."""

from __future__ import annotations

import pytest

from helpers.builders import good_sheets, with_cells, write_csvs, write_files, write_tube
from pipeline.checks.all_checks import check_folder
from pipeline.study.faults import Fault, Severity

COLUMNS = [
    "patient_id", "best_response", "evaluable", "treatment_start", "progressed_on", "died_on",
    "last_assessed_on", "next_therapy_on", "last_contact_on", "discontinued_on", "discontinuation_reason",
    "dexamethasone_on",
]  # fmt: skip
PATIENTS = [
    COLUMNS,
    ["P1", "PD", "yes", "2024-06-10", "2024-09-01", "2025-02-01", "2024-09-01", "2024-10-01", "2025-02-01",
     "2024-09-02", "progression", None],
    ["P2", "SD", "yes", "2024-06-12", None, None, "2025-02-10", None, "2025-03-01", None, None, None],
]  # fmt: skip


def faults_of(folder, cells: dict[str, object] | None = None) -> list[Fault]:
    whole = with_cells(
        good_sheets() | {"patients": PATIENTS}, {"samples!H3": "fcs/S2_FMO.fcs", **(cells or {})}
    )
    write_files(folder)
    write_tube(folder / "fcs" / "S2_FMO.fcs")
    return list(check_folder(write_csvs(folder, whole))[1])


def errors_of(folder, cells: dict[str, object]) -> list[Fault]:
    return [fault for fault in faults_of(folder, cells) if fault.severity is Severity.ERROR]


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {
            "patients!F2": "2024-09-01",
            "patients!G2": "",
            "patients!H2": "",
            "patients!I2": "",
            "patients!J2": "",
        },
        {"patients!K3": "no progression, patient's wish"},
        {"patients!K3": "non-progressive; travelled home"},
        {"patients!K3": "Umzug, kein Progress"},
        {"patients!K3": "adverse event", "patients!H3": "2025-02-10"},
        {"patients!G2": "", "patients!G3": "", "patients!H2": ""},
    ],
    ids=str,
)
def test_a_sound_follow_up_raises_no_finding(tmp_path, cells):
    assert [str(fault) for fault in faults_of(tmp_path, cells)] == []


WITHOUT_A_DAY = [
    ({"patients!B3": "PD"}, "patients!B3", "no progressed_on"),
    ({"patients!B3": "progressive disease"}, "patients!B3", "no progressed_on"),
    ({"patients!B3": "Prog."}, "patients!B3", "no progressed_on"),
    ({"patients!E2": ""}, "patients!B2", 'found "PD", but no progressed_on'),
    ({"patients!B3": "PD", "patients!F3": "2025-03-01"}, "patients!B3", "no progressed_on"),
    (
        {"patients!K3": "progression"},
        "patients!K3",
        "Without it the patient would count as free of progression",
    ),
    ({"patients!K3": "prog."}, "patients!K3", "write: no progression"),
    ({"patients!K3": "Relapse"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "toxicity and PD"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "no response, progression"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "Progress der Erkrankung"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "Krankheitsprogress"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "Tumorprogression"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "POD"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "Krankheitsfortschritt"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "rechute"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "病勢進行"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "прогресування"}, "patients!K3", "no progressed_on"),
    ({"patients!K3": "overleden"}, "patients!K3", "no died_on"),
    ({"patients!K3": "zmarł"}, "patients!K3", "no died_on"),
    ({"patients!K3": "† 3/2025"}, "patients!K3", "no died_on"),
    ({"patients!K3": "死亡"}, "patients!K3", "no died_on"),
    ({"patients!K3": "died"}, "patients!K3", "the day of death in died_on"),
    ({"patients!K3": "exitus letalis"}, "patients!K3", "no died_on"),
]


@pytest.mark.parametrize(
    ("cells", "where", "said"), WITHOUT_A_DAY, ids=[str(case[0]) for case in WITHOUT_A_DAY]
)
def test_a_progression_or_death_without_its_day_is_refused_by_its_cell(tmp_path, cells, where, said):
    errors = errors_of(tmp_path, cells)
    assert [fault.where for fault in errors] == [where]
    assert said in str(errors[0])


@pytest.mark.parametrize(
    "words",
    [
        "progressive neuropathy",
        "progression of renal failure",
        "progression?",
        "suspected progression",
        "worsening neuropathy",
    ],
)
def test_words_that_may_tell_a_progression_are_warned_of(tmp_path, words):
    faults = faults_of(tmp_path, {"patients!K3": words})
    assert [(fault.where, fault.severity) for fault in faults] == [("patients!K3", Severity.WARNING)]


@pytest.mark.parametrize("words", ["cPD?!", "żle", "treatment failure", "unknown", "TF", "lack of efficacy"])
def test_a_reason_that_is_not_understood_is_for_a_person_to_read(tmp_path, words):
    faults = faults_of(tmp_path, {"patients!K3": words})
    assert [(fault.where, fault.severity) for fault in faults] == [("patients!K3", Severity.WARNING)]
    assert "counts as free of both" in str(faults[0])


@pytest.mark.parametrize(
    "words",
    ["toxicity", "Nebenwirkungen", "withdrew consent", "ASCT", "patient's wish", "kein Progress", "COVID-19"],
)
def test_a_usual_reason_and_a_denied_event_need_no_day(tmp_path, words):
    assert [str(fault) for fault in faults_of(tmp_path, {"patients!K3": words})] == []


def test_a_study_that_counts_no_times_needs_no_days(tmp_path):
    sheet = [["patient_id", "best_response"], ["P1", "PD"], ["P2", "SD"]]
    write_files(tmp_path)
    write_tube(tmp_path / "fcs" / "S2_FMO.fcs")
    whole = with_cells(good_sheets() | {"patients": sheet}, {"samples!H3": "fcs/S2_FMO.fcs"})
    assert check_folder(write_csvs(tmp_path, whole))[1] == ()


REFUSED = [
    ({"patients!E2": "2024-06-09"}, "patients!E2", "patients!D2 has 2024-06-10"),
    ({"patients!E2": "2024-06-09", "patients!D2": "", "doses!A4": "P1", "doses!B4": "2024-06-10",
      "doses!C4": "Sarclisa"}, "patients!E2", "2024-06-10, the first of the study drug"),
    ({"patients!F2": "2024-06-01", "patients!E2": "", "patients!B2": "SD", "patients!K2": "", "patients!G2": "",
      "patients!H2": "", "patients!I2": "", "patients!J2": ""}, "patients!F2", "a day after the first day of treatment"),
    ({"patients!H2": "2024-06-10"}, "patients!H2", "has its rows in doses"),
    ({"patients!H3": "2024-01-10"}, "patients!H3", "a day after the first day of treatment"),
    ({"patients!E2": "2025-02-02"}, "patients!E2", "up to the death (patients!F2 has 2025-02-01)"),
    ({"patients!G2": "2025-02-02"}, "patients!G2", "after the death on 2025-02-01"),
    ({"patients!H2": "2025-02-02"}, "patients!H2", "after the death on 2025-02-01"),
    ({"patients!G3": "2199-02-02"}, "patients!G3", "a day that is not in the future"),
    ({"patients!H3": "2199-02-02"}, "patients!H3", "a day that is not in the future"),
    ({"patients!G3": "1925-02-10"}, "patients!G3", "no drug of myeloma before 1958"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "where", "said"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_a_day_of_follow_up_that_cannot_be_is_refused_by_its_cell(tmp_path, cells, where, said):
    errors = errors_of(tmp_path, cells)
    assert [fault.where for fault in errors] == [where]
    assert said in str(errors[0])


WARNED = [
    ({"patients!E2": "2024-06-10"}, "patients!E2", "that treatment was started for"),
    ({"patients!G2": "2024-09-20"}, "patients!G2", "up to the progression (patients!E2 has 2024-09-01)"),
    ({"patients!G3": "2024-05-10"}, "patients!G3", "PFS is censored on its first day"),
    ({"patients!G3": "2025-03-10"}, "patients!I3", "before last_assessed_on 2025-03-10"),
    ({"patients!H3": "2025-03-10"}, "patients!I3", "before next_therapy_on 2025-03-10"),
    ({"patients!H2": "2024-08-01"}, "patients!H2", "from the end of treatment on"),
    ({"patients!J3": "2024-06-01"}, "patients!J3", "Were two days exchanged"),
    ({"patients!L3": "2024-06-01"}, "patients!L3", "Were two days exchanged"),
    ({"patients!B3": ""}, "patients!B3", "counts as one without a response"),
]


@pytest.mark.parametrize(("cells", "where", "said"), WARNED, ids=[str(case[0]) for case in WARNED])
def test_days_of_follow_up_that_disagree_are_warned_of_by_their_cell(tmp_path, cells, where, said):
    faults = faults_of(tmp_path, cells)
    assert [str(fault) for fault in faults if fault.severity is Severity.ERROR] == []
    assert any(said in str(fault) for fault in faults if fault.where == where)


def test_a_death_on_the_day_of_progression_is_sound(tmp_path):
    same = {
        "patients!E2": "2025-02-01",
        "patients!G2": "2025-02-01",
        "patients!H2": "",
        "patients!J2": "2025-02-01",
    }
    assert faults_of(tmp_path, same) == []


def test_columns_that_are_not_there_are_no_fault(tmp_path):
    sheet = [[cell for place, cell in enumerate(row) if place not in (6, 7)] for row in PATIENTS]
    write_files(tmp_path)
    write_tube(tmp_path / "fcs" / "S2_FMO.fcs")
    whole = with_cells(good_sheets() | {"patients": sheet}, {"samples!H3": "fcs/S2_FMO.fcs"})
    assert check_folder(write_csvs(tmp_path, whole))[1] == ()
