"""What the drug holds at the tubes of a study, as the tables, washout.json and the report tell it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from calibration.density.result import RdStatus, ReceptorDensity
from gating.sentinels import B_PRECURSORS, NK_CELLS
from pipeline.assembly.assemble import joined, modelled
from pipeline.output.json_files import washout_json
from pipeline.output.report.models.washout_words import washout_words
from pipeline.output.report.words import competition_words
from pipeline.output.result_tables import patient_table, sample_table
from pipeline.patients.model_rows import model_rows
from pipeline.quantification.result import SampleResult, SentinelResult
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun, Dose, Panel, PanelChannel, Patient, Sample, Study
from pipeline.washout.waits import _level

DAY = date(2024, 5, 31)
KINDS = {NK_CELLS: 12_000.0, B_PRECURSORS: 30_000.0}


def panel(name="MM8", competes=True):
    dye = PanelChannel(
        ("PE-A",), "cd38", marker="CD38", fluorochrome="PE", clone="HIT2", competes_with_drug=competes
    )
    return Panel(name, (dye,))


def density(rd, fold=1.1, **more):
    return ReceptorDensity(RdStatus.OK, 500, rd=rd, rd_low=rd / fold, rd_high=rd * fold, lloq=500.0, **more)


class Clinic:
    """A study built tube by tube."""

    def __init__(self, **chosen):
        self.settings = Settings(**chosen)
        self.samples, self.doses, self.patients, self.results = [], [], [], []

    def tube(
        self,
        rd,
        theta=0.0,
        *,
        weeks=20.0,
        before=False,
        name="",
        visit="baseline",
        panel_name="MM8",
        off=1.0,
        chain="IgG",
    ):
        """Add a patient's tube; `before`: collected before the first dose; `off`: how bright its sentinels are."""
        patient = name or f"P{len(self.samples)}"
        sample = f"S{len(self.samples)}"
        self.samples.append(Sample(sample, patient, DAY, "a.fcs", panel_name, "B1", visit=visit))
        if not any(dose.patient_id == patient for dose in self.doses):
            last = DAY + timedelta(days=7) if before else DAY - timedelta(days=round(7 * weeks))
            self.doses += [
                Dose(
                    patient, last - timedelta(days=0 if before else 7 * k), "daratumumab", 16.0, "mg/kg", "IV"
                )
                for k in range(8)
            ]
            self.patients.append(
                Patient(patient, weight_kg=78.6, albumin_g_l=37.0, heavy_chain=chain, sex="male")
            )
        sentinels = tuple(
            SentinelResult(kind, density(usual * off * (1 - theta))) for kind, usual in KINDS.items()
        )
        self.results.append(SampleResult(sample, density(rd), sentinels=sentinels))
        return self

    def study(self, competes=True):
        panels = tuple(
            panel(name, None if competes is None else competes and name != "multi")
            for name in dict.fromkeys(sample.panel for sample in self.samples)
        )
        runs = (BeadRun("B1", "b.fcs", "quantibrite_pe", "1", "PE-A", (1e3, 1e4)),)
        sheets = (tuple(self.doses), tuple(self.patients))
        return Study(Path(), tuple(self.samples), panels, runs, *sheets, self.settings)

    def joined(self, competes=True):
        return joined(self.study(competes), self.results)

    def report(self, competes=True):
        return modelled(self.joined(competes))


def cells(table, row=0):
    return dict(zip(table.columns, table.rows[row], strict=True))


def test_the_tables_tell_theta_the_total_and_where_they_are_from():
    found = Clinic().tube(30_800.0, 0.47).joined()
    for table in (sample_table(found), patient_table(found.visits)):
        row = cells(table)
        assert row["theta"] == pytest.approx(0.47)
        assert 0 < row["theta_low"] < 0.47 < row["theta_high"] < 1
        assert row["theta_from"] == "sentinels"
        assert row["total"] == pytest.approx(30_800 / 0.53)
        assert row["total_low"] < row["total"] < row["total_high"]
    row = cells(sample_table(found))
    assert row["sentinel_reading"] == "partly covered"
    assert row["sentinel_norm"] == "settings"
    assert row["occupancy_low"] < row["occupancy"] < row["occupancy_high"]


def test_without_sentinels_theta_is_the_drug_s_in_serum():
    clinic = Clinic().tube(30_000.0, weeks=60.0)
    clinic.results = [replace(result, sentinels=()) for result in clinic.results]
    row = cells(sample_table(clinic.joined()))
    assert row["theta_from"] == "PK model"
    assert row["theta"] == row["occupancy"]
    clinic.doses[0] = replace(clinic.doses[0], serum_trough_ug_ml=300.0)
    assert cells(sample_table(clinic.joined()))["theta_from"] == "drug level measured"
    clinic.doses = []
    row = cells(sample_table(clinic.joined()))
    assert (row["theta"], row["total"], row["theta_from"]) == (None, None, "none")
    assert "no dose of daratumumab" in row["total_note"]


