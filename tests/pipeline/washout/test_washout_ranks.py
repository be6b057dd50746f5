import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from helpers.r_witness import needs_r, r_numbers
from helpers.washout_truth import LLOQ, patients_on_a_line, statuses
from pipeline.washout import NotEstimableError, rank_association
from pipeline.washout.censored.bootstrap import bca_interval, jackknife_weights, patient_weights
from pipeline.washout.observations.pair_order import order_of, pair_order
from pipeline.washout.observations.rows import observe
from pipeline.washout.ranks import permutation_p, weighted_kendall, weighted_spearman

FEW = {"permutations": 199, "resamples": 199}


def test_spearman_and_kendall_agree_with_scipy_on_tied_values():
    weeks, rd, status = patients_on_a_line(40, 3, uloq=60_000)
    found = rank_association(weeks, rd, status, lloq=LLOQ, uloq=60_000, **FEW)
    tied = np.clip(rd, LLOQ, 60_000)
    assert found.spearman == pytest.approx(stats.spearmanr(weeks, tied).statistic, abs=1e-12)
    assert found.kendall == pytest.approx(stats.kendalltau(weeks, tied).statistic, abs=1e-12)
    assert (found.n_left_censored, found.n_right_censored) == (sum(rd < LLOQ), sum(rd > 60_000))


def test_without_censoring_a_published_example_is_met():
    # Hollander & Wolfe 1973, p. 187 (R ?cor.test): Kendall tau 0.4444 of nine tuna samples
    lightness = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
    panel = [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8]
    found = rank_association(lightness, panel, ["OK"] * 9, lloq=0.1, **FEW)
    assert found.kendall == pytest.approx(0.4444444, abs=1e-7)


def test_the_permutation_p_is_near_the_exact_one():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal(6), rng.standard_normal(6)
    exact = stats.permutation_test(
        (x,),
        lambda shuffled: stats.spearmanr(shuffled, y).statistic,
        permutation_type="pairings",
        n_resamples=np.inf,
    ).pvalue
    p = permutation_p(x, order_of(y), np.arange(6), 40_000, np.random.default_rng(2))
    assert p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 40_000))


def test_p_is_never_zero():
    weeks = np.arange(1, 31)
    found = rank_association(weeks, weeks * 1e4, ["OK"] * 30, lloq=1, **FEW)
    assert found.p == 1 / 200
    assert found.spearman == pytest.approx(1)


def test_the_same_seed_gives_the_same_numbers():
    weeks, rd, status = patients_on_a_line(19, 3)
    first = rank_association(weeks, rd, status, lloq=LLOQ, seed=5, **FEW)
    assert rank_association(weeks, rd, status, lloq=LLOQ, seed=5, **FEW) == first
    assert rank_association(weeks, rd, status, lloq=LLOQ, seed=6, **FEW).spearman == first.spearman


@settings(max_examples=15)
@given(seed=st.integers(0, 9999), factor=st.floats(1e-3, 1e3), power=st.floats(0.2, 3))
def test_a_monotone_change_of_either_axis_changes_nothing(seed, factor, power):
    weeks, rd, status = patients_on_a_line(14, seed, log_rd_at_16_weeks=4.0)
    first = rank_association(weeks, rd, status, lloq=LLOQ, permutations=99, resamples=49)
    other = rank_association(
        weeks**power, rd * factor, status, lloq=LLOQ * factor, permutations=99, resamples=49
    )
    assert (other.spearman, other.p) == pytest.approx((first.spearman, first.p))
    assert other.spearman_interval == pytest.approx(first.spearman_interval)


def test_weighted_ranks_are_the_ranks_of_repeated_rows():
    rng = np.random.default_rng(4)
    x, y = rng.integers(0, 6, 12).astype(float), rng.integers(0, 6, 12).astype(float)
    weights = rng.integers(0, 4, 12)
    repeated = np.repeat(x, weights), np.repeat(y, weights)
    rho, tau = stats.spearmanr(*repeated).statistic, stats.kendalltau(*repeated).statistic
    assert weighted_spearman(x, order_of(y), weights[None].astype(float))[0] == pytest.approx(rho, abs=1e-12)
    assert weighted_kendall(x, order_of(y), weights[None].astype(float))[0] == pytest.approx(tau, abs=1e-12)


