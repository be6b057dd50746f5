"""The models of a study of few patients, and of very many."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.large_study import write_large_study
from pipeline.assembly.assemble import assembled
from pipeline.checks import check_folder
from pipeline.output.results_folder import Results
from pipeline.patients.pharmacokinetics import levels
from validation.markdown import paragraph, table

FEW, MANY = 6, 10_000


def measure(work: Path) -> dict[str, Any]:
    """Return seconds of the processor, for a small and a large study."""
    return {"models": [_study(work / f"models of {n}", n) for n in (FEW, MANY)]}


def _study(folder: Path, patients: int) -> dict[str, Any]:
    study_folder = write_large_study(folder, patients)
    start = time.perf_counter()
    study, faults = check_folder(study_folder)
    checked = time.perf_counter() - start
    assert study is not None
    results = Results(study_folder / "results")
    stored = {s.sample_id: results.stores.samples.load(s.sample_id)[1] for s in study.samples}
    curves = tuple(results.stores.bead_runs.load(run.name)[1] for run in study.bead_runs)
    rounds = 3 if patients == FEW else 1
    spent = []
    for _ in range(rounds):
        levels._levels.cache_clear()  # a second round must not find the drug levels of the first
        start = time.process_time()
        assembled(study, stored, curves, faults)
        spent.append(time.process_time() - start)
    n_files = sum(1 for path in study_folder.glob("fcs/*.fcs"))
    return {"patients": patients, "seconds": min(spent), "check": checked, "files": n_files}


def text(figures: dict[str, Any]) -> str:
    """Return the section."""
    rows = [
        (f"{row['patients']:,}", f"{row['seconds']:.2f} s", f"{row['check']:.2f} s", f"{row['files']:,}")
        for row in figures["models"]
    ]
    return (
        "## The models\n\n"
        + paragraph(
            "*Models* are all calculations of a study after its tubes are quantified: doses, drug levels, washout and "
            "response (processor time). *Check* is `check` of the same study, whose files have 100 events each "
            "(wall-clock time)."
        )
        + table(("patients", "models", "check", "files"), rows)
        + "\n"
    )
