import itertools
import math

import pytest
from scipy.special import stdtrit

from calibration import (
    BetweenRunSource,
    BudgetTerm,
    ErrorTerm,
    RdStatus,
    ReceptorDensity,
    pool_receptor_densities,
)
from calibration.density.between_runs import run_mean
from calibration.density.replicates import NEAREST_TO_A_NUMBER
from calibration.density.result import QUANTIFIED

BUDGET = (ErrorTerm(BudgetTerm.LOT_ASSIGNMENT, 0.02, 0.5), ErrorTerm(BudgetTerm.STAINED_CELLS, 0.02, 0.5))


def replicate(rd, status=RdStatus.OK, spread=1.2, **more):
    low, high = (rd / spread, rd * spread) if rd and rd > 0 else (None, None)
    known = {"rd_low": low, "rd_high": high, "lloq": 500.0, "uloq": 67601.0, "budget": BUDGET, **more}
    return ReceptorDensity(status, 100, rd=rd, **known)


def below(rd):
    return replicate(rd, RdStatus.BELOW_LLOQ, rd_low=rd - 100, rd_high=rd + 100)


def test_replicates_pool_as_a_geometric_mean():
    pool = pool_receptor_densities([replicate(1000.0), replicate(4000.0)])
    assert (pool.status, pool.n_samples, pool.n_pooled) == (RdStatus.OK, 2, 2)
    assert pool.rd == pytest.approx(2000)
    assert pool.between_cv_percent > 100


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((RdStatus.FAILED, RdStatus.LOW_EVENTS), RdStatus.LOW_EVENTS),
        ((RdStatus.NO_CURVE, RdStatus.NO_BACKGROUND, RdStatus.FAILED), RdStatus.NO_BACKGROUND),
        ((RdStatus.LOW_EVENTS, RdStatus.NO_BACKGROUND), RdStatus.NO_BACKGROUND),
        ((RdStatus.NOT_QUANTIFIABLE, RdStatus.LOW_EVENTS), RdStatus.NOT_QUANTIFIABLE),
        ((RdStatus.FAILED, RdStatus.NO_CURVE), RdStatus.NO_CURVE),
    ],
)
def test_the_status_of_a_visit_without_a_number_does_not_hang_on_the_order_of_its_rows(kinds, status):
    for order in itertools.permutations(kinds):
        pool = pool_receptor_densities([ReceptorDensity(kind, 10) for kind in order])
        assert (pool.status, pool.rd, pool.n_pooled) == (status, None, 0)


def test_every_status_without_a_number_has_a_place_in_that_order():
    visits_alone = {RdStatus.REPLICATES_DISAGREE}
    assert set(NEAREST_TO_A_NUMBER) == set(RdStatus) - set(QUANTIFIED) - visits_alone


def test_what_replicates_share_does_not_average_out():
    one, four = replicate(2000.0), pool_receptor_densities([replicate(2000.0)] * 4)
    half = (four.rd_high / four.rd) / (one.rd_high / one.rd)
    assert half < 1
    assert four.rd_high > 2000 * 1.2 ** (0.5**0.5)


def test_all_below_pool_as_the_mean_of_signed_estimates():
    pool = pool_receptor_densities([below(-50.0), below(150.0)])
    assert (pool.status, pool.rd) == (RdStatus.BELOW_LLOQ, 50.0)
    assert pool.rd_low < 50 < pool.rd_high


def test_a_mix_of_below_and_above_says_so():
    pool = pool_receptor_densities([below(300.0), replicate(900.0)])
    assert pool.rd == 600
    assert pool.status is RdStatus.OK
    assert "1 of 2 pooled replicates are below the LLOQ" in pool.notes[-1]


def test_one_above_the_range_counts_with_the_probability_that_it_lies_there():
    # "More than 67,601" is not what is known of the visit: the other replicate read 60,000.
    pool = pool_receptor_densities([replicate(60000.0), replicate(None, RdStatus.ABOVE_ULOQ)])
    assert pool.rd_low < 60000 < pool.rd < pool.rd_high
    assert pool.rd_high > 67601
    assert "1 of 2 replicates are above the range" in pool.notes[-1]


def test_all_above_the_range_are_known_only_to_exceed_the_lowest_of_their_bounds():
    beyond = [replicate(None, RdStatus.ABOVE_ULOQ, rd_low=bound) for bound in (270_404.0, 67_601.0)]
    pool = pool_receptor_densities(beyond)
    assert (pool.status, pool.rd, pool.rd_low, pool.rd_high) == (RdStatus.ABOVE_ULOQ, None, 67_601.0, None)


def test_replicates_without_a_number_are_left_out_and_counted():
    pool = pool_receptor_densities([replicate(None, RdStatus.LOW_EVENTS), replicate(900.0)])
    assert (pool.status, pool.n_samples, pool.n_pooled) == (RdStatus.OK, 2, 1)
    assert (pool.rd, pool.rd_high) == pytest.approx((900.0, 1080.0))
    assert "1 of 2 replicates have no receptor density" in pool.notes[-1]


def test_nothing_to_pool_keeps_the_reason():
    pool = pool_receptor_densities([replicate(None, RdStatus.NO_CURVE)] * 2)
    assert (pool.status, pool.rd, pool.n_pooled) == (RdStatus.NO_CURVE, None, 0)