def test_five_patients_before_their_first_dose_are_the_norm():
    clinic = Clinic().tube(30_000.0, 0.47)
    for k in range(4):
        clinic.tube(150_000.0, before=True, off=1.5 + 0.1 * k)
    assert cells(sample_table(clinic.joined()))["sentinel_norm"] == "settings"
    clinic.tube(150_000.0, before=True, off=1.6)
    row = cells(sample_table(clinic.joined()))
    assert row["sentinel_norm"] == "5 patients of this study without the drug"
    assert row["theta"] == pytest.approx(
        1 - 0.53 / np.exp(np.mean(np.log([1.5, 1.6, 1.6, 1.7, 1.8]))), abs=1e-6
    )


def test_a_long_washout_counts_as_free_and_a_short_one_never():
    for weeks, source in ((104.0, "5 patients of this study without the drug"), (25.0, "settings")):
        clinic = Clinic().tube(30_000.0, 0.47)
        for _ in range(5):
            clinic.tube(150_000.0, weeks=weeks)
        assert cells(sample_table(clinic.joined()))["sentinel_norm"] == source


@pytest.mark.slow
def test_a_clone_that_does_not_compete_is_divided_nowhere():
    clinic = Clinic()
    for k in range(12):
        clinic.tube(20_000.0 * (1 + k), 0.6, weeks=10.0 + 8 * k)
    found = clinic.report(competes=False)
    words = "the clone does not compete with the drug: the density is the total"
    for k, row in enumerate(found.washout.visits):
        assert (row.theta, row.theta_low, row.theta_high) == (0.0, 0.0, 0.0)
        assert row.total == pytest.approx(row.rd)
        assert row.theta_from == "clone does not compete"
        assert words in row.reason
        assert words in cells(patient_table(found.visits), k)["total_note"]
        assert words in cells(sample_table(found), k)["total_note"]
    assert found.washout.total.slope == pytest.approx(found.washout.tobit.slope, rel=1e-9)
    written = washout_json(found.washout)
    assert written["question"].startswith("total CD38 per cell")
    assert any(words in note for note in written["notes"])
    said = " ".join(washout_words(found))
    assert words.removeprefix("the ") in said
    assert "gives the total" not in said
    assert "does not compete" in competition_words(found.study)
    rows = model_rows(found.study, found.visits, found.exposures, found.occupancies)
    assert all(_level(row).ug_ml < 1e-5 for row in rows)
    json.dumps(written, allow_nan=False)


def test_each_tube_of_two_clones_has_the_theta_of_its_own():
    clinic = Clinic().tube(20_000.0, 0.6).tube(50_000.0, 0.6, panel_name="multi")
    competing, other = clinic.joined().visits
    assert competing.total.value == pytest.approx(50_000)
    assert other.total.value == pytest.approx(50_000)
    assert (competing.theta.source, other.theta.source) == ("sentinels", "clone does not compete")


@pytest.mark.slow
def test_where_competition_is_not_known_both_bounds_are_told_and_no_line_of_totals():
    clinic = Clinic()
    for k in range(12):
        clinic.tube(20_000.0 * (1 + k), 0.6, weeks=4.0 + 1.5 * k)
    found = clinic.report(competes=None)
    row = found.washout.visits[0]
    assert (row.theta, row.total) == (None, None)
    assert row.total_low == pytest.approx(row.rd / 1.1, rel=1e-6)
    assert row.total_high > row.rd / 0.4
    assert "not known" in row.reason
    assert found.washout.total is None
    assert any(
        "12 one that is not known well enough" in refusal.reason for refusal in found.washout.not_estimable
    )


def test_sentinels_and_serum_that_contradict_are_flagged():
    held = Clinic().tube(30_000.0, 0.0, weeks=2.0).joined()
    assert "THETA_CONTRADICTED" in held.results[0].flags
    assert "THETA_CONTRADICTED" in held.visits[0].flags
    assert Clinic().tube(30_000.0, 0.47).joined().results[0].flags == ()


@pytest.mark.slow
def test_m3_says_where_its_thetas_are_from_and_of_whom_the_model_is():
    clinic = Clinic()
    for k in range(12):
        clinic.tube(20_000.0 * (1 + k), 0.6 - 0.04 * k, weeks=4.0 + 1.5 * k)
    found = clinic.report()
    assert "M3: theta from sentinels (12)" in found.washout.notes
    said = " ".join(washout_words(found))
    assert "sentinels (12)" in said
    assert "107 treated patients of MMY1001" in said
    assert "in a relapse it may clear it again" in said
