"""θ by sentinels: how much the drug occupies, with an interval, from their free CD38 and a drug-free norm."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.density.budget import BudgetTerm, ErrorTerm
from calibration.density.result import RdStatus, ReceptorDensity
from gating.sentinels import B_PRECURSORS, NK_CELLS
from helpers.r_witness import needs_r, r_numbers
from pipeline.patients.receptor_occupancy.norm import (
    FreeTube,
    norm_of_settings,
    norms_of_tubes,
    reading_of_sentinel,
)
from pipeline.patients.receptor_occupancy.sentinel_reading import reading_of, share_of
from pipeline.patients.receptor_occupancy.sentinels import sentinel_theta
from pipeline.patients.receptor_occupancy.theta import Theta, ThetaFrom, chosen_theta, theta_of_tubes
from pipeline.patients.receptor_occupancy.total import FreeDensity, total_of
from pipeline.patients.receptor_occupancy.tubes import free_density
from pipeline.quantification.result import SentinelResult
from pipeline.study.settings import Settings

SETTINGS = Settings()
LOT = ("quantibrite_pe", "1")
ALIKE = ("quantibrite_pe", "marrow", "hit2", "pe")
Z = 1.959964


def density(low, high, status=RdStatus.OK, **more):
    rd = None if low is None or high is None else (low + high) / 2
    return ReceptorDensity(status, 100, rd=rd, rd_low=low, rd_high=high, lloq=more.pop("lloq", 900.0), **more)


def around(rd, cv=0.05, name=NK_CELLS, **more):
    """Return a sentinel of this density; its interval is the CV's alone unless a budget says of what it is."""
    reach = Z * cv
    found = density(rd * np.exp(-reach), rd * np.exp(reach), **more)
    return SentinelResult(
        name,
        ReceptorDensity(
            found.status,
            500,
            rd=rd,
            rd_low=found.rd_low,
            rd_high=found.rd_high,
            lloq=found.lloq,
            budget=found.budget,
        ),
    )


def sentinel(low, high, name=NK_CELLS, **more):
    return SentinelResult(name, density(low, high, **more))


def theta_of(*sentinels, norm=None, settings=SETTINGS, lot=LOT, run="B1"):
    found = [reading_of_sentinel(one) for one in sentinels]
    norm = norm or norm_of_settings(settings)
    return sentinel_theta([one for one in found if one is not None], norm, lot=lot, run=run)


LOW = density(2_000, 3_000)
NK_USUAL, NK_LOW = sentinel(10_000, 14_000), sentinel(400, 600, lloq=200.0)
B_USUAL, B_LOW = sentinel(25_000, 32_000, B_PRECURSORS), sentinel(900, 1_200, B_PRECURSORS)
NONE_READ = sentinel(None, None, status=RdStatus.LOW_EVENTS)
HALF = (around(12_000 * 0.53), around(30_000 * 0.53, name=B_PRECURSORS))


@pytest.mark.parametrize(
    ("plasma", "sentinels", "reading"),
    [
        (density(90_000, 120_000), (NK_USUAL, B_USUAL), "not low"),
        (density(90_000, 120_000), (), "not low"),
        (density(90_000, None, RdStatus.ABOVE_ULOQ), (NK_USUAL,), "not low"),
        (LOW, (NK_USUAL, B_USUAL), "lost"),
        (LOW, (NK_LOW,), "masked"),
        (LOW, (NK_LOW, B_LOW), "masked"),
        (density(-50, 90, RdStatus.BELOW_LLOQ), (sentinel(100, 300, status=RdStatus.BELOW_LLOQ),), "masked"),
        (density(-50, 90, RdStatus.BELOW_LLOQ), (sentinel(2_800, 3_500), B_LOW), "both"),
        (density(2_000, 8_000), (sentinel(2_800, 3_500), sentinel(7_500, 9_000, B_PRECURSORS)), "both"),
        (density(8_000, 14_000), (sentinel(2_800, 3_500), sentinel(7_500, 9_000, B_PRECURSORS)), "partly covered"),
        (density(30_000, 80_000), (NK_LOW, B_LOW), "masked"),
        (density(28_000, 33_600), HALF, "partly covered"),
        (LOW, HALF, "both"),
        (LOW, (NK_LOW, B_USUAL), "cannot tell"),
        (LOW, (sentinel(2_000, 9_000),), "cannot tell"),
        (LOW, (), "cannot tell"),
        (LOW, (NONE_READ,), "cannot tell"),
        (density(None, None, RdStatus.LOW_EVENTS), (NK_USUAL, B_USUAL), "cannot tell"),
        (density(None, None, RdStatus.NO_BACKGROUND), (NK_LOW, B_LOW), "cannot tell"),
    ],
)  # fmt: skip
def test_the_reading_follows_theta_and_the_total(plasma, sentinels, reading):
    theta = theta_of(*sentinels)
    assert reading_of(plasma, theta, total_of(free_density(plasma), theta), SETTINGS) == reading


