"""Results as tables: the same study gives the same bytes. Each column is defined once, by name and cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from calibration.curve.standard_curve import StandardCurve
from calibration.density.receptor_density import RdStatus, ReceptorDensity
from gating.sentinels import B_PRECURSORS, NK_CELLS
from pipeline.assembly.study_result import StudyResult
from pipeline.output.interval import between_run_percent, between_run_source, interval_lacks
from pipeline.output.table import Cell, Column, Table, as_sentences, cell_of_curve, table_of
from pipeline.patients.exposure import Exposure
from pipeline.patients.receptor_occupancy.tubes import TubeOccupancy
from pipeline.patients.visits import Visit
from pipeline.quantification.result import SampleResult, SecondCount, failure_reason, is_failed
from pipeline.study.file_labels import labels_of_sample
from pipeline.study.reagents import REAGENT_COLUMNS, Reagents, reagents_of
from pipeline.study.study import Sample, Study


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """The facts for the row of a sample; None = not available."""

    sample: Sample
    result: SampleResult
    reagents: Reagents
    curve: StandardCurve | None = None
    exposure: Exposure | None = None
    occupancy: TubeOccupancy | None = None
    reviewed_by: str = ""

    @property
    def receptor(self) -> ReceptorDensity:
        """The tube's receptor density."""
        return self.result.receptor

    def sentinel(self, name: str) -> ReceptorDensity | None:
        """Return the receptor density of a sentinel population."""
        return next((sentinel.receptor for sentinel in self.result.sentinels if sentinel.name == name), None)


def _of_second_opinion(cell: Callable[[SecondCount], Cell]) -> Callable[[SampleFacts], Cell]:
    """Return a cell of the second opinion; empty where the study did not request one."""
    return lambda tube: None if tube.result.second_opinion is None else cell(tube.result.second_opinion)


def _of_sentinel(prefix: str, name: str) -> tuple[Column[SampleFacts], ...]:
    """Return n, receptor density and interval of a sentinel; n alone where there is no number."""

    def of(cell: Callable[[ReceptorDensity], Cell]) -> Callable[[SampleFacts], Cell]:
        def cell_of(tube: SampleFacts) -> Cell:
            receptor = tube.sentinel(name)
            return None if receptor is None else cell(receptor)

        return cell_of

    return (
        Column(f"{prefix}_n", of(lambda receptor: receptor.n_cells)),
        Column(f"{prefix}_rd", of(lambda receptor: receptor.rd)),
        Column(f"{prefix}_low", of(lambda receptor: receptor.rd_low)),
        Column(f"{prefix}_high", of(lambda receptor: receptor.rd_high)),
    )


def _ends(name: str, path: str) -> tuple[Column[Any], ...]:
    """Return a θ or a total with its limits, by the path of its attribute; empty where not requested."""
    ends = (("", "value"), ("_low", "low"), ("_high", "high"))
    return tuple(Column(f"{name}{end}", _at(f"{path}.{part}")) for end, part in ends)


def _at(path: str) -> Callable[[Any], Cell]:
    """Return the cell at the path of an attribute; empty where the first of them is None."""
    get, first = attrgetter(path), attrgetter(path.partition(".")[0])
    return lambda row: None if first(row) is None else get(row)


