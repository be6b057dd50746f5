"""Every estimate beyond the line is said, every refusal with its reason."""

from dataclasses import replace

import pytest

from helpers.washout_truth import LLOQ, patients_on_a_line
from pipeline.output.report.models.words import credible_words, model_words, refusal_words
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.quantity_name import MOLECULES, NO_UNIT, WEEKS
from pipeline.study.settings import Settings
from pipeline.washout import Estimate, Refusal, washout_report
from pipeline.washout.censored.estimate import IntervalKind, Wait
from pipeline.washout.censored.subject import Covariate, WayDifference, WayPart
from pipeline.washout.censored.subject import EstimateKind as Kind
from pipeline.washout.line.doubts import Doubt


def estimate(kind, model, value, low, high, unit=NO_UNIT, subject=None, interval=IntervalKind.CONFIDENCE):
    parts = {"words": "words", "kind": kind, "model": model, "subject": subject, "interval": interval}
    return Estimate("a name", value, low, high, 40, "a method", unit=unit, **parts)


def words(*estimates, waits=()):
    return model_words(replace(washout_report([], Settings()), estimates=estimates, waits=waits), "free CD38")


def test_the_recovery_curve_says_plateau_and_half_time_and_what_it_cannot_tell():
    said = words(
        estimate(
            Kind.PLATEAU, "M2", 151_234.0, 98_765.0, 250_000.0, MOLECULES, interval=IntervalKind.CREDIBLE
        ),
        estimate(Kind.HALF_TIME, "M2", 31.04, 25.5, None, WEEKS, interval=IntervalKind.CREDIBLE),
    )
    assert said[0].startswith(
        "M2. The median free CD38 comes back to a plateau of 151,000 molecules per cell (95 % credible interval "
        "98,800 to 250,000), half of it after 31 weeks (95 % credible interval from 25.5 weeks; its upper end is "
        "beyond the observed range). These intervals"
    )
    assert said[0].endswith("cannot be separated by such data and are not given.")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (25.5, 40.0, "95 % credible interval 25.5 to 40"),
        (25.5, None, "95 % credible interval from 25.5 weeks; its upper end is beyond the observed range"),
        (None, 40.0, "95 % credible interval up to 40 weeks; its lower end is beyond the observed range"),
        (None, None, "both ends of the 95 % credible interval are beyond the observed range"),
    ],
)
def test_an_end_beyond_the_observed_range_is_said_as_a_person_would(low, high, said):
    assert credible_words(low, high, "weeks") == said


def test_a_wait_says_its_model_and_share():
    said = words(
        waits=(
            Wait("M1", 150_000.0, 0.9, 60.0, 40.0, 90.0, 40, note="far"),
            Wait("M2", 150_000.0, 0.5, 50.0, 38.0, None, 40, interval=IntervalKind.CREDIBLE),
            Wait("M2", 150_000.0, 0.9, None, 80.0, None, 40, note="cannot be estimated from these data"),
        )
    )
    assert said == (
        "Wait by M1. 90 % of the patients have 150,000 free CD38 molecules per cell after 60 weeks (95 % interval 40 to 90); far.",
        (
            "Wait by M2. Half of the patients have 150,000 free CD38 molecules per cell after 50 weeks (95 % credible interval "
            "from 38 weeks; its upper end is beyond the observed range)."
        ),
    )


def test_covariates_kits_repeats_and_totals_are_said():
    another = (WayDifference(WayPart.KIT, "qsc"), WayDifference(WayPart.CLONE, "HB7"))
    said = words(
        estimate(Kind.TERM, "M1", 1.4, 1.1, 1.8, subject=another[:1]),
        estimate(Kind.TERM, "M1", 1.6, 1.2, 2.0, subject=another),
        estimate(Kind.FOLD, "M1 adjusted", 2.1, 1.6, 2.7),
        estimate(Kind.TERM, "M1 adjusted", 1.5, 1.2, 1.9, subject=another[:1]),
        estimate(Kind.TERM, "M1 adjusted", 0.8, 0.5, 1.2, subject=Covariate.IGG),
        estimate(Kind.SLOPE_WITH_RANDOM_INTERCEPT, "M1 random intercept", 0.31, 0.2, 0.42),
        estimate(Kind.ALIKE, "M1 random intercept", 0.62, None, None),
        estimate(Kind.FOLD, "M3", 1.3, 0.9, 1.8),
    )
    assert said[1].startswith("Kit qsc with clone HB7 reads × 1.6")
    said = (said[0], *said[2:])
    assert said[0].startswith("Kit qsc reads × 1.4 (95 % interval 1.1 to 1.8)")
    assert "IgG myeloma × 0.8" in said[1]
    assert "62 % of the scatter is between patients" in said[2]
    assert "Kd,app 0.25" in said[3]


def test_one_reason_is_said_once_for_all_that_it_stops_and_in_plain_words():
    found = replace(
        washout_report([], Settings()),
        not_estimable=(
            Refusal(
                "M1 adjusted for igg",
                "igg is not known in 3 of 9 rows",
                ("M1, adjusted for the IgG type", "the IgG type is not known in 3 of 9 rows"),
            ),
            Refusal("M3", "no level"),
            Refusal("M2", "no level"),
        ),
        waits=(Wait("M1", 5_000.0, 0.5, None, None, None, 9, note="a rise is not sure"),),
    )
    assert refusal_words(found, "free CD38") == (
        "M1, adjusted for the IgG type: the IgG type is not known in 3 of 9 rows.",
        "M3; M2: no level.",
        "Half of the patients have 5,000 free CD38 molecules per cell: a rise is not sure.",
    )


def test_a_limit_that_nobody_lives_to_see_is_none_here_as_in_the_answer():
    said = words(waits=(Wait("M1", 150_000.0, 0.5, 79.1, 26.9, 147_525.0, 10, note="far"),))
    assert "79.1 weeks (95 % interval from 26.9 weeks, no upper limit); far." in said[0]


def test_the_slope_with_a_changing_scatter_says_how_the_line_errs_where_the_rows_leave_it_open():
    weeks, rd, status = patients_on_a_line(40, 8)
    rows = [PatientRd(f"P{i}", "", weeks[i], rd[i], status[i], LLOQ) for i in range(40)]
    report = washout_report(rows, Settings())
    (scatter,) = (doubt for doubt in report.tobit.doubts if doubt.doubt is Doubt.SCATTER)
    assert 0.05 < scatter.p < 0.5
    said = model_words(report, "free CD38")
    beside = next(i for i, words in enumerate(said) if words.startswith("M1 with a scatter that may change"))
    assert said[beside + 1].startswith("The rows leave open whether the scatter")
