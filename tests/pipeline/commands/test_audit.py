"""`cd38rd audit`: what changed since the last run is named, and so is what happened to a row."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.dask_cluster import ROOT
from helpers.result_texts import texts_of
from pipeline.audit.end import end_file, note_end
from pipeline.audit.trail import TRAIL, Event, add_line, cells_of, read_trail
from pipeline.commands.audit import audited
from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.record import digests_of
from pipeline.commands.run import run_study
from pipeline.commands.stored import refit_washout
from pipeline.fcs import read_fcs
from pipeline.files.content import digest_of
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study
from pipeline.study.errors import UserError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = simulate_study(tmp_path_factory.mktemp("simulated"), patients=2, events=3_000, seed=13)
    run(study)
    return study


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "study"))


def run(study: Path, *, fresh: bool = False) -> None:
    assert (
        run_study(study, RunOptions(workers=1, fresh=fresh), QuietReporter()).exit_status
        is ExitStatus.ALL_QUANTIFIED
    )


def changes(study: Path) -> list[str]:
    summary = audited(study)
    assert summary.exit_status is (ExitStatus.FAULTS if summary.faults else ExitStatus.ALL_QUANTIFIED)
    return summary.faults.splitlines()


def test_a_study_that_nobody_touched_is_as_the_last_run_left_it(study: Path) -> None:
    assert changes(study) == []
    assert "are as the last run left them" in audited(study).text
    facts = json.loads((study / "results" / "run.json").read_text("utf-8"))
    names = [name for name, _ in facts["files"]]
    assert {"report.html", "rd_samples.csv", "rd.xlsx", "gates/P01_BM1.xml"} <= set(names)
    assert str(study) not in json.dumps(facts)


def test_a_run_adds_one_line_and_a_run_that_changes_nothing_adds_none(study: Path) -> None:
    (line,) = read_trail(study).lines
    written = [part for one in digests_of(study / "results") for part in one]
    assert line.facts["results_sha256"] == digest_of(written)
    run(study)
    assert read_trail(study).lines == (line,)


def test_run_json_has_what_the_reference_lists(study: Path) -> None:
    (listed,) = re.findall(r"^- `run.json`: `([^`]+)`", (ROOT / "docs" / "study.md").read_text("utf-8"), re.M)
    facts = json.loads((study / "results" / "run.json").read_text("utf-8"))
    assert set(listed.split()) <= set(facts)


def test_each_kind_of_change_is_named(study: Path) -> None:
    with (study / "results" / "rd_samples.csv").open("a", encoding="utf-8") as file:
        file.write("one more row\n")
    (study / "results" / "rd.xlsx").unlink()
    (study / "results" / "strange.csv").touch()
    tube = next((study / "fcs").rglob("P01_BM1.fcs"))
    tube.write_bytes(tube.read_bytes() + b" ")
    next((study / "fcs").rglob("P02_BM1.fcs")).unlink()
    found = "\n".join(changes(study))
    assert re.search(r"P01_BM1\.fcs \(.*\): is not the file that the last run read", found)
    assert re.search(r"P02_BM1\.fcs \(.*\): was read by the last run, and is not there", found)
    assert "results/rd_samples.csv: was changed after the last run" in found
    assert "results/rd.xlsx: was written by the last run, and is not there" in found
    assert "results: strange.csv not written by the last run" in found
    assert (
        "study: has faults now (cd38rd check says which), so typed cells that changed are not listed" in found
    )
    assert len(changes(study)) == 6


def test_cells_that_were_typed_since_the_last_run_are_named(study: Path) -> None:
    sheet = study / "patients.csv"
    rows = list(csv.reader(sheet.read_text("utf-8").splitlines()))
    rows[1][rows[0].index("age")] = "41"
    with sheet.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    (found,) = changes(study)
    assert re.fullmatch(r"CHANGED patients P01  age: \S+ → 41", found)
    run(study)
    assert changes(study) == []
    sheet.write_text(sheet.read_text("utf-8").replace(",41,", ",old,"), "utf-8")
    assert "typed cells that changed are not listed" in changes(study)[0]


def test_a_trail_that_lost_its_end_or_was_written_anew_is_named(study: Path) -> None:
    whole = (study / TRAIL).read_bytes()
    run(study, fresh=True)
    longer = (study / TRAIL).read_bytes()
    assert longer.startswith(whole)
    assert changes(study) == []
    (study / TRAIL).write_bytes(whole)
    assert changes(study) == [
        "CHANGED audit.jsonl: found 1 lines, but results/run.json knows 2: the end was cut"
    ]
    (study / TRAIL).write_bytes(longer.replace(b'"who": "', b'"who": "not '))
    assert any("line 1 was edited after it was written" in line for line in changes(study))


def test_a_file_that_is_still_of_an_earlier_run_is_named(study: Path) -> None:
    (study / "results" / "rd.xlsx").unlink()
    (study / "results" / "rd.xlsx" / "in the way").mkdir(parents=True)
    summary = run_study(study, RunOptions(workers=1, fresh=True), QuietReporter())
    assert summary.exit_status is ExitStatus.NOT_WRITTEN
    assert changes(study) == [
        "CHANGED results/rd.xlsx: is of an earlier run, since the last run could not replace it"
    ]


def test_a_signature_that_was_cut_from_the_trail_is_named(study: Path) -> None:
    whole = (study / TRAIL).read_bytes()
    add_line(study, Event.SIGNATURE, {"who": "A. Berger"}, cells_of(read_trail(study)))
    assert changes(study) == []
    (study / TRAIL).write_bytes(whole)
    assert changes(study) == ["CHANGED audit.jsonl: found 1 lines, but 2 were written: the end was cut"]


def test_a_spillover_file_that_was_changed_is_named_and_its_name_is_in_no_result(
    finished: Path, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    shutil.copytree(finished, study, ignore=shutil.ignore_patterns("results", "*audit.jsonl*"))
    matrix = read_fcs(next((study / "fcs").rglob("P01_BM1.fcs")), channels=()).spillover
    assert matrix is not None
    with (study / "Zqx.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([matrix.channels, *matrix.values.tolist()])
    (study / "settings.csv").write_text("name,value\nspillover_file,Zqx.csv\ninstrument_log,Zqy.db\n")
    run(study)
    assert changes(study) == []
    results = [path for path in (study / "results").rglob("*") if path.is_file()]
    texts = [text for path in [*results, study / TRAIL] for text in texts_of(path)]
    assert not [text[:60] for text in texts if b"Zqx" in text or b"Zqy" in text]
    text = (study / "Zqx.csv").read_text("utf-8")
    (study / "Zqx.csv").write_text(text.replace(",0.0,", ",0.01,", 1), "utf-8")
    assert changes(study) == ["CHANGED spillover.csv (Zqx.csv): is not the file that the last run read"]
    (study / "Zqx.csv").unlink()
    assert "CHANGED spillover.csv (Zqx.csv): was read by the last run, and is not there" in changes(study)


def test_nothing_runs_on_a_trail_that_was_changed(study: Path) -> None:
    (study / TRAIL).write_bytes((study / TRAIL).read_bytes().replace(b"run", b"ran", 1))
    with pytest.raises(UserError, match="Keep the file as it is for whoever asks, and move it away"):
        run_study(study, RunOptions(workers=1), QuietReporter())
    (study / TRAIL).rename(study / "old.jsonl")
    run(study)
    assert len(read_trail(study).lines) == 1


def test_what_was_typed_between_two_runs_is_in_the_history_of_its_row(study: Path) -> None:
    with (study / "samples.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["visit"] = "C2"
    with (study / "samples.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    run(study)
    text = audited(study, "P01_BM1").text
    assert "samples P01_BM1  visit: baseline → C2" in text
    assert "samples P01_BM1  fcs_file: (empty) → digest " in text
    assert "P02_BM1" not in text
    with pytest.raises(UserError, match="has no row of this name"):
        audited(study, "P99")


def test_before_the_first_run_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run it first"):
        audited(tmp_path)


def type_cell(study: Path, old: str, new: str) -> None:
    text = (study / "patients.csv").read_text("utf-8")
    assert old in text
    (study / "patients.csv").write_text(text.replace(old, new, 1), "utf-8")


def cut_with_its_end(study: Path) -> None:
    """Cut the last line, and make the note beside the trail fit: only run.json still knows the line."""
    lines = (study / TRAIL).read_bytes().splitlines(keepends=True)
    (study / TRAIL).write_bytes(b"".join(lines[:-1]))
    note_end(study / TRAIL, read_trail(study).lines)


@pytest.mark.parametrize("command", [run, refit_washout])
def test_no_run_goes_on_with_a_trail_that_was_cut_since_the_last_one(
    study: Path, command: Callable[[Path], object]
) -> None:
    type_cell(study, ",yes,", ",no,")
    run(study)
    cut_with_its_end(study)
    before = {name: (study / name).read_bytes() for name in (TRAIL, "results/run.json")}
    with pytest.raises(UserError, match=r"found 1 lines, but 2 were written: the end was cut \(results/run"):
        command(study)
    assert {name: (study / name).read_bytes() for name in before} == before


def test_no_run_goes_on_with_the_trail_of_another_study(study: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    add_line(tmp_path / "other", Event.RUN, {}, {})
    (study / TRAIL).write_bytes((tmp_path / "other" / TRAIL).read_bytes())
    note_end(study / TRAIL, read_trail(tmp_path / "other").lines)
    with pytest.raises(UserError, match="line 1 is not the one that was written"):
        run(study)


def test_a_trail_that_was_moved_away_with_its_end_is_named_by_the_new_one_for_ever(study: Path) -> None:
    earlier = read_trail(study)
    (study / TRAIL).unlink()
    end_file(study / TRAIL).unlink()
    run(study)
    type_cell(study, ",yes,", ",no,")
    run(study)
    assert changes(study) == []
    text = audited(study).text
    assert f"an earlier one (1 lines, the last {earlier.head[:12]}…) was moved away" in text


def test_a_decision_may_begin_a_new_trail_and_the_next_run_goes_on_with_it(study: Path) -> None:
    (study / TRAIL).unlink()
    add_line(study, Event.DECISION, {}, cells_of(read_trail(study)))
    assert not [line for line in changes(study) if TRAIL in line]
    run(study)
    assert [line.event for line in read_trail(study).lines] == [Event.DECISION, Event.RUN]
