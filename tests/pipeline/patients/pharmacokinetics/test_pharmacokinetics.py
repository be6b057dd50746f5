"""Concentrations against an independent integration, against the closed form, and from typed doses."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from pipeline.patients.pharmacokinetics import (
    Body,
    Disposition,
    PaddedDoses,
    concentrations,
    drug_levels,
    integration,
    levels,
    occupancy,
    typical_disposition,
    varied,
)
from pipeline.patients.pharmacokinetics.doses import body_of
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Study

COLLECTED = date(2024, 5, 31)
STANDARD = (*(7,) * 7, *(14,) * 8, *(28,) * 4)


def course(days, central=1258.0, depot=0.0, n=1):
    hours = np.tile(np.array(days, float) * 24, (n, 1))
    return PaddedDoses(hours, np.full(hours.shape, central), np.full(hours.shape, depot))


def slow_concentrations(course, body, place=0):
    """scipy's eighth-order integrator at 1e-12, one patient, restarted at each dose; written from the paper."""
    cl, v1, q, v2, vmax0, kdes, km, ka = (
        float(np.ravel(getattr(body, name))[place]) for name in Disposition.__slots__
    )

    def motion(t, y):
        c = y[0] / v1
        saturable = vmax0 * np.exp(-kdes * t) * c / (km + c)
        exchange = q / v1 * y[0] - q / v2 * y[1]
        return [ka * y[2] - cl / v1 * y[0] - saturable - exchange, exchange, -ka * y[2]]

    state, t, found = np.zeros(3), 0.0, []
    for hours, central, depot in zip(
        course.hours[place], course.central_mg[place], course.depot_mg[place], strict=True
    ):
        state = np.add(state, [central, 0.0, depot])
        if hours:
            end = solve_ivp(motion, (t, t + hours), state, method="DOP853", rtol=1e-12, atol=1e-13)
            state, t = end.y[:, -1], t + hours
        found.append(state[0] / v1)
    return np.array(found)


@pytest.mark.parametrize(
    ("days", "central", "depot"),
    [
        ((*STANDARD, 200), 1258.0, 0.0),
        ((*STANDARD, 90), 0.0, 0.689 * 1800),
        ((1, 6, 7, 400), 629.0, 0.0),
        ((60,), 20.0, 0.0),
        ((0, 0, 30), 500.0, 100.0),
    ],
)
@pytest.mark.parametrize("body", [Body(), Body(52, 28, female=True, igg=True)])
def test_concentrations_agree_with_an_independent_integration_to_1e_6(days, central, depot, body):
    given_course, disposition = course(days, central, depot), typical_disposition([body])
    found = concentrations(given_course, disposition)[0]
    assert found == pytest.approx(slow_concentrations(given_course, disposition), rel=1e-6, abs=1e-9)


@pytest.mark.slow
@settings(max_examples=6)
@given(
    days=st.lists(st.integers(0, 120), min_size=1, max_size=5),
    mg=st.floats(1, 3000),
    deviates=st.lists(st.floats(-2.5, 2.5), min_size=4, max_size=4),
)
def test_any_doses_of_any_patient_agree_with_an_independent_integration(days, mg, deviates):
    given_course = course(days, mg, mg / 3)
    disposition = varied(typical_disposition([Body()]), np.array([deviates]))
    found = concentrations(given_course, disposition)[0, 0]
    assert found == pytest.approx(slow_concentrations(given_course, disposition), rel=1e-6, abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "central", "depot"),
    [((*STANDARD, 200), 1258.0, 0.0), ((*STANDARD, 90), 0.0, 0.689 * 1800), ((7,) * 7 + (70,), 1258.0, 0.0)],
)
def test_draws_are_followed_to_a_thousandth_of_occupancy_and_most_to_1e_4(days, central, depot):
    body = varied(typical_disposition([Body(igg=True)]), np.random.default_rng(1).standard_normal((24, 4)))
    given_course = course(days, central, depot)
    found = concentrations(given_course, body, rtol=levels._RTOL_DRAWS)[0, :, -1]
    for_each = course(days, central, depot, n=24)
    expected = np.array([slow_concentrations(for_each, body, draw)[-1] for draw in range(24)])
    assert occupancy(found, 0.25) == pytest.approx(occupancy(expected, 0.25), abs=1e-3)
    wrong = np.abs(found - expected) / (expected + 1e-3)
    assert np.quantile(wrong, 0.9) < 1e-3
    assert np.median(wrong) < 1e-4


def test_more_patients_than_are_followed_at_once_wait_their_turn(monkeypatch):
    body = varied(typical_disposition([Body()]), np.random.default_rng(3).standard_normal((30, 4)))
    at_once = concentrations(course(STANDARD), body, rtol=1e-4)
    monkeypatch.setattr(integration, "_PATIENTS_AT_ONCE", 8)
    assert concentrations(course(STANDARD), body, rtol=1e-4) == pytest.approx(at_once, rel=1e-13)


def test_an_amount_that_is_no_number_is_refused_and_not_followed_for_ever():
    with pytest.raises(ArithmeticError, match="not a usual number"):
        concentrations(course((7.0, 7.0), np.nan, 1.0), typical_disposition([Body()]))


