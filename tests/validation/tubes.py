"""How well tubes are gated and quantified, on simulated studies whose truth is known."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.quantification.quantify import TubeTask, quantify_tube
from pipeline.quantification.result import SampleResult
from pipeline.running.tasks import bead_tasks, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study
from validation.markdown import paragraph, percent, table

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


def section(found: Sequence[TubeOutcome]) -> str:
    """Return the section of docs/validation.md."""
    rows = [_row(name, [tube for tube in found if tube.scenario == name]) for name in SCENARIOS]
    seeds = sorted({tube.seed for tube in found})
    columns = ("scenario", "tubes", "no number", "≥ 5,000 and ≥ 500 cells: tubes", "error, P95",
               "≥ 5,000 and 50–499 cells: tubes", "error, P95", "< 5,000: tubes", "within max(150, 20 %)",
               "F1, median", "F1, worst")  # fmt: skip
    return (
        "## Tubes from file to receptor density\n\n"
        + paragraph(
            f"{len(found)} simulated tubes of 60,000 events (`cd38rd simulate`, seeds {seeds[0]} to {seeds[-1]}, two "
            "patients each) are read, calibrated with their own bead run, gated without any label and quantified as by "
            "`cd38rd run`. Error: RD compared with the true median of the true cells. F1: gated plasma cells compared "
            "with the labels. Goal: P95 ≤ 5 % (8 % without the matrix) and ≤ 12 %, F1 median ≥ 0.95."
        )
        + table(columns, rows)
    )


def _row(scenario: str, tubes: Sequence[TubeOutcome]) -> tuple[str, ...]:
    bright = [tube for tube in tubes if tube.true_rd >= 5_000]
    many = [tube.error for tube in bright if tube.true_cells >= 500]
    few = [tube.error for tube in bright if 50 <= tube.true_cells < 500]
    dim = [tube for tube in tubes if tube.true_rd < 5_000 and tube.true_cells >= 50]
    within = sum(abs(tube.rd - tube.true_rd) <= max(150, 0.2 * tube.true_rd) for tube in dim)
    without = sum(bool(np.isnan(tube.rd)) for tube in tubes)
    f1 = [tube.f1 for tube in tubes]
    return (
        scenario, str(len(tubes)), str(without), str(len(many)), _p95(many), str(len(few)), _p95(few),
        str(len(dim)), f"{within}/{len(dim)}", f"{np.median(f1):.3f}", f"{min(f1):.3f}",
    )  # fmt: skip


def _p95(errors: Sequence[float]) -> str:
    return percent(float(np.nanquantile(errors, 0.95)), 1) if errors else ""


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
