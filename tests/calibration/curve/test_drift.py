import numpy as np
import pytest

from calibration import CurveVerdict
from calibration.curve.drift import levey_jennings, westgard


@pytest.mark.parametrize(
    ("z", "rules"),
    [
        ([0.0, 1.9], ()),
        ([0.0, -2.1], ("1-2s",)),
        ([0.0, 3.1], ("1-3s",)),
        ([2.1, 2.2], ("2-2s",)),
        ([-2.1, 2.2], ("1-2s",)),
        ([2.1, -2.2], ("1-2s",)),
        ([1.1, 1.2, 1.3, 1.1], ("4-1s",)),
        ([1.1, 1.2, -1.3, 1.1], ()),
        ([-0.1] * 10, ("10x",)),
        ([-0.1] * 9, ()),
        ([2.5, 3.5], ("1-3s", "2-2s")),
    ],
)
def test_westgards_rules(z, rules):
    # Westgard et al. 1981, doi:10.1093/clinchem/27.3.493. R-4s compares two materials of one run: a series of
    # one bead over several runs has none, and +2.2 SD after −2.1 SD is two warnings.
    assert westgard(z) == rules


def test_the_first_three_runs_have_no_limits_and_the_first_twenty_are_provisional():
    points = levey_jennings(100 + np.random.default_rng(0).normal(0, 1, 25))
    assert [p.z is None for p in points[:4]] == [True, True, True, False]
    assert [p.provisional for p in points[:21]] == [True] * 20 + [points[20].provisional]
    assert not points[-1].provisional


@pytest.mark.parametrize("off", [-50.0, 50.0])
def test_a_distance_is_cut_off_at_99_sds(off):
    same = levey_jennings([100.0, 100.0, 100.0, 100.0, 100.0 + off])
    assert same[3].z == 0.0
    assert same[4].z == np.copysign(99.0, off)
    rng = np.random.default_rng(0)
    many = levey_jennings([*(100 + rng.normal(0, 1e-3, 400)), 100.0 + off])
    assert many[-1].z == np.copysign(99.0, off)
    assert many[-1].verdict is CurveVerdict.REJECT


def test_a_rejected_run_does_not_widen_the_limits():
    steady = [100.0, 101.0, 99.0, 100.5, 99.5]
    points = levey_jennings([*steady, 150.0, 150.0])
    assert points[5].verdict is points[6].verdict is CurveVerdict.REJECT
    assert points[6].sd == points[5].sd


def test_three_runs_that_agree_by_luck_do_not_lock_the_limits():
    # 200 steady instruments, 40 runs each: a plain SD of three runs may be tiny, and would then keep every later run out
    rng = np.random.default_rng(4)
    late = [levey_jennings(rng.normal(100, 1, 40))[20:] for _ in range(200)]
    beyond = np.mean([["1-3s" in point.broken for point in points] for points in late])
    assert beyond < 0.01  # 0.27 % expected


def test_an_mfi_is_held_against_factors():
    point = levey_jennings([1000, 1010, 990, 1000, 1200], logarithmic=True)[-1]
    assert point.mean == pytest.approx(3.0, abs=1e-3)
    assert "1-3s" in point.broken


def test_runs_that_never_differed_make_any_difference_large():
    points = levey_jennings([5.0, 5.0, 5.0, 5.0, 5.1])
    assert points[3].verdict is CurveVerdict.ACCEPT
    assert points[4].verdict is CurveVerdict.REJECT


@pytest.mark.parametrize(("values", "log"), [([1.0, float("nan")], False), ([1.0, -1.0], True)])
def test_what_is_no_number_is_refused(values, log):
    with pytest.raises(ValueError, match="number"):
        levey_jennings(values, logarithmic=log)


def test_the_limits_are_settled_from_exactly_twenty_accepted_runs_on():
    points = levey_jennings([100.0, 101.0, 99.0] * 7)
    assert [point.provisional for point in points] == [True] * 20 + [False]
