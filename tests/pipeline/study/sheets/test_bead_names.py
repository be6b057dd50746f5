"""A bead run's name names a file: what is a path, or no name on some system, is a fault of its cell."""

from __future__ import annotations

import pytest

from helpers.builders import good_study
from pipeline.checks import check_folder
from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.run import calibrate_study, run_study
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.study.sheets.reading import read_study

NAMES = [
    "../../../EVIL", "..", "/tmp/EVIL", "C:\\EVIL", "~/../EVIL", "QB 05/31", "x" * 300, "é" * 200, "CON", "nul.1", "Com3",
    "QB.", ".QB", "QB;1", "QB|1",
]  # fmt: skip


def renamed(folder, name):
    return good_study(folder, {"beads!A2": name, "samples!F2": name, "samples!F3": name})


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_can_name_no_file_is_a_fault_of_its_cell_and_nothing_is_written(tmp_path, name):
    folder = renamed(tmp_path / "deep" / "study", name)
    before = sorted(tmp_path.rglob("*"))
    _, faults = check_folder(folder)
    (said,) = [str(fault) for fault in faults if fault.where == "beads!A2"]
    assert "expected an id" in said
    for command in (calibrate_study, lambda f: run_study(f, RunOptions(workers=1), QuietReporter())):
        summary = command(folder)
        assert summary.exit_status is ExitStatus.FAULTS
        assert "beads!A2: found" in summary.faults
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["QB_2024-05-31", "Lot 5 (PE)", "Ä-7", "血液"])
def test_an_ordinary_name_is_none(tmp_path, name):
    assert [fault for fault in read_study(renamed(tmp_path, name))[1] if fault.where == "beads!A2"] == []


def test_names_that_differ_by_case_alone_are_one_file_on_many_computers(tmp_path):
    cells = {
        "beads!A3": "qb1", "beads!B3": "fcs/beads.fcs", "beads!C3": "qsc", "beads!D3": "1", "beads!E3": "PE-A",
        "beads!F3": "0;5",
    }  # fmt: skip
    said = [str(fault) for fault in read_study(good_study(tmp_path, cells))[1]]
    assert any('beads!A3: found "qb1" again (already in beads!A2 as "QB1")' in text for text in said)
