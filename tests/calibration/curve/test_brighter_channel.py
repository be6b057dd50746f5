"""A run on a channel into which the dye merely shines is told from the file alone, by counting photons."""

from statistics import NormalDist

import numpy as np
import pytest

from calibration import BeadPeaks, CurveLimits, CurveVerdict, find_bead_peaks, find_bead_singlets
from calibration.curve.brighter_channel import _differences, _Pair, compare_channels
from calibration.curve.curve_checks.every_check import checked
from calibration.curve.curve_checks.other_channels import ComparedChannels
from pipeline.fcs import read_fcs
from validation.simulated_beads import KITS, Detector, bead_run


def both_channels(kit, leak, *, gain=1.0, seed=1, photons=0.1, named_is_leak=True):
    """The same beads in the dye's own detector and in one that gets `leak` of its light at `gain` times the gain."""
    levels = np.array(KITS[kit])
    own = Detector(photons=photons, gain=150000 / levels[-1] / photons, noise=15.0)
    side = Detector(own.photons * leak, own.gain * gain, own.noise, own.top)
    first, second = (side, own) if named_is_leak else (own, side)
    run = bead_run(np.random.default_rng(seed), levels, detector=first, others=(second,), n=5000)
    mask = find_bead_singlets(run.fsc, run.ssc)
    peaks = find_bead_peaks(run.intensity[mask], levels.size, blank=bool(levels[0] == 0))
    return run.intensity[mask], run.others[0][mask], peaks


@pytest.mark.parametrize("kit", KITS)
@pytest.mark.parametrize(("leak", "gain"), [(0.3, 1.0), (0.3, 3.3), (0.8, 1.25)])
def test_a_channel_that_gets_part_of_the_dye_is_doubted_whatever_its_gain(kit, leak, gain):
    x, y, peaks = both_channels(kit, leak, gain=gain)
    assert compare_channels(x, y, peaks, one_dye=kit != "mesf").doubtful


@pytest.mark.parametrize("kit", KITS)
@pytest.mark.parametrize(("leak", "gain"), [(0.05, 1.0), (0.3, 1.0), (0.3, 3.3)])
def test_the_dyes_own_channel_is_not_doubted(kit, leak, gain):
    x, y, peaks = both_channels(kit, leak, gain=gain, named_is_leak=False)
    found = compare_channels(x, y, peaks, one_dye=kit != "mesf")
    assert found is not None
    assert not found.doubtful
    assert found.more_light < 0


def test_a_channel_that_does_not_see_the_beads_is_not_compared():
    x, _, peaks = both_channels("quantibrite_pe", 0.3, named_is_leak=False)
    dark = np.random.default_rng(2).normal(0, 30, x.size)
    assert compare_channels(x, dark, peaks, one_dye=True) is None


def test_events_on_the_end_of_the_other_scale_are_not_compared():
    x, y, peaks = both_channels("quantibrite_pe", 0.3)
    clipped = np.minimum(y, np.quantile(y, 0.3))
    assert compare_channels(x, clipped, peaks, one_dye=True) is None


def test_the_row_of_the_table_names_the_channel_that_is_doubtful():
    x, y, peaks = both_channels("qsc", 0.3)
    found = compare_channels(x, y, peaks, one_dye=True)
    others = [("YG780-A", compare_channels(x, x[::-1], peaks, one_dye=True) or found)]
    (row,) = checked(ComparedChannels("B530-A", others), CurveLimits())
    assert row.verdict is CurveVerdict.WARN
    assert "YG780-A" in row.text
    assert "B530-A" in row.text
    assert checked(ComparedChannels("B530-A", []), CurveLimits()) == ()


@pytest.mark.real
@pytest.mark.parametrize("day", ["2008-01-21", "2008-03-14"])
def test_beads_of_several_dyes_are_not_compared(real_data, day):
    file = read_fcs(real_data / "beads" / "dako" / f"beads_{day}.fcs")
    mask = find_bead_singlets(file.column("FSC-A"), file.column("SSC-A"))
    peaks = find_bead_peaks(file.column("PE-A")[mask], 6, blank=True)
    others = ["Alexa-488-A", "PE-Cy7-A", "APC-A", "Alexa-700-A", "Pacific Blue-A"]
    named = file.column("PE-A")[mask]
    found = [
        compare_channels(named, file.column(c)[mask], peaks, one_dye=False, other_top=file.scale_top(c))
        for c in others
    ]
    assert found == [None] * 5


N = 400
SHARES_WITHIN = 0.05
"""As docs/method.md says: how far shares of light may differ where beads may carry several dyes."""


def normal_values(middle, sd):
    """N values whose quantiles are those of a normal distribution."""
    return middle + sd * np.array([NormalDist().inv_cdf((k + 0.5) / N) for k in range(N)])


def compared_with_a_share_off_by(off):
    """Compare four populations of one tenth of the light, the second of them off by a share of that."""
    light = np.array([0.0, 1e3, 1e4, 1e5])
    named = np.concatenate([normal_values(x, 20 + 0.02 * x) for x in light])
    tenth = light / 10 * np.array([1, 1 + off, 1, 1])
    others = np.concatenate([normal_values(x, 20.0) for x in tenth])
    ranges = tuple((x - 100 - 0.2 * x, x + 100 + 0.2 * x) for x in light)
    peaks = BeadPeaks(tuple(light), (0.1,) * 4, (N,) * 4, ranges, (False,) * 4, True, 0, "by hand")
    order = np.random.default_rng(3).permutation(named.size)  # the two channels' noise has nothing in common
    mixed = np.concatenate(
        [np.random.default_rng(k).permutation(part) for k, part in enumerate(np.split(others, 4))]
    )
    return compare_channels(named[order], mixed[order], peaks, one_dye=False)


def test_shares_of_light_may_differ_by_five_percent_and_three_standard_errors_of_a_median():
    # SE of a median of normal values: √(π/2) · SD / √n; of the second population, whose net light is 100.
    def allowed(net):
        return SHARES_WITHIN + 3 * np.sqrt(np.pi / 2) * 20 / np.sqrt(N) / net

    off = allowed(100 * 1.08)
    assert compared_with_a_share_off_by(0.97 * off) is not None
    assert compared_with_a_share_off_by(1.03 * off) is None


def test_the_gain_of_neither_channel_changes_how_their_variances_differ():
    rng = np.random.default_rng(1)
    named = [rng.normal(level, 5 + 0.03 * level, 300) for level in (3.0, 100.0, 1000.0, 9000.0)]
    other = [0.2 * (each + rng.normal(0, 5, 300)) for each in named]
    blank, *stained = (_Pair(x, y) for x, y in zip(named, other, strict=True))
    dim, *bright = (_Pair(5 * x, 0.3 * y) for x, y in zip(named, other, strict=True))
    plain, louder = _differences(stained, blank), _differences(bright, dim)
    assert len(plain) == 4
    for one, two in zip(plain, louder, strict=True):
        assert (two.light, two.variance, two.se) == pytest.approx((one.light, one.variance, one.se), rel=1e-9)
    assert [one.light for one in plain] == pytest.approx([100 / 9000, 1 / 9, 1.0, 3 / 9000], rel=0.2)
