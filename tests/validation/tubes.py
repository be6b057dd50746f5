"""How well tubes are gated and quantified, on simulated studies whose truth is known."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.bead_run import calibrate_bead_run
from pipeline.quantify import TubeTask, quantify_tube
from pipeline.sample_result import SampleResult
from pipeline.simulate import simulate_study
from pipeline.study import Study, read_study
from pipeline.tasks import bead_tasks, tube_tasks

SCENARIOS = ("plain", "masked", "rare", "no_matrix", "clog")


@dataclass(frozen=True, slots=True)
class TubeOutcome:
    """A simulated tube: what is true, and what was found.

    `f1`, `precision`, `recall` of the whole plasma cells against the labels; `clog_kept` is the part of the
    clogged stretch that passed the time step.
    """

    scenario: str
    seed: int
    sample_id: str
    true_rd: float
    true_cells: int
    f1: float
    precision: float
    recall: float
    clog_kept: float
    result: SampleResult

    @property
    def rd(self) -> float:
        """The receptor density found, NaN where there is none."""
        return np.nan if self.result.receptor.rd is None else self.result.receptor.rd

    @property
    def error(self) -> float:
        """Relative error of the receptor density."""
        return abs(self.rd - self.true_rd) / self.true_rd


def outcomes(scenario: str, seed: int, *, patients: int = 2, events: int = 60_000) -> Iterator[TubeOutcome]:
    """Simulate a study, quantify its tubes as `cd38rd run` does, and compare with the truth."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = simulate_study(Path(scratch), patients=patients, events=events, seed=seed, scenario=scenario)
        truth = folder.parent / "truth"
        rows = {row["sample_id"]: row for row in _table(truth / "tubes.csv")}
        plasma = {
            int(r["population"]) for r in _table(truth / "populations.csv") if r["plasma_cell"] == "yes"
        }
        for task in tasks_of(folder, Path(scratch) / "events"):
            name = task.sample.sample_id
            with np.load(truth / "labels" / f"{name}.npz") as labels:
                yield _outcome(scenario, seed, task, rows[name], labels, plasma)


def tasks_of(folder: Path, events_folder: Path | None = None) -> tuple[TubeTask, ...]:
    """Return the tubes of a study folder, calibrated, ready to quantify."""
    study, faults = read_study(folder)
    if study is None:
        raise ValueError("\n".join(str(fault) for fault in faults))
    return tube_tasks(study, calibrated(study), {}, events_folder)


def calibrated(study: Study) -> tuple:
    """Return every bead run's curve."""
    return tuple(calibrate_bead_run(task) for task in bead_tasks(study, {}))


def _outcome(
    scenario: str, seed: int, task: TubeTask, row: dict[str, str], labels: dict, plasma: set[int]
) -> TubeOutcome:
    result = quantify_tube(task)
    true = np.isin(labels["population"], list(plasma)) & ~(
        labels["doublet"] | labels["debris"] | labels["dead"] | labels["carry_over"]
    )
    gated, passed_time = _gated(task)
    clog = labels["clog"]
    wanted = true & ~clog  # a cell of the clogged stretch is rightly left out
    hits = int((gated & true).sum())
    precision = hits / max(1, int(gated.sum()))
    recall = int((gated & wanted).sum()) / max(1, int(wanted.sum()))
    return TubeOutcome(
        scenario=scenario,
        seed=seed,
        sample_id=task.sample.sample_id,
        true_rd=float(row["true_rd"]),
        true_cells=int(row["n_aberrant"]),
        f1=2 * precision * recall / max(1e-9, precision + recall),
        precision=precision,
        recall=recall,
        clog_kept=float(passed_time[clog].mean()) if clog.any() else 0.0,
        result=result,
    )


def _gated(task: TubeTask) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    from pyarrow import parquet

    table = parquet.read_table(task.events_file)
    return table["plasma_cell"].to_numpy(), table["gate_time"].to_numpy()


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
