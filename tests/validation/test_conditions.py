"""Few studies of each table: M1 under what real data do, weeks that carry shared errors, M0's 5 %."""

import numpy as np
import pytest

from validation import conditions, waiting
from validation.conditions import CONDITIONS, examine
from validation.waiting import NONE, Waiting, type_one


def condition(name, n):
    return next(c for c in CONDITIONS if c.name.startswith(name) and c.n == n)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "n"),
    [("two rows at 0 weeks, at 6,000", 60), ("LLOQ goes up", 60), ("LLOQ goes down", 60), ("as M1", 60)],
)
def test_the_interval_covers_where_the_cause_can_be_known(name, n):
    found = examine(condition(name, n), 40, seed=3)
    assert found.told == 40
    assert found.coverage >= 85  # 95 expected, three standard errors
    assert abs(found.bias) < 3 * found.error + 3


@pytest.mark.slow
def test_a_scatter_that_varies_errs_as_it_says_and_the_interval_holds_the_slope():
    shrinks = condition("scatter shrinks, × 0.83", 60)
    found = examine(shrinks, 40, seed=3)
    assert found.bias < 0
    assert shrinks.errs == "the slope, too flat; not the interval"
    assert found.coverage >= 90
    assert found.varying_coverage >= 85


@pytest.mark.slow
def test_weeks_carry_what_all_rows_share():
    half, nine = waiting.examine(Waiting("shared", 100, 0.065), 30, seed=4)
    assert half.right >= 0.83 * half.told
    assert nine.right + nine.least_right >= 0.83 * (nine.told + nine.withheld)
    assert half.told + half.withheld >= 25


@pytest.mark.slow
def test_weeks_that_never_come_are_withheld():
    _, nine = waiting.examine(Waiting("plateau", 100, plateau=2.0, scatter=0.5), 12, seed=4)
    assert nine.told == 0
    assert nine.least_right == nine.withheld


def test_m0_keeps_its_five_percent_where_limits_differ():
    truth = next(truth for truth in NONE if "differs per row" in truth.name)
    _, studies, rejected, _ = type_one(truth, 400, seed=5)
    assert 1.5 <= rejected <= 9
    assert studies == 400


def test_the_true_weeks_are_where_the_share_has_the_density():
    truth = Waiting("line", 40)
    assert truth.truth(0.9) == pytest.approx(30 * 2 ** (1.28155 * 0.4 / waiting.TRUE_SLOPE), rel=1e-3)
    assert np.isinf(Waiting("plateau", 40, plateau=2.0, scatter=0.5).truth(0.9))
    assert float(10 ** Waiting("plateau", 40, plateau=2.0).median(np.log2([30.0]))[0]) == pytest.approx(
        150_000
    )


def test_the_sections_have_a_row_per_truth(monkeypatch):
    monkeypatch.setattr(conditions, "CONDITIONS", (condition("as M1", 19),))
    monkeypatch.setattr(waiting, "WAITS", (Waiting("nothing", 19),))
    monkeypatch.setattr(waiting, "NONE", NONE[:1])
    assert "| as M1 assumes | 19 |" in conditions.section(2, seed=1)
    assert waiting.section(2, seed=1).count("| nothing | 19 |") == 2