def test_a_clone_that_may_not_compete_has_no_reading_but_not_low():
    theta = theta_of(NK_LOW, B_LOW)
    for competes in (None, False):
        for plasma, said in ((LOW, "cannot tell"), (density(90_000, 120_000), "not low")):
            total = total_of(free_density(plasma), theta)
            assert reading_of(plasma, theta, total, SETTINGS, competes=competes) == said


def test_below_the_lloq_only_more_than_the_lloq_can_be_excluded():
    found = share_of(density(50, 90, RdStatus.BELOW_LLOQ), 900.0)
    assert (found.low, found.high) == (None, 1.0)


def test_a_tube_half_of_whose_receptors_are_covered_is_partly_covered_with_its_total():
    theta = theta_of(*HALF)
    total = total_of(FreeDensity(RdStatus.OK, 30_800.0, 28_000.0, 33_900.0), theta)
    assert theta.value == pytest.approx(0.47, abs=0.005)
    assert 0.1 < theta.low < 0.3 < 0.6 < theta.high < 0.75
    assert total.value == pytest.approx(58_100, rel=0.01)
    assert 30_000 < total.low < 45_000 < 80_000 < total.high < 100_000


def test_the_interval_is_that_of_norm_and_measurement():
    theta = theta_of(around(6_000.0, cv=0.2))
    sd = np.hypot(np.sqrt(np.log1p(0.25**2)), 0.2)
    assert theta.value == pytest.approx(0.5)
    assert theta.low == pytest.approx(1 - 0.5 * np.exp(Z * sd), abs=1e-5)
    assert theta.high == pytest.approx(1 - 0.5 * np.exp(-Z * sd), abs=1e-5)


def test_the_surer_sentinel_counts_for_more():
    nk, b = around(3_000.0, cv=0.05), around(15_000.0, cv=1.0, name=B_PRECURSORS)
    assert theta_of(nk, b).value == pytest.approx(0.75, abs=0.05)
    assert theta_of(around(3_000.0, cv=1.0), around(15_000.0, cv=0.05, name=B_PRECURSORS)).value < 0.56


def test_both_sentinels_are_surer_than_one():
    one, both = theta_of(HALF[0]), theta_of(*HALF)
    assert both.high - both.low < one.high - one.low


def test_a_sentinel_below_its_lloq_gives_a_lower_limit_and_no_theta():
    theta = theta_of(sentinel(-20, 100, B_PRECURSORS, status=RdStatus.BELOW_LLOQ, lloq=600.0))
    assert theta.value is None
    assert theta.low == pytest.approx(1 - 600 / 30_000 * np.exp(Z * np.sqrt(np.log1p(0.25**2))))
    assert theta.high == 1.0
    assert "below their LLOQ" in theta.reason
    total = total_of(FreeDensity(RdStatus.OK, 3_000.0, 2_700.0, 3_300.0), theta)
    assert (total.value, total.high) == (None, None)
    assert total.low == pytest.approx(3_000 / (1 - theta.low) * 0.9)
    assert "only a lower limit" in total.reason


def test_without_an_lloq_the_upper_limit_of_the_sentinel_counts():
    theta = theta_of(sentinel(-20, 100, B_PRECURSORS, status=RdStatus.BELOW_LLOQ, lloq=float("inf")))
    assert theta.low > 0.99


def test_a_sentinel_that_is_not_quantifiable_is_not_below_its_lloq_and_tells_nothing():
    poor = sentinel(15_000, 60_000, B_PRECURSORS, status=RdStatus.NOT_QUANTIFIABLE, lloq=None)
    theta = theta_of(poor)
    assert (theta.low, theta.high) == (None, None)
    assert theta.reason == "no sentinel can be read"
    assert theta_of(poor, HALF[0]) == theta_of(HALF[0])


