"""M2 is told only where the rows show a plateau: what is refused, with which reason, and what is never preferred."""

import numpy as np
import pytest

from calibration.density.result import RdStatus
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics.decline import labelled_curve
from pipeline.study.settings import Settings
from pipeline.washout import NotEstimableError, observe, washout_report
from pipeline.washout.censored.estimate import ModelName
from pipeline.washout.recovery.fit import fit_recovery
from pipeline.washout.recovery.refusals import refuse_recovery, refuse_unseen
from validation.wrong_curves import WRONG_CURVES, study_of

LLOQ, ULOQ = 5_000.0, 1e6


@pytest.fixture(scope="module")
def curve():
    return labelled_curve()


def rows_of(weeks, rd, patients=None):
    names = [f"P{i}" for i in range(len(weeks))] if patients is None else patients
    return [
        PatientRd(
            name,
            f"V{i}",
            float(w),
            float(d),
            RdStatus.OK if d >= LLOQ else RdStatus.BELOW_LLOQ,
            LLOQ,
            ULOQ,
            0.05,
        )
        for i, (name, w, d) in enumerate(zip(names, weeks, rd, strict=True))
    ]


def refusal_of(report):
    reasons = [refusal.reason for refusal in report.not_estimable if refusal.name == ModelName.RECOVERY]
    return reasons[0] if reasons else ""


def test_twelve_samples_of_two_patients_tell_no_curve():
    weeks = np.tile(np.geomspace(3, 90, 12), 2)
    rd = 3_000 * weeks**0.9
    report = washout_report(rows_of(weeks, rd, ["A"] * 12 + ["B"] * 12), Settings())
    assert refusal_of(report).startswith(
        "measured receptor densities of 2 patients; a recovery curve needs 5"
    )
    assert not report.choice or report.choice.preferred != ModelName.RECOVERY


@pytest.mark.parametrize(("before", "after", "told"), [(4, 9, False), (9, 4, False), (5, 5, True)])
def test_five_patients_must_be_measured_on_each_side_of_the_bend(before, after, told):
    weeks = [10.0] * before + [60.0] * after
    data = observe(weeks, [2e4] * before + [9e4] * after, [RdStatus.OK] * len(weeks), lloq=LLOQ)
    if told:
        refuse_unseen(data, 5.0, 30.0)
        return
    with pytest.raises(NotEstimableError, match=f"{before} patients have a measured value before the bend"):
        refuse_unseen(data, 5.0, 30.0)


def test_ten_samples_of_one_patient_are_one_patient_on_its_side_of_the_bend():
    weeks, names = [10.0] * 10 + [60.0] * 9, ["A"] * 10 + [f"P{i}" for i in range(9)]
    data = observe(weeks, [5e4] * 19, [RdStatus.OK] * 19, lloq=LLOQ, patients=names)
    refuse_recovery(data)
    with pytest.raises(NotEstimableError, match="1 patients have a measured value before the bend"):
        refuse_unseen(data, 5.0, 30.0)


@pytest.mark.parametrize(
    ("log_plateau", "half_weeks", "words"),
    [
        (6.0, 30.0, "the plateau lies outside of what was seen: more than 2 times the largest"),
        (5.0, np.inf, "T50 lies outside of what was seen: after the last of the measured values"),
        (5.0, 61.0, "after the last of the measured values, which are from 10 to 60 weeks"),
        (5.0, 9.0, "before the first of the measured values"),
    ],
)
def test_a_plateau_or_a_bend_that_was_not_seen_is_refused(log_plateau, half_weeks, words):
    weeks = [10.0] * 6 + [60.0] * 6
    data = observe(weeks, [2e4] * 6 + [9e4] * 6, [RdStatus.OK] * 12, lloq=LLOQ)
    with pytest.raises(NotEstimableError, match=words):
        refuse_unseen(data, log_plateau, half_weeks)


@pytest.mark.slow
@pytest.mark.parametrize("weeks_of_it", [0.0, 0.15, 0.5])
@pytest.mark.parametrize("density_of_it", [800.0, 6_000.0, 40_000.0])
def test_one_row_of_zero_weeks_makes_no_plateau(weeks_of_it, density_of_it):
    rng = np.random.default_rng(24)
    weeks = np.append(weeks_of_it, np.exp(rng.uniform(np.log(3), np.log(90), 23)))
    rd = np.append(density_of_it, 10 ** (3.0 + 0.36 * np.log2(weeks[1:]) + 0.3 * rng.standard_normal(23)))
    report = washout_report(rows_of(weeks, rd), Settings())
    assert report.recovery is None
    assert report.choice.preferred != ModelName.RECOVERY


@pytest.mark.parametrize("seed", range(3))
def test_flat_densities_get_no_weeks_to_half(curve, seed):
    rng = np.random.default_rng(seed)
    weeks = np.exp(rng.uniform(np.log(2), np.log(100), 40))
    data = observe(weeks, 10 ** (4.6 + 0.35 * rng.standard_normal(40)), [RdStatus.OK] * 40, lloq=100.0)
    with pytest.raises(NotEstimableError, match=r"outside of what was seen|do not show a plateau"):
        fit_recovery(data, curve)


@pytest.mark.slow
@pytest.mark.parametrize(
    "truth", WRONG_CURVES, ids=lambda truth: f"{truth.name}, {truth.n}, {truth.last_week:g}"
)
def test_a_curve_that_is_wrong_is_refused_or_right_in_nine_studies_of_ten(truth):
    wrong = preferred = 0
    for study in range(10):
        report = washout_report(study_of(truth, np.random.default_rng([77, study])), Settings())
        if report.recovery:
            low, high = report.recovery.plateau_interval
            wrong += not low <= truth.at_four_years <= high
        preferred += report.choice.preferred == ModelName.RECOVERY
    assert wrong <= 1
    assert preferred <= 2
