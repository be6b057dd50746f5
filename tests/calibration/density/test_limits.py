import numpy as np
import pytest

from calibration import fit_standard_curve
from calibration.density.limits import density_limits

CURVE = fit_standard_curve([100, 1000, 10000], [1000, 10000, 100000])  # ABC = 10 · MFI


def test_lob_and_lod_are_those_of_ep17_on_the_control_cells():
    control = np.random.default_rng(0).normal(50, 10, 200001)
    limits = density_limits(control, CURVE, 1.0)
    assert limits.lob == pytest.approx(1.645 * 100, rel=0.01)
    assert limits.lod == pytest.approx(2 * 1.645 * 100, rel=0.01)
    assert (limits.lloq, limits.lloq_from) == (limits.lod, "LoD")


def test_a_few_stained_strays_do_not_move_a_limit():
    rng = np.random.default_rng(0)
    control = np.concatenate([rng.normal(50, 10, 1000), np.full(20, 5000.0)])
    assert density_limits(control, CURVE, 1.0).lod == pytest.approx(329, rel=0.1)


def test_the_lloq_is_the_highest_of_the_three():
    control = np.random.default_rng(0).normal(50, 10, 1000)
    by_cv = density_limits(control, CURVE, 1.0, absolute_sd=300.0, relative_cv=0.1)
    assert by_cv.cv_level == pytest.approx(300 / np.sqrt(0.09 - 0.01))
    assert by_cv.lloq_from == "CV 30 %"
    assert density_limits(control, CURVE, 1.0, lab_lloq=2000.0).lloq_from == "laboratory"


def test_without_a_control_the_dimmest_bead_is_the_limit():
    limits = density_limits(None, CURVE, 2.0)
    assert (limits.lloq, limits.lloq_from, limits.uloq) == (500, "lowest bead", 50000)
    assert (limits.lob, limits.lod) == (None, None)


def test_no_level_is_reached_where_the_relative_error_alone_is_too_large():
    assert density_limits(None, CURVE, 1.0, absolute_sd=10.0, relative_cv=0.4).cv_level is None
