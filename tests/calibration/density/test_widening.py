"""One more independent error in an interval that is already told."""

import numpy as np
import pytest

from calibration import BudgetTerm, ErrorTerm, RdStatus, ReceptorDensity
from calibration.density.widening import with_term

SPLIT = BudgetTerm.CLONE_SPLIT


def density(rd, low, high):
    budget = (ErrorTerm(BudgetTerm.STAINED_CELLS, 0.04, 1.0),)
    return ReceptorDensity(RdStatus.OK, 60, rd=rd, rd_low=low, rd_high=high, budget=budget, lloq=50.0)


def test_above_zero_half_widths_add_on_the_log_scale():
    found = with_term(density(1000.0, 1000 / 1.3, 1200.0), SPLIT, 0.1, 100.0)
    down, up = np.hypot(np.log([1.3, 1.2]), 1.959964 * 0.1)
    assert found.rd_low == pytest.approx(1000 * np.exp(-down))
    assert found.rd_high == pytest.approx(1000 * np.exp(up))


def test_near_zero_half_widths_add_in_molecules():
    found = with_term(density(10.0, -50.0, 80.0), SPLIT, 3.0, 40.0)
    assert found.rd_low == pytest.approx(10 - np.hypot(60, 1.959964 * 40))
    assert found.rd_high == pytest.approx(10 + np.hypot(70, 1.959964 * 40))


def test_the_budget_holds_the_term_once_and_the_limits_stay():
    once = with_term(density(1000.0, 800.0, 1250.0), SPLIT, 0.2, 200.0)
    assert [term.name for term in once.budget] == [BudgetTerm.STAINED_CELLS, SPLIT]
    assert once.budget[1].sd_dex == pytest.approx(0.2 / np.log(10))
    assert sum(term.share for term in once.budget) == pytest.approx(1.0)
    assert once.lloq == 50.0
    assert [term.name for term in with_term(once, SPLIT, 0.1, 100.0).budget] == [
        term.name for term in once.budget
    ]


def test_a_density_without_an_interval_stays_as_it_is():
    bound = ReceptorDensity(RdStatus.ABOVE_ULOQ, 60, rd_low=300_000.0)
    assert with_term(bound, SPLIT, 0.2, 200.0) is bound