def test_the_more_sensitive_sentinel_decides_where_the_other_is_below_its_lloq():
    nk = sentinel(100, 500, status=RdStatus.BELOW_LLOQ)
    b = around(1_500.0, name=B_PRECURSORS)
    assert theta_of(nk, b) == theta_of(b)


def test_sentinels_that_disagree_are_told_and_theta_lies_within_both():
    theta = theta_of(NK_LOW, B_USUAL)
    assert theta.disagree
    assert theta.low == pytest.approx(theta_of(B_USUAL).low)
    assert theta.high == pytest.approx(theta_of(NK_LOW).high)
    assert not theta_of(*HALF).disagree
    assert not theta_of(around(14_000.0), around(30_000.0, name=B_PRECURSORS)).disagree


def test_sentinels_brighter_than_the_norm_hold_no_drug_and_are_no_surer_for_that():
    theta = theta_of(around(30_000.0), around(75_000.0, name=B_PRECURSORS))
    assert (theta.value, theta.low) == (0.0, 0.0)
    assert theta.high > 0.15
    assert "brighter than their norm" in theta.reason


def test_without_a_norm_or_a_sentinel_there_is_no_theta_and_why():
    nothing = Settings(sentinel_nk_usual=0, sentinel_b_precursor_usual=0)
    assert norm_of_settings(nothing) is None
    assert (
        sentinel_theta([], None, lot=LOT, run="").reason
        == "no norm of the sentinels without the drug is known"
    )
    assert theta_of(NONE_READ).reason == "no sentinel can be read"
    only_nk = Settings(sentinel_b_precursor_usual=0)
    assert theta_of(*HALF, settings=only_nk) == theta_of(HALF[0])


def free_tubes(values, lot=LOT, runs=("B1", "B2"), **more):
    """Return drug-free tubes of patients with these NK cells and B precursors."""
    return [
        FreeTube(
            f"P{k}",
            ALIKE,
            lot,
            runs[k % len(runs)],
            tuple(
                reading_of_sentinel(around(rd, name=name, **more))
                for rd, name in zip(pair, (NK_CELLS, B_PRECURSORS), strict=True)
            ),
        )
        for k, pair in enumerate(values)
    ]


NK = (9_000.0, 11_000.0, 13_000.0, 10_000.0, 12_500.0, 8_500.0)


@needs_r()
def test_a_norm_of_the_study_is_the_prediction_of_a_further_patient():
    """lm(y ~ 1) and its prediction interval in R."""
    norm = norms_of_tubes(free_tubes([(nk, 2 * nk) for nk in NK], cv=0.001))[ALIKE]
    theta = theta_of(around(4_000.0, cv=0.001), norm=norm)
    told = r_numbers(
        "fit <- lm(y ~ 1); tell('p', predict(fit, data.frame(row.names = 1), interval = 'prediction', level = 0.95))",
        y=np.log(NK).tolist(),
    )["p"]
    assert theta.value == pytest.approx(1 - 4_000 / np.exp(told[0]), rel=1e-6)
    assert theta.high == pytest.approx(1 - 4_000 / np.exp(told[2]), rel=1e-3)
    assert theta.low == pytest.approx(1 - 4_000 / np.exp(told[1]), rel=1e-3)
    assert norm.source == "6 patients of this study without the drug"


def test_fewer_than_five_patients_or_other_reagents_make_no_norm():
    tubes = free_tubes([(nk, 2 * nk) for nk in NK])
    assert norms_of_tubes(tubes[:4]) == {}
    assert norms_of_tubes(tubes[:4] * 3) == {}
    assert norms_of_tubes(tubes[:5])


BUDGET = (
    ErrorTerm(BudgetTerm.LOT_ASSIGNMENT, 0.2 / np.log(10), 0.9),
    ErrorTerm(BudgetTerm.STAINED_CELLS, 0.02 / np.log(10), 0.1),
)


def test_the_error_of_a_lot_cancels_where_norm_and_tube_share_it():
    norm = norms_of_tubes(free_tubes([(nk, 2 * nk) for nk in NK], cv=0.201, budget=BUDGET))[ALIKE]
    tube = around(4_000.0, cv=0.201, budget=BUDGET)
    same, other = (theta_of(tube, norm=norm, lot=lot) for lot in (LOT, ("quantibrite_pe", "2")))
    assert same.high - same.low < other.high - other.low
    assert same.low == same.low_beside
    assert other.low < other.low_beside
    assert theta_of(tube).low < theta_of(tube).low_beside


