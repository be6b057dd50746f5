import pytest

from calibration import BudgetTerm, ErrorTerm, RdStatus, ReceptorDensity, pool_receptor_densities

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


def test_one_above_the_range_makes_the_pool_right_censored():
    pool = pool_receptor_densities([replicate(60000.0), replicate(None, RdStatus.ABOVE_ULOQ)])
    assert (pool.status, pool.rd, pool.rd_low) == (RdStatus.ABOVE_ULOQ, None, 67601.0)


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
