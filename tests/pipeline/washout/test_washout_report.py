import json
import re
from dataclasses import replace

import numpy as np
import pytest

from calibration.density.result import RdStatus
from helpers.washout_truth import LLOQ, patients_on_a_line
from pipeline.output.json_files import washout_json
from pipeline.patients.pharmacokinetics import DrugLevel
from pipeline.study.settings import Settings
from pipeline.washout import PatientRd, washout_report
from pipeline.washout.censored.subject import Covariate, EstimateKind, WayDifference, WayPart
from pipeline.washout.total import occupied_visits

SETTINGS = Settings()


def rows(n=19, seed=8):
    weeks, rd, status = patients_on_a_line(n, seed)
    return [
        PatientRd(f"P{i}", "baseline", float(weeks[i]), float(rd[i]), status[i], LLOQ, 67_601.0, 0.08)
        for i in range(n)
    ]


def test_every_estimate_has_an_interval_an_n_and_a_method():
    report = washout_report(rows(), SETTINGS)
    names = [estimate.name for estimate in report.estimates]
    assert names[:4] == ["spearman_rho", "kendall_tau_b", "slope_per_doubling", "fold_per_doubling"]
    for estimate in report.estimates:
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.n == 19
        assert estimate.method
    reasons = {refusal.name: refusal.reason for refusal in report.not_estimable}
    assert list(reasons) == [
        "M1 adjusted for imid_since",
        "M1 adjusted for prior_lines",
        "M1 adjusted for igg",
        "M2",
        "M3",
    ]
    assert reasons["M1 adjusted for igg"] == "igg is not known in 19 of 19 rows"
    assert "a recovery curve needs 8 and 4" in reasons["M2"]
    assert "19 none that is known" in reasons["M3"]
    waits = [(wait.model, wait.density, wait.share, wait.weeks is None) for wait in report.waits]
    assert waits == [
        ("M1", 150_000, 0.5, True),
        ("M1", 150_000, 0.9, True),
        ("M1", 5_000, 0.5, False),
        ("M1", 5_000, 0.9, False),
    ]
    assert all("not within the observed range" in wait.note for wait in report.waits[:2])
    assert all(wait.low < wait.weeks < wait.high for wait in report.waits[2:])
    assert report.n_observed + report.n_left_censored == 19


def test_what_the_rows_have_to_say_is_said_once_though_m0_takes_fewer_of_them():
    kits = [replace(row, beads_kit="quantibrite_pe" if i % 3 else "qsc") for i, row in enumerate(rows(30))]
    dim = [replace(row, status=RdStatus.BELOW_LLOQ) if i < 6 else row for i, row in enumerate(kits)]
    failed = PatientRd("P99", "baseline", 9.0, None, RdStatus.FAILED, beads_kit="quantibrite_pe")
    notes = washout_report([*dim, failed], SETTINGS).notes
    assert any(note.startswith("M0 takes the ") for note in notes)
    without_numbers = [re.sub(r"\d[\d.]*|rows?", "#", note) for note in notes]
    assert len(set(without_numbers)) == len(without_numbers)
    (censored,) = [note for note in notes if "censored: given the observed rows' median" in note]
    n = sum(row.status == RdStatus.BELOW_LLOQ for row in dim)
    assert censored.startswith(f"{n} rows censored")


def test_the_report_is_json_and_the_same_on_every_run():
    first, second = (
        json.dumps(washout_json(washout_report(rows(), SETTINGS)), allow_nan=False) for _ in range(2)
    )
    assert first == second
    assert json.loads(first)["methods"]["M1"].startswith("Tobit")


def test_all_censored_is_a_report_with_reasons_not_an_error():
    below = [replace(row, status=RdStatus.BELOW_LLOQ) for row in rows()]
    report = washout_report(below, SETTINGS)
    assert report.rank is None
    assert report.tobit is None
    assert {"M0", "M1", "M2", "M3"} <= {refusal.name for refusal in report.not_estimable}
    assert "all 19 receptor densities are tied" in report.not_estimable[0].reason
    assert json.dumps(washout_json(report), allow_nan=False)


def test_an_empty_study_is_a_report_with_reasons():
    report = washout_report([], SETTINGS)
    assert (report.n_rows, report.n_used, report.estimates) == (0, 0, ())
    assert [refusal.name for refusal in report.not_estimable] == ["M0", "M1", "M2", "M3"]


def test_tissues_are_not_pooled():
    given = rows()
    mixed = [replace(row, tissue="blood") for row in given[:4]] + given[4:]
    report = washout_report(mixed, SETTINGS)
    assert (report.n_rows, report.n_used) == (19, 15)
    assert any("not pooled" in note and "4 of blood left out" in note for note in report.notes)
    assert report.tobit.slope == washout_report(given[4:], SETTINGS).tobit.slope


