"""Who has no density, and what that could change."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from calibration.density.result import RdStatus
from helpers.response import facts_of, tables_of
from pipeline.assembly.assemble import modelled
from pipeline.assembly.side_bound import side_bounds
from pipeline.assembly.slope_bound import slope_bound
from pipeline.assembly.study_result import StudyResult
from pipeline.assembly.unnumbered import NO_LINE, Unnumbered, unnumbered
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Study
from pipeline.washout.line.tobit import fit_tobit


def of(study_result: StudyResult) -> Unnumbered:
    assert study_result.unnumbered is not None
    return study_result.unnumbered


@pytest.mark.slow
def test_each_tube_without_a_density_is_named_with_washout_and_response(study_result: StudyResult):
    tubes = {tube.sample_id: tube for tube in of(study_result).tubes}
    assert {name: tube.status for name, tube in tubes.items()} == {
        "P09-S1": RdStatus.LOW_EVENTS,
        "P10-S1": RdStatus.NO_BACKGROUND,
        "P11-S1": RdStatus.FAILED,
    }
    assert (tubes["P11-S1"].best_response, tubes["P11-S1"].only) == ("SD", True)
    assert tubes["P11-S1"].washout_weeks == pytest.approx(26.0)
    assert "1,204 bytes shorter" in tubes["P11-S1"].reason


def test_both_groups_of_visits_are_described_and_compared(study_result: StudyResult):
    told, silent = of(study_result).visits
    assert (told.n_visits, silent.n_visits, silent.n_patients) == (9, 3, 3)
    assert (silent.least_weeks, silent.median_weeks, silent.most_weeks) == pytest.approx((9.0, 17.0, 26.0))
    response = of(study_result).response
    assert (response.first.k, response.first.n) == (1, 3)
    assert response.first.n + response.second.n == 12
    assert 0 < response.fisher_p <= 1


def test_the_groups_by_density_are_counted_with_them_for_and_against(study_result: StudyResult):
    above, below = study_result.response.by_rd
    best, worst = of(study_result).by_rd
    n = (
        above.n
        + below.n
        + sum(
            len(group.patients)
            for group in study_result.response.rd_left_out
            if group.reason.startswith("no RD")
        )
    )
    assert best.first.n + best.second.n == worst.first.n + worst.second.n == n
    assert best.first.k - above.k == worst.second.k - below.k
    assert best.second.k == below.k
    assert worst.first.k == above.k


def test_where_every_tube_has_a_density_nothing_is_said(study_result: StudyResult):
    known = tuple(result for result in study_result.results if result.receptor.rd is not None)
    known = tuple(result for result in known if result.receptor.status is not RdStatus.NO_BACKGROUND)
    arguments = (study_result.visits, study_result.exposures, (), study_result.response)
    facts = study_result.facts
    assert unnumbered(study_result.study, known, *arguments, facts=facts, has_line=True) is None


def patients_and_marrows() -> tuple[Study, list[PatientRd]]:
    """Four patients with a marrow each before the study drug: two bright and controlled, two dim and not."""
    start = date(2024, 5, 31)
    sides = (("A", 4e5, "PR"), ("B", 3e5, "PR"), ("C", 2e4, "PD"), ("D", 1e4, "PD"))
    doses = tuple(Dose(name, start, "Isatuximab") for name, *_ in sides)
    patients = tuple(Patient(name, best_response=response) for name, _, response in sides)
    marrows = [
        PatientRd(name, "screening", 20.0, rd, RdStatus.OK, lloq=900.0, uloq=1e6, rd_log_sd=0.04,
                  collected_on=date(2024, 4, 1), beads_kit="quantibrite_pe")
        for name, rd, _ in sides
    ]  # fmt: skip
    return Study(Path(), (), (), (), doses, patients, Settings()), marrows


def test_a_patient_whose_later_marrow_has_no_density_may_lie_on_the_other_side():
    of_four, marrows = patients_and_marrows()
    later = replace(marrows[0], visit="baseline", collected_on=date(2024, 5, 30), rd=None,
                    status=RdStatus.LOW_EVENTS, beads_kit="")  # fmt: skip
    rows = [*marrows, later]
    facts = facts_of(of_four, rows)
    assert facts.rd_visits["A"].row == marrows[0]
    best, worst = side_bounds(of_four, rows, facts, tables_of(of_four, rows))
    groups = [(group.k, group.n) for bound in (best, worst) for group in (bound.first, bound.second)]
    assert groups == [(2, 2), (0, 2), (1, 1), (1, 3)]


@pytest.mark.parametrize(
    "other", [{"tissue": "blood"}, {"collected_on": date(2024, 6, 20)}, {"beads_kit": "qsc"}]
)
def test_a_tube_that_would_not_count_with_a_density_moves_nobody(other: dict):
    of_four, marrows = patients_and_marrows()
    later = replace(marrows[0], visit="baseline", collected_on=date(2024, 5, 30), rd=None,
                    status=RdStatus.LOW_EVENTS)  # fmt: skip
    rows = [*marrows, replace(later, **other)]
    assert side_bounds(of_four, rows, facts_of(of_four, rows), tables_of(of_four, rows)) == ()


def test_where_the_line_is_refused_its_slope_has_no_bound(study_result: StudyResult):
    report = study_result.washout
    few = tuple(visit for visit in study_result.visits if visit.receptor.rd is None)
    known = replace(study_result, visits=(*few, *study_result.visits[:2]), response=None)
    found = modelled(known)
    assert report.tobit is not None
    assert found.washout.tobit is None
    assert found.unnumbered.slope is None
    assert found.unnumbered.slope_note == NO_LINE


def rows(missing=(5.0, 40.0)):
    rng = np.random.default_rng(3)
    weeks = np.array([2.0, 4, 6, 9, 14, 20, 30, 45, 60, 80])
    rd = 10 ** (2.9 + 0.4 * np.log2(weeks) + rng.normal(0, 0.2, weeks.size))
    told = [
        PatientRd(
            f"P{k}",
            "V1",
            float(w),
            float(r),
            RdStatus.OK,
            lloq=300.0,
            uloq=1e6,
            collected_on=date(2024, 1, 1),
        )
        for k, (w, r) in enumerate(zip(weeks, rd, strict=True))
    ]
    silent = [
        PatientRd(f"S{k}", "V1", w, None, RdStatus.LOW_EVENTS, collected_on=date(2024, 1, 1))
        for k, w in enumerate(missing)
    ]
    return told, silent


def study(tmp_path):
    return Study(tmp_path, (), (), (), (), (), Settings())


@pytest.mark.parametrize("typed", ["V1", ""])
def test_a_measured_visit_of_a_patient_with_a_missing_one_is_not_missing(tmp_path, typed):
    told, silent = rows()
    other_day = replace(
        silent[0], patient_id=told[0].patient_id, visit=typed and "V2", collected_on=date(2024, 6, 1)
    )
    told[0] = replace(told[0], visit=typed)
    bound, note = slope_bound([*told, other_day], study(tmp_path))
    assert note == ""
    assert bound.n == 1


@pytest.mark.slow
def test_the_slope_is_bounded_by_what_the_missing_visits_could_be(tmp_path):
    told, silent = rows()
    bound, note = slope_bound([*told, *silent], study(tmp_path))
    assert note == ""
    assert bound.n == 2
    plain = fit_tobit(
        [row.weeks for row in told], [row.rd for row in told], [RdStatus.OK] * 10, lloq=300.0, doubts=False
    )
    assert bound.without_missing == pytest.approx(10**plain.most_likely.slope, rel=1e-6)
    levels = np.geomspace(300.0, bound.high, 5)
    for early, late in itertools.product(levels, levels):
        filled = [
            replace(silent[0], rd=early, status=RdStatus.OK),
            replace(silent[1], rd=late, status=RdStatus.OK),
        ]
        every = [*told, *filled]
        fit = fit_tobit(
            [row.weeks for row in every],
            [row.rd for row in every],
            [RdStatus.OK] * 12,
            lloq=300.0,
            doubts=False,
        )
        assert bound.least * 0.97 <= 10**fit.most_likely.slope <= bound.most * 1.03


def test_a_missing_visit_without_a_washout_bounds_nothing_and_says_so(tmp_path):
    told, silent = rows((5.0,))
    bound, note = slope_bound([*told, replace(silent[0], weeks=None)], study(tmp_path))
    assert bound is None
    assert "has a washout" in note


def test_a_study_without_any_density_has_no_bound(tmp_path):
    _, silent = rows()
    bound, note = slope_bound(silent, study(tmp_path))
    assert bound is None
    assert note == "no visit has a density that could be assumed for them"
