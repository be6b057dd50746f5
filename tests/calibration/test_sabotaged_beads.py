"""Bead runs that are wrong in a known way: refused, rejected, flagged or right, never silently wrong."""

import numpy as np
import pytest

from calibration import BeadPeaksError, CurveVerdict, find_bead_peaks, find_bead_singlets, fit_standard_curve
from validation.beads import SABOTAGES, outcome
from validation.simulated_beads import KITS, bead_run

N_RUNS = 10


def ends(kind, **how):
    return [outcome(kind, seed, **how)[0] for seed in range(N_RUNS)]


@pytest.mark.parametrize("gated", [True, False], ids=["singlets", "every event"])
@pytest.mark.parametrize("kind", SABOTAGES)
def test_no_sabotaged_run_is_silently_wrong(kind, gated):
    found = ends(kind, gated=gated)
    assert "silently wrong" not in found
    if kind == "swapped lot":
        assert set(found) <= {"reject", "refused"}
    if kind in ("merged", "missing", "wrong channel"):
        assert "right" not in found


def test_debris_does_not_cost_the_run():
    assert sum(end in ("right", "accept", "warn") for end in ends("debris")) >= 8


def curve_of(true_levels, typed, seed, **how):
    """The curve of a run of beads of `true_levels` for which somebody typed other values."""
    run = bead_run(np.random.default_rng(seed), true_levels, n=6000, **how)
    singlets = find_bead_singlets(run.fsc, run.ssc)
    peaks = find_bead_peaks(run.intensity[singlets], len(typed), blank=typed[0] == 0)
    return fit_standard_curve(peaks.medians, typed, rcv=peaks.rcv, n=peaks.n, saturated=peaks.saturated)


@pytest.mark.parametrize("left_out", range(1, 6))
def test_the_values_of_another_kit_are_not_accepted(left_out):
    other = [level for k, level in enumerate(KITS["qifikit"]) if k != left_out]
    assert (
        curve_of(KITS["qsc"], other, seed=left_out, autofluorescence=5.0).verdict is not CurveVerdict.ACCEPT
    )


def test_a_lot_sheet_in_decades_is_rejected():
    typed = [float(np.log10(level)) for level in KITS["quantibrite_pe"]]
    assert curve_of(KITS["quantibrite_pe"], typed, seed=1).verdict is CurveVerdict.REJECT


def test_capture_beads_that_do_not_bind_the_conjugate_s_species_are_refused():
    dark = [1e-4 * level for level in KITS["qsc"]]
    with pytest.raises(BeadPeaksError, match="5 bead populations"):
        curve_of(dark, KITS["qsc"], seed=1)
