"""A study of very many patients with stored results, made from a few that were simulated and run.

Each patient is a copy of one of the few under an own name: files of the same channels and 100 events, doses
moved so that the washouts spread over 2 to 90 weeks, and an own receptor density around a true line.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from calibration.density.receptor_density import RdStatus
from pipeline.commands.run import run_study
from pipeline.output.results_folder import Results
from pipeline.quantification.result import SampleResult
from pipeline.running.options import RunOptions
from pipeline.running.progress import reporter
from pipeline.simulate import simulate_study

Rows = list[dict[str, str]]

_FEW, _EVENTS, _EVENTS_OF_A_COPY = 6, 4_000, 100
_LLOQ, _ULOQ = 3_000.0, 67_601.0
_SLOPE, _AT_16_WEEKS, _SCATTER = 0.356, 4.1, 0.35
_WASHED_OUT = "daratumumab"


def write_large_study(folder: Path, patients: int, seed: int = 20240607) -> Path:
    """Write the study with its stored results; return its folder."""
    few = simulate_study(folder / "few", patients=_FEW, events=_EVENTS, seed=seed)
    with reporter(quiet=True) as seen:
        run_study(few, RunOptions(workers=1), seen)
    small = simulate_study(folder / "small", patients=_FEW, events=_EVENTS_OF_A_COPY, seed=seed)
    study = folder / "many"
    (study / "fcs").mkdir(parents=True)
    (study / "results").mkdir()
    rng = np.random.default_rng(seed)
    samples, doses, people = (_rows(few / f"{name}.csv") for name in ("samples", "doses", "patients"))
    weeks = 2 ** rng.uniform(1, 6.5, patients)
    log_rd = _AT_16_WEEKS + _SLOPE * (np.log2(weeks) - 4) + _SCATTER * rng.standard_normal(patients)
    stored = {
        row["sample_id"]: Results(few / "results").stores.samples.load(row["sample_id"]) for row in samples
    }
    many: dict[str, Rows] = {"samples": [], "doses": [], "patients": []}
    results = Results(study / "results")
    for place in range(patients):
        first = samples[place % len(samples)]
        name, sample_id = f"P{place:05d}", f"P{place:05d}_BM1"
        many["samples"].append(_copied(small, study, first, name))
        many["patients"] += [{**row, "patient_id": name} for row in people if _is_of(row, first)]
        many["doses"] += _moved([row for row in doses if _is_of(row, first)], first, name, weeks[place])
        digest, result = stored[first["sample_id"]]
        results.stores.samples.save(sample_id, digest, _with_density(result, sample_id, 10 ** log_rd[place]))
        _copy_gates(few, study, first["sample_id"], sample_id)
    for run in _rows(few / "beads.csv"):
        digest, curve = Results(few / "results").stores.bead_runs.load(run["beads"])
        results.stores.bead_runs.save(run["beads"], digest, curve)
    _write(small, study, many)
    return study


def _is_of(row: dict[str, str], sample: dict[str, str]) -> bool:
    return row["patient_id"] == sample["patient_id"]


def _copied(small: Path, study: Path, row: dict[str, str], name: str) -> dict[str, str]:
    told = {**row, "patient_id": name, "sample_id": f"{name}_BM1"}
    for column in ("fcs_file", "fmo_file", "isotype_file"):
        if row[column]:
            told[column] = f"fcs/{name}_{column}.fcs"
            shutil.copyfile(small / row[column], study / told[column])
    return told


def _copy_gates(few: Path, study: Path, first: str, sample_id: str) -> None:
    """Put the tube's gates where `cd38rd run` had written them; that they are whole is looked at once more."""
    gates = few / "results" / "gates" / f"{first}.xml"
    if gates.exists():
        (study / "results" / "gates").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(gates, study / "results" / "gates" / f"{sample_id}.xml")


def _moved(doses: Rows, sample: dict[str, str], name: str, weeks: float) -> Rows:
    """Move the washed-out drug's doses so that the last one lies this many weeks before the sample."""
    collected = date.fromisoformat(sample["collected_on"])
    given = [date.fromisoformat(row["given_on"]) for row in doses if row["drug"] == _WASHED_OUT]
    last = max(day for day in given if day <= collected)
    shift = collected - timedelta(days=round(7 * weeks)) - last
    return [
        {**row, "patient_id": name, "given_on": (date.fromisoformat(row["given_on"]) + shift).isoformat()}
        if row["drug"] == _WASHED_OUT
        else {**row, "patient_id": name}
        for row in doses
    ]


def _with_density(result: SampleResult, sample_id: str, rd: float) -> SampleResult:
    beyond = RdStatus.BELOW_LLOQ if rd < _LLOQ else RdStatus.ABOVE_ULOQ if rd > 4 * _ULOQ else RdStatus.OK
    found = replace(
        result.receptor, status=beyond, rd=rd, rd_low=rd / 1.2, rd_high=rd * 1.2, lloq=_LLOQ, uloq=_ULOQ
    )
    return replace(result, sample_id=sample_id, receptor=found)


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(small: Path, study: Path, many: dict[str, Rows]) -> None:
    for path in small.glob("*.csv"):
        rows = many.get(path.stem) or _rows(path)
        if path.stem == "beads":
            for row in rows:
                told = f"fcs/{row['beads']}.fcs"
                shutil.copyfile(small / row["fcs_file"], study / told)
                row["fcs_file"] = told
        with (study / path.name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