def test_without_the_saturable_way_out_it_is_the_closed_form_of_two_compartments():
    linear = typical_disposition([Body()])
    linear = Disposition(
        **{name: getattr(linear, name) for name in Disposition.__slots__ if name != "vmax"}, vmax=np.zeros(1)
    )
    cl, v1, q, v2 = (
        float(getattr(linear, name)[0]) for name in ("clearance", "central", "between", "peripheral")
    )
    rates = np.array([[-(cl + q) / v1, q / v2], [q / v1, -q / v2]])
    state, expected = np.zeros(2), []
    for day in (*STANDARD, 300):
        state = expm(rates * day * 24) @ np.add(state, [1258.0, 0.0])
        expected.append(state[0] / v1)
    assert concentrations(course((*STANDARD, 300)), linear)[0] == pytest.approx(expected, rel=1e-7)


def test_the_published_parameters_and_covariates():
    found = typical_disposition([Body(), Body(weight_kg=100, albumin_g_l=30, female=True, igg=True)])
    assert found.clearance[0] == 0.00485
    assert found.central[0] == 4.09
    assert (found.between[0], found.peripheral[0], found.km[0]) == (0.0642, 3.06, 0.93)
    assert (found.vmax[0], found.decay[0]) == (2.08, 0.0013)
    assert found.clearance[1] == pytest.approx(0.00485 * (100 / 78.6) ** 0.451 * (30 / 37) ** -1.149 * 1.806)
    assert found.central[1] == pytest.approx(4.09 * (100 / 78.6) ** 0.375 * 0.795)


def test_the_spread_between_patients_is_the_published_one():
    drawn = varied(typical_disposition([Body()]), np.random.default_rng(1).standard_normal((40_000, 4)))
    for name, cv in (("clearance", 0.407), ("central", 0.218), ("vmax", 0.713), ("decay", 0.434)):
        values = getattr(drawn, name)[0]
        assert np.std(values) / np.mean(values) == pytest.approx(cv, rel=0.04)


def test_patients_do_not_depend_on_who_stands_beside_them():
    rng = np.random.default_rng(2)
    hours = rng.integers(0, 60, (30, 6)) * 24.0
    mg = np.where(np.arange(6) >= rng.integers(0, 6, 30)[:, None], 1000.0, 0.0)
    hours = np.where(mg > 0, hours, 0.0)
    bodies = typical_disposition([Body(weight) for weight in rng.uniform(50, 110, 30)])
    together = concentrations(PaddedDoses(hours, mg, np.zeros_like(mg)), bodies, rtol=1e-4)
    for place in (0, 7, 29):
        one = np.array([place])
        alone = concentrations(
            PaddedDoses(hours[one], mg[one], np.zeros((1, 6))), bodies.take(one), rtol=1e-4
        )
        assert together[place] == pytest.approx(alone[0], rel=1e-13)


def test_time_to_kd_differs_many_fold_between_patients():
    """method.md: 9 to > 57 weeks with clearance, IgG type and target burden; never one fixed half-life."""
    weekly = PaddedDoses(
        np.array([[*(day * 24 for day in STANDARD), *([168.0] * 80)]]),
        np.array([[*([1258.0] * len(STANDARD)), *([0.0] * 80)]]),
        np.zeros((1, len(STANDARD) + 80)),
    )
    slow, fast = (
        concentrations(
            weekly,
            varied(typical_disposition([Body(albumin_g_l=albumin, igg=igg)]), np.array([[eta, 0, 0, 0]])),
        )[0, 0]
        for igg, albumin, eta in ((False, 37, -1.0), (True, 28, 1.5))
    )
    after = len(STANDARD)
    weeks = [int(np.argmax(curve[after:] < 0.25)) or 80 for curve in (fast, slow)]
    assert weeks[0] < 12
    assert weeks[1] > 50


def test_occupancy_is_half_at_kd():
    assert occupancy([0, 0.5, 4.5], 0.5).tolist() == [0.0, 0.5, 0.9]


def study(*doses, patients=(), **chosen):
    return Study(Path(), (), (), (), tuple(doses), tuple(patients), Settings(**chosen))


def weekly(n=8, amount=16.0, unit="mg/kg", route="IV", last=140, patient="P1", trough=None):
    """Doses 7 days apart, the last `last` days before collection."""
    days = [last + 7 * (n - 1 - k) for k in range(n)]
    return [
        Dose(
            patient,
            COLLECTED - timedelta(days=day),
            "daratumumab",
            amount,
            unit,
            route,
            trough if k == n - 1 else None,
        )
        for k, day in enumerate(days)
    ]


KNOWN = Patient("P1", weight_kg=78.6, albumin_g_l=37.0, heavy_chain="IgA", sex="male")


def level(*doses, **rest):
    return drug_levels(study(*doses, **rest), [("P1", COLLECTED)])[0]


