"""CSV and JSON: the contract's columns, and the same bytes each time."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from calibration.density.receptor_density import RdStatus
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.calibration_table import calibration_table
from pipeline.output.result_tables import patient_table, sample_table
from pipeline.output.table import Table, csv_text
from pipeline.study.study import GateOverride

CONTRACT = [
    "sample_id",
    "patient_id",
    "visit",
    "collected_on",
    "status",
    "flags",
    "n_events",
    "n_viable_singlets",
    "n_plasma_cells",
    "plasma_cell_percent",
    "population",
    "median_mfi",
    "background_mfi",
    "background_kind",
    "abc",
    "background_abc",
    "rd",
    "rd_low",
    "rd_high",
    "gcv_percent",
    "lloq",
    "uloq",
    "beads",
    "slope",
    "intercept",
    "r2",
    "last_dose_on",
    "washout_weeks",
    "gating_confidence",
    "reviewed_by",
    "note",
]
ADDED = [
    *(f"sentinel_nk_{what}" for what in ("n", "rd", "low", "high")),
    *(f"sentinel_b_precursor_{what}" for what in ("n", "rd", "low", "high")),
    "sentinel_reading",
    "kit",
    "lot",
    "fluorochrome",
    "clone",
    "host",
    "lyse_reagent",
    "second_opinion_n",
    "second_opinion_agreement",
    "between_run_cv_percent",
    "between_run_from",
    "interval_lacks",
    *(f"theta{end}" for end in ("", "_low", "_high", "_from")),
    *(f"total{end}" for end in ("", "_low", "_high", "_note")),
    *(f"theta_sentinels{end}" for end in ("", "_low", "_high")),
    "sentinel_norm",
    *(f"occupancy{end}" for end in ("", "_low", "_high")),
    "n_quantified",
]


def rows_of(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text(table))))


def test_rd_samples_has_the_columns_of_the_contract_in_their_order(study_result: StudyResult):
    assert csv_text(sample_table(study_result)).split("\n", 1)[0].split(",") == [*CONTRACT, *ADDED]


def test_every_sample_has_a_row_in_the_order_of_the_sheet_failed_ones_too(study_result: StudyResult):
    shuffled = changed(study_result, results=tuple(reversed(study_result.results)))
    rows = rows_of(sample_table(shuffled))
    assert [row["sample_id"] for row in rows] == [sample.sample_id for sample in study_result.study.samples]
    failed = next(row for row in rows if row["status"] == "FAILED")
    assert failed["rd"] == failed["n_events"] == failed["plasma_cell_percent"] == ""
    assert "shorter than $TOT" in failed["note"]


def test_the_cells_that_a_density_rests_on_are_told_beside_those_that_were_gated(study_result: StudyResult):
    rows = {row["sample_id"]: row for row in rows_of(sample_table(study_result))}
    for result in study_result.results:
        failed = result.receptor.status is RdStatus.FAILED
        assert rows[result.sample_id]["n_quantified"] == ("" if failed else str(result.receptor.n_cells))


def test_what_is_not_known_is_empty_and_never_zero(study_result: StudyResult):
    low = next(row for row in rows_of(sample_table(study_result)) if row["status"] == "LOW_EVENTS")
    assert [low[name] for name in ("rd", "rd_low", "rd_high", "median_mfi", "gcv_percent")] == [""] * 5
    assert low["n_plasma_cells"] == "11"


def test_below_the_lloq_the_signed_estimate_stays(study_result: StudyResult):
    row = next(row for row in rows_of(sample_table(study_result)) if row["sample_id"] == "P02-S1")
    assert (row["status"], row["rd"]) == ("BELOW_LLOQ", "-55")


def test_the_curve_and_the_clock_of_each_sample_stand_in_its_row(study_result: StudyResult):
    row = next(row for row in rows_of(sample_table(study_result)) if row["sample_id"] == "P03-S1")
    curve = next(found.curve for found in study_result.calibrations if found.bead_run == row["beads"])
    assert float(row["slope"]) == pytest.approx(curve.slope, rel=1e-5)
    assert (row["last_dose_on"], row["washout_weeks"]) == ("2024-01-10", "7.28571")


def test_who_reviewed_a_gate_is_named(study_result: StudyResult):
    gates = tuple(GateOverride("P01-S1", "plasma_cells", 900.0, who, "blurred") for who in ("MK", "MK", "JD"))
    reviewed = changed(study_result, study=replace(study_result.study, gates=gates))
    assert [row["reviewed_by"] for row in rows_of(sample_table(reviewed))][:2] == ["MK;JD", ""]


def test_a_calibration_lists_its_beads_dim_to_bright(study_result: StudyResult):
    first, second = rows_of(calibration_table(study_result.calibrations))
    assert first["levels"] == "638;6930;31008;67601"
    assert (
        len(first["peak_medians"].split(";")) == len(first["back_calculated_error_percent"].split(";")) == 4
    )
    assert (first["verdict"], second["verdict"]) == ("accept", "warn")
    assert "warn: largest back-calculated error" in second["checks"]


def test_a_bead_run_without_curve_has_a_row_with_its_reason(study_result: StudyResult):
    broken = replace(study_result.calibrations[0], peaks=None, curve=None, note="5 populations, 4 levels")
    (row,) = rows_of(calibration_table([broken]))
    assert (row["slope"], row["verdict"], row["note"]) == ("", "", "5 populations, 4 levels.")


def test_patients_have_a_row_per_visit(study_result: StudyResult):
    rows = rows_of(patient_table(study_result.visits))
    assert [row["patient_id"] for row in rows] == [sample.patient_id for sample in study_result.study.samples]
    assert {row["n_samples"] for row in rows} == {"1"}
