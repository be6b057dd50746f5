"""A command on a study in which nothing has changed: it makes nothing again, and says so."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.commands.exit_status import RunSummary
from pipeline.commands.last_time import NOTHING_NEW
from pipeline.commands.run import run_study
from pipeline.commands.stored import refit_washout, rewrite_report
from pipeline.output.report.environment import REPORT_TEMPLATES
from pipeline.running.options import RunOptions
from pipeline.running.progress import reporter
from pipeline.simulate import simulate_study

APART = ("log.txt", "run.json")
Command = Callable[[Path], RunSummary]


def run(study: Path, *, fresh: bool = False, figures: bool = True) -> RunSummary:
    with reporter(quiet=True) as seen:
        return run_study(study, RunOptions(workers=1, fresh=fresh, figures=figures), seen)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunSummary]:
    folder = simulate_study(tmp_path_factory.mktemp("done"), patients=1, events=2_000, seed=6)
    return folder, run(folder)


@pytest.fixture
def study(done: tuple[Path, RunSummary], tmp_path: Path) -> Path:
    return Path(shutil.copytree(done[0], tmp_path / "study"))


def written(study: Path) -> Mapping[str, tuple[int, bytes]]:
    """Return when each result was written, and its bytes."""
    results = study / "results"
    files = (path for path in results.rglob("*") if path.is_file() and path.name not in APART)
    return {str(p.relative_to(results)): (p.stat().st_mtime_ns, p.read_bytes()) for p in files}


def contents(study: Path) -> Mapping[str, bytes]:
    """Return the bytes of each result."""
    return {name: content for name, (_, content) in written(study).items()}


@pytest.mark.slow
@pytest.mark.parametrize("again", [run, refit_washout, rewrite_report])
def test_where_nothing_has_changed_no_file_is_written_and_the_same_is_said(
    done: tuple[Path, RunSummary], study: Path, again: Command
) -> None:
    before = written(study)
    summary = again(study)
    assert written(study) == before
    first = done[1]
    assert summary.text == f"{NOTHING_NEW}\n{first.text.replace(str(done[0]), str(study))}"
    assert (summary.exit_status, summary.faults) == (first.exit_status, first.faults)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["report.html", "rd_samples.csv", "figures", "rd.xlsx"])
def test_a_result_that_somebody_changed_or_removed_is_made_again(study: Path, name: str) -> None:
    before, place = contents(study), study / "results" / name
    if place.is_dir():
        shutil.rmtree(place)
    elif name == "rd_samples.csv":
        place.write_bytes(place.read_bytes() + b"\n")
    else:
        place.unlink()
    figures = name == "figures"
    assert not run(study, figures=figures).text.startswith(NOTHING_NEW)
    assert contents(study) == before
    assert run(study).text.startswith(NOTHING_NEW)


@pytest.mark.slow
def test_what_is_typed_anew_is_worked_out_anew_and_figures_wait_for_the_report(study: Path) -> None:
    before = contents(study)
    path = study / "doses.csv"
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    place = rows[0].index("given_on")
    rows[1][place] = "2019-01-01"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    assert not refit_washout(study).text.startswith(NOTHING_NEW)
    assert contents(study)["rd_patients.csv"] != before["rd_patients.csv"]
    assert refit_washout(study).text.startswith(NOTHING_NEW)
    assert not rewrite_report(study).text.startswith(NOTHING_NEW)  # the figures are still those of before
    assert rewrite_report(study).text.startswith(NOTHING_NEW)


@pytest.mark.slow
def test_the_name_of_the_study_folder_is_in_no_result(study: Path) -> None:
    renamed = study.rename(study.with_name("trial B"))
    assert run(renamed).text.startswith(NOTHING_NEW)
    assert "trial B" not in (renamed / "results" / "report.html").read_text("utf-8")


@pytest.mark.slow
def test_a_run_without_figures_writes_all_else_and_the_next_run_draws_them(study: Path) -> None:
    before = contents(study)
    shutil.rmtree(study / "results")
    run(study, figures=False)
    record = str(Path("store", "written", "last"))
    drawn = {name for name in before if Path(name).parts[0] == "figures"}
    found = contents(study)
    assert found == {name: before[name] for name in found if name != record} | {record: found[record]}
    assert before.keys() - found.keys() == drawn
    assert not run(study).text.startswith(NOTHING_NEW)
    assert contents(study) == before


@pytest.mark.slow
def test_a_fresh_run_makes_everything_again(study: Path) -> None:
    before, contents_before = written(study), contents(study)
    assert not run(study, fresh=True).text.startswith(NOTHING_NEW)
    assert written(study)["report.html"][0] > before["report.html"][0]
    assert contents(study) == contents_before


@pytest.mark.slow
def test_a_damaged_record_of_the_last_time_makes_everything_again(study: Path) -> None:
    record = study / "results" / "store" / "written" / "last"
    for content in (b"", b"[1]", b"[" * 100_000, b"{}", record.read_bytes().replace(b'"status"', b'"state"')):
        kept = contents(study)
        record.write_bytes(content)
        assert not rewrite_report(study).text.startswith(NOTHING_NEW)
        assert contents(study).keys() == kept.keys()


def test_the_record_names_no_place_of_this_computer(study: Path) -> None:
    kept = (study / "results" / "store" / "written" / "last").read_text("utf-8")
    assert str(study) not in kept
    assert "/tmp" not in kept
    assert "Report: " in kept


@pytest.mark.slow
def test_a_page_of_other_templates_is_written_again(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = Path(shutil.copytree(REPORT_TEMPLATES, tmp_path / "templates"))
    monkeypatch.setattr("pipeline.output.report.environment.REPORT_TEMPLATES", templates)
    about = templates / "about.html.j2"
    about.write_text(f"{about.read_text('utf-8')}<p>A new sentence.</p>", encoding="utf-8")
    assert not run(study).text.startswith(NOTHING_NEW)
    assert b"A new sentence." in contents(study)["report.html"]
