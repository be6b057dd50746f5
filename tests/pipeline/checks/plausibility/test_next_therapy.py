"""A new antimyeloma drug among the doses, and no day of a next therapy: said, since PFS would run through it."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.builders import good_sheets, write_csvs, write_files, write_tube
from pipeline.checks.all_checks import check_folder
from pipeline.checks.plausibility.next_therapy import MYELOMA_DRUGS
from pipeline.study.drugs.vocabulary import AGENTS
from pipeline.study.faults import Fault, Severity

COLUMNS = ["patient_id", "best_response", "evaluable", "treatment_start", "progressed_on", "last_assessed_on", "next_therapy_on"]  # fmt: skip
START = "2024-06-10"


def findings(folder: Path, doses: list[list[object]], patient: list[object]) -> list[Fault]:
    """Return what is said of next therapies where P1 has these doses beside the sheet's own."""
    sheets = good_sheets()
    width = len(sheets["doses"][0])
    names = ["patient_id", "given_on", "drug", "dose", "unit"]
    rows = [["" if n not in names else dose[names.index(n)] for n in sheets["doses"][0]] for dose in doses]
    assert all(len(row) == width for row in rows)
    sheets["doses"] += rows
    sheets["patients"] = [COLUMNS, ["P1", *patient]]
    sheets["samples"][2][sheets["samples"][0].index("fmo_file")] = "fcs/S2_FMO.fcs"
    write_files(folder)
    write_tube(folder / "fcs" / "S2_FMO.fcs")
    return [
        fault for fault in check_folder(write_csvs(folder, sheets))[1] if "next_therapy_on" in _column(fault)
    ]


def _column(fault: Fault) -> str:
    return "next_therapy_on" if fault.where.startswith("patients!G") else ""


def dose(day: str, drug: str) -> list[object]:
    return ["P1", day, drug, "", ""]


FREE = ["SD", "yes", START, "", "2025-02-01", ""]
PROGRESSED = ["PD", "yes", START, "2024-10-01", "2024-10-01", ""]


@pytest.mark.parametrize(
    "drug", ["pomalidomide", "Kyprolis", "teclistamab", "VRd", "cilta-cel", "MOR202", "daratumumab"]
)
def test_a_new_drug_before_progression_without_a_day_of_next_therapy_is_said(tmp_path: Path, drug: str):
    (fault,) = findings(tmp_path, [dose("2024-08-20", drug), dose("2024-09-17", drug)], FREE)
    assert fault.severity is Severity.WARNING
    assert f'has "{drug}" on 2024-08-20' in str(fault)
    assert "PFS is censored there" in str(fault)


@pytest.mark.parametrize(
    ("doses", "patient"),
    [
        ([dose("2024-08-20", "pomalidomide")], [*FREE[:-1], "2024-08-20"]),
        ([dose("2024-11-20", "pomalidomide")], PROGRESSED),
        ([dose("2024-10-01", "pomalidomide")], PROGRESSED),
        ([dose("2024-06-10", "pomalidomide"), dose("2024-08-20", "pomalidomide")], FREE),
        ([dose("2024-07-01", "carfilzomib"), dose("2024-09-20", "carfilzomib")], FREE),
        ([dose("2024-05-01", "lenalidomide"), dose("2024-08-20", "lenalidomide")], FREE),
        ([dose("2024-08-20", "dexamethasone")], FREE),
        ([dose("2024-08-20", "zoledronic acid"), dose("2024-08-20", "moxifloxacin")], FREE),
        ([dose("2024-08-20", "isatuximab")], FREE),
    ],
    ids=str,
)
def test_what_is_no_new_therapy_or_is_told_is_not_said(
    tmp_path: Path, doses: list[list[object]], patient: list[object]
):
    assert findings(tmp_path, doses, patient) == []


def test_a_drug_before_the_day_of_progression_is_said(tmp_path: Path):
    (fault,) = findings(tmp_path, [dose("2024-09-30", "pomalidomide")], PROGRESSED)
    assert "2024-09-30" in str(fault)


def test_every_drug_of_the_list_is_one_of_the_vocabulary():
    assert {agent.name for agent in AGENTS} >= MYELOMA_DRUGS
