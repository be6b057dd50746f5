import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration import CurveLimits, CurveVerdict, Limit, StandardCurveError, fit_standard_curve
from calibration.beads.scale_end import AtScaleEnd
from calibration.curve.fit import CurveModel
from calibration.errors import CalibrationError

LEVELS = (638.0, 6930.0, 31008.0, 67601.0)  # QuantiBRITE PE, lot 96597
DAKO = ((5.7, 517.6, 1507.1, 4639.8, 13024.5, 40746.4), (0, 1500, 4400, 14500, 43800, 131200))


def check(curve, name):
    return next(row for row in curve.checks if row.name == name)


def clean(levels=LEVELS, factor=2.0):
    return [level / factor for level in levels]


def test_a_straight_line_is_found_exactly():
    curve = fit_standard_curve([10.0 ** ((np.log10(y) - 0.3) / 1.05) for y in LEVELS], LEVELS)
    assert curve.slope == pytest.approx(1.05)
    assert curve.intercept == pytest.approx(0.3)
    assert curve.verdict is CurveVerdict.ACCEPT


def test_the_dako_example_gives_the_published_line():
    # README of the Dako run: slope 1.0322, intercept 0.3737, r² 0.99968
    curve = fit_standard_curve(*DAKO)
    assert (curve.slope, curve.intercept, curve.r2) == pytest.approx((1.0322, 0.3737, 0.99968), abs=1e-4)


def test_a_blank_bead_is_not_in_the_fit():
    with_blank, without = fit_standard_curve(*DAKO), fit_standard_curve(DAKO[0][1:], DAKO[1][1:])
    assert with_blank.fitted[0] is False
    assert with_blank.back_calculated_error[0] is None
    assert (with_blank.slope, with_blank.residual_sd) == (without.slope, without.residual_sd)


def test_least_squares_agrees_with_numpy():
    rng = np.random.default_rng(1)
    medians = np.array(clean()) * 10 ** rng.normal(0, 0.03, 4)
    slope, intercept = np.polyfit(np.log10(medians), np.log10(LEVELS), 1)
    curve = fit_standard_curve(medians, LEVELS)
    assert (curve.slope, curve.intercept) == pytest.approx((slope, intercept))
    residuals = np.log10(LEVELS) - slope * np.log10(medians) - intercept
    assert curve.residual_sd == pytest.approx(np.sqrt(np.sum(residuals**2) / 2))


def test_slope_one_is_the_geometric_mean_factor_and_still_shows_the_free_slope():
    medians = [100.0, 1000.0, 12000.0]
    curve = fit_standard_curve(medians, [200.0, 2000.0, 20000.0], model="slope1")
    assert curve.slope == 1.0
    assert 10**curve.intercept == pytest.approx(np.prod([2, 2, 20 / 12]) ** (1 / 3))
    assert check(curve, "slope").value != 1.0


@pytest.mark.parametrize("unit", [1.0, 1e-6])
def test_autofluorescence_of_the_beads_is_recovered_in_whatever_unit_the_levels_are(unit):
    true = [500.0, 2000.0, 8000.0, 32000.0, 128000.0]
    medians = [((y + 300.0) / 7.0) ** (1 / 1.05) for y in (0.0, *true)]
    curve = fit_standard_curve(medians, [y * unit for y in (0.0, *true)], model="autofluorescence")
    assert curve.autofluorescence == pytest.approx(300.0 * unit, rel=1e-3)
    assert curve.slope == pytest.approx(1.05, rel=1e-4)
    assert curve.back_calculated_error[1] == pytest.approx(0.0, abs=1e-3)


def test_a_saturated_bead_is_dropped_and_named():
    medians = [*clean()[:3], 20000.0]
    curve = fit_standard_curve(medians, LEVELS, saturated=[False, False, False, True])
    assert curve.fitted == (True, True, True, False)
    assert "67,601 is at the end of the scale" in curve.notes[0]
    assert curve.top_level == 31008.0


def test_a_median_at_the_end_of_the_scale_drops_itself():
    medians = [*clean()[:3], AtScaleEnd(20000.0)]
    assert fit_standard_curve(medians, LEVELS).fitted == (True, True, True, False)


