"""Intervals that are widened, and results beyond the range, of densities written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import RdStatus
from calibration.density.between_runs import _wider
from calibration.density.budget import BudgetTerm, ErrorTerm
from calibration.density.receptor_density import _with_status
from calibration.density.result import ReceptorDensity
from calibration.density.widening import with_term


def density(rd, low, high, **facts):
    return ReceptorDensity(RdStatus.OK, 500, rd=rd, rd_low=low, rd_high=high, lloq=0.1, **facts)


@pytest.mark.parametrize("unit", [1.0, 1e-4])
def test_an_interval_above_zero_has_a_cv_however_small_its_numbers(unit):
    told = with_term(density(1000 * unit, 500 * unit, 2000 * unit), BudgetTerm.BETWEEN_RUNS, 0.1, 100 * unit)
    half = np.hypot(np.log(2), 1.959964 * 0.1)
    assert (told.rd_low, told.rd_high) == pytest.approx(
        (1000 * unit * np.exp(-half), 1000 * unit * np.exp(half))
    )
    assert told.gcv_percent == pytest.approx(100 * np.sqrt(np.expm1((half / 1.959964) ** 2)))


def test_an_interval_that_reaches_zero_widens_in_molecules_and_has_no_cv():
    told = with_term(density(100.0, 0.0, 300.0), BudgetTerm.BETWEEN_RUNS, 0.1, 50.0)
    assert told.rd_low == pytest.approx(100 - np.hypot(100, 1.959964 * 50))
    assert told.rd_high == pytest.approx(100 + np.hypot(200, 1.959964 * 50))
    assert told.gcv_percent is None


OTHERS = (
    ErrorTerm(BudgetTerm.BETWEEN_RUNS, 0.2, 0.5),
    ErrorTerm(next(t for t in BudgetTerm if t is not BudgetTerm.BETWEEN_RUNS), 0.1, 0.5),
)


@pytest.mark.parametrize(
    ("more", "half"), [(0.25, np.hypot(np.log(2), 0.5)), (-0.2, np.sqrt(np.log(2) ** 2 - 0.2)), (-0.47, None)]
)
def test_a_smaller_cv_between_runs_narrows_to_no_less_than_the_other_errors(more, half):
    half = half or 1.959964 * 0.1 * np.log(10)
    low, high = _wider(density(1000.0, 500.0, 2000.0, budget=OTHERS), more)
    assert (low, high) == pytest.approx((1000 * np.exp(-half), 1000 * np.exp(half)))


@pytest.mark.parametrize(("more", "least"), [(0.25, 0.0), (-0.9, 1.0), (-1.9, 1.0)])
def test_an_interval_that_reaches_zero_narrows_in_molecules_to_no_less_than_the_other_errors(more, least):
    """Half-widths of 100 and 200 about 100: the other errors are relative to their size, or to the density if larger."""
    low, high = _wider(density(100.0, 0.0, 300.0, budget=OTHERS), more)
    size = max(100.0, 300 / (2 * 1.959964))
    floor = least * (1.959964 * 0.1 * np.log(10) * size) ** 2
    down, up = (np.sqrt(max(half**2 + more * 100.0**2, floor)) for half in (100.0, 200.0))
    assert (100 - low, high - 100) == pytest.approx((down, up))


@pytest.mark.parametrize(
    ("rd", "bound", "name"),
    [(90_000.0, 60_000.0, "the top bead"), (40_000.0, 40_000.0, "the amount at the end of the scale")],
)
def test_cells_on_the_end_of_the_scale_exceed_the_top_bead_or_the_end_whichever_is_less(rd, bound, name):
    told = _with_status(density(rd, 1.0, 2.0, uloq=60_000.0), np.full(100, 1000.0), 1.5, 1000.0)
    assert told.status is RdStatus.ABOVE_ULOQ
    assert (told.rd, told.rd_low, told.rd_high) == (None, bound, None)
    assert told.notes[-1].endswith(f"known only to exceed {name}, {bound:.6g}.")