def test_a_norm_of_one_bead_run_says_nothing_of_another_runs_curve():
    budget = (ErrorTerm(BudgetTerm.STANDARD_CURVE, 0.2 / np.log(10), 1.0),)
    norm = norms_of_tubes(free_tubes([(nk, 2 * nk) for nk in NK], runs=("B1",), cv=0.2, budget=budget))[ALIKE]
    tube = around(4_000.0, cv=0.2, budget=budget)
    same, other = (theta_of(tube, norm=norm, run=run) for run in ("B1", "B9"))
    assert other.low < same.low
    assert other.high > same.high


def test_a_clone_that_does_not_compete_has_theta_0_whatever_the_drug():
    held = Theta(0.9, 0.8, 0.95, 0.8, 0.95, ThetaFrom.SENTINELS)
    theta = chosen_theta(held, held, competes=False)
    total = total_of(FreeDensity(RdStatus.OK, 30_000.0, 27_000.0, 33_000.0), theta)
    assert theta.source == "clone does not compete"
    assert (total.value, total.low, total.high) == (30_000.0, 27_000.0, 33_000.0)
    assert "nothing is divided" in total.reason


def test_where_nobody_knows_whether_the_clone_competes_both_bounds_are_told():
    held = Theta(0.5, 0.4, 0.75, 0.4, 0.75, ThetaFrom.SENTINELS)
    total = total_of(
        FreeDensity(RdStatus.OK, 30_000.0, 27_000.0, 33_000.0), chosen_theta(held, held, competes=None)
    )
    assert total.value is None
    assert total.low == pytest.approx(27_000)
    assert total.high == pytest.approx(33_000 / 0.25)
    assert "not known" in total.reason


def test_a_total_is_never_less_than_what_is_free():
    theta = Theta(0.0, 0.0, 0.3, 0.0, 0.3, ThetaFrom.SENTINELS)
    total = total_of(FreeDensity(RdStatus.OK, 30_000.0, 27_000.0, 33_000.0), theta)
    assert total.low == pytest.approx(30_000 * 0.9 ** (2.2414 / 1.96), rel=1e-3)
    assert total.high >= 33_000


def test_densities_beyond_their_limits_bound_the_total():
    theta = Theta(0.5, 0.4, 0.6, 0.4, 0.6, ThetaFrom.SENTINELS)
    below = total_of(FreeDensity(RdStatus.BELOW_LLOQ, 300.0, -10.0, 700.0, 1_000.0), theta)
    above = total_of(FreeDensity(RdStatus.ABOVE_ULOQ, None, 250_000.0, None), theta)
    assert (below.value, below.low, below.high) == (None, None, pytest.approx(1_000 / 0.4))
    assert (above.value, above.low, above.high) == (None, pytest.approx(250_000 / 0.6), None)
    assert total_of(FreeDensity(RdStatus.LOW_EVENTS, None, None, None), theta).reason == "no receptor density"


def test_replicates_have_one_theta_and_no_narrower_interval():
    one, two = theta_of(around(6_000.0)), theta_of(around(5_000.0))
    both = theta_of_tubes([one, two])
    assert one.value < both.value < two.value
    assert (both.low, both.high) == (one.low, two.high)
    assert theta_of_tubes([one, Theta()]) == one


def test_a_tube_whose_drug_holds_all_has_no_logarithm_and_leaves_the_interval_alone():
    all_held, half = Theta(1.0, 0.9, 1.0, 0.9, 1.0), Theta(0.5, 0.4, 0.6, 0.4, 0.6)
    both = theta_of_tubes([all_held, half])
    assert (both.value, both.low, both.high) == (None, 0.4, 1.0)


def test_sentinels_of_one_replicate_go_before_the_drugs_level_in_the_others():
    measured = theta_of(*HALF)
    level = Theta(0.95, 0.1, 0.99, 0.1, 0.99, ThetaFrom.MODEL)
    assert theta_of_tubes([level, measured]) == theta_of_tubes([measured, level]) == measured
    assert theta_of_tubes([Theta(), measured, measured]) == theta_of_tubes([measured, measured])


@pytest.mark.parametrize("rd", [0.4, 1.0, 900.0])
def test_a_density_of_less_than_one_molecule_per_cell_is_read_as_any_other(rd):
    found = reading_of_sentinel(around(rd, lloq=0.1))
    assert found.log_rd == pytest.approx(np.log(rd))
    assert found.bound is None