@pytest.mark.parametrize("i", [0, 1, 2])
def test_transposed_lot_values_are_rejected(i):
    swapped = list(LEVELS)
    swapped[i], swapped[i + 1] = swapped[i + 1], swapped[i]
    curve = fit_standard_curve(clean(), swapped)
    assert curve.verdict is CurveVerdict.REJECT
    assert "transposed lot values" in check(curve, "order").text


@pytest.mark.parametrize(
    ("name", "medians", "levels", "verdict"),
    [
        ("slope", [100, 1000, 10000], [100, 800, 6310], CurveVerdict.ACCEPT),
        ("slope", [100, 1000, 10000], [100, 740, 5500], CurveVerdict.WARN),
        ("slope", [100, 1000, 10000], [100, 630, 4000], CurveVerdict.REJECT),
        ("back_calculated_error", [100, 1000, 10000, 50000], [200, 2500, 20000, 100000], CurveVerdict.WARN),
        ("back_calculated_error", [100, 1000, 10000, 50000], [200, 3000, 20000, 100000], CurveVerdict.REJECT),
        ("value_per_mfi", [100, 1000, 10000], [200, 4000, 20000], CurveVerdict.WARN),
        ("value_per_mfi", [100, 1000, 10000], [200, 6000, 20000], CurveVerdict.REJECT),
        ("r2", [100, 1000, 10000, 30000], [200, 2800, 13500, 88000], CurveVerdict.WARN),
        ("local_slope", [100, 1000, 1500], [200, 2000, 4000], CurveVerdict.WARN),
    ],
)
def test_each_row_of_the_table_grades_its_figure(name, medians, levels, verdict):
    assert check(fit_standard_curve(medians, levels), name).verdict is verdict


@pytest.mark.parametrize(
    ("rcv", "verdict"),
    [([0.24, 0.1, 0.1, 0.1], "accept"), ([0.1, 0.2, 0.1, 0.1], "warn"), ([0.31, 0.1, 0.1, 0.1], "reject")],
)
def test_bead_cv_is_allowed_to_be_wider_for_the_dimmest(rcv, verdict):
    curve = fit_standard_curve(clean(), LEVELS, rcv=rcv, n=[1000] * 4)
    assert check(curve, "bead_rcv").verdict == verdict


@pytest.mark.parametrize(("n", "verdict"), [(500, "accept"), (210, "warn"), (100, "reject")])
def test_few_events_in_a_bead_are_graded(n, verdict):
    assert (
        check(fit_standard_curve(clean(), LEVELS, n=[2000, n, 2000, 2000]), "bead_events").verdict == verdict
    )


@pytest.mark.parametrize(("off", "verdict"), [(1.04, "accept"), (0.93, "warn"), (1.12, "reject")])
def test_the_top_bead_is_held_against_its_history(off, verdict):
    usual = clean()[-1] * off
    curve = fit_standard_curve(clean(), LEVELS, history=[usual] * 5)
    assert check(curve, "history").verdict == verdict
    assert "provisional" in check(curve, "history").text


def test_thresholds_can_be_set():
    strict = CurveLimits(slope=Limit(0.01, 0.15))
    assert fit_standard_curve(*DAKO, limits=strict).verdict is CurveVerdict.WARN


def test_two_beads_make_a_line_that_nothing_judges():
    curve = fit_standard_curve([100, 1000], [200, 2000])
    assert curve.residual_sd == 0
    assert check(curve, "degrees_of_freedom").verdict is CurveVerdict.WARN


