"""The files of results/: whole or not there, gates mended, and what stands in their place named."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.commands.audit import audited
from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.run import run_study
from pipeline.commands.shell import sentence_and_status as _sentence_and_status
from pipeline.commands.stored import refit_washout, rewrite_report
from pipeline.files.whole import NotWrittenError
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study
from pipeline.study.errors import UserError

pytestmark = pytest.mark.slow


class Noting(QuietReporter):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


class AtTheTables(QuietReporter):
    """Notes which files of a folder are there when the models are fitted and the tables are to be written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: set[str] = set()

    def stage(self, name: str) -> None:
        if name == "writing tables":
            self.files = {path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*.*")}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = simulate_study(tmp_path_factory.mktemp("done"), patients=2, events=2_000, seed=8)
    run_study(folder, RunOptions(workers=1), QuietReporter())
    return folder


@pytest.fixture
def study(done: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(done, tmp_path / "study"))


def run(study: Path) -> list[str]:
    noting = Noting()
    run_study(study, RunOptions(workers=1), noting)
    return noting.said


@pytest.mark.parametrize(
    ("again", "damage"), [(run, b""), (rewrite_report, b"<gating"), (refit_washout, None)]
)
def test_damaged_gates_are_written_again_by_every_command(done: Path, study: Path, again, damage) -> None:
    name = Path("results", "gates", "P02_BM1.xml")
    if damage is None:
        (study / name).unlink()
    else:
        (study / name).write_bytes(damage)
    again(study)
    assert (study / name).read_bytes() == (done / name).read_bytes()


def test_the_csv_files_that_people_open_begin_no_formula_and_those_for_programs_are_as_typed(
    study: Path,
) -> None:
    sheet = study / "samples.csv"
    header, first, *others = list(csv.reader(sheet.read_text("utf-8").splitlines()))
    first[header.index("visit")] = typed = "=HYPERLINK(1)"
    sheet.write_text("\n".join(",".join(row) for row in (header, first, *others)) + "\n", encoding="utf-8")
    run(study)

    def cells(path: Path) -> set[str]:
        return {cell for row in csv.reader(path.read_text("utf-8").splitlines()) for cell in row}

    opened = {path.name: cells(path) for path in (study / "results").glob("*.csv")}
    assert not [cell for every in opened.values() for cell in every if cell[:1] == "="]
    assert all(
        f"'{typed}" in opened[name] for name in ("rd_samples.csv", "rd_patients.csv", "rd_distribution.csv")
    )
    for_programs = study / "results" / "statistics"
    assert all(typed in cells(for_programs / name) for name in ("tubes.csv", "visits.csv"))


def test_gates_whose_list_is_damaged_or_gone_are_written_all_the_same(done: Path, study: Path) -> None:
    name, index = Path("results", "gates", "P01_BM1.xml"), Path("results", "store", "written", "gates.json")
    for content in (b"[1]", b"", b"[" * 100_000, b'{"P01_BM1": ["", ""]}'):
        (study / index).write_bytes(content)
        (study / name).write_bytes(b"<x/>")
        rewrite_report(study)
        assert (study / name).read_bytes() == (done / name).read_bytes()
        assert (study / index).read_bytes() == (done / index).read_bytes()


def test_a_density_that_somebody_changed_in_the_store_is_made_again_and_said(done: Path, study: Path) -> None:
    stored, table = Path("results", "store", "P02_BM1.json"), Path("results", "rd_samples.csv")
    text = (study / stored).read_text("utf-8")
    changed = re.sub(r'("rd": )(\d)', lambda found: f"{found[1]}{(int(found[2]) % 9) + 1}", text, count=1)
    assert changed != text
    (study / stored).write_text(changed, encoding="utf-8")
    summary = rewrite_report(study)
    assert "changed or damaged since they were saved: P02_BM1" in summary.text
    assert "P02_BM1" not in (study / table).read_text("utf-8")
    said = run(study)
    assert any(text.startswith("P02_BM1.json in the store was changed or damaged") for text in said)
    assert any("1 of 2 reused" in text for text in said)
    assert (study / table).read_bytes() == (done / table).read_bytes()
    assert (study / stored).read_bytes() == (done / stored).read_bytes()
    assert any(
        "P02_BM1.json" in line for line in (study / "results" / "log.txt").read_text("utf-8").splitlines()
    )


def test_a_bead_curve_that_somebody_changed_in_the_store_is_made_again_and_said(
    done: Path, study: Path
) -> None:
    (stored,) = [path.relative_to(study) for path in (study / "results" / "store" / "beads").glob("*.json")][
        :1
    ]
    text = (study / stored).read_text("utf-8")
    at = text.index('"slope": ') + len('"slope": ')
    (study / stored).write_text(text[:at] + "7" + text[at + 1 :], encoding="utf-8")
    assert any(f"{stored.name} in the store was changed" in text for text in run(study))
    assert (study / stored).read_bytes() == (done / stored).read_bytes()


def test_a_file_that_cannot_be_replaced_is_named_and_all_others_are_of_this_run(
    done: Path, study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_the_way = ("rd.xlsx", "rd_patients.csv", "figures/calibration.pdf", "statistics/visits.parquet")
    results = study / "results"
    in_the_way = tuple(name for name in in_the_way if (results / name).exists())
    assert len(in_the_way) >= 3
    for name in in_the_way:
        (results / name).unlink()
        (results / name / "of somebody").mkdir(parents=True)
    (results / "rd_samples.csv").write_text("old")
    summary = rewrite_report(study)
    assert summary.exit_status is ExitStatus.NOT_WRITTEN
    page = (results / "report.html").read_text("utf-8")
    assert "Of an earlier run:" in page
    for name in in_the_way:
        assert f"results/{name}" in summary.failures
        assert name in page
    facts = json.loads((results / "run.json").read_text("utf-8"))
    assert facts["older"] == sorted(in_the_way)
    assert (results / "rd_samples.csv").read_bytes() == (done / "results" / "rd_samples.csv").read_bytes()
    for name in in_the_way:
        shutil.rmtree(results / name)
    summary = rewrite_report(study)
    assert summary.exit_status is ExitStatus.ALL_QUANTIFIED
    assert "Of an earlier run:" not in (results / "report.html").read_text("utf-8")
    assert json.loads((results / "run.json").read_text("utf-8"))["older"] == []
    for name in in_the_way:
        assert (results / name).read_bytes() == (done / "results" / name).read_bytes()


def test_results_of_a_run_that_did_not_end_are_told_by_the_audit(study: Path) -> None:
    (study / "results" / "gates").rename(study / "elsewhere")
    (study / "results" / "gates").write_text("of somebody")
    with pytest.raises(NotWrittenError):
        rewrite_report(study)
    with pytest.raises(UserError, match="the last run did not end, so files in results/ may be of two runs"):
        audited(study)


@pytest.mark.parametrize("name", ["store", "gates", "figures", "statistics", "log.txt"])
def test_what_stands_in_the_place_of_a_result_is_named_and_is_no_defect(
    study: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    place = study / "results" / name
    if place.is_dir():
        shutil.rmtree(place)
        place.write_text("of somebody")
    else:
        place.unlink()
        (place / "of somebody").mkdir(parents=True)
    with pytest.raises(NotWrittenError) as caught:
        run(study) if name in ("store", "log.txt") else rewrite_report(study)
    assert _sentence_and_status(caught.value) is ExitStatus.NOT_WRITTEN
    said = capsys.readouterr().err
    assert str(place) in said
    assert "cannot be written" in said
    assert "defect" not in said


def test_what_needs_no_model_is_written_first_and_run_json_is_away_until_all_is_there(study: Path) -> None:
    results = study / "results"
    typed = study / "patients.csv"
    typed.write_text(typed.read_text("utf-8") + "\n", encoding="utf-8")  # the results are to be written again
    for folder in ("gates", "figures"):
        shutil.rmtree(results / folder)
    seen = AtTheTables(results)
    run_study(study, RunOptions(workers=1), seen)
    gates = {f"gates/{path.name}" for path in (results / "gates").iterdir()}
    assert len(gates) == 2
    assert {*gates, "figures/calibration.pdf", "rd_samples.csv"} <= seen.files
    assert "figures/swimmer.pdf" not in seen.files
    assert "run.json" not in seen.files
    assert (results / "run.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
@pytest.mark.parametrize(("most_bytes", "workers"), [(3_000, 1), (60_000, 1), (60_000, 2)])
def test_on_a_disk_without_room_nothing_is_half_and_with_room_all_is_as_it_would_have_been(
    done: Path, study: Path, most_bytes: int, workers: int
) -> None:
    shutil.rmtree(study / "results")
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most_bytes}, {most_bytes}))\n"
        f"from pipeline.cli import main; main(['run', sys.argv[1], '--workers', '{workers}'])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(study)], capture_output=True, text=True, check=False
    )
    assert found.returncode == ExitStatus.NOT_WRITTEN
    assert re.search(
        r"cannot be written \((File too large|no room for temporary files)\); make room", found.stderr
    )
    assert "defect" not in found.stderr
    assert not list((study / "results").rglob("*.partial"))
    for path in sorted((study / "results").rglob("*")):
        if path.is_file() and path.name not in ("run.json", "log.txt"):
            assert path.read_bytes() == (done / path.relative_to(study)).read_bytes(), path.name
    run(study)
    for path in sorted((done / "results").rglob("*")):
        if path.is_file() and path.name not in ("run.json", "log.txt"):
            assert path.read_bytes() == (study / path.relative_to(done)).read_bytes(), path.name
