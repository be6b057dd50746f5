"""Polygons in the sheet gates and in review.csv, as `cd38rd check` sees them: every fault with its cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.builders import good_sheets, write_csvs, write_files
from pipeline.checks import check_folder
from pipeline.study.study import Study

GATES = ["sample_id", "gate", "value", "set_by", "reason", "polygon"]
REVIEW = ["sample_id", "gate", "value", "set_by", "reason", "set_at", "verdict", "polygon"]
BOX = "10 20; 900 20; 900 800; 10 800"


def checked(
    folder: Path, *rows: list[object], review: list[list[object]] | None = None
) -> tuple[Study | None, list[str]]:
    sheets = good_sheets() | {"gates": [GATES, *rows]}
    if review is not None:
        sheets |= {"review": [REVIEW, *review]}
    study, faults = check_folder(write_csvs(write_files(folder), sheets))
    return study, [str(fault) for fault in faults if fault.where.startswith(("gates", "review"))]


@pytest.mark.parametrize(
    ("gate", "axes"),
    [
        ("debris", "FSC-A × SSC-A"),
        ("Singlets", "fsc_area x fsc_height"),
        ("viable", "SSC-A × CD45"),
        ("dump", "cd138 × cd45"),
        ("plasma_cells", "BV421-A × APC-H7-A"),
        ("second_anchor", "CD138 × ssc_area"),
        ("aberrant", "CD138 × FSC-A"),
        ("time", "Time × FSC-A"),
    ],
)
def test_a_polygon_on_channels_roles_or_markers_has_no_finding(tmp_path, gate, axes):
    study, faults = checked(tmp_path, ["S1", gate, None, "AB", "seen", f"{axes}: {BOX}"])
    assert faults == []
    assert study is not None
    assert (study.gates[0].value, str(study.gates[0].polygon).split(": ")[1]) == (None, BOX)


def test_a_polygon_of_review_csv_counts_as_one_of_the_sheet(tmp_path):
    row = ["S1", "plasma_cells", None, "CD", "seen", "", "", f"cd138 × cd45: {BOX}"]
    study, faults = checked(tmp_path, review=[row, ["S1", "", None, "CD", "", "", "accept", None]])
    assert faults == []
    assert study is not None
    assert [(gate.gate, gate.source, gate.set_by) for gate in study.gates] == [
        ("plasma_cells", "review.csv", "CD")
    ]


@pytest.mark.parametrize(
    ("row", "where", "said"),
    [
        (["S1", "plasma_cells", None, "AB", "x", f"PE-A × cd138: {BOX}"], "gates!F2", "CD38 never gates"),
        (["S1", "plasma_cells", None, "AB", "x", f"cd138 × YG585-A: {BOX}"], "gates!F2", "CD38 never gates"),
        (["S1", "plasma_cells", None, "AB", "x", f"cd138 × CD38: {BOX}"], "gates!F2", "CD38 never gates"),
        (["S1", "plasma_cells", None, "AB", "x", f"cd138 × rd: {BOX}"], "gates!F2", "CD38 never gates"),
        (["S1", "plasma_cells", None, "AB", "x", f"cd138 × CD38 PE: {BOX}"], "gates!F2", "CD38 never gates"),
        (["S1", "plasma_cells", None, "AB", "x", f"cd138 × ｃｄ38: {BOX}"], "gates!F2", "CD38 never gates"),
        (["S1", "CD38", None, "AB", "x", f"cd138 × cd45: {BOX}"], "gates!B2", "CD38 never gates"),
        (["S1", "plasma_cells", None, "AB", "x", f"cd138 × CD999: {BOX}"], "gates!F2", "no channel 'CD999'"),
        (["S1", "plasma_cells", None, "AB", "x", f"cd138 × BV421-A: {BOX}"], "gates!F2", "it needs two channels"),
        (["S1", "plasma_cells", None, "AB", "x", f"cd138 × Time: {BOX}"], "gates!F2", "time is an axis of the step"),
        (["S1", "time", None, "AB", "x", f"cd138 × cd45: {BOX}"], "gates!F2", "has time as one of its axes"),
        (["S1", "margins", None, "AB", "x", f"FSC-A × SSC-A: {BOX}"], "gates!F2", "no step that takes a polygon"),
        (["S1", "cd138", None, "AB", "x", f"cd138 × cd45: {BOX}"], "gates!F2", "no step that takes a polygon"),
        (["S1", "plasma_cells", 850, "AB", "x", f"cd138 × cd45: {BOX}"], "gates!F2", "a threshold or a polygon"),
        (["S1", "plasma_cells", None, "AB", "x", None], "gates!C2", "gate and value together, or gate and polygon"),
        (["S1", "plasma_cells", None, "AB", "x", "cd138 × cd45: 1 2; 3 4"], "gates!F2", "at least 3 vertices"),
        (["S1", "plasma_cells", None, "AB", "x", "cd138 × cd45"], "gates!F2", "First the two axes"),
        (["S1", "debris", None, "AB", "x", "FSC-A × SSC-A: 9e9 9e9; 9.1e9 9e9; 9e9 9.1e9"], "gates!F2", "scale"),
        (["S1", "plasma_cells", None, "", "x", f"cd138 × cd45: {BOX}"], "gates!D2", "set_by"),
    ],
)  # fmt: skip
def test_a_polygon_that_is_none_is_a_fault_with_its_cell(tmp_path, row, where, said):
    study, faults = checked(tmp_path, row)
    assert study is None or any(said in fault for fault in faults)
    assert any(fault.startswith(f"{where}: ") and said in fault for fault in faults), faults


@pytest.mark.parametrize("threshold", ["cd138", "BV421-A", "CD138", "cd45", "plasma_cell_size"])
def test_a_threshold_of_a_step_that_has_a_polygon_is_a_fault(tmp_path, threshold):
    polygon = ["S1", "plasma_cells", None, "AB", "x", f"cd138 × ssc_area: {BOX}"]
    _, faults = checked(tmp_path, polygon, ["S1", threshold, 500, "AB", "x", None])
    assert [fault.partition(": ")[0] for fault in faults] == ["gates!F2"]
    assert "replaces the whole step" in faults[0]


def test_a_step_has_one_polygon_in_either_place(tmp_path):
    polygon = f"cd138 × ssc_area: {BOX}"
    _, faults = checked(
        tmp_path,
        ["S1", "plasma_cells", None, "AB", "x", polygon],
        review=[["S1", "Plasma_Cells", None, "CD", "x", "", "", polygon]],
    )
    assert len(faults) == 1
    assert faults[0].startswith('review!B2: found gate "Plasma_Cells" of "S1" again (already in gates!B2)')


def test_corners_beyond_the_scale_leave_a_side_open_and_are_no_finding(tmp_path):
    corners = "-1e7 -1e7; 1e7 -1e7; 1e7 800; -1e7 800"
    _, faults = checked(tmp_path, ["S1", "plasma_cells", None, "AB", "x", f"cd138 × cd45: {corners}"])
    assert faults == []


def test_a_polygon_beside_gates_of_a_file_is_a_fault(tmp_path):
    sheets = good_sheets() | {"gates": [GATES, ["S1", "viable", None, "AB", "x", f"cd138 × cd45: {BOX}"]]}
    named = (["gates_file", "population"], ["lab.wsp", "PC"], ["", ""])
    sheets["samples"] = [[*row, *cells] for row, cells in zip(sheets["samples"], named, strict=True)]
    folder = write_csvs(write_files(tmp_path), sheets)
    (folder / "lab.wsp").write_text("<Workspace/>", encoding="utf-8")
    _, faults = check_folder(folder)
    assert any("all its gates come from lab.wsp" in str(fault) for fault in faults)
