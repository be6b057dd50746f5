from dataclasses import replace

import numpy as np
import pytest

from calibration.density.receptor_density import RdStatus
from helpers.washout_truth import LLOQ, patients_on_a_line
from pipeline.checks.flags import ExposureFlag
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.observations.selection import select_rows
from pipeline.washout.report import washout_report

SETTINGS = Settings()


def rows(n, tissue="marrow", **given):
    weeks, rd, status = patients_on_a_line(n, 8)
    every = (
        PatientRd(
            f"{tissue}{i}{given}", "baseline", float(weeks[i]), float(rd[i]), status[i], LLOQ, 67_601.0, 0.08
        )
        for i in range(n)
    )
    return [replace(row, tissue=tissue, **given) for row in every]


WITHOUT = ({"status": RdStatus.LOW_EVENTS, "rd": None}, {"weeks": None})


@pytest.mark.parametrize("without", WITHOUT)
def test_rows_without_a_density_or_a_washout_do_not_decide_the_tissue(without):
    given = select_rows([*rows(8), *rows(9, "blood", **without)], SETTINGS)
    assert {row.tissue for row in given.used} == {"marrow"}
    assert given.data.n == 8
    assert "tissues are not pooled: 8 rows of marrow used, 9 of blood left out" in given.notes


def test_marrow_counts_where_as_many_rows_are_of_blood():
    given = select_rows([*rows(8, "blood"), *rows(8)], SETTINGS)
    assert {row.tissue for row in given.used} == {"marrow"}
    more = select_rows([*rows(9, "blood"), *rows(8)], SETTINGS)
    assert {row.tissue for row in more.used} == {"blood"}


def test_rows_left_out_come_back_to_the_same_tissue_alone():
    under_drug = rows(6, "blood", flags=(ExposureFlag.STUDY_DRUG_BEFORE_SAMPLE,))
    given = select_rows([*rows(10), *rows(6, "blood"), *under_drug], SETTINGS)
    assert given.with_left_out is not None
    np.testing.assert_array_equal(given.with_left_out.log_rd, given.data.log_rd)


@pytest.mark.parametrize("without", WITHOUT)
def test_rows_without_a_density_or_a_washout_do_not_decide_the_kit(without):
    alone = washout_report(rows(8, beads_kit="quantibrite_pe"), SETTINGS)
    more = [*rows(8, beads_kit="quantibrite_pe"), *rows(9, beads_kit="qsc", **without)]
    report = washout_report(more, SETTINGS)
    assert report.rank.n == alone.rank.n == 8
    assert report.estimates == alone.estimates
    assert not any("term of its own" in note for note in report.notes)
