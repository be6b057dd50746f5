"""`cd38rd washout`: what is opened, what is said, what is left behind."""

from __future__ import annotations

import csv
import gc
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from pipeline.checks import headers
from pipeline.commands.exit_status import RunSummary
from pipeline.commands.run import run_study
from pipeline.commands.stored import refit_washout, rewrite_report
from pipeline.commands.summary import MOST_TUBES_IN_A_NOTE
from pipeline.running.options import RunOptions
from pipeline.running.progress import reporter
from pipeline.running.this_computer import side_work
from pipeline.simulate import simulate_study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = simulate_study(tmp_path_factory.mktemp("store"), patients=1, events=2_000, seed=5)
    with reporter(quiet=True) as seen:
        run_study(folder, RunOptions(workers=1), seen)
    return folder


def washout(folder: Path) -> RunSummary:
    return refit_washout(folder)


def test_no_file_is_opened_twice(study: Path, monkeypatch: pytest.MonkeyPatch):
    opened = []
    read = headers.read_fcs
    monkeypatch.setattr(headers, "read_fcs", lambda path, **rest: opened.append(path) or read(path, **rest))
    washout(study)
    assert opened
    assert len(opened) == len(set(opened))


def test_a_row_that_a_run_of_today_would_make_anew_is_named(study: Path, tmp_path: Path):
    changed = Path(shutil.copytree(study, tmp_path / "study"))
    assert "renews" not in washout(changed).text
    (changed / "settings.csv").write_text("name,value\nseed,7\n", encoding="utf-8")
    said = " ".join(washout(changed).text.split())  # the lines of a terminal are at most 80 columns wide
    assert "stored results from other sheets, settings or program: P01_BM1; `cd38rd run` renews them" in said


def test_no_event_of_a_tube_counts_again(study: Path, tmp_path: Path):
    changed = Path(shutil.copytree(study, tmp_path / "study"))
    table = changed / "results" / "rd_samples.csv"
    before = table.read_bytes()
    (row,) = csv.DictReader((changed / "samples.csv").read_text("utf-8").splitlines())
    for name in (row["fcs_file"], row["fmo_file"]):
        content = (changed / name).read_bytes()
        (changed / name).write_bytes(content[:-20_000] + bytes(20_000))
    table.unlink()
    assert "renews" not in washout(changed).text
    assert table.read_bytes() == before


def test_the_collector_of_cycles_works_again_afterwards(study: Path):
    washout(study)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_of_very_many_tubes_without_a_result_the_first_are_named(study: Path):
    path = study / "samples.csv"
    text = path.read_text("utf-8")
    (row,) = csv.DictReader(text.splitlines())
    stain = study / row["fcs_file"]
    lines = []
    for k in range(MOST_TUBES_IN_A_NOTE + 5):
        copy = stain.with_name(f"copy{k}.fcs")
        copy.write_bytes(stain.read_bytes())
        told = {**row, "sample_id": f"N{k}", "fcs_file": copy.relative_to(study).as_posix(), "fmo_file": ""}
        lines.append(",".join(told.values()))
    path.write_text("\n".join([text.rstrip("\n"), *lines, ""]), encoding="utf-8")
    said = washout(study).text
    assert (
        f"{MOST_TUBES_IN_A_NOTE + 5} of {MOST_TUBES_IN_A_NOTE + 6} samples have not been run yet: N0, N1"
        in said
    )
    assert f"N{MOST_TUBES_IN_A_NOTE - 1} and 5 more" in said


def test_side_work_writes_the_same_bytes(study: Path, monkeypatch: pytest.MonkeyPatch):
    results = study / "results"
    fresh = ("rd.xlsx", "statistics", "figures", "gates")
    remove(results, fresh)  # else nothing would be written again
    rewrite_report(study)
    alone = files_of(results, fresh)
    monkeypatch.setattr(side_work, "TUBES_THAT_PAY", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    remove(results, fresh)
    rewrite_report(study)
    assert files_of(results, fresh) == alone
    assert {path.parts[0] for path in alone} == set(fresh)
    assert {path.suffix for path in alone} >= {".pdf", ".svg", ".xml", ".xpt"}


def remove(results: Path, names: Iterable[str]) -> None:
    for name in names:
        path = results / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def files_of(results: Path, names: Iterable[str]) -> dict[Path, bytes]:
    tops = [results / name for name in names]
    paths = [path for top in tops for path in ((top, *top.rglob("*")) if top.is_dir() else (top,))]
    return {path.relative_to(results): path.read_bytes() for path in paths if path.is_file()}
