"""Bead runs that are wrong in a known way: refused, rejected, flagged or right, never silently wrong."""

import numpy as np
import pytest
from validation.simulated_beads import KITS, Detector, bead_run

from calibration import (
    BeadPeaksError,
    StandardCurveError,
    find_bead_peaks,
    find_bead_singlets,
    fit_standard_curve,
)

N_RUNS = 10


def sabotaged(kind, seed):
    """A run, the levels that the lot sheet lists, and the true conversion at each real level."""
    rng = np.random.default_rng(seed)
    listed = np.array(list(KITS.values())[seed % len(KITS)])
    real, weights, first = listed.copy(), np.ones(listed.size), int(listed[0] == 0)
    detector = Detector(photons=10 ** rng.uniform(-1.6, -0.7), noise=rng.uniform(5, 40))
    detector.gain = 150000 / listed[-1] / detector.photons
    k = rng.integers(first, listed.size - 1)
    if kind == "swapped lot":
        listed[[k, k + 1]] = listed[[k + 1, k]]
    elif kind == "merged":
        real[k] = real[k + 1] * rng.uniform(0.85, 1.0)
    elif kind == "missing":
        weights[rng.integers(0, listed.size)] = rng.choice([0.0, 0.003])
    elif kind == "clipped":
        detector.top = rng.uniform(0.4, 1.05) * listed[-1] * detector.per_molecule
    elif kind == "wrong channel":
        detector.gain *= rng.uniform(0.002, 0.02)
    debris = 0.3 if kind == "debris" else 0.03
    run = bead_run(rng, real, detector=detector, n=5000, weights=weights, debris=debris)
    return run, listed, first, detector


def outcome(kind, seed, gated=True):
    run, listed, first, detector = sabotaged(kind, seed)
    mask = find_bead_singlets(run.fsc, run.ssc) if gated else np.ones(run.fsc.size, bool)
    try:
        peaks = find_bead_peaks(run.intensity[mask], listed.size, blank=first == 1)
        curve = fit_standard_curve(peaks.medians, listed, rcv=peaks.rcv, n=peaks.n, saturated=peaks.saturated)
    except (BeadPeaksError, StandardCurveError):
        return "refused"
    if curve.verdict != "accept" or any(peaks.saturated) or peaks.notes:
        return str(curve.verdict)
    at = np.geomspace(run.levels[first], run.levels[-1], 9)
    error = np.max(np.abs(curve.to_abc(at * detector.per_molecule) / at - 1))
    return "right" if error < 0.10 else "silently wrong"


@pytest.mark.parametrize("gated", [True, False], ids=["singlets", "every event"])
@pytest.mark.parametrize("kind", ["swapped lot", "merged", "missing", "clipped", "wrong channel", "debris"])
def test_no_sabotaged_run_is_silently_wrong(kind, gated):
    outcomes = [outcome(kind, seed, gated) for seed in range(N_RUNS)]
    assert "silently wrong" not in outcomes
    if kind == "swapped lot":
        assert set(outcomes) <= {"reject", "refused"}
    if kind in ("merged", "missing"):
        assert "right" not in outcomes


def test_debris_and_clipping_do_not_cost_the_run():
    assert sum(outcome("debris", seed) in ("right", "accept", "warn") for seed in range(N_RUNS)) >= 8
