"""The validation sheet: what each experiment needs is asked for, with the cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.builders import Sheets, good_sheets, write_csvs, write_files
from pipeline.study.sheets.reading import read_study

HEADER = [
    "sample_id",
    "experiment",
    "specimen",
    "level",
    "hours",
    "sequence",
    "method",
    "low",
    "high",
    "goal_percent",
]


def sheets(*rows: list[object]) -> Sheets:
    return {**good_sheets(), "validation": [HEADER, *([*row, *[None] * (10 - len(row))] for row in rows)]}


def said(folder: Path, *rows: list[object]) -> list[str]:
    return [str(fault) for fault in read_study(write_csvs(write_files(folder), sheets(*rows)))[1]]


def test_a_good_sheet_is_read_without_a_fault(tmp_path):
    rows = (
        ["S1", "Precision", "pool A"],
        ["S1", "carry over", "pool A", None, None, 1],
        ["S2", "linearity", "pool A", "0,5"],
    )
    study, faults = read_study(write_csvs(write_files(tmp_path), sheets(*rows)))
    assert faults == ()
    assert [tube.experiment for tube in study.validation] == ["precision", "carry_over", "linearity"]
    assert study.validation[2].level == 0.5
    assert study.validation_tubes == {"S1", "S2"}


@pytest.mark.parametrize(
    ("rows", "cell", "words"),
    [
        ([["S9", "precision", "a"]], "validation!A2", "a tube of the samples sheet"),
        ([["S1", "precison", "a"]], "validation!B2", 'Did you mean "precision"?'),
        ([["S1", "precision", None]], "validation!C2", "specimen"),
        ([["S1", "linearity", "a"]], "validation!D2", "the expected level"),
        ([["S1", "carry_over", "a"]], "validation!F2", "place in the order of acquisition"),
        ([["S1", "low", "a"], ["S1", "low", "a"]], "validation!B3", "one row for each tube and experiment"),
        (
            [["S1", "carry_over", "a", None, None, 1], ["S2", "carry_over", "b", None, None, 1]],
            "validation!F3",
            "a place of its own",
        ),
        ([["S1", "low", "Pool"], ["S2", "low", "pool"]], "validation!C3", "one spelling everywhere"),
        (
            [["S1", "control", "a", None, None, None, None, 50, 40]],
            "validation!I2",
            "a range from low to high",
        ),
        (
            [["S1", "low", "a", *[None] * 6, 10], ["S2", "low", "a", *[None] * 6, 20]],
            "validation!J3",
            "one goal for low",
        ),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_cell(tmp_path, rows, cell, words):
    faults = said(tmp_path, *rows)
    assert len(faults) == 1
    assert cell in faults[0]
    assert words in faults[0]


def test_doses_are_missed_where_a_tube_is_a_patients(tmp_path):
    def without_doses(*rows: list[object]) -> list[str]:
        every = {name: lines for name, lines in sheets(*rows).items() if name != "doses"}
        folder = tmp_path / str(len(rows))
        folder.mkdir()
        return [str(fault) for fault in read_study(write_csvs(write_files(folder), every))[1]]

    assert "found no dose" in without_doses(["S1", "precision", "a"])[0]
    assert without_doses(["S1", "precision", "a"], ["S2", "precision", "a"]) == []
