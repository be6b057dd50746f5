"""A copy keeps what a letter counts: sites under numbers, serum levels, cytogenetics that name nobody."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.deid.key import Key
from pipeline.deid.rows import patient_rows, sample_rows
from pipeline.study.cells.concentrations import Concentration
from pipeline.study.settings import Settings
from pipeline.study.study import Patient, Sample, Study


def study_of(*patients: Patient, samples: tuple[Sample, ...] = ()) -> Study:
    return Study(Path(), samples, (), (), (), patients, Settings())


def test_sites_get_numbers_and_patients_of_one_site_stay_together() -> None:
    study = study_of(Patient("A", site="Leeds"), Patient("B", site="York"), Patient("C", site="Leeds"))
    assert [row["site"] for row in patient_rows(study, Key())] == ["site 1", "site 2", "site 1"]


def test_serum_levels_and_their_limits_are_copied() -> None:
    sample = Sample(
        "S", "A", date(2024, 5, 1), "a.fcs", "MM", "QB",
        serum_washed_out_ug_ml=Concentration(0.2, True), serum_study_drug_ug_ml=Concentration(110.5),
    )  # fmt: skip
    (row,) = sample_rows(study_of(samples=(sample,)), Key(), {})
    assert (row["serum_washed_out_ug_ml"], row["serum_study_drug_ug_ml"]) == ("<0.2", "110.5")


@pytest.mark.parametrize(
    "typed",
    [
        "del17p", "none", "n.d.", "del(17p); t(4;14) neg, t(14;16) n.d.", "gain 1q 35 %; hyperdiploid",
        "monosomy 13", "t(11;14) +", "high risk", "+1q21", "del(17)(p13)",
    ],
)  # fmt: skip
def test_a_list_of_abnormalities_is_copied_as_typed(typed: str) -> None:
    (row,) = patient_rows(study_of(Patient("A", cytogenetics=typed)), Key())
    assert row["cytogenetics"] == typed


@pytest.mark.parametrize(
    "typed",
    [
        "del17p, told by Dr Smith",
        "neg for del17p, t(4;14)",
        "Smith; del17p",
        "FISH 12.03.2024: t(4;14)",
        "H24-1234",
        "12; 3; 24",
    ],
)
def test_a_cell_with_any_other_word_is_left_out_whole(typed: str) -> None:
    (row,) = patient_rows(study_of(Patient("A", cytogenetics=typed)), Key())
    assert row["cytogenetics"] == ""