@pytest.mark.parametrize(
    ("medians", "levels", "options", "why"),
    [
        ([100.0], [200.0], {}, "at least 2 different bead levels"),
        ([-5.0, 100.0], [0.0, 200.0], {}, "1 of 2 are"),
        ([100.0, 100.0], [200.0, 300.0], {}, "different"),
        ([100.0, float("nan")], [1.0, 2.0], {}, "must be numbers"),
        ([100.0, 200.0], [1.0, -2.0], {}, "≥ 0"),
        ([100.0, 200.0], [1.0, 2.0], {"model": "autofluorescence"}, "at least 3"),
        ([100.0, 200.0], [5.0, 5.0], {}, "different bead levels"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_one_sentence(medians, levels, options, why):
    with pytest.raises(StandardCurveError, match=why):
        fit_standard_curve(medians, levels, **options)


@pytest.mark.parametrize(
    ("levels", "options", "why"),
    [
        ([1.0], {}, "2 bead medians and 1 levels"),
        ([1.0, 2.0], {"model": "cubic"}, "loglog, slope1, autofluorescence"),
        ([1.0, 2.0], {"rcv": [0.1]}, "one for each"),
        ([1.0, 2.0], {"n": [900]}, "one for each"),
        ([1.0, 2.0], {"saturated": [True]}, "one for each"),
    ],
)
def test_a_wrong_call_is_no_fault_of_the_beads(levels, options, why):
    with pytest.raises(ValueError, match=why) as caught:
        fit_standard_curve([100.0, 200.0], levels, **options)
    assert not isinstance(caught.value, CalibrationError)


@pytest.mark.parametrize("model", CurveModel)
def test_a_curve_names_its_model_by_the_enum_and_by_the_typed_word(model):
    curve = fit_standard_curve([100.0, 1000.0, 9000.0], [500.0, 5100.0, 45_000.0], model=model.value)
    assert curve.model is model
    assert CurveModel(curve.model.value) is model


@given(st.floats(-1e6, 1e6), st.floats(0.85, 1.15), st.floats(-2, 4))
@settings(max_examples=50)
def test_mfi_survives_the_round_trip_and_keeps_its_sign(mfi, slope, intercept):
    medians = [10.0 ** ((np.log10(y) - intercept) / slope) for y in LEVELS]
    curve = fit_standard_curve(medians, LEVELS)
    assert curve.to_mfi(curve.to_abc(mfi)) == pytest.approx(mfi, rel=1e-6, abs=1e-9)
    assert abs(mfi) < 1e-100 or np.sign(curve.to_abc(mfi)) == np.sign(mfi)  # nearer to zero it underflows


def test_conversion_is_increasing_through_zero_and_takes_arrays():
    mfi = np.array([-1000.0, -1.0, 0.0, 1.0, 1000.0])
    abc = fit_standard_curve(*DAKO).to_abc(mfi)
    assert np.all(np.diff(abc) > 0)
    assert abc[2] == 0


def test_photon_steps_are_learnt_from_how_bead_cvs_fall_with_brightness():
    medians = np.array(clean())
    for noise in (0.0, 60.0):  # of the electronics, in the detector's units
        rcv = np.sqrt(0.03**2 + 20.0 / medians + noise**2 / medians**2)
        curve = fit_standard_curve(medians, LEVELS, rcv=rcv, n=[1000] * 4)
        assert curve.photon_step == pytest.approx(20.0, rel=1e-3)


WITH_BLANK = [0.0, 1900.0, 7600.0, 31000.0, 170000.0, 480000.0]


@pytest.mark.parametrize("offset", [150.0, -120.0])
def test_an_offset_that_bends_the_line_is_told_by_the_blank(offset):
    medians = [level * 0.34 + 5 + offset for level in WITH_BLANK]
    bent = fit_standard_curve(medians, WITH_BLANK)
    row = check(bent, "less_blank")
    truth = bent.to_abc(medians[1]) - bent.to_abc(medians[0])
    assert row.value == pytest.approx(abs(truth / WITH_BLANK[1] - 1))
    assert row.value > 0.10
    assert (row.verdict, bent.verdict) == (CurveVerdict.WARN, CurveVerdict.WARN)
    assert "curve_model autofluorescence" in row.text


def test_the_autofluorescence_model_takes_the_offset_out():
    medians = [level * 0.34 + 155.0 for level in WITH_BLANK]
    curve = fit_standard_curve(medians, WITH_BLANK, model="autofluorescence")
    assert check(curve, "less_blank").value < 1e-3
    assert curve.verdict is CurveVerdict.ACCEPT


def test_a_blank_near_zero_says_nothing_of_the_line():
    medians = [level * 0.34 + 5.0 for level in WITH_BLANK]
    curve = fit_standard_curve(medians, WITH_BLANK)
    assert check(curve, "less_blank").verdict is CurveVerdict.ACCEPT
    assert f"reads {curve.to_abc(5.0):.0f}, the detection limit for beads" in check(curve, "detection").text
