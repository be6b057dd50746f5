"""From a folder of files to results through the workbook that `init` writes."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from pipeline.commands.run import run_study
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study
from pipeline.template import write_template

pytestmark = pytest.mark.slow


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def fill_in(workbook: Path, simulated: Path) -> None:
    """Type what is on paper only: the beads' lots and levels, and the dates of the dosing list."""
    from openpyxl import load_workbook

    book = load_workbook(workbook)
    lots = {row["fcs_file"]: row for row in table(simulated / "beads.csv")}
    page = book["beads"]
    column = {cell.value: cell.column for cell in page[1]}
    for row in range(2, page.max_row + 1):
        lot = lots.get(page.cell(row, column["fcs_file"]).value)
        if lot is not None:
            page.cell(row, column["lot"]).value = lot["lot"]
            page.cell(row, column["levels"]).value = lot["levels"]
    last = {
        row["patient_id"]: row["given_on"]
        for row in table(simulated / "doses.csv")
        if row["drug"] == "daratumumab"
    }
    page = book["doses"]
    column = {cell.value: cell.column for cell in page[1]}
    for row in range(2, page.max_row + 1):
        patient = page.cell(row, column["patient_id"]).value
        if patient in last:
            page.cell(row, column["given_on"]).value = last[patient]
    book.save(workbook)


def test_the_workbook_for_a_simulated_folder_needs_only_lots_and_dates(tmp_path: Path) -> None:
    simulated = simulate_study(tmp_path / "simulated", patients=2, events=5_000, seed=9)
    study = tmp_path / "mine"
    shutil.copytree(simulated / "fcs", study / "fcs")
    fill_in(write_template(study, study / "fcs").path, simulated)
    summary = run_study(study, RunOptions(workers=1, figures=False), QuietReporter())
    assert summary.exit_status == 0, summary.faults
    found, typed = table(study / "results" / "rd_samples.csv"), table(simulated / "samples.csv")
    assert len(found) == len(typed) == 2
    run_study(simulated, RunOptions(workers=1, figures=False), QuietReporter())
    for mine, theirs in zip(found, table(simulated / "results" / "rd_samples.csv"), strict=True):
        assert (mine["rd"], mine["status"]) == (theirs["rd"], theirs["status"])
        assert mine["washout_weeks"] == theirs["washout_weeks"]
