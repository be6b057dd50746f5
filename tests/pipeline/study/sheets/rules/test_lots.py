"""Bead lots typed once: rows of the same lot take its kit and levels, and what no lot tells is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.builders import good_sheets, with_cells, write_csvs, write_files
from pipeline.study.sheets.reading import read_study


def said(folder: Path) -> list[str]:
    study, faults = read_study(folder)
    assert (study is None) == any(fault.severity.value == "ERROR" for fault in faults)
    return [f"{fault.severity.value} {fault}" for fault in faults]


def lots(rows: list[list[object]]) -> dict[str, list[list[object]]]:
    sheets = good_sheets()
    sheets["beads"] = [["beads", "fcs_file", "kit", "lot", "channel", "levels", "assigned_cv"], *rows]
    return with_cells(sheets, {"samples!F3": "QB2"})


FIRST = ["QB1", "fcs/beads.fcs", "quantibrite_pe", "96597", "PE-A", "638; 6930; 31008; 67601", "0.03"]


@pytest.mark.parametrize(
    "left",
    [[None, "96597", "PE-A", None], [None, None, "PE-A", None], ["Quantibrite PE", None, "PE-A", None],
     ["as above", "as above", "PE-A", "As above"], ["ditto", "96597 ", "PE-A", '"'], [" ", "\u200b", "PE-A", "\u00a0"]],
)  # fmt: skip
def test_kit_lot_and_levels_are_typed_once_per_lot(tmp_path, left):
    folder = write_csvs(write_files(tmp_path), lots([FIRST, ["QB2", "fcs/beads.fcs", *left, None]]))
    study, faults = read_study(folder)
    assert faults == ()
    first, second = study.bead_runs
    assert (second.kit, second.lot, second.levels, second.assigned_cv) == (
        first.kit, "96597", (638, 6930, 31008, 67601), 0.03,
    )  # fmt: skip


def test_the_lot_may_be_told_in_any_row_and_what_is_typed_in_a_row_stays(tmp_path):
    rows = [
        ["QB1", "fcs/beads.fcs", None, "b2", "PE-A", None, None],
        ["QB2", "fcs/beads.fcs", "quantibrite_pe", "a1", "PE-A", "600; 6000; 30000; 60000", None],
        ["QB3", "fcs/beads.fcs", "qsc", "B2", "PE-A", "0; 5899; 68458", "0.1"],
        ["QB4", "fcs/beads.fcs", None, "b2", "PE-A", None, "0.2"],
    ]
    study, _ = read_study(write_csvs(write_files(tmp_path), lots(rows)))
    assert [(run.kit, run.levels[-1], run.assigned_cv) for run in study.bead_runs] == [
        ("qsc", 68458, 0.1), ("quantibrite_pe", 60000, None), ("qsc", 68458, 0.1), ("qsc", 68458, 0.2),
    ]  # fmt: skip


def test_a_row_that_several_lots_would_fit_is_refused_and_names_them(tmp_path):
    other = ["QB2", "fcs/beads.fcs", "quantibrite_pe", "70001", "PE-A", "700; 7000; 30000; 70000", None]
    third = ["QB3", "fcs/beads.fcs", None, None, "PE-A", None, None]
    lines = said(write_csvs(write_files(tmp_path), lots([FIRST, other, third])))
    assert lines == [
        (
            'ERROR beads!F4: found nothing, and lot "96597" in row 2 and lot "70001" in row 3, '
            "expected the lot of these beads in the column lot"
        )
    ]
    same_lot = [*other[:3], "96597", *other[4:]]
    third[3] = "96597"
    (line,) = said(write_csvs(write_files(tmp_path / "b"), lots([FIRST, same_lot, third])))
    assert line.endswith("have other levels or kits, expected the levels of these beads")


def test_a_lot_that_no_row_tells_is_missing_as_ever(tmp_path):
    rows = [FIRST, ["QB2", "fcs/beads.fcs", None, "70001", "PE-A", None, None]]
    assert [line.split(", expected")[0] for line in said(write_csvs(write_files(tmp_path), lots(rows)))] == [
        "ERROR beads!C3: found nothing",
        "ERROR beads!F3: found nothing",
    ]
