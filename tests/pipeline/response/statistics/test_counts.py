import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats.contingency import odds_ratio
from statsmodels.stats.contingency_tables import Table

from pipeline.response import Count, ResponseCounts, contrast, proportion, tables_of_counts, trend
from pipeline.response.statistics.counts import Proportion
from pipeline.response.statistics.exact_odds import FISHER_METHOD

# The letter's counts (N = 32), reconstructed from its percentages: k and n, no patients
LETTER = ResponseCounts(
    n_patients=32,
    n_evaluable=32,
    responses=(Count("ORR", 0, 32), Count("MR", 1, 32), Count("SD", 17, 32)),
    disease_control=Count("DCR", 12, 32),
    by_washout=(
        Count("< 3 months", 4, 14),
        Count("3 to < 6 months", 1, 6),
        Count("6 to < 12 months", 4, 7),
        Count(">= 12 months", 3, 5),
    ),
    by_rd=(Count(">= 150,000", 2, 3), Count("< 150,000", 6, 16)),
    outside=(Count("no RD", 4, 13), Count("washout not known", 0, 0)),
)


def test_the_letters_response_rows_are_printed_with_k_n_and_exact_interval():
    printed = {row.name: str(row) for row in tables_of_counts(LETTER).response}
    assert printed == {
        "ORR": "0/32 = 0.0 % (0.0–10.9)",
        "MR": "1/32 = 3.1 % (0.1–16.2)",
        "SD": "17/32 = 53.1 % (34.7–70.9)",
        "DCR": "12/32 = 37.5 % (21.1–56.3)",
    }


def test_the_letters_strata_are_printed_with_k_and_n():
    tables = tables_of_counts(LETTER)
    printed = {
        row.name: str(row).split(" (")[0] for row in (*tables.by_washout, *tables.by_rd, *tables.outside)
    }
    assert printed == {
        "< 3 months": "4/14 = 28.6 %",
        "3 to < 6 months": "1/6 = 16.7 %",
        "6 to < 12 months": "4/7 = 57.1 %",
        ">= 12 months": "3/5 = 60.0 %",
        "< 6 months": "5/20 = 25.0 %",
        ">= 6 months": "7/12 = 58.3 %",
        ">= 150,000": "2/3 = 66.7 %",
        "< 150,000": "6/16 = 37.5 %",
        "no RD": "4/13 = 30.8 %",
    }


def test_no_contrast_of_the_letter_is_secure():
    tables = tables_of_counts(LETTER)
    long_short = tables.washout_contrasts[0]
    assert (long_short.first.k, long_short.first.n, long_short.second.k, long_short.second.n) == (
        7,
        12,
        4,
        14,
    )
    assert round(long_short.fisher_p, 2) == 0.23
    assert round(tables.rd_contrast.fisher_p, 2) == 0.55
    assert long_short.odds_ratio_low < 1 < long_short.odds_ratio_high
    assert tables.washout_trend.p > 0.05


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        # Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I, method 5
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_exact_intervals_are_the_published_ones(k, n, low, high):
    found = proportion("x", k, n)
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high), abs=0.0051)


@given(n=st.integers(1, 300), data=st.data())
def test_exact_intervals_agree_with_scipy(n, data):
    k = data.draw(st.integers(0, n))
    found = proportion("x", k, n)
    interval = stats.binomtest(k, n).proportion_ci(0.95, "exact")
    assert (found.low, found.high) == pytest.approx((100 * interval.low, 100 * interval.high), abs=1e-6)


def test_nobody_has_no_percentage():
    found = proportion("x", 0, 0)
    assert (found.percent, found.low, found.high) == (None, None, None)
    assert str(found) == "0/0"
    assert contrast("c", found, proportion("y", 1, 2)).note == "nobody in x"


def test_more_responders_than_patients_is_refused():
    with pytest.raises(ValueError, match="x: 3 of 2 is no proportion"):
        proportion("x", 3, 2)


