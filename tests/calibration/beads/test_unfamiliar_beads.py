"""Bead runs that our simulator does not make: other shapes, scales, offsets, resolutions, numbers of populations.

Each is right, refused, rejected or said to be doubtful; none is wrong without a word.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from calibration import (
    BeadPeaksError,
    CurveVerdict,
    StandardCurveError,
    find_bead_peaks,
    fit_standard_curve,
)

N_RUNS = 6
END = 262143.0


@dataclass(frozen=True)
class Kind:
    """How beads spread, and what the detector makes of them."""

    shape: str = "normal"
    offset: float = 0.0
    bits: int = 0
    log_amplified: bool = False
    per_peak: int = 0
    drift: float = 0.0


KINDS = {
    "gamma": Kind("gamma"),
    "log-normal": Kind("lognormal"),
    "heavy tails": Kind("t"),
    "tail to the dim side": Kind("skewed"),
    "offset +200": Kind(offset=200.0),
    "offset -60": Kind(offset=-60.0),
    "log-amplified, 10 bit": Kind(log_amplified=True),
    "linear, 10 bit": Kind(bits=10),
    "linear, 12 bit": Kind(bits=12),
    "200 a peak": Kind(per_peak=200),
    "light fades by a tenth": Kind(drift=0.1),
}


def spread(rng, shape, cv, n):
    if shape == "gamma":
        return rng.gamma(1 / cv**2, cv**2, n)
    if shape == "lognormal":
        return rng.lognormal(0, cv, n)
    if shape == "t":
        return 1 + cv * rng.standard_t(5, n) * np.sqrt(3 / 5)
    if shape == "skewed":
        return 1 - (rng.gamma(4, 1, n) - 4) / 2 * cv
    return rng.normal(1, cv, n)


def quantised(x, kind):
    """What the instrument writes; the step of its scale at x."""
    if kind.log_amplified:  # $PnE 4,1 and 1,024 channels
        channel = np.clip(np.floor(np.log10(np.maximum(x, 1e-9) / END * 1e4) * 256), 0, 1023)
        value = 10 ** (channel / 256)
        return value, 0.01 * value
    if kind.bits:
        return np.clip(np.floor(x / (END + 1) * 2**kind.bits), 0, 2**kind.bits - 1), np.ones_like(x)
    return np.minimum(x, END), np.zeros_like(x)


def unfamiliar(kind, seed):
    """Intensities, assigned levels, true medians of the populations, and the scale's step there."""
    rng = np.random.default_rng([seed, 31])
    k, blank = int(rng.integers(4, 9)), bool(rng.integers(2))
    ratio = rng.uniform(3, 6) if k <= 6 else rng.uniform(2.6, 3.5)
    levels = 300 * ratio ** np.arange(k - blank)
    levels = np.r_[0.0, levels] if blank else levels
    weights = np.maximum(rng.dirichlet(np.full(k, 4.0)), 0.03)
    n = kind.per_peak * k or int(rng.choice([4000, 10000]))
    population = rng.choice(k, n, p=np.full(k, 1 / k) if kind.per_peak else weights / weights.sum())
    light = levels[population] * spread(rng, kind.shape, rng.uniform(0.03, 0.08), n)
    light = (light + 20 * rng.lognormal(0, 0.3, n)) * np.linspace(1 + kind.drift / 2, 1 - kind.drift / 2, n)
    photons, gain = rng.uniform(0.05, 0.3), rng.uniform(0.3, 0.9) * END / levels[-1]
    x = rng.poisson(np.maximum(light, 0) * photons) / photons * gain + rng.normal(0, 20, n) + kind.offset
    true = np.array([np.median(x[population == j]) for j in range(k)])
    few = int(0.03 * n)
    x[:few] += x[rng.permutation(n)[:few]] - kind.offset
    x[few : 2 * few] = rng.lognormal(np.log(300), 1.2, few)
    return quantised(x, kind)[0], levels, *quantised(true, kind)


def end_of(kind, seed):
    """Return `refused`, the verdict where something is said, `right`, or `silently wrong`."""
    x, levels, true, step = unfamiliar(kind, seed)
    try:
        peaks = find_bead_peaks(x, levels.size, blank=bool(levels[0] == 0))
        curve = fit_standard_curve(
            peaks.medians, levels.tolist(), rcv=peaks.rcv, n=peaks.n, saturated=peaks.saturated
        )
    except (BeadPeaksError, StandardCurveError):
        return "refused"
    if curve.verdict is not CurveVerdict.ACCEPT or peaks.notes or curve.notes:
        return str(curve.verdict)
    fitted = np.array(curve.fitted)
    off = np.abs(np.array(peaks.medians) - true)[fitted]
    return "right" if np.all(off <= 0.04 * np.abs(true[fitted]) + step[fitted]) else "silently wrong"


@pytest.mark.parametrize("name", KINDS)
def test_beads_that_we_did_not_simulate_are_never_silently_wrong(name):
    ends = [end_of(KINDS[name], seed) for seed in range(N_RUNS)]
    assert "silently wrong" not in ends


@pytest.mark.parametrize(
    "name", ["gamma", "log-normal", "heavy tails", "offset +200", "log-amplified, 10 bit"]
)
def test_most_of_them_are_measured(name):
    ends = [end_of(KINDS[name], seed) for seed in range(N_RUNS)]
    assert sum(end != "refused" for end in ends) >= N_RUNS - 2