def _of_exposure(name: str) -> Column[Exposure]:
    """Return the column of an attribute of `Exposure`; several words are a `; ` list."""

    def cell(exposure: Exposure) -> Cell:
        value: Cell | tuple[str, ...] = getattr(exposure, name)
        if isinstance(value, tuple):
            return "; ".join(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value

    return Column(name, cell)


_REAGENTS: Final[tuple[Column[Any], ...]] = tuple(
    Column(name, attrgetter(f"reagents.{name}")) for name in REAGENT_COLUMNS
)


def _n_quantified(tube: SampleFacts) -> int | None:
    """Return the number of cells behind the density, its interval and the flags of low cell numbers."""
    return None if tube.receptor.status is RdStatus.FAILED else tube.receptor.n_cells


SAMPLES: Final[tuple[Column[SampleFacts], ...]] = (
    Column("sample_id", lambda tube: tube.sample.sample_id),
    Column("patient_id", lambda tube: tube.sample.patient_id),
    Column("visit", lambda tube: tube.sample.visit),
    Column("collected_on", lambda tube: tube.sample.collected_on),
    Column("status", lambda tube: tube.receptor.status.value),
    Column("flags", lambda tube: ";".join(sample_flags(tube.result, tube.exposure))),
    Column("n_events", lambda tube: tube.result.n_events),
    Column("n_viable_singlets", lambda tube: tube.result.n_viable_singlets),
    Column("n_plasma_cells", lambda tube: tube.result.n_plasma_cells),
    Column("plasma_cell_percent", lambda tube: plasma_cell_percent(tube.result)),
    Column("population", lambda tube: tube.result.population),
    Column("median_mfi", lambda tube: tube.receptor.median_mfi),
    Column("background_mfi", lambda tube: tube.receptor.background_mfi),
    Column("background_kind", lambda tube: tube.result.background_kind),
    Column("abc", lambda tube: tube.receptor.abc),
    Column("background_abc", lambda tube: tube.receptor.background_abc),
    Column("rd", lambda tube: tube.receptor.rd),
    Column("rd_low", lambda tube: tube.receptor.rd_low),
    Column("rd_high", lambda tube: tube.receptor.rd_high),
    Column("gcv_percent", lambda tube: tube.receptor.gcv_percent),
    Column("lloq", lambda tube: tube.receptor.lloq),
    Column("uloq", lambda tube: tube.receptor.uloq),
    Column("beads", lambda tube: tube.sample.bead_run),
    Column("slope", cell_of_curve(lambda curve: curve.slope)),
    Column("intercept", cell_of_curve(lambda curve: curve.intercept)),
    Column("r2", cell_of_curve(lambda curve: curve.r2)),
    Column("last_dose_on", lambda tube: tube.exposure.last_dose_on if tube.exposure else None),
    Column("washout_weeks", lambda tube: tube.exposure.washout_weeks if tube.exposure else None),
    Column("gating_confidence", lambda tube: tube.result.gating_confidence),
    Column("reviewed_by", lambda tube: tube.reviewed_by),
    Column("note", lambda tube: as_sentences(sample_notes(tube.result, tube.exposure))),
    *_of_sentinel("sentinel_nk", NK_CELLS),
    *_of_sentinel("sentinel_b_precursor", B_PRECURSORS),
    Column("sentinel_reading", lambda tube: tube.result.sentinel_reading),
    *_REAGENTS,
    Column("second_opinion_n", _of_second_opinion(lambda opinion: opinion.n_cells)),
    Column("second_opinion_agreement", _of_second_opinion(lambda opinion: opinion.agreement)),
    Column("between_run_cv_percent", lambda tube: between_run_percent(tube.receptor)),
    Column("between_run_from", lambda tube: between_run_source(tube.receptor)),
    Column("interval_lacks", lambda tube: interval_lacks(tube.receptor, sample_flags(tube.result))),
    *_ends("theta", "occupancy.theta"),
    Column("theta_from", _at("occupancy.theta.source.value")),
    *_ends("total", "occupancy.total"),
    Column("total_note", _at("occupancy.total.reason")),
    *_ends("theta_sentinels", "occupancy.by_sentinels"),
    Column("sentinel_norm", _at("occupancy.norm")),
    *_ends("occupancy", "occupancy.by_level"),
    Column("n_quantified", _n_quantified),
)
PATIENTS: Final[tuple[Column[Visit], ...]] = (
    Column("patient_id", lambda visit: visit.patient_id),
    Column("visit", lambda visit: visit.visit),
    Column("collected_on", lambda visit: visit.collected_on),
    Column("status", lambda visit: visit.receptor.status.value),
    Column("flags", lambda visit: ";".join(visit.flags)),
    Column("n_samples", lambda visit: len(visit.sample_ids)),
    Column("sample_ids", lambda visit: ";".join(visit.sample_ids)),
    Column("population", lambda visit: visit.population),
    Column("rd", lambda visit: visit.receptor.rd),
    Column("rd_low", lambda visit: visit.receptor.rd_low),
    Column("rd_high", lambda visit: visit.receptor.rd_high),
    Column("between_cv_percent", lambda visit: visit.receptor.between_cv_percent),
    Column("lloq", lambda visit: visit.receptor.lloq),
    Column("uloq", lambda visit: visit.receptor.uloq),
    Column("last_dose_on", lambda visit: visit.last_dose_on),
    Column("washout_weeks", lambda visit: visit.washout_weeks),
    Column("note", lambda visit: as_sentences(visit.notes)),
    *_REAGENTS,
    Column("tissue", lambda visit: visit.tissue),
    Column("between_run_cv_percent", lambda visit: between_run_percent(visit.receptor)),
    Column("between_run_from", lambda visit: between_run_source(visit.receptor)),
    Column("interval_lacks", lambda visit: interval_lacks(visit.receptor, visit.flags)),
    *_ends("theta", "theta"),
    Column("theta_from", _at("theta.source.value")),
    *_ends("total", "total"),
    Column("total_note", _at("total.reason")),
)
_EXPOSED = (
    "sample_id", "patient_id", "collected_on", "last_dose_on", "washout_weeks", "first_study_drug_on",
    "response_washout_weeks", "n_doses", "cumulative_mg", "cumulative_mg_per_kg", "schedule", "cycles",
    "intervening", "imid_since", "eligible", "eligibility", "refractory", "serum_ug_ml", "serum_on",
)  # fmt: skip
EXPOSURES: Final[tuple[Column[Exposure], ...]] = tuple(_of_exposure(name) for name in _EXPOSED)


def sample_table(study_result: StudyResult) -> Table:
    """Return a row per sample, in the order of the samples sheet, failed ones too."""
    return table_of(SAMPLES, sample_facts(study_result))


def sample_facts(study_result: StudyResult) -> tuple[SampleFacts, ...]:
    """Return the facts of every sample that ran, in the order of the samples sheet."""
    runs = {run.bead_run: run for run in study_result.calibrations}
    by_sample = {result.sample_id: result for result in study_result.results}
    study = study_result.study
    return tuple(
        SampleFacts(
            sample=sample,
            result=by_sample[sample.sample_id],
            reagents=reagents_of(study, (sample,)),
            curve=runs[sample.bead_run].curve if sample.bead_run in runs else None,
            exposure=study_result.exposures.get(sample.sample_id),
            occupancy=study_result.occupancies.get(sample.sample_id),
            reviewed_by=reviewers(study, sample),
        )
        for sample in study.samples
        if sample.sample_id in by_sample
    )


def patient_table(visits: Iterable[Visit]) -> Table:
    """Return a row per patient and visit, replicates pooled."""
    return table_of(PATIENTS, visits)


def exposure_table(study_result: StudyResult) -> Table:
    """Return a row per tube, in the order of the samples sheet; empty = not known."""
    exposures = study_result.exposures
    rows = (exposures[s.sample_id] for s in study_result.study.samples if s.sample_id in exposures)
    return table_of(EXPOSURES, rows)


def reviewers(study: Study, sample: Sample) -> str:
    """Return the people who set a gate of this sample, and its gate file if any; `;`-separated."""
    files = [labels_of_sample(study.folder, sample).of(sample.gates_file)] if sample.gates_file else []
    people = [gate.set_by for gate in study.gates if gate.sample_id == sample.sample_id]
    return ";".join(dict.fromkeys([*people, *files]))


def sample_flags(result: SampleResult, exposure: Exposure | None = None) -> tuple[str, ...]:
    """Return the flags of a sample without duplicates: of the tube, its receptor density and its exposure."""
    return tuple(
        dict.fromkeys([*result.flags, *result.receptor.flags, *(exposure.flags if exposure else ())])
    )


def sample_notes(result: SampleResult, exposure: Exposure | None = None) -> tuple[str, ...]:
    """Return the notes of a sample without duplicates; for a failed tube the reason comes first."""
    first = failure_reason(result) if is_failed(result) else ""
    notes = (first, result.note, *result.receptor.notes, *(exposure.notes if exposure else ()))
    return tuple(dict.fromkeys(note.strip() for note in notes if note.strip()))


def plasma_cell_percent(result: SampleResult) -> float | None:
    """Return plasma cells in percent of viable singlets; None where that is not known."""
    if result.n_plasma_cells is None or not result.n_viable_singlets:
        return None
    return 100 * result.n_plasma_cells / result.n_viable_singlets
