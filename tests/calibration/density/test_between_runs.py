"""What replicates on different bead runs add to single tubes: enough to cover, nothing where they agree."""

from dataclasses import replace

import numpy as np
import pytest

from calibration import (
    BudgetTerm,
    ErrorTerm,
    RdStatus,
    ReceptorDensity,
    fit_standard_curve,
    quantify_receptor_density,
)
from calibration.density.between_runs import (
    RunMean,
    between_runs,
    joined_variance,
    run_mean,
    with_between_run_cv,
)

OWN, SHARED = 0.05, 0.07


def study(rng, between, pairs=8):
    """Pairs of replicates whose true densities are 1, and a tube of its own: ln RD each."""
    shared = rng.normal(0, SHARED)
    spread = np.hypot(OWN, between)
    groups = np.exp(shared + rng.normal(0, spread, (pairs, 2)))
    return [[RunMean(float(rd), OWN**2) for rd in pair] for pair in groups], shared + rng.normal(0, spread)


@pytest.mark.parametrize(
    ("between", "lowest", "highest"), [(0.0, 0.93, 0.985), (0.1, 0.92, 0.975), (0.2, 0.92, 0.975)]
)
def test_intervals_that_carry_it_hold_the_truth(between, lowest, highest):
    rng, held = np.random.default_rng(5), []
    for _ in range(2000):
        groups, off = study(rng, between)
        sd = np.sqrt(OWN**2 + SHARED**2 + np.log1p(between_runs(groups).cv ** 2))
        held.append(abs(off) < 1.96 * sd)
    assert lowest <= np.mean(held) <= highest


def test_without_two_runs_of_a_visit_nothing_is_told():
    assert between_runs([[RunMean(1.0, 0.0)]] * 9) is None


@pytest.mark.parametrize("cv", [0.0, 0.05, 0.1, 0.2, 0.3])
def test_from_few_replicates_to_many_the_estimate_moves_in_small_steps_without_a_jump(cv):
    variance = OWN**2 + np.log1p(cv**2)
    found = [joined_variance(variance, n, OWN**2 + np.log1p(0.1**2)) for n in range(2, 60)]
    assert max(abs(np.diff(np.log(found)))) < -2 * np.log(
        0.8
    )  # of the variance: the SD falls by less than a fifth
    assert np.all(np.diff(found) <= 1e-12)  # the same scatter, better known, needs less room
    assert joined_variance(variance, 10_000, 0.01) == pytest.approx(variance, rel=0.01)


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 40])
def test_more_scatter_never_tells_a_smaller_error_and_agreement_never_a_larger_one_than_assumed(freedom):
    assumed = OWN**2 + np.log1p(0.1**2)
    found = [joined_variance(s2, freedom, assumed) for s2 in np.linspace(0, 0.5, 40)]
    assert found[0] <= assumed
    assert np.all(np.diff(found) > 0)
    assert joined_variance(0.3, 0, assumed) == assumed


@pytest.mark.parametrize("pairs", [1, 2, 4, 8, 16])
def test_replicates_cure_an_assumption_that_is_too_small(pairs):
    # 20 % where 10 % is assumed: without replicates 74 % of the intervals hold the truth.
    rng, held = np.random.default_rng(pairs), []
    for _ in range(1500):
        groups, off = study(rng, 0.2, pairs)
        sd = np.sqrt(OWN**2 + SHARED**2 + np.log1p(between_runs(groups).cv ** 2))
        held.append(abs(off) < 1.96 * sd)
    assert np.mean(held) > (0.89 if pairs == 1 else 0.915)


def test_many_replicates_that_agree_as_their_budgets_say_add_little():
    rng = np.random.default_rng(1)
    groups, _ = study(rng, 0.0, pairs=400)
    assert between_runs(groups).cv < 0.025