def test_the_level_comes_from_the_patients_own_doses_and_body():
    patient = Patient("P1", weight_kg=60.0, albumin_g_l=30.0, heavy_chain="IgG", sex="female")
    found = level(*weekly(), patients=[patient])
    body = Body(60.0, 30.0, female=True, igg=True)
    expected = slow_concentrations(course((*(7,) * 7, 140), 960.0), typical_disposition([body]))[-1]
    assert found.ug_ml == pytest.approx(expected, rel=1e-5)
    assert found.occupancy == pytest.approx(expected / (expected + 0.25), rel=1e-5)
    assert found.low < found.ug_ml < found.high
    assert found.occupancy_low < found.occupancy < found.occupancy_high
    assert found.notes == ()


def test_what_was_not_known_of_a_patient_is_said():
    found = level(*weekly())
    assert found.notes == (
        "weight not known: the band is wider",
        "albumin not known: the band is wider",
        "heavy chain not known: 52 % IgG, the others not, are both in the band",
        "sex not known: the band is wider",
    )


def test_a_subcutaneous_dose_is_absorbed_in_part_and_late():
    vein, skin = (level(*weekly(1, 1800.0, "mg", route, last=2)) for route in ("IV", "SC"))
    assert 0 < skin.ug_ml < 0.5 * vein.ug_ml


@pytest.mark.parametrize(
    ("doses", "reason"),
    [
        ([], "no dose of daratumumab before the sample is known"),
        (weekly(2, None), "has no amount or no unit"),
        (weekly(2, 16.0, ""), "has no amount or no unit"),
    ],
)
def test_without_the_amounts_there_is_no_level_but_a_reason(doses, reason):
    found = level(*doses)
    assert found.ug_ml is None
    assert found.occupancy is None
    assert reason in found.reason


def test_another_drug_has_no_level():
    found = level(*weekly(), washed_out_drug="isatuximab")
    assert found.reason == "the pharmacokinetic model is daratumumab's, not isatuximab's"


def test_measured_troughs_pull_the_level_towards_them():
    plain = level(*weekly(last=70))
    low, high = (level(*weekly(last=70, trough=trough)) for trough in (300.0, 900.0))
    assert low.ug_ml < plain.ug_ml < high.ug_ml
    assert high.log_sd < plain.log_sd
    assert high.high / high.ug_ml < plain.high / plain.ug_ml
    assert "weighted by 1 measured trough" in low.notes


def test_troughs_that_no_patient_has_are_said():
    assert any("far from those of the population" in note for note in level(*weekly(trough=3e4)).notes)


def test_a_trough_of_0_is_not_used_and_that_is_said():
    found = level(*weekly(trough=0.0))
    assert found.ug_ml == level(*weekly()).ug_ml
    assert any(note.startswith("a trough of 0 is not used") for note in found.notes)


def test_another_patient_does_not_change_the_level():
    both = study(*weekly(), *weekly(patient="P2", last=40))
    first, second = drug_levels(both, [("P1", COLLECTED), ("P2", COLLECTED)])
    assert first.ug_ml == pytest.approx(level(*weekly()).ug_ml, rel=1e-6)
    assert second.ug_ml > first.ug_ml


def test_kd_is_a_setting_and_its_ends_widen_the_band():
    tight = level(*weekly(), kd_app_low_ug_ml=0.25, kd_app_high_ug_ml=0.25)
    wide = level(*weekly())
    assert tight.ug_ml == wide.ug_ml
    assert wide.occupancy_low <= tight.occupancy_low
    assert level(*weekly(), kd_app_ug_ml=2.5).occupancy < wide.occupancy


@pytest.fixture
def anew():
    """Levels are kept between calls: a function that forgets them, before and after a constant is changed."""
    levels._levels.cache_clear()
    yield levels._levels.cache_clear
    levels._levels.cache_clear()


def test_the_band_of_very_many_patients_is_close_to_that_of_draws(monkeypatch, anew):
    monkeypatch.setattr(levels, "_MOST_DRAWS", 4_000)
    drawn = level(*weekly(), patients=[KNOWN])
    anew()
    monkeypatch.setattr(levels, "_BUDGET", 39)
    points = level(*weekly(), patients=[KNOWN])
    assert points != drawn
    assert points.ug_ml == drawn.ug_ml
    assert points.log_sd == pytest.approx(drawn.log_sd, rel=0.05)
    assert np.log(points.high) == pytest.approx(np.log(drawn.high), abs=0.8)
    assert points.occupancy_low < points.occupancy < points.occupancy_high


@pytest.mark.parametrize(
    ("typed", "igg"),
    [
        ("IgG", True), ("igg1 kappa", True), ("κ IgG", True), ("Typ IgG", True), ("Ig G", True), ("G", True),
        ("G kappa", True), ("IgG + IgA", True), ("IgA", False), ("IgM λ", False), ("A lambda", False), ("light", False),
        ("kappa", False), ("Leichtketten", False), ("non-secretory", False), ("not IgG", False), ("non-IgG", False),
        ("", None), ("unknown", None), ("M-protein", None), ("n.d.", None),
    ],
)  # fmt: skip
def test_a_heavy_chain_is_igg_in_any_usual_spelling_and_unknown_where_the_text_does_not_say(typed, igg):
    assert body_of(Patient("P1", heavy_chain=typed)).igg is igg
