"""The stages from a folder of FCS files to the report, as the pages do them; and the choice of the folder."""

from __future__ import annotations

import html
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.page_client import ROOT, TUBES, Client
from helpers.page_server import served
from helpers.rewritten import edit_sheet
from pages.walk import fill_in
from pipeline.page.stages.folders import file_inside, listing, study_in
from pipeline.page.stages.watching import causes_of, sheets_now
from pipeline.study.errors import UserError
from pipeline.study.faults import Fault, Severity

HOSTILE = "<img src=x onerror=alert(1)> \"quoted\" & 'so' %2e%2e ü"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home of stages")
        patch.setenv("CD38RD_HOME", str(folder))
        patch.setenv("HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def folder(home: Path) -> Path:
    """FCS files in a folder whose name would be markup, or another path, where it is not escaped."""
    study = home / "data" / HOSTILE
    (study / "fcs").mkdir(parents=True)
    demo = ROOT / "fcs_samples" / "demo" / "fcs" / "2024-06-03"
    for tube in TUBES:
        for path in demo.glob(f"{tube}*.fcs"):
            shutil.copy(path, study / "fcs")
    shutil.copy(demo / "QB_2024-06-03.fcs", study / "fcs")
    return study


@pytest.fixture(scope="module")
def page(home: Path) -> Iterator[Client]:
    with served(None, command="open") as one:
        yield Client(one)


@pytest.mark.slow
def test_from_a_folder_of_files_to_the_report_without_a_terminal(page: Client, folder: Path):
    assert page.get("/files").headers["location"] == "/"
    assert page.get("/api/tubes").json()["error"].startswith("no study is chosen yet")
    first = page.get("/").text
    assert "Choose a study" in first
    listed = page.get("/folders?path=" + str(folder.parent)).text
    assert html.escape(HOSTILE, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in listed
    assert "<img" not in listed
    wrong = page.form("/choose", folder=str(folder / "nothing"))
    assert (wrong.status_code, "found no such folder" in wrong.text) == (422, True)
    assert page.form("/choose", folder=str(folder)).headers["location"] == "/"
    another = page.form("/choose", folder=str(folder.parent))
    assert "start the program once more for another study" in html.unescape(another.text)

    assert page.get("/").headers["location"] == "/files"
    files = page.get("/files").text
    assert "<img" not in files
    row = next(line for line in files.splitlines() if "fcs/P07_BM1.fcs" in line)
    assert ">tube<" in row
    assert "fcs/P07_BM1_FMO.fcs" in row
    written = page.form("/files").text
    assert "5 FCS files: 2 tubes (2 with a control, 2 with beads)" in written
    assert (folder / "study.xlsx").is_file()
    assert "Add rows for new files" in page.get("/files").text

    before = page.get("/api/sheets").json()
    assert before["files"] == ["study.xlsx"]
    assert any(cause["severity"] == "ERROR" and cause["cells"] for cause in before["causes"])
    shown = page.get("/sheets").text
    assert all(f"<code>{cell}</code>" in shown for cause in before["causes"] for cell in cause["cells"])
    assert "Correct what stops the run" in page.get("/check").text
    time.sleep(1.1)
    fill_in(folder, ROOT / "fcs_samples" / "demo")
    after = page.get("/api/sheets").json()
    assert after["saved_at"] > before["saved_at"]
    assert not any(cause["severity"] == "ERROR" for cause in after["causes"])
    assert "The study can be run" in page.get("/check").text

    assert page.form("/run").headers["location"] == "/run"
    for _ in range(900):
        job = page.get("/api/job").json()
        if job["state"] != "running":
            break
        time.sleep(0.1)
    assert (job["state"], job["total"], job["done"]) == ("done", 2, 2), job
    assert {one["sample_id"] for one in job["changed"]} == set(TUBES)
    assert "The run is done" in page.get("/run").text
    assert 'href="/results/report.html"' in page.get("/report").text
    assert "<h1" in page.get("/results/report.html").text
    assert page.get("/").headers["location"] == "/review"
    assert page.get("/review").status_code == 200
    assert "2 tubes: 2 not decided" in page.get("/sign").text
    commands = {name: re.search(r"The same as <code>(.*?)</code>", page.get(f"/{name}").text) for name in ("files", "check", "run", "report", "sign")}  # fmt: skip
    assert [found[1].split()[1] for found in commands.values() if found] == [
        "init",
        "check",
        "run",
        "report",
        "review",
    ]
    recent = next((path for path in folder.parents[1].glob("recent.json")), None)
    assert recent is not None


def test_faults_are_told_by_cause_what_stops_the_run_first():
    faults = [
        Fault("samples!C2", '"x"', "a date", severity=Severity.WARNING),
        Fault("panels!B2", '"p"', "a role"),
        Fault("panels!B3", '"q"', "a role"),
        Fault("samples!A2", "nothing", "a sample_id"),
    ]
    told = [(cause.severity, cause.cells, len(cause.others)) for cause in causes_of(faults)]
    assert told == [
        ("ERROR", ["panels!B2", "panels!B3"], 1),
        ("ERROR", ["samples!A2"], 0),
        ("WARNING", ["samples!C2"], 0),
    ]


def test_a_workbook_that_is_open_elsewhere_is_told(tmp_path: Path):
    shutil.copytree(
        ROOT / "fcs_samples" / "demo", tmp_path / "s", ignore=shutil.ignore_patterns("fcs", "results")
    )
    assert sheets_now(tmp_path / "s").is_open is False
    (tmp_path / "s" / "~$samples.csv").write_text("", "utf-8")
    assert sheets_now(tmp_path / "s").is_open is True
    edit_sheet(tmp_path / "s", "samples", lambda row: {**row, "collected_on": "yesterday"})
    now = sheets_now(tmp_path / "s")
    assert any(cell.startswith("samples!C") for cause in now.causes for cell in cause.cells)


def test_folders_are_listed_by_name_alone_and_hidden_ones_not(tmp_path: Path):
    for name in ("b", "A", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "A" / "study.xlsx").write_text("", "utf-8")
    (tmp_path / "b" / "t.FCS").write_text("", "utf-8")
    (tmp_path / "file.txt").write_text("", "utf-8")
    found = listing(tmp_path)
    assert [(one.name, one.is_study, one.n_fcs) for one in found.folders] == [("A", True, 0), ("b", False, 1)]
    assert found.parent == tmp_path.parent
    for wrong in (tmp_path / "file.txt", tmp_path / "nothing", Path("a\0b")):
        with pytest.raises(UserError, match="found no such folder"):
            listing(wrong)
    (tmp_path / "sim" / "study").mkdir(parents=True)
    (tmp_path / "sim" / "study" / "samples.csv").write_text("", "utf-8")
    assert study_in(tmp_path / "sim") == tmp_path / "sim" / "study"


def test_a_file_inside_is_found_and_no_other(tmp_path: Path):
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "ü.csv").write_text("", "utf-8")
    assert file_inside(tmp_path, "a b/ü.csv").is_file()
    for name in ("a b", "../x", "a b/../../x", "", ".", "/etc/passwd", "C:\\x", "a b\\ü.csv"):
        with pytest.raises(UserError, match="has no such file"):
            file_inside(tmp_path, name)


@pytest.mark.slow
def test_rows_of_new_files_are_offered_for_a_workbook_alone(home: Path, tmp_path: Path):
    study = tmp_path / "of CSV files"
    shutil.copytree(
        ROOT / "fcs_samples" / "demo", study, ignore=shutil.ignore_patterns("results", "2024-02-05")
    )
    with served(study, command="open") as one:
        shown = Client(one).get("/files").text
    assert "Add rows for new files" not in shown
    assert "Type the rows of new files into these CSV files" in shown