def test_a_kit_that_reads_otherwise_has_a_term_and_does_not_bend_the_line():
    given = rows(60)
    other = [
        replace(row, beads_kit="qsc", rd=row.rd * 3, lloq=row.lloq * 3) if i % 3 == 0 else row
        for i, row in enumerate(given)
    ]
    report = washout_report(other, SETTINGS)
    term = next(estimate for estimate in report.estimates if estimate.name == "fold_kit_qsc")
    assert report.n_used == 60
    assert term.low < 3 < term.high
    assert report.tobit.slope == pytest.approx(washout_report(given, SETTINGS).tobit.slope, abs=0.06)
    assert report.rank.n == 40
    assert any("M0 takes the 40 rows" in note for note in report.notes)


def test_a_kit_with_too_few_rows_is_left_out_and_said():
    given = rows()
    mixed = [replace(row, beads_kit="qsc") for row in given[:2]] + given[2:]
    report = washout_report(mixed, SETTINGS)
    assert report.n_used == 17
    assert any("2 of qsc left out, too few for a term" in note for note in report.notes)


def test_covariates_that_matter_are_found_and_the_better_model_is_chosen_by_rule():
    given = rows(120)
    told = [
        replace(
            row,
            rd=row.rd * (3 if i % 2 else 1),
            status=RdStatus.OK if row.rd * (3 if i % 2 else 1) >= LLOQ else RdStatus.BELOW_LLOQ,
            imid_since=bool(i % 2),
            prior_lines=i % 7,
        )
        for i, row in enumerate(given)
    ]
    report = washout_report(told, SETTINGS)
    folds = {estimate.name: estimate for estimate in report.estimates}
    assert folds["adjusted_fold_imid_since"].low < 3 < folds["adjusted_fold_imid_since"].high
    assert folds["adjusted_fold_prior_lines"].low < 1 < folds["adjusted_fold_prior_lines"].high
    terms = report.term_estimates("M1 adjusted")
    assert [term.subject for term in terms] == [Covariate.IMID_SINCE, Covariate.PRIOR_LINES]
    assert terms[0].words == (
        "Adjusted for what is known of the patients: fold for an immunomodulatory drug since the last dose"
    )
    assert report.estimate(EstimateKind.FOLD, "M1 adjusted") is folds["adjusted_fold_per_doubling"]
    assert report.choice.preferred == "M1 adjusted"
    assert "AICc" in report.choice.reason


def test_too_few_rows_for_the_covariates_are_refused_with_the_count():
    told = [replace(row, imid_since=bool(i % 2), prior_lines=i % 7) for i, row in enumerate(rows())]
    reasons = {r.name: r.reason for r in washout_report(told, SETTINGS).not_estimable}
    assert reasons["M1 adjusted for imid_since, prior_lines"].startswith("4 coefficients need 40 rows")


def test_repeated_patients_get_a_random_intercept():
    given = rows(40)
    twice = [replace(row, patient_id=f"P{i // 2}", visit=str(i % 2)) for i, row in enumerate(given)]
    report = washout_report(twice, SETTINGS)
    names = [estimate.name for estimate in report.estimates]
    assert "slope_random_intercept" in names
    assert report.mixed.n_patients == 20


def test_rows_under_the_study_drug_or_another_antibody_or_under_a_week_are_out_and_named():
    given = rows()
    given[0] = replace(given[0], flags=("STUDY_DRUG_BEFORE_SAMPLE",))
    given[1] = replace(given[1], flags=("OTHER_ANTI_CD38_SINCE",))
    given[2] = replace(given[2], weeks=0.0)
    given[3] = replace(given[3], weeks=0.99)
    report = washout_report(given, SETTINGS)
    assert report.n_used == 15
    assert report.tobit.slope == washout_report(given[4:], SETTINGS).tobit.slope
    assert {(row.patient_id, row.reason.value) for row in report.left_out} == {
        ("P0", "study_drug"),
        ("P1", "other_anti_cd38"),
        ("P2", "under_one_week"),
        ("P3", "under_one_week"),
    }
    named = "2 rows under one week after the last dose left out of M0 to M3: P2 baseline, P3 baseline"
    assert named in report.notes
    told = json.loads(json.dumps(washout_json(report)))["left_out"]
    assert {row["visit"] for row in told} == {"baseline"}
    assert len(told) == 4


def test_the_line_with_the_rows_left_out_is_told_beside_and_a_setting_keeps_them_in():
    given = rows(24)
    typical = [replace(row, weeks=0.0, rd=20_000.0, status=RdStatus.OK) for row in given[:2]]
    report = washout_report([*typical, *given[2:]], SETTINGS)
    by_name = {estimate.name: estimate for estimate in report.estimates}
    with_them = by_name["with_left_out_slope_per_doubling"]
    assert with_them.n == 24
    assert with_them.value < 0.6 * by_name["slope_per_doubling"].value
    kept = washout_report([*typical, *given[2:]], Settings(keep_in_models="under_one_week"))
    assert kept.n_used == 24
    assert kept.tobit.slope == with_them.value
    assert kept.left_out == ()
    assert any("2 rows under one week after the last dose kept in" in note for note in kept.notes)


