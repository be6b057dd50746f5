"""CSV and JSON: the contract's columns, and the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.density.receptor_density import RdStatus
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.json_files import json_text, write_json
from pipeline.output.result_tables import calibration_table, patient_table, sample_table
from pipeline.output.table import Table, as_sentences, cell_text, csv_text, write_csv
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
]


def rows_of(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text(table))))


def test_rd_samples_has_the_columns_of_the_contract_in_their_order(outcome: StudyResult):
    assert csv_text(sample_table(outcome)).split("\n", 1)[0].split(",") == [*CONTRACT, *ADDED]


def test_every_sample_has_a_row_in_the_order_of_the_sheet_failed_ones_too(outcome: StudyResult):
    shuffled = changed(outcome, results=tuple(reversed(outcome.results)))
    rows = rows_of(sample_table(shuffled))
    assert [row["sample_id"] for row in rows] == [sample.sample_id for sample in outcome.study.samples]
    failed = next(row for row in rows if row["status"] == "FAILED")
    assert failed["rd"] == failed["n_events"] == failed["plasma_cell_percent"] == ""
    assert "shorter than $TOT" in failed["note"]


def test_what_is_not_known_is_empty_and_never_zero(outcome: StudyResult):
    low = next(row for row in rows_of(sample_table(outcome)) if row["status"] == "LOW_EVENTS")
    assert [low[name] for name in ("rd", "rd_low", "rd_high", "median_mfi", "gcv_percent")] == [""] * 5
    assert low["n_plasma_cells"] == "11"


def test_below_the_lloq_the_signed_estimate_stays(outcome: StudyResult):
    row = next(row for row in rows_of(sample_table(outcome)) if row["sample_id"] == "P02-S1")
    assert (row["status"], row["rd"]) == ("BELOW_LLOQ", "-55")


def test_the_curve_and_the_clock_of_each_sample_stand_in_its_row(outcome: StudyResult):
    row = next(row for row in rows_of(sample_table(outcome)) if row["sample_id"] == "P03-S1")
    curve = next(found.curve for found in outcome.calibrations if found.beads == row["beads"])
    assert float(row["slope"]) == pytest.approx(curve.slope, rel=1e-5)
    assert (row["last_dose_on"], row["washout_weeks"]) == ("2024-01-10", "7.28571")


def test_who_reviewed_a_gate_is_named(outcome: StudyResult):
    gates = tuple(GateOverride("P01-S1", "plasma_cells", 900.0, who, "blurred") for who in ("MK", "MK", "JD"))
    reviewed = changed(outcome, study=replace(outcome.study, gates=gates))
    assert [row["reviewed_by"] for row in rows_of(sample_table(reviewed))][:2] == ["MK;JD", ""]


def test_a_calibration_lists_its_beads_dim_to_bright(outcome: StudyResult):
    first, second = rows_of(calibration_table(outcome.calibrations))
    assert first["levels"] == "638;6930;31008;67601"
    assert (
        len(first["peak_medians"].split(";")) == len(first["back_calculated_error_percent"].split(";")) == 4
    )
    assert (first["verdict"], second["verdict"]) == ("accept", "warn")
    assert "warn: largest back-calculated error" in second["checks"]


def test_a_bead_run_without_curve_has_a_row_with_its_reason(outcome: StudyResult):
    broken = replace(outcome.calibrations[0], peaks=None, curve=None, note="5 populations, 4 levels")
    (row,) = rows_of(calibration_table([broken]))
    assert (row["slope"], row["verdict"], row["note"]) == ("", "", "5 populations, 4 levels.")


def test_patients_have_a_row_per_visit(outcome: StudyResult):
    rows = rows_of(patient_table(outcome.visits))
    assert [row["patient_id"] for row in rows] == [sample.patient_id for sample in outcome.study.samples]
    assert {row["n_samples"] for row in rows} == {"1"}


def test_typed_text_stays_as_it_was_typed():
    assert csv_text(Table(("remark",), (('=SUM(A1),"x"',),))) == 'remark\n"=SUM(A1),""x"""\n'


def test_files_end_lines_with_lf_on_every_system(tmp_path: Path):
    write_csv(tmp_path / "a.csv", Table(("a", "b"), ((1, "x"), (None, "ü"))))
    write_json(tmp_path / "a.json", {"b": [1, 2], "a": "ü"})
    assert (tmp_path / "a.csv").read_bytes() == "a,b\n1,x\n,ü\n".encode()
    assert b"\r" not in (tmp_path / "a.json").read_bytes()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_six_significant_digits(value: float):
    text = cell_text(value)
    assert float(text) == pytest.approx(value, rel=5e-6, abs=1e-320)
    digits = text.lstrip("-").split("e")[0].replace(".", "").strip("0")
    assert len(digits) <= 6


@pytest.mark.parametrize(
    ("value", "text"),
    [(float("nan"), ""), (float("inf"), ""), (1e21, "1e+21"), (150_000.0, "150000"), (12, "12"), (False, "no"),
     (1234567, "1234567"), (date(2024, 2, 29), "2024-02-29"), (RdStatus.OK.value, "OK")],
)  # fmt: skip
def test_cells_are_written_plainly(value: object, text: str):
    assert cell_text(value) == text


def test_json_has_sorted_keys_and_no_nan():
    text = json_text({"b": math.nan, "a": (RdStatus.OK, date(2024, 1, 2), 1 / 3)})
    assert json.loads(text) == {"a": ["OK", "2024-01-02", 0.333333], "b": None}
    assert text.index('"a"') < text.index('"b"')


def test_notes_are_joined_as_sentences():
    assert as_sentences(["one", "", "two."]) == "one. two."
