"""A tube that takes a cut of its batch: on the bench too, to the last digit."""

from __future__ import annotations

import csv
from dataclasses import fields
from pathlib import Path

import pytest
from running.test_batch_run import UNCLEAR, without_dead_cells

from pipeline.commands.run import run_study
from pipeline.quantification.result import SampleFlag, SampleResult
from pipeline.review.bench import changes_in_words, load_study, open_bench
from pipeline.review.view import Move
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study

pytestmark = pytest.mark.slow


def test_a_moved_tube_takes_the_same_cut_of_its_batch_as_in_a_run(tmp_path: Path):
    folder = simulate_study(tmp_path / "study", patients=5, events=3_000, seed=9)
    with (folder / "doses.csv").open("r+", encoding="utf-8") as file:
        header = file.readline()
        file.seek(0)
        file.write(header)
        file.truncate()
    with (folder / "samples.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    name = rows[UNCLEAR]["sample_id"]
    without_dead_cells(folder / rows[UNCLEAR]["fcs_file"])
    assert run_study(folder, RunOptions(workers=1), QuietReporter()).exit_status == 0
    bench = open_bench(folder, name)
    assert SampleFlag.GATE_FROM_BATCH in bench.start().flags
    told = bench.settled((Move("cd138", 1500.0),), who="AB", reason="seen").result
    text = f"sample_id,gate,value,set_by,reason\n{name},cd138,1500,AB,seen\n"
    (folder / "review.csv").write_text(text, encoding="utf-8")
    assert run_study(folder, RunOptions(workers=1), QuietReporter()).exit_status == 0
    run = next(result for result in load_study(folder).as_run.results if result.sample_id == name)
    assert told is not None
    assert SampleFlag.GATE_FROM_BATCH in run.flags
    for field in fields(SampleResult):
        assert getattr(told, field.name) == getattr(run, field.name), field.name

    mates = [row["sample_id"] for row in rows if row["sample_id"] != name]
    bench = open_bench(folder, name)
    assert bench.start().waiting == ()
    text += "".join(f"{mate},debris,60000,AB,seen\n" for mate in mates)
    (folder / "review.csv").write_text(text, encoding="utf-8")
    bench = open_bench(folder, name)
    view = bench.settled((Move("cd138", 1500.0),))
    assert view.waiting == tuple(mates)
    (said,) = changes_in_words(bench.start(), view).unchanged[-1:]
    assert said.endswith(" and others: to be run again, which may move this number")
    assert run_study(folder, RunOptions(workers=1), QuietReporter()).exit_status == 0
    run = next(result for result in load_study(folder).as_run.results if result.sample_id == name)
    assert view.result is not None
    assert run.steps != view.result.steps
