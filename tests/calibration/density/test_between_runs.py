"""What replicates on different bead runs add to single tubes: enough to cover, nothing where they agree."""

import numpy as np
import pytest

from calibration import BudgetTerm, ErrorTerm, RdStatus, ReceptorDensity
from calibration.density.between_runs import RunMean, between_runs, run_mean, widened

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


def test_two_pairs_of_replicates_are_too_few_to_tell():
    assert between_runs([[RunMean(1.0, 0.0), RunMean(1.5, 0.0)]] * 2) is None
    assert between_runs([[RunMean(1.0, 0.0)]] * 9) is None


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
    found = widened(density(1000.0, 1000 / 1.2, 1200.0, standard_curve=0.04), 0.1)
    reach = np.hypot(np.log(1.2), 1.959964 * np.sqrt(np.log1p(0.01)))
    assert found.rd_high == pytest.approx(1000 * np.exp(reach))
    assert found.rd_low == pytest.approx(1000 * np.exp(-reach))
    assert found.analytic_sd == pytest.approx(np.hypot(50, 99.75), rel=1e-3)
    shares = {term.name: term.share for term in found.budget}
    assert shares["between runs"] == pytest.approx(
        np.log1p(0.01) / (np.log1p(0.01) + (0.04 * np.log(10)) ** 2)
    )


def test_near_zero_half_widths_add_on_the_linear_scale_and_a_bound_stays():
    found = widened(density(100.0, -50.0, 260.0, control_cells=0.3), 0.5)
    assert found.rd_low < -50.0 < 260.0 < found.rd_high
    assert found.gcv_percent is None
    bound = ReceptorDensity(RdStatus.ABOVE_ULOQ, 500, rd_low=67601.0)
    assert widened(bound, 0.5) == bound
