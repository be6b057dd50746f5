"""Results as tables: the same study gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable

from calibration.beads.peaks import BeadPeaks
from calibration.curve.standard_curve import StandardCurve
from gating.sentinels import B_PRECURSORS, NK_CELLS
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.output.table import Cell, Table, as_sentences, cell_text
from pipeline.patients.exposure import Exposure
from pipeline.patients.visits import Visit
from pipeline.quantification.result import SampleResult
from pipeline.study.reagents import REAGENT_COLUMNS, reagents_of
from pipeline.study.study import Sample, Study

SAMPLE_COLUMNS = (
    "sample_id", "patient_id", "visit", "collected_on", "status", "flags", "n_events",
    "n_viable_singlets", "n_plasma_cells", "plasma_cell_percent", "population", "median_mfi",
    "background_mfi", "background_kind", "abc", "background_abc", "rd", "rd_low", "rd_high",
    "gcv_percent", "lloq", "uloq", "beads", "slope", "intercept", "r2", "last_dose_on", "washout_weeks",
    "gating_confidence", "reviewed_by", "note",
    "sentinel_nk_n", "sentinel_nk_rd", "sentinel_nk_low", "sentinel_nk_high", "sentinel_b_precursor_n",
    "sentinel_b_precursor_rd", "sentinel_b_precursor_low", "sentinel_b_precursor_high", "sentinel_reading",
    *REAGENT_COLUMNS,
)  # fmt: skip
PATIENT_COLUMNS = (
    "patient_id", "visit", "collected_on", "status", "flags", "n_samples", "sample_ids", "population",
    "rd", "rd_low", "rd_high", "between_cv_percent", "lloq", "uloq", "last_dose_on", "washout_weeks", "note",
    *REAGENT_COLUMNS, "tissue",
)  # fmt: skip
CALIBRATION_COLUMNS = (
    "beads", "fcs_file", "kit", "lot", "channel", "acquired_on", "instrument", "n_events", "n_singlets",
    "peak_n", "peak_medians", "peak_rcv_percent", "levels", "fitted", "model", "slope", "intercept", "r2",
    "residual_sd", "back_calculated_error_percent", "verdict", "checks", "flags", "note",
)  # fmt: skip


EXPOSURE_COLUMNS = (
    "sample_id", "patient_id", "collected_on", "last_dose_on", "washout_weeks", "first_study_drug_on",
    "response_washout_weeks", "n_doses", "cumulative_mg", "cumulative_mg_per_kg", "schedule", "cycles",
    "intervening", "imid_since", "eligible", "eligibility", "refractory", "serum_ug_ml", "serum_on",
)  # fmt: skip
"""As the attributes of `Exposure`."""


def sample_table(study_result: StudyResult) -> Table:
    """Return a row per sample, in the order of the samples sheet, failed ones too."""
    curves = {found.beads: found for found in study_result.calibrations}
    found = {result.sample_id: result for result in study_result.results}
    rows = (
        _sample_row(
            study_result.study,
            sample,
            found[sample.sample_id],
            curves.get(sample.beads),
            study_result.exposures.get(sample.sample_id),
        )
        for sample in study_result.study.samples
        if sample.sample_id in found
    )
    return Table(SAMPLE_COLUMNS, tuple(rows))


def patient_table(visits: Iterable[Visit]) -> Table:
    """Return a row per patient and visit, replicates pooled."""
    return Table(PATIENT_COLUMNS, tuple(_patient_row(visit) for visit in visits))


def calibration_table(calibrations: Iterable[CalibrationResult]) -> Table:
    """Return a row per bead acquisition; what belongs to single beads is a `;` list, dim to bright."""
    return Table(CALIBRATION_COLUMNS, tuple(_calibration_row(result) for result in calibrations))


def reviewers(study: Study, sample: Sample) -> str:
    """Return who set a gate of this sample, and the file of its gates where there is one; `;`-separated."""
    files = [sample.gates_file] if sample.gates_file else []
    people = [gate.set_by for gate in study.gates if gate.sample_id == sample.sample_id]
    return ";".join(dict.fromkeys([*people, *files]))


def sample_flags(result: SampleResult, exposure: Exposure | None = None) -> tuple[str, ...]:
    """Return every flag of a sample once: of the tube, its receptor density and its exposure."""
    return tuple(
        dict.fromkeys([*result.flags, *result.receptor.flags, *(exposure.flags if exposure else ())])
    )


def sample_notes(result: SampleResult, exposure: Exposure | None = None) -> tuple[str, ...]:
    """Return every sentence about a sample once; for a failed one the reason comes first."""
    notes = (result.note, *result.receptor.notes, *(exposure.notes if exposure else ()))
    return tuple(dict.fromkeys(note.strip() for note in notes if note.strip()))


def _sample_row(
    study: Study,
    sample: Sample,
    result: SampleResult,
    calibration: CalibrationResult | None,
    exposure: Exposure | None,
) -> tuple[Cell, ...]:
    found = result.receptor
    flags, notes = sample_flags(result, exposure), sample_notes(result, exposure)
    return (
        *(sample.sample_id, sample.patient_id, sample.visit, sample.collected_on),
        *(found.status.value, ";".join(flags)),
        *(result.n_events, result.n_viable_singlets, result.n_plasma_cells, plasma_cell_percent(result)),
        *(result.population, found.median_mfi, found.background_mfi, result.background_kind),
        *(found.abc, found.background_abc, found.rd, found.rd_low, found.rd_high, found.gcv_percent),
        *(found.lloq, found.uloq, sample.beads),
        *_curve_cells(calibration.curve if calibration else None),
        *((exposure.last_dose_on, exposure.washout_weeks) if exposure else (None, None)),
        *(result.gating_confidence, reviewers(study, sample), as_sentences(notes)),
        *(cell for name in (NK_CELLS, B_PRECURSORS) for cell in _sentinel_cells(result, name)),
        result.sentinel_reading,
        *reagents_of(study, (sample,)).cells(),
    )


def _sentinel_cells(result: SampleResult, name: str) -> tuple[Cell, ...]:
    """Return n, receptor density and interval of a sentinel; n alone where there is no number."""
    found = next((one.receptor for one in result.sentinels if one.name == name), None)
    if found is None:
        return (None, None, None, None)
    return (found.n_cells, found.rd, found.rd_low, found.rd_high)


def _curve_cells(curve: StandardCurve | None) -> tuple[Cell, ...]:
    return (curve.slope, curve.intercept, curve.r2) if curve else (None, None, None)


def plasma_cell_percent(result: SampleResult) -> float | None:
    """Return plasma cells in percent of viable singlets; None where that is not known."""
    if result.n_plasma_cells is None or not result.n_viable_singlets:
        return None
    return 100 * result.n_plasma_cells / result.n_viable_singlets


def _patient_row(visit: Visit) -> tuple[Cell, ...]:
    found = visit.receptor
    return (
        *(visit.patient_id, visit.visit, visit.collected_on, found.status.value, ";".join(visit.flags)),
        *(len(visit.sample_ids), ";".join(visit.sample_ids), visit.population),
        *(found.rd, found.rd_low, found.rd_high, found.between_cv_percent, found.lloq, found.uloq),
        *(visit.last_dose_on, visit.washout_weeks, as_sentences(visit.notes)),
        *visit.reagents.cells(),
        visit.tissue,
    )


def _calibration_row(result: CalibrationResult) -> tuple[Cell, ...]:
    peaks, curve = result.peaks, result.curve
    notes = (result.note, *(peaks.notes if peaks else ()), *(curve.notes if curve else ()))
    return (
        *(result.beads, result.fcs_file, result.kit, result.lot, result.channel),
        *(result.acquired.acquired_at, result.acquired.instrument, result.n_events, result.n_singlets),
        *_peak_cells(peaks),
        _listed(result.levels),
        *_fit_cells(curve),
        *(";".join(result.flags), as_sentences(dict.fromkeys(notes))),
    )


def _peak_cells(peaks: BeadPeaks | None) -> tuple[Cell, ...]:
    if peaks is None:
        return ("", "", "")
    return (_listed(peaks.n), _listed(peaks.medians), _listed(100 * value for value in peaks.rcv))


def _fit_cells(curve: StandardCurve | None) -> tuple[Cell, ...]:
    if curve is None:
        return ("", "", None, None, None, None, "", "", "")
    errors = (None if error is None else 100 * error for error in curve.back_calculated_error)
    checks = as_sentences(f"{check.verdict.value}: {check.text}" for check in curve.checks)
    return (
        *(_listed(curve.fitted), curve.model, curve.slope, curve.intercept, curve.r2, curve.residual_sd),
        *(_listed(errors), curve.verdict.value, checks),
    )


def _listed(values: Iterable[Cell]) -> str:
    return ";".join(cell_text(value) for value in values)


def exposure_table(study_result: StudyResult) -> Table:
    """Return a row per tube, in the order of the samples sheet; empty = not known."""
    exposures = study_result.exposures
    known = (exposures[s.sample_id] for s in study_result.study.samples if s.sample_id in exposures)
    return Table(EXPOSURE_COLUMNS, tuple(_row(exposure) for exposure in known))


def _row(exposure: Exposure) -> tuple[Cell, ...]:
    return tuple(_cell(getattr(exposure, name)) for name in EXPOSURE_COLUMNS)


def _cell(value: Cell | tuple[str, ...]) -> Cell:
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value