def test_a_zero_week_row_at_6000_does_not_move_the_line():
    given = rows(19)
    report = washout_report(
        [*given, replace(given[0], patient_id="Z", weeks=0.0, rd=6_000.0, status=RdStatus.OK)], SETTINGS
    )
    assert report.tobit.slope == washout_report(given, SETTINGS).tobit.slope


@pytest.mark.slow
def test_another_clone_dye_or_cytometer_has_a_term_or_is_left_out_by_name():
    given = rows(60)
    for name, values, words in (
        ("clone", ("HIT2", "HB7"), "clones differ: HB7"),
        ("fluorochrome", ("PE", "APC"), "dyes differ: APC"),
        ("instrument", ("Canto 1", "Lyric 2"), "cytometers differ: Lyric 2"),
    ):
        other = [
            replace(row, rd=row.rd * 3, lloq=row.lloq * 3, **{name: values[1]})
            if i % 3 == 0
            else replace(row, **{name: values[0] if i % 5 else ""})
            for i, row in enumerate(given)
        ]
        report = washout_report(other, SETTINGS)
        term = next(e for e in report.estimates if e.name == f"fold_{name}_{values[1]}")
        assert term.low < 3 < term.high
        assert term.subject == (WayDifference(WayPart(name), values[1]),)
        assert term.words == f"Reading of another {words.split('s ')[0]}: {values[1]}"
        assert report.rank.n == 40
        assert any(words in note for note in report.notes)
        few = [replace(row, **{name: values[int(i < 2)]}) for i, row in enumerate(given)]
        report = washout_report(few, SETTINGS)
        assert report.n_used == 58
        assert any(f"2 of {values[1]} left out, too few for a term" in note for note in report.notes)


def with_drug(row, ug_ml, log_sd=0.5):
    theta = ug_ml / (ug_ml + 0.25)
    return replace(
        row, drug=DrugLevel(ug_ml, ug_ml / 3, ug_ml * 3, log_sd, theta, theta / 2, (1 + theta) / 2)
    )


def test_the_total_is_free_over_what_is_not_held():
    row = with_drug(rows()[0], 0.25)
    visit = occupied_visits([replace(row, status=RdStatus.OK, rd=20_000.0)])[0]
    assert visit.total == pytest.approx(40_000)
    assert visit.total_low < 40_000 < visit.total_high
    # theta may be 0.25 to 0.75: so the free part is 0.25 to 0.75 instead of 0.5
    assert np.log(visit.total_high / 40_000) == pytest.approx(
        np.hypot(1.959964 * 0.08 * np.log(10), np.log(0.5 / 0.25))
    )
    assert np.log(40_000 / visit.total_low) == pytest.approx(
        np.hypot(1.959964 * 0.08 * np.log(10), np.log(0.75 / 0.5))
    )
    assert (visit.theta, visit.theta_from) == (0.5, "PK model")


def test_no_total_is_told_where_the_drug_holds_nine_tenths():
    row = replace(rows()[0], status=RdStatus.OK, rd=20_000.0)
    told = occupied_visits([with_drug(row, 2.26), with_drug(row, 2.24)])
    assert told[0].total is None
    assert told[0].total_low > 20_000
    assert "occupancy is 0.9 or more" in told[0].reason
    assert told[1].total is not None


def test_m3_takes_the_rows_with_a_total_and_says_which_it_left_out():
    given = [with_drug(row, 5.0 if i < 6 else 0.01) for i, row in enumerate(rows(60))]
    report = washout_report(given, SETTINGS)
    assert report.total.n == 54
    assert any("left out: 6 with an occupancy of 0.9 or more" in note for note in report.notes)
    assert "total_fold_per_doubling" in [estimate.name for estimate in report.estimates]


@pytest.mark.slow
def test_a_study_with_late_measured_rows_gets_a_recovery_curve_and_its_waits():
    rng = np.random.default_rng(3)
    weeks = np.exp(rng.uniform(np.log(2), np.log(90), 60))
    free = 1 / (1 + 600 * 2 ** (-weeks / 2.5) / 0.25)
    rd = 150_000 * 10 ** (0.2 * rng.standard_normal(60)) * (1 - 0.75 * 2 ** (-weeks / 15)) * free
    status = [RdStatus.OK if x >= LLOQ else RdStatus.BELOW_LLOQ for x in rd]
    given = [PatientRd(f"P{i}", "b", weeks[i], rd[i], status[i], LLOQ, 67_601.0, 0.08) for i in range(60)]
    report = washout_report(given, SETTINGS)
    told = {estimate.name: estimate for estimate in report.estimates}
    assert told["t50_weeks"].low < 30 < told["t50_weeks"].high
    assert told["plateau"].low < 150_000 < told["plateau"].high
    assert ("M2", 150_000.0, 0.5) in [(wait.model, wait.density, wait.share) for wait in report.waits]
    assert any("cannot be separated" in note for note in report.notes)
    assert {candidate.name for candidate in report.choice.candidates} == {"M1", "M2"}
    assert report.choice.preferred == "M2"
    assert report.curve is report.recovery
    assert report.curve_name == "M2"
    assert json.dumps(washout_json(report), allow_nan=False)
