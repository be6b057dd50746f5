"""`cd38rd plan`: how many patients and tubes the next study needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.assembly.assemble import assembled
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.history import judged_bead_runs, log_of
from pipeline.checks import folder_with_findings
from pipeline.commands.exit_status import ExitStatus, RunSummary
from pipeline.output.json_files import write_json
from pipeline.output.results_folder import Results
from pipeline.output.statistics.dataset import Kind, Variable, dataset
from pipeline.output.statistics.files import write_parquet
from pipeline.output.table import Table, write_csv
from pipeline.output.workbook import Sheet, write_workbook
from pipeline.planning import (
    Plan,
    Size,
    StudyPopulation,
    WantedWidth,
    plan_size,
    population_of,
    simulated_population,
)
from pipeline.study.errors import UsageError, UserError
from pipeline.study.faults import fault_report, stops_run

PLAN_COLUMNS = ("patients", "tubes", "width", "narrow_percent", "told_percent", "below_lloq_percent")

WITHIN_NOT_KNOWN = (
    "How far visits of one patient scatter beyond the assay is not known here and is taken as zero. With "
    "several visits you need at least this many patients."
)


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """The typed options; see the help of `cd38rd plan`."""

    study: Path | None
    slope_width: float | None
    wait_width: float | None
    density: float
    share: float
    visits: int
    tubes: int
    assurance: float
    studies: int
    seed: int
    out: Path | None


def plan(asked: PlanRequest, say: Callable[[str], object]) -> RunSummary:
    """Simulate studies of more and more patients, and return which size is enough.

    Raises
    ------
    UsageError
        Not exactly one width is given, or the file name has another ending.
    """
    if (asked.slope_width is None) == (asked.wait_width is None):
        raise UsageError(
            "expected one of --slope-width (dex per doubling of the washout) and --wait-width (weeks)"
        )
    if asked.out and asked.out.suffix.casefold() not in (".csv", ".xlsx", ".json", ".parquet"):
        raise UsageError(
            f"--out {asked.out.name}: expected a name that ends in .csv, .xlsx, .parquet or .json"
        )
    population = _population(asked)
    target = WantedWidth(asked.slope_width, asked.wait_width, asked.density, asked.share)
    say(plan_head(population, target, asked))
    say(f"{'patients':>8} {'tubes':>6} {'width':>8} {'narrow':>8} {'known':>6} {'< LLOQ':>7}")
    study_plan = plan_size(
        population,
        target,
        visits=asked.visits,
        replicates=asked.tubes,
        studies=asked.studies,
        assurance=asked.assurance,
        seed=asked.seed,
        on_size=lambda size: say(_row(size)),
    )
    if asked.out:
        _write(asked.out, study_plan, population)
    return RunSummary(ExitStatus.ALL_QUANTIFIED, size_sentence(study_plan, asked))


def _population(asked: PlanRequest) -> StudyPopulation:
    if asked.study is None:
        return simulated_population(asked.seed)
    return population_of(_from_store(asked.study))


def _from_store(folder: Path) -> StudyResult:
    """Return the result of a study from the stored results of its last run."""
    study, faults, _ = folder_with_findings(folder)
    if study is None or stops_run(faults):
        raise UserError(fault_report(faults))
    stores = Results(folder / "results").stores
    tubes = {s.sample_id: stored[1] for s in study.samples if (stored := stores.samples.load(s.sample_id))}
    if not tubes:
        raise UserError(
            f"{folder}: found no stored results, expected those of `cd38rd run {folder}`: run it first"
        )
    runs = (stores.bead_runs.load(run.name) for run in study.bead_runs)
    calibrations = tuple(stored[1] for stored in runs if stored is not None)
    log = log_of(study.folder, study.settings)
    judged = judged_bead_runs(log, calibrations, study.bead_runs, study.settings, write=False)
    return assembled(study, tubes, judged, faults)


def plan_head(population: StudyPopulation, target: WantedWidth, asked: PlanRequest) -> str:
    """Return the wanted width, and the assumptions on patients and assay."""
    aim = (
        f"slope known to {target.slope_width:g} dex per doubling of the washout (width of the 95 % interval)"
        if target.slope_width is not None
        else f"weeks until {target.share:.0%} of patients have {target.density:,.0f} molecules known to "
        f"{target.wait_width:g} weeks (width of the 95 % interval)"
    )
    p = population
    patients = f"SD {p.between:.2f} dex between patients, {p.within:.2f} dex within"
    assay = f"SD {p.run_sd:.3f} dex between runs, {p.tube_sd:.3f} dex of a tube, {p.shared_sd:.3f} dex of all"
    each = f"Visits of a patient: {asked.visits}; tubes of a visit: {asked.tubes}"
    lines = (
        f"Wanted: {aim}, in {asked.assurance:.0%} of studies.",
        f"Patients as in {p.source}:",
        f"  slope {p.slope:.3f} dex per doubling, {patients}.",
        f"Assay: {assay}; LLOQ {p.lloq:,.0f}, measured up to {p.uloq:,.0f}.",
        f"{each}; simulated studies of each size: {asked.studies}.",
    )
    doubt = (WITHIN_NOT_KNOWN,) if asked.visits > 1 and p.within == 0 else ()
    return "\n".join((*lines, *doubt))


def _row(size: Size) -> str:
    width = "–" if size.width is None else f"{size.width:.3g}"
    return (
        f"{size.patients:>8} {size.tubes:>6} {width:>8} {size.narrow:>8.0%} {size.with_interval:>6.0%} "
        f"{size.below_lloq:>7.0%}"
    )


def size_sentence(study_plan: Plan, asked: PlanRequest) -> str:
    """Return which size is enough, or why no size is."""
    if study_plan.enough is None:
        most = study_plan.sizes[-1]
        if most.with_interval < asked.assurance:
            without = f"{1 - most.with_interval:.0%}"
            return (
                f"None of these sizes is enough: of {most.patients} patients {without} of studies "
                "give no such interval at all. What is asked lies beyond the limits of the assay, or beyond "
                "the washouts of these patients."
            )
        return (
            f"None of these sizes is enough: of {most.patients} patients {most.narrow:.0%} of studies are so "
            "narrow. Ask for a wider interval, or for more visits."
        )
    size = study_plan.enough
    error = 100 * size.narrow_error
    return (
        f"Enough: {size.patients} patients, {size.tubes} stained tubes: {size.narrow:.0%} of simulated "
        f"studies (standard error {error:.0f} points) are so narrow. Patients without a density come on top."
    )


def _table(study_plan: Plan) -> Table:
    rows = tuple(
        (s.patients, s.tubes, s.width, 100 * s.narrow, 100 * s.with_interval, 100 * s.below_lloq)
        for s in study_plan.sizes
    )
    return Table(PLAN_COLUMNS, rows)


def _write(path: Path, study_plan: Plan, population: StudyPopulation) -> None:
    ending = path.suffix.casefold()
    if ending == ".csv":
        write_csv(path, _table(study_plan))
    elif ending == ".parquet":
        kinds: tuple[Kind, ...] = ("whole", "whole", "number", "number", "number", "number")
        variables = [
            Variable(name, name.replace("_", " "), kind)
            for name, kind in zip(PLAN_COLUMNS, kinds, strict=True)
        ]
        write_parquet(
            path, dataset("plan", "Sizes of a study", variables, _table(study_plan).rows, xport=False)
        )
    elif ending == ".json":
        write_json(path, {"plan": study_plan, "population": population})
    else:
        headers = {name: name.replace("_percent", " (%)").replace("_", " ") for name in PLAN_COLUMNS}
        write_workbook(path, [Sheet("Plan", _table(study_plan), typed=headers, all_rows="all are here")])
