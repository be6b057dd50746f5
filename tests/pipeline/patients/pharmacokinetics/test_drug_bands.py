"""What is not known of a patient widens the band of the drug's level, held against integrations of its own."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from pipeline.patients.pharmacokinetics import Body, drug_levels, occupancy, typical_disposition, varied
from pipeline.patients.pharmacokinetics.decline import labelled_curve
from pipeline.patients.pharmacokinetics.target_back import levels_with_target_back
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Study

COLLECTED = date(2024, 5, 31)
WEEKLY = (7,) * 7
LABELLED = (*(7,) * 8, *(14,) * 8, *(28,) * 4)
KNOWN = Patient("P1", weight_kg=78.6, albumin_g_l=37.0, heavy_chain="IgA", sex="male")


def level(gaps, last_days, patient=KNOWN, **chosen):
    days = [last_days]
    for gap in reversed(gaps):
        days.append(days[-1] + gap)
    doses = tuple(
        Dose("P1", COLLECTED - timedelta(days=day), "daratumumab", 16.0, "mg/kg", "IV", None)
        for day in reversed(days)
    )
    study = Study(Path(), (), (), (), doses, (patient,), Settings(**chosen))
    return drug_levels(study, [("P1", COLLECTED)])[0]


def xu_2020(gaps, last_days, *, igg, eta=(0.0, 0.0, 0.0, 0.0), back=None, weight=1.0, albumin=1.0):
    """The published equations, written anew, by scipy's stiff integrator.

    `back`: part of Vmax that comes back after the last dose as fast as it went; None: it never does.
    """
    omega = np.sqrt(np.log1p(np.array([0.407, 0.218, 0.713, 0.434]) ** 2)) * eta
    cl = 0.00485 * (1.806 if igg else 1.0) * weight**0.451 * albumin**-1.149 * np.exp(omega[0])
    v1, q, v2 = 4.09 * weight**0.375 * np.exp(omega[1]), 0.0642, 3.06
    vmax0, kdes, km = 2.08 * np.exp(omega[2]), 0.0013 * np.exp(omega[3]), 0.93
    amounts, since = [0.0, 0.0], 0.0
    for place, gap in enumerate((*gaps, last_days)):
        amounts = [amounts[0] + 16 * 78.6 * weight, amounts[1]]
        last = place == len(gaps)

        def motion(t, a, start=since, last=last):
            c = max(a[0], 0.0) / v1
            vmax = vmax0 * np.exp(-kdes * (start + t))
            if last and back is not None:
                vmax = vmax0 * back * (1 - np.exp(-kdes * t))
            across = q * (a[0] / v1 - a[1] / v2)
            return [-cl * c - vmax * c / (km + c) - across, across]

        found = solve_ivp(motion, (0, gap * 24), amounts, method="LSODA", rtol=1e-8, atol=1e-10)
        amounts, since = list(found.y[:, -1]), since + gap * 24
    return max(amounts[0], 1e-9) / v1  # an amount below the error of the integrator may be negative


@pytest.mark.parametrize(("gaps", "last"), [(WEEKLY, 70), (LABELLED, 182)])
def test_yes_and_no_igg_are_the_published_patient(gaps, last):
    for chain, igg in (("IgG", True), ("IgA", False)):
        found = level(gaps, last, replace(KNOWN, heavy_chain=chain))
        assert found.ug_ml == pytest.approx(xu_2020(gaps, last, igg=igg), rel=1e-4)
        assert found.low < found.ug_ml < found.high


@pytest.mark.slow
@pytest.mark.parametrize(("gaps", "last"), [(WEEKLY, 70), (LABELLED, 182)])
def test_an_unknown_chain_is_a_mixture_and_wider_than_either(gaps, last):
    rng = np.random.default_rng(11)
    drawn = np.log(
        [xu_2020(gaps, last, igg=rng.random() < 0.52, eta=rng.standard_normal(4)) for _ in range(300)]
    )
    unknown = level(gaps, last, replace(KNOWN, heavy_chain=""))
    igg, other = (level(gaps, last, replace(KNOWN, heavy_chain=chain)) for chain in ("IgG", "IgA"))
    spread = np.diff(np.quantile(drawn, [0.158655, 0.841345]))[0] / 2
    middle = spread * 1.2533 / np.sqrt(300)
    assert np.log(unknown.ug_ml) == pytest.approx(np.median(drawn), abs=4 * middle)
    assert unknown.log_sd == pytest.approx(spread, rel=0.25)
    assert np.log(unknown.high) == pytest.approx(np.quantile(drawn, 0.975), abs=0.5)
    assert igg.ug_ml < unknown.ug_ml < other.ug_ml
    assert unknown.log_sd > (igg.log_sd + other.log_sd) / 2
    assert unknown.high > 1.2 * igg.high
    lower = (igg.occupancy_low, other.occupancy_low)
    # the end of a mixture lies between those of its parts; below 1e-5 nothing is held
    assert min(lower) <= unknown.occupancy_low <= max(lower)
    assert unknown.occupancy_low <= 1.2 * min(lower) + 1e-5
    assert "52 % IgG" in " ".join(unknown.notes)


@pytest.mark.parametrize("igg", [True, False])
@pytest.mark.parametrize("part", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("gaps", "last"), [(WEEKLY, 21), (WEEKLY, 70), (LABELLED, 120)])
def test_a_target_that_comes_back_clears_the_drug_as_a_stiff_integration_has_it(igg, part, gaps, last):
    from pipeline.patients.pharmacokinetics.integration import PaddedDoses, levels_and_last_amounts

    body = typical_disposition([Body(igg=igg)])
    one = type(body)(*(getattr(body, name)[:, None] for name in body.__slots__))
    hours = np.array([[*gaps, last]], float) * 24
    course = PaddedDoses(hours, np.full(hours.shape, 16 * 78.6), np.zeros(hours.shape))
    _, amounts = levels_and_last_amounts(course, one)
    found = levels_with_target_back(amounts, hours[:, -1], one, np.array([part]), rtol=1e-6)[0, 0]
    expected = xu_2020(gaps, last, igg=igg, back=part)
    assert found == pytest.approx(expected, rel=0.03, abs=0.02)


@pytest.mark.slow
def test_the_lower_end_of_the_band_has_the_target_back_and_the_upper_end_has_it_gone():
    found = level(LABELLED, 84)
    rng = np.random.default_rng(12)
    etas = rng.standard_normal((200, 4))
    gone = [xu_2020(LABELLED, 84, igg=False, eta=eta) for eta in etas]
    back = [xu_2020(LABELLED, 84, igg=False, eta=eta, back=rng.random()) for eta in etas]
    assert np.log(found.high) == pytest.approx(np.log(np.quantile(gone, 0.975)), abs=0.35)
    assert found.low < np.quantile(gone, 0.025) / 10
    assert found.low <= max(np.quantile(back, 0.1), 1.1e-6)


@pytest.mark.parametrize("unknown", [{"weight_kg": None}, {"albumin_g_l": None}, {"sex": ""}])
def test_a_covariate_that_is_not_known_widens_the_band(unknown):
    known, wider = level(LABELLED, 182), level(LABELLED, 182, replace(KNOWN, **unknown))
    assert wider.high > known.high or wider.log_sd > 1.05 * known.log_sd
    assert wider.notes
    assert not known.notes


@pytest.mark.slow
def test_a_patient_of_unknown_weight_was_given_an_unknown_dose():
    """mg/kg: a heavy patient had more mg, in a larger body. The concentration goes with weight^0.6 or so."""
    rng = np.random.default_rng(13)
    drawn = [
        xu_2020(
            WEEKLY, 35, igg=False, eta=rng.standard_normal(4), weight=np.exp(0.22 * rng.standard_normal())
        )
        for _ in range(300)
    ]
    found = level(WEEKLY, 35, replace(KNOWN, weight_kg=None))
    spread = np.diff(np.quantile(np.log(drawn), [0.158655, 0.841345]))[0] / 2
    assert found.log_sd == pytest.approx(spread, rel=0.25)


def test_the_labelled_curve_of_unknown_chains_lies_between_both_and_is_wider():
    weeks = np.array([26.0, 52.0])
    (low, low_sd), (both, both_sd), (high, high_sd) = (
        labelled_curve([Body(78.6, 37.0, female=False, igg=igg)]).at(weeks) for igg in (True, None, False)
    )
    assert np.all((low < both) & (both < high))
    assert np.all(both_sd > np.maximum(low_sd, high_sd))


@pytest.mark.parametrize(("gaps", "last"), [(WEEKLY, 70), (LABELLED, 60), (LABELLED, 250)])
def test_where_the_drug_falls_through_km_the_level_and_its_occupancy_are_those_of_a_stiff_integration(
    gaps, last
):
    from pipeline.patients.pharmacokinetics.integration import PaddedDoses, levels_and_last_amounts

    rng = np.random.default_rng(5)
    etas, parts = rng.standard_normal((12, 4)), rng.random(12)
    bodies = varied(typical_disposition([Body(igg=False)]), etas)
    hours = np.array([[*gaps, last]], float) * 24
    course = PaddedDoses(hours, np.full(hours.shape, 16 * 78.6), np.zeros(hours.shape))
    _, amounts = levels_and_last_amounts(course, bodies, rtol=1e-4)
    found = levels_with_target_back(amounts, hours[:, -1], bodies, parts, rtol=1e-4)[0]
    pairs = zip(etas, parts, strict=True)
    expected = np.array([xu_2020(gaps, last, igg=False, eta=eta, back=part) for eta, part in pairs])
    assert found == pytest.approx(expected, rel=1e-4, abs=0.01)
    assert occupancy(found, 0.25) == pytest.approx(occupancy(expected, 0.25), abs=1e-3)
