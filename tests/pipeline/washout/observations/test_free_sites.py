"""Clones that compete with the drug bind free CD38, others all CD38: the two share no line."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.density.result import RdStatus
from helpers.washout_truth import LLOQ, SLOPE, patients_on_a_line
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.receptor_occupancy.theta import Theta, ThetaFrom, chosen_theta
from pipeline.study.settings import Settings
from pipeline.washout.line.tobit import fit_observations
from pipeline.washout.observations.selection import select_rows
from pipeline.washout.total import corrected_rows, fit_total

NOT_COVERED = chosen_theta(Theta(), Theta(), competes=False)
HALF_COVERED = Theta(0.5, 0.4, 0.6, low_beside=0.4, high_beside=0.6, source=ThetaFrom.SENTINELS)


def two_kinds(n_free=24, n_all=12, clones=("HB7", "multi-epitope"), seed=8):
    """Free CD38 rises along the line; all CD38 is 150,000 whatever the washout."""
    weeks, rd, status = patients_on_a_line(n_free, seed)
    made = {"lloq": LLOQ, "uloq": 67_601.0, "rd_log_sd": 0.08, "beads_kit": "qsc"}
    free = [
        PatientRd(f"F{i}", "b", weeks[i], rd[i], status[i], clone=clones[0], competes=True, **made)
        for i in range(n_free)
    ]
    rng = np.random.default_rng(seed)
    whole = [
        PatientRd(
            f"T{i}", "b", float(2 ** rng.uniform(1, 6.5)), float(150_000 * 10 ** (0.2 * rng.standard_normal())),
            RdStatus.ABOVE_ULOQ_EXTRAPOLATED, clone=clones[1], competes=False, theta=NOT_COVERED, **made,
        )
        for i in range(n_all)
    ]  # fmt: skip
    return free, whole


@pytest.mark.parametrize("clones", [("HB7", "multi-epitope"), ("", ""), ("HB7", "HB7")])
def test_rows_of_all_sites_do_not_move_the_line_of_free_sites(clones):
    free, whole = two_kinds(clones=clones)
    selection = select_rows([*free, *whole], Settings())
    alone = fit_observations(select_rows(free, Settings()).data)
    assert fit_observations(selection.data).slope == alone.slope
    assert alone.slope_interval[0] < SLOPE < alone.slope_interval[1]
    assert {row.competes for row in selection.used} == {True}
    assert any("12 rows of all sites, free or covered left out of M0 to M2" in n for n in selection.notes)


def test_the_kind_with_more_rows_is_used_and_free_sites_where_both_are_as_many():
    free, whole = two_kinds(n_free=8, n_all=12)
    assert {row.competes for row in select_rows([*free, *whole], Settings()).used} == {False}
    assert {row.competes for row in select_rows([*free, *whole[:8]], Settings()).used} == {True}
    failed = [replace(row, status=RdStatus.FAILED) for row in whole[:5]]
    assert {r.competes for r in select_rows([*free, *whole[5:], *failed], Settings()).used} == {True}


def test_the_line_with_the_rows_that_a_rule_leaves_out_is_of_the_same_kind():
    """With the rows under a week there are more of all sites: they still are not in the line beside M1."""
    free, whole = two_kinds(n_free=14, n_all=20)
    early = [replace(row, weeks=0.5) for row in whole[:12]]
    selection = select_rows([*free, *early, *whole[12:], replace(free[0], weeks=0.5)], Settings())
    assert {row.competes for row in selection.used} == {True}
    assert (selection.data.n, selection.with_left_out.n) == (14, 15)


def test_a_row_whose_clone_may_or_may_not_compete_is_of_the_usual_kind():
    free, whole = two_kinds(clones=("", ""))
    unknown = replace(free[0], competes=None)
    used = select_rows([unknown, *free[1:], *whole], Settings()).used
    assert len(used) == 24
    assert unknown in used


def test_the_line_of_totals_takes_both_kinds():
    free, whole = two_kinds()
    free = [replace(row, theta=HALF_COVERED) for row in free]
    selection = select_rows([*free, *whole], Settings())
    assert len(corrected_rows(selection.of_totals)[0]) == 36
    assert fit_total(selection.of_totals, Settings()).n == 36


def test_two_spellings_of_a_clone_are_one_clone():
    free, _ = two_kinds()
    spelled = [replace(row, clone="hb7") if i % 4 == 0 else row for i, row in enumerate(free)]
    assert select_rows(spelled, Settings()).data.terms == ()
    assert select_rows(spelled, Settings()).notes == select_rows(free, Settings()).notes