def density(rd, low, high, **terms):
    whole = sum(sd**2 for sd in terms.values())
    budget = tuple(
        ErrorTerm(BudgetTerm(name.replace("_", " ")), sd, sd**2 / whole) for name, sd in terms.items()
    )
    return ReceptorDensity(
        RdStatus.OK, 500, rd=rd, rd_low=low, rd_high=high, budget=budget, analytic_sd=0.05 * rd
    )


def test_only_the_cells_of_one_run_average_out():
    one = density(1000.0, 900.0, 1100.0, standard_curve=0.02, stained_cells=0.03, lot_assignment=0.2)
    ln10 = np.log(10) ** 2
    assert run_mean(1.0, [one]).log_variance == pytest.approx(ln10 * (0.02**2 + 0.03**2))
    assert run_mean(1.0, [one] * 3).log_variance == pytest.approx(ln10 * (0.02**2 + 0.03**2 / 3))


def test_half_widths_add_in_quadrature_on_the_log_scale():
    found = with_between_run_cv(density(1000.0, 1000 / 1.2, 1200.0, standard_curve=0.04), 0.1)
    reach = np.hypot(np.log(1.2), 1.959964 * np.sqrt(np.log1p(0.01)))
    assert found.rd_high == pytest.approx(1000 * np.exp(reach))
    assert found.rd_low == pytest.approx(1000 * np.exp(-reach))
    assert found.analytic_sd == pytest.approx(np.hypot(50, 99.75), rel=1e-3)
    shares = {term.name: term.share for term in found.budget}
    assert shares["between runs"] == pytest.approx(
        np.log1p(0.01) / (np.log1p(0.01) + (0.04 * np.log(10)) ** 2)
    )


def test_near_zero_half_widths_add_on_the_linear_scale_and_a_bound_stays():
    found = with_between_run_cv(density(100.0, -50.0, 260.0, control_cells=0.3), 0.5)
    assert found.rd_low < -50.0 < 260.0 < found.rd_high
    assert found.gcv_percent is None
    bound = ReceptorDensity(RdStatus.ABOVE_ULOQ, 500, rd_low=67601.0)
    assert with_between_run_cv(bound, 0.5) == bound


def test_an_interval_never_becomes_narrower_than_its_other_terms():
    wide = with_between_run_cv(density(1000.0, 1000 / 1.2, 1200.0, standard_curve=0.04), 0.3)
    tight = replace(wide, rd_low=1000 / 1.3, rd_high=1300.0)  # narrower than the term that is taken out
    found = with_between_run_cv(tight, 0.0)
    reach = 1.959964 * 0.04 * np.log(10)
    assert found.rd_high == pytest.approx(1000 * np.exp(reach))
    assert found.rd_low == pytest.approx(1000 * np.exp(-reach))


@pytest.mark.parametrize(("rd", "typed"), [(30_000.0, 0.0), (30_000.0, 0.2), (900.0, 0.05)])
def test_what_replicates_tell_takes_the_place_of_the_assumption_as_if_it_had_been_typed(rd, typed):
    assumed, wanted = (tube_of(rd, cv) for cv in (None, typed))
    found = with_between_run_cv(assumed, typed)
    assert (assumed.between_run_from, found.between_run_from) == ("assumed", "estimated from replicates")
    for end in ("rd_low", "rd_high"):
        off = abs(np.log(getattr(found, end) / getattr(wanted, end)))
        assert off < 0.08 * np.log(wanted.rd_high / wanted.rd_low)
    names = {term.name for term in found.budget}
    assert (BudgetTerm.BETWEEN_RUNS in names) is (typed > 0)


def tube_of(rd, between_run_cv):
    rng = np.random.default_rng(3)
    curve = fit_standard_curve([330, 3400, 15800, 33000], [638, 6930, 31008, 67601], n=[900] * 4)
    stain = rd / 2 * np.exp(0.4 * rng.standard_normal(800)) + 60 * rng.standard_normal(800) + 60
    return quantify_receptor_density(
        stain,
        60 * rng.standard_normal(800) + 60,
        curve,
        kit="quantibrite_pe",
        f_p_ratio=1.0,
        between_run_cv=between_run_cv,
    )
