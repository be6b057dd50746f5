"""A study of 10,000 patients: seconds of the models, and of the whole `cd38rd washout` from stored results."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from benchmarks.large_study import write_large_study
from pipeline.assembly.assemble import assembled
from pipeline.checks import check_folder
from pipeline.commands.stored import refit_washout
from pipeline.output.results_folder import Results
from pipeline.patients.model_rows import model_rows
from pipeline.response.tables import response_tables
from pipeline.washout.report import washout_report

pytestmark = [pytest.mark.benchmark, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(7200)]

PATIENTS = int(os.environ.get("CD38RD_BENCH_PATIENTS", "10000"))
WANTED_SECONDS = 60
JOINED = "doses, drug levels, washout and response, all models"


def timed(name: str, work: Callable[[], object], seconds: dict[str, tuple[float, float]]) -> object:
    """Note seconds of the clock, and of the processor: other programs do not count in the second."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    seconds[name] = (time.perf_counter() - wall, time.process_time() - cpu)
    return found


def test_washout_and_response_of_a_large_study(tmp_path, capsys):
    folder = write_large_study(tmp_path, PATIENTS)
    seconds: dict[str, tuple[float, float]] = {}
    study, faults = check_folder(folder)
    results = Results(folder / "results")
    stored = {s.sample_id: results.stores.samples.load(s.sample_id)[1] for s in study.samples}
    curves = tuple(results.stores.bead_runs.load(run.name)[1] for run in study.bead_runs)
    study_result = timed(JOINED, lambda: assembled(study, stored, curves, faults), seconds)
    rows = timed(
        "drug levels, rows of the models",
        lambda: model_rows(study, study_result.visits, study_result.exposures, study_result.occupancies),
        seconds,
    )
    models = timed("washout", lambda: washout_report(rows, study.settings), seconds)
    timed("response", lambda: response_tables(study, rows, study_result.facts), seconds)
    summary = timed("cd38rd washout, everything", lambda: refit_washout(folder), seconds)
    lines = [f"| {name} | {wall:.1f} | {cpu:.1f} |" for name, (wall, cpu) in seconds.items()]
    with capsys.disabled():
        print(
            f"\n{PATIENTS} patients\n| part | seconds | of the processor |\n|---|---|---|", *lines, sep="\n"
        )
    assert seconds[JOINED][1] <= WANTED_SECONDS
    assert models.n_rows == PATIENTS
    assert models.tobit is not None
    assert summary.exit_status == 0
    assert f'n_rows": {PATIENTS}' in (folder / "results" / "washout.json").read_text("utf-8")
