"""Names and birth dates where pseudonyms were meant are asked about; pseudonyms of every usual kind are not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.checks import check_folder
from pipeline.checks.identity.persons import persons
from pipeline.simulate import simulate_study
from pipeline.study.settings import Settings
from pipeline.study.study import Panel, PanelChannel, Sample, Study


def named(*patients: str) -> Study:
    samples = tuple(
        Sample(f"S{n}", name, date(2024, 5, 31), f"fcs/{n}.fcs", "P", "QB") for n, name in enumerate(patients)
    )
    panel = Panel("P", (PanelChannel(("PE-A",), "cd38"),))
    return Study(Path("study"), samples, (panel,), (), (), (), Settings())


def problems(study: Study) -> list[str]:
    return [finding.fault.found for finding in persons(study, {}) if finding.fault]


@pytest.mark.parametrize(
    "name",
    ["1957-03-12", "12.03.1957", "03121957", "19570312", "Maria Keller", "KELLER, MARIA", "Maria-Keller"],
)  # fmt: skip
def test_a_name_or_a_birth_date_is_asked_about_once(name: str) -> None:
    (problem,) = problems(named(name, name, "P02"))
    assert "which looks like" in problem


@pytest.mark.parametrize(
    "name",
    ["P01", "MM-017", "1001", "101-003", "NCT02514668-12", "Patient 7", "patient_seven", "Site-Alpha", "20240531",
     "2024-05-31", "A1B2", "donor_one", "C-21", "99991231", "00000001", "Keller", "P01 P02"],
)  # fmt: skip
def test_pseudonyms_of_every_usual_kind_are_not(name: str) -> None:
    assert problems(named(name)) == []


@pytest.mark.slow
def test_files_that_say_who_the_patient_is_are_one_warning_which_says_no_name(tmp_path: Path) -> None:
    study = simulate_study(tmp_path / "simulated", patients=2, events=2_000, seed=3)
    _, before = check_folder(study)
    for path in sorted((study / "fcs").rglob("P0*.fcs")):
        raw = path.read_bytes()
        mark = raw[int(raw[10:18]) : int(raw[10:18]) + 1]
        assert mark + b"$CYTSN" + mark in raw
        # a keyword of the same length, so that no offset changes
        path.write_bytes(raw.replace(mark + b"$CYTSN" + mark, mark + b"MY DOB" + mark, 1))
    _, faults = check_folder(study)
    (told,) = [fault for fault in faults if "say who the patient is" in fault.found]
    assert told.found.startswith("the keywords MY DOB in fcs/")
    assert "and 3 more" in told.found
    assert not [fault for fault in before if "say who the patient is" in fault.found]