def test_the_odds_ratio_is_the_one_of_fishers_tea():
    # R ?fisher.test, TeaTasting: odds ratio 6.408309, two-sided p 0.4857
    found = contrast("tea", proportion("Milk", 3, 4), proportion("Tea", 1, 4))
    assert found.fisher_p == pytest.approx(0.4857143, abs=1e-7)
    assert found.odds_ratio == pytest.approx(6.408309, rel=1e-4)
    # the limits solve P(3 or 4 of 4) = 0.025 and P(at most 3) = 0.025 under the noncentral hypergeometric law
    for odds, fewest, share in ((found.odds_ratio_low, 3, 0.025), (found.odds_ratio_high, 4, 0.975)):
        weights = np.array([1, 16, 36, 16, 1]) * odds ** np.arange(5)
        assert weights[fewest:].sum() / weights.sum() == pytest.approx(share, abs=1e-6)


def test_an_empty_cell_leaves_one_limit_open():
    found = contrast("c", proportion("a", 5, 5), proportion("b", 2, 6))
    assert found.odds_ratio is None
    assert found.odds_ratio_high is None
    assert found.odds_ratio_low > 0.5


def test_the_same_outcome_for_all_has_no_odds_ratio():
    found = contrast("c", proportion("a", 0, 5), proportion("b", 0, 6))
    assert (found.fisher_p, found.odds_ratio) == (1.0, None)
    assert "every patient has the same outcome" in found.method


def test_large_tables_are_exact_too():
    found = contrast("c", proportion("a", 300, 1000), proportion("b", 200, 1000))
    other = odds_ratio([[300, 700], [200, 800]], kind="conditional")
    interval = other.confidence_interval(0.95)
    assert found.odds_ratio == pytest.approx(other.statistic, rel=1e-4)
    assert (found.odds_ratio_low, found.odds_ratio_high) == pytest.approx(
        (interval.low, interval.high), rel=1e-4
    )
    assert found.method == FISHER_METHOD


@pytest.mark.parametrize(("first", "second", "ratio"), [((0, 8), (5, 9), 0.0), ((8, 8), (3, 9), None)])
def test_an_empty_cell_on_either_side_has_firths_odds_ratio_and_a_one_sided_limit(first, second, ratio):
    found = contrast("c", proportion("a", *first), proportion("b", *second))
    assert found.odds_ratio == ratio
    assert (found.odds_ratio_low, found.odds_ratio_high)[ratio is None] == ratio
    cells = [(k + 0.5) / (n - k + 0.5) for k, n in (first, second)]
    assert found.firth.ratio == pytest.approx(cells[0] / cells[1], rel=1e-6)


def _strata(counts):
    return [Proportion(str(place), k, n, None, None, None) for place, (k, n) in enumerate(counts)]


def test_the_trend_agrees_with_statsmodels():
    counts = [(4, 14), (1, 6), (4, 7), (3, 5)]
    found = trend("t", _strata(counts))
    table = Table(np.array([[k, n - k] for k, n in counts]).T)
    other = table.test_ordinal_association(row_scores=np.array([1, 0]))
    # statsmodels divides by n - 1 where Cochran and Armitage divide by n
    assert found.z == pytest.approx(other.zscore * np.sqrt(32 / 31), abs=1e-6)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(found.z)), abs=1e-12)


def test_the_exact_trend_of_two_strata_is_the_hypergeometric_one():
    found = trend("t", _strata([(1, 9), (6, 9)]))
    law = stats.hypergeom(18, 7, 9)
    far = [k for k in range(8) if abs(k - 3.5) >= 2.5 - 1e-9]
    assert found.exact_p == pytest.approx(sum(law.pmf(far)), abs=1e-12)


def test_the_exact_trend_is_the_share_of_all_permutations():
    counts = [(0, 3), (1, 2), (2, 3)]
    outcome = np.array([0, 0, 0, 1, 0, 1, 1, 0])
    score = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    exact = stats.permutation_test(
        (outcome,), lambda y: abs(y @ score - 3 * score.mean()), permutation_type="pairings", n_resamples=np.inf,
        alternative="greater",
    ).pvalue  # fmt: skip
    assert trend("t", _strata(counts)).exact_p == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("counts", [[(0, 5), (0, 6)], [(3, 5), (0, 0)], [(5, 5), (6, 6)]])
def test_no_trend_where_there_is_nothing_to_compare(counts):
    found = trend("t", _strata(counts))
    assert (found.z, found.p, found.exact_p) == (None, None, None)
    assert found.note


def test_a_trend_over_many_patients_has_no_exact_p():
    found = trend("t", _strata([(100, 1000), (150, 1000)]))
    assert found.exact_p is None
    assert found.p < 0.01