def test_a_single_replicate_is_itself_and_none_is_a_fault():
    alone = replicate(900.0, flags=("CURVE_WARN",))
    pool = pool_receptor_densities([alone])
    assert (pool.rd, pool.rd_low, pool.flags) == (900.0, alone.rd_low, ("CURVE_WARN",))
    with pytest.raises(ValueError, match="at least one"):
        pool_receptor_densities([])


def test_a_pool_whose_interval_reaches_zero_is_linear():
    # Shared half of the variance once, own half over two; a logarithm of the lower end does not exist.
    members = [replicate(800.0, rd_low=-200.0, rd_high=1800.0)] * 2
    pool = pool_receptor_densities(members)
    assert pool.rd == pytest.approx(800)
    half = 1000 * (0.5 + 0.5 / 2) ** 0.5
    assert (pool.rd_low, pool.rd_high) == pytest.approx((800 - half, 800 + half))


def test_a_pool_of_signed_estimates_has_a_linear_interval_even_where_all_its_ends_are_positive():
    members = [replicate(400.0, RdStatus.BELOW_LLOQ, rd_low=300.0, rd_high=500.0)] * 2
    pool = pool_receptor_densities(members)
    half = 100 * (0.5 + 0.5 / 2) ** 0.5
    assert (pool.rd_low, pool.rd_high) == pytest.approx((400 - half, 400 + half))


def test_a_pool_above_the_lloq_has_an_interval_that_is_even_on_the_log_scale():
    pool = pool_receptor_densities([replicate(2000.0)] * 2)
    factor = 1.2 ** ((0.5 + 0.5 / 2) ** 0.5)
    assert (pool.rd_low, pool.rd_high) == pytest.approx((2000 / factor, 2000 * factor))


def test_replicates_that_scatter_more_than_their_cells_explain_widen_the_interval():
    # Own part: the scatter, s² = ln² 4 / 2, joined with the members' own half of the variance, over 2; a variance
    # from one degree of freedom and 0.7 assumed has Student's t with 1.7. Shared part: the other half.
    pool = pool_receptor_densities([replicate(1000.0), replicate(4000.0)])
    own = 0.5 * (math.log(1.2) / 1.96) ** 2
    wide = 1 + ((float(stdtrit(1.7, 0.975)) / 1.959964) ** 2 - 1) / 1.7
    joined = wide / 1.7 * math.log(4) ** 2 / 2 + own
    assert pool.rd_high == pytest.approx(2000 * math.exp(1.96 * math.sqrt(own + joined / 2)), rel=1e-3)
    assert pool.between_cv_percent == pytest.approx(100 * math.sqrt(math.expm1(math.log(4) ** 2 / 2)))


def test_a_pool_of_members_on_both_sides_of_the_lloq_is_below_it_where_its_mean_is():
    pool = pool_receptor_densities([below(100.0), replicate(600.0)])
    assert (pool.status, pool.rd) == (RdStatus.BELOW_LLOQ, 350)


def test_a_pool_of_members_on_both_sides_of_the_top_bead_is_extrapolated_where_its_mean_is():
    beyond = replicate(90000.0, RdStatus.ABOVE_ULOQ_EXTRAPOLATED)
    assert pool_receptor_densities([replicate(60000.0), beyond]).status is RdStatus.ABOVE_ULOQ_EXTRAPOLATED
    assert pool_receptor_densities([replicate(40000.0), beyond]).status is RdStatus.OK


def test_the_split_of_the_clone_does_not_average_out_over_bead_runs():
    def tube(split):
        sds = {BudgetTerm.STAINED_CELLS: 0.01, BudgetTerm.STANDARD_CURVE: 0.01, BudgetTerm.CLONE_SPLIT: split}
        whole = math.hypot(*sds.values())
        budget = tuple(ErrorTerm(name, sd, (sd / whole) ** 2) for name, sd in sds.items())
        fold = 10 ** (1.959964 * whole)
        return ReceptorDensity(
            RdStatus.OK, 500, rd=2e4, rd_low=2e4 / fold, rd_high=2e4 * fold, lloq=500.0, budget=budget
        )

    pooled = pool_receptor_densities([tube(0.1)] * 4, runs=["A", "B", "C", "D"])
    assert math.log10(pooled.rd_high / 2e4) > 1.959964 * 0.1
    assert run_mean(2e4, [tube(0.1)]).log_variance == pytest.approx(run_mean(2e4, [tube(0.0)]).log_variance)


def test_a_member_above_the_range_does_not_say_what_the_intervals_of_the_others_hold():
    told = replicate(60_000.0, between_run_cv=0.02, between_run_from=BetweenRunSource.ESTIMATED)
    above = ReceptorDensity(
        RdStatus.ABOVE_ULOQ, 500, rd_low=67_601.0, uloq=67_601.0, lloq=500.0,
        between_run_cv=0.1, between_run_from=BetweenRunSource.ASSUMED,
    )  # fmt: skip
    pooled = pool_receptor_densities([above, told])
    assert (pooled.between_run_cv, pooled.between_run_from) == (0.02, BetweenRunSource.ESTIMATED)