def slow_signs(rd, status, lloq, uloq):
    """Pairs one by one, from the definition: 1 where the first is surely the higher; shares nothing."""
    n = len(rd)
    ends = [
        (-np.inf, lloq[i], False, True)
        if status[i] == "BELOW_LLOQ"
        else (uloq[i], np.inf, True, False)
        if status[i] == "ABOVE_ULOQ"
        else (rd[i], rd[i], False, False)
        for i in range(n)
    ]

    def surely_below(i, j):
        high, low = ends[i][1], ends[j][0]
        return high < low or (high == low and (ends[i][3] or ends[j][2]))

    return np.array([[int(surely_below(j, i)) - int(surely_below(i, j)) for j in range(n)] for i in range(n)])


def mixed_limits(seed, n=30):
    rng = np.random.default_rng(seed)
    weeks, rd, _ = patients_on_a_line(n, seed)
    lloq, uloq = rng.choice([800.0, 5000.0, 9000.0], n), rng.choice([20_000.0, 60_000.0], n)
    status = [
        "BELOW_LLOQ" if r < a else "ABOVE_ULOQ" if r > b else "OK"
        for r, a, b in zip(rd, lloq, uloq, strict=True)
    ]
    return weeks, rd, status, lloq, uloq


@pytest.mark.parametrize("seed", range(6))
def test_pairs_are_ordered_as_far_as_their_limits_let_it_be_known(seed):
    weeks, rd, status, lloq, uloq = mixed_limits(seed)
    signs = slow_signs(rd, status, lloq, uloq)
    of_weeks = np.sign(weeks[:, None] - weeks[None, :])
    tau = np.sum(signs * of_weeks) / np.sqrt(np.sum(signs**2) * np.sum(of_weeks**2))
    rho = np.corrcoef(stats.rankdata(weeks), signs.sum(axis=1))[0, 1]
    found = rank_association(weeks, rd, status, lloq=lloq, uloq=uloq, **FEW)
    assert found.kendall == pytest.approx(tau, abs=1e-12)
    assert found.spearman == pytest.approx(rho, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_weights_count_pairs_as_repeated_rows_do(seed):
    weeks, rd, status, lloq, uloq = mixed_limits(seed, 12)
    weights = np.random.default_rng(seed).integers(0, 4, 12)
    often = np.repeat(np.arange(12), weights)
    rows = observe(weeks, rd, status, lloq=lloq, uloq=uloq)
    order = pair_order(rows)
    for statistic in (weighted_spearman, weighted_kendall):
        whole = statistic(weeks[often], order.take(often), np.ones((1, len(often))))
        assert statistic(weeks, order, weights[None].astype(float)) == pytest.approx(whole, abs=1e-12)


def test_one_row_with_a_high_lloq_ties_only_what_lies_below_its_limit():
    weeks, rd = [1, 2, 3, 4, 5, 6, 7], [900, 1500, 3000, 4000, 4500, 4800, 20_000]
    lloq = [5000, 500, 500, 500, 500, 500, 500]
    found = rank_association(weeks, rd, ["BELOW_LLOQ", *["OK"] * 6], lloq=lloq, **FEW)
    # 15 pairs of the six measured rows and one with the censored row are in order, 5 are not known, of 21
    assert found.kendall == pytest.approx(16 / np.sqrt(16 * 21))
    assert not any("tied" in note for note in found.notes)


def test_limits_of_rows_below_and_above_may_overlap():
    weeks, rd = [1, 2, 3, 4, 5], [900, 3000, 4000, 9000, 8000]
    status = ["BELOW_LLOQ", "ABOVE_ULOQ", "OK", "OK", "OK"]
    found = rank_association(weeks, rd, status, lloq=[5000] * 5, uloq=[100_000, 2000, 1e5, 1e5, 1e5], **FEW)
    assert np.isfinite(found.kendall)


@needs_r()
def test_kendall_is_that_of_r_where_nothing_is_censored():
    weeks, rd, _ = patients_on_a_line(40, 5)
    weeks = np.round(weeks)
    found = rank_association(weeks, rd, ["OK"] * 40, lloq=1, **FEW)
    told = r_numbers(
        "tell('tau', cor(x, y, method = 'kendall')); tell('rho', cor(x, y, method = 'spearman'))",
        x=list(weeks), y=list(rd),
    )  # fmt: skip
    assert [found.kendall, found.spearman] == pytest.approx([told["tau"][0], told["rho"][0]], abs=1e-12)


@pytest.mark.parametrize(
    ("weeks", "rd", "reason"),
    [
        ([1, 2, 3], [9000, 9500, 9900], "3 rows"),
        ([1, 2, 3, 4], [1, 2, 3, 4], "all 4 receptor densities are tied"),
        ([7, 7, 7, 7], [6000, 7000, 8000, 1], "all 4 rows have the same washout, 7 weeks"),
    ],
)
def test_what_cannot_be_ranked_is_refused_with_the_reason(weeks, rd, reason):
    with pytest.raises(NotEstimableError, match=reason):
        rank_association(weeks, rd, statuses(rd), lloq=LLOQ)


def test_repeated_samples_of_a_patient_are_not_independent_evidence():
    rng = np.random.default_rng(9)
    level = np.repeat(rng.standard_normal(8), 4)
    weeks = np.repeat(2 ** rng.uniform(1, 6, 8), 4) + np.tile(np.arange(4) * 0.01, 8)
    rd = 10 ** (5 + level + 0.01 * rng.standard_normal(32))
    alone = rank_association(weeks, rd, ["OK"] * 32, lloq=1, permutations=999, resamples=499)
    together = rank_association(
        weeks,
        rd,
        ["OK"] * 32,
        lloq=1,
        patients=list(np.repeat(np.arange(8), 4)),
        permutations=999,
        resamples=499,
    )
    assert together.spearman == alone.spearman
    assert together.p > 2 * alone.p
    assert np.diff(together.spearman_interval) > 1.3 * np.diff(alone.spearman_interval)
    assert (together.n, together.n_patients) == (32, 8)


def test_permuting_patients_of_any_number_of_visits_keeps_five_percent():
    rng = np.random.default_rng(17)
    sizes = rng.integers(1, 5, 16)
    patients = np.repeat(np.arange(16), sizes)
    rejected = 0
    for _ in range(400):
        weeks = rng.uniform(0, 2, 16)[patients] + rng.uniform(0, 2, len(patients))
        rd = rng.standard_normal(16)[patients] + 0.3 * rng.standard_normal(len(patients))
        rejected += permutation_p(weeks, order_of(rd), patients, 199, rng) <= 0.05
    assert 5 <= rejected <= 36  # 20 expected, 4 standard errors


def test_resampled_weights_keep_a_patients_rows_together():
    patients = np.array([0, 0, 1, 2, 2, 2])
    weights = np.concatenate(list(patient_weights(patients, 50, np.random.default_rng(0))))
    assert weights.shape == (50, 6)
    assert np.all(weights[:, 0] == weights[:, 1])
    assert np.all(weights[:, [0, 2, 3]].sum(axis=1) == 3)
    assert jackknife_weights(patients).tolist() == [
        [0, 0, 1, 1, 1, 1],
        [1, 1, 0, 1, 1, 1],
        [1, 1, 1, 0, 0, 0],
    ]


def test_the_bca_interval_agrees_with_scipy():
    data = np.random.default_rng(3).exponential(size=40)
    result = stats.bootstrap(
        (data,), np.mean, n_resamples=4999, method="BCa", rng=np.random.default_rng(4), vectorized=True
    )
    jackknife = np.array([np.delete(data, i).mean() for i in range(40)])
    found = bca_interval(data.mean(), result.bootstrap_distribution, jackknife)
    low, high = result.confidence_interval
    assert found == pytest.approx((low, high), abs=1e-3)


def test_no_interval_where_resamples_cannot_be_estimated():
    draws = np.where(np.arange(100) < 20, np.nan, 1.0)
    with pytest.raises(NotEstimableError, match="20 of 100 resamples"):
        bca_interval(1.0, draws, np.ones(5))
