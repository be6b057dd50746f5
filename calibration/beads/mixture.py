"""Divide the events among overlapping bead populations by an ordered mixture over bins.

The mixture has one Gaussian for each population and a slowly varying floor for debris and doublets. It is
fitted by expectation-maximisation (Dempster et al. 1977, doi:10.1111/j.2517-6161.1977.tb01600.x). Each
population stays between the valleys of its peak, so the order cannot change, and nothing is drawn at random.

On which scale is a population Gaussian? Noise and photon counting are symmetric on the linear scale. The
beads' own spread is proportional to the signal, and so symmetric on the logarithmic scale. The scale u = turn
· asinh(x / turn) is linear below `turn`, where noise and photon counting dominate, and logarithmic above. A
first fit finds `turn`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.beads.density_peaks import BinnedDensity, Mode
from calibration.beads.width_law import BeadLaw, Component, MixtureScale, bead_law
from calibration.numbers import LEAST_DIVISOR, MAD_TO_SD, Floats

N_ITERATIONS = 60
"""Most steps of the fit. Convention: it limits the time."""

N_TIED = 300
"""Most steps of a fit with tied widths. Convention: overlapping populations separate slowly."""

FLOOR_SHARE = 0.02
"""Share of the events in the floor when the fit starts. Convention: the fit adjusts it."""

FLOOR_WIDTH = 0.6
"""Smoothing of the floor on the arcsinh axis. Convention: far wider than a bead population."""

COARSE = 16
"""Number of bins that the floor combines. Convention: far narrower than its smoothing."""

SETTLED = 2e-4
"""The fit stops when no mean moves by more SDs than this. Convention: far below its sampling error."""
LEAST_TURN = 0.1
"""Least `turn` of the scale u, relative to the cofactor of the axis. Convention: a tenth of it lies within
the noise, so the scale is linear there in any case."""
NARROWEST_START, USUAL_START = 0.005, 0.1
"""Least SD on the arcsinh axis with which a population begins; the SD where no bin lies between its
valleys. Convention: CVs of 0.5 % and of 10 %; the fit finds its own."""
LEAST_FLOOR = 1e-3
"""Least number of events of the floor, per unit of the axis. Convention: far below one event, so that no
bin is impossible."""


@dataclass(frozen=True, slots=True)
class BeadMixture:
    """Populations, dim to bright; `shares` of each in every bin, the floor last, shape (k + 1, bins)."""

    components: tuple[Component, ...]
    shares: Floats
    log_likelihood: float
    scale: MixtureScale


def fit_bead_mixture(
    density: BinnedDensity, starts: tuple[Mode, ...], scale: MixtureScale, law: BeadLaw | None = None
) -> BeadMixture:
    """Fit one Gaussian for each start and a floor.

    Parameters
    ----------
    density
        Binned events.
    starts
        Where each population is and the valleys it stays between, dim to bright.
    scale
        On which populations are Gaussian.
    law
        Gives SD and usual number of events for the populations that are tied to it; the others are free.

    Returns
    -------
    BeadMixture
        In the order of `starts`.
    """
    x, occupied, blur = density.x, _occupied(density.counts), _floor_blur(density)
    counts, u, dz_du = density.counts[occupied], scale.u(x), scale.stretch(x) / np.hypot(x, density.cofactor)
    low, mean, high = (
        scale.u(np.sinh(np.array([getattr(m, f) for m in starts])) * density.cofactor)
        for f in ("low", "z", "high")
    )
    bin_width = density.step / (scale.stretch(scale.x(mean)) / np.hypot(scale.x(mean), density.cofactor))
    sd = np.array([_start_sd(density, m) for m in starts]) / density.step * bin_width
    n, floor = np.array([max(m.n, 1.0) for m in starts]), _flat_floor(density)
    widest, inside, jacobian = np.maximum(high - low, bin_width), u[occupied], dz_du[occupied]
    for _ in range(N_TIED if law else N_ITERATIONS):
        weight, _ = _shares(_densities(inside, mean, sd, n, floor[occupied] * jacobian))
        weight *= counts
        before, floor = mean, _smooth_floor(weight[-1], occupied, blur)
        weight = weight[:-1]
        n = np.maximum(weight.sum(axis=1), LEAST_DIVISOR)
        mean = np.clip((weight * inside).sum(axis=1) / n, low, high)
        sd = np.sqrt((weight * (inside - mean[:, None]) ** 2).sum(axis=1) / n)
        if law:
            sd, n = law.lawful_sd(mean, sd, n, scale, bin_width), law.lawful_n(n)
        sd = np.clip(sd, 0.5 * bin_width, widest)
        if np.all(np.abs(mean - before) < SETTLED * sd):
            break
    share, likelihood = _shares(_densities(u, mean, sd, n, floor * dz_du))
    center = scale.x(mean)
    spread = sd * scale.stretch(center)
    components = tuple(
        Component(float(m), float(s), float(k)) for m, s, k in zip(center, spread, n, strict=True)
    )
    return BeadMixture(components, share, float((density.counts * np.log(likelihood)).sum()), scale)


def _occupied(counts: Floats) -> slice:
    """Return the bins from the first to the last with events, in whole COARSE bins and one more."""
    filled = np.flatnonzero(counts)
    if not filled.size:
        return slice(0, counts.size)
    first, last = int(filled[0]) // COARSE - 1, int(filled[-1]) // COARSE + 2
    return slice(max(first, 0) * COARSE, min(last * COARSE, counts.size))


def fit_free(density: BinnedDensity, modes: tuple[Mode, ...]) -> BeadMixture:
    """Fit one population per mode, on the scale that a first, linear fit gives."""
    first = fit_bead_mixture(density, modes, MixtureScale())
    clear = [component for component in first.components if component.mean > 0]
    if len(clear) < 2:
        return first
    return fit_bead_mixture(
        density, modes, MixtureScale(max(bead_law(clear).turn, LEAST_TURN * density.cofactor))
    )


def _start_sd(density: BinnedDensity, mode: Mode) -> float:
    """Robust: the distance on z from the peak within which half of the events between the valleys lie."""
    z = density.centers
    inside = (z >= mode.low) & (z <= mode.high)
    distance, weight = np.abs(z[inside] - mode.z), density.counts[inside]
    order = np.argsort(distance, kind="stable")
    half = np.searchsorted(np.cumsum(weight[order]), 0.5 * weight.sum())
    return (
        max(MAD_TO_SD * float(distance[order][min(half, order.size - 1)]), NARROWEST_START)
        if order.size
        else USUAL_START
    )


def _flat_floor(density: BinnedDensity) -> Floats:
    """Density on z of a small share of the events, spread evenly."""
    n_bins = density.counts.size
    return np.full(n_bins, FLOOR_SHARE * float(density.counts.sum()) / (n_bins * density.step))


def _floor_blur(density: BinnedDensity) -> Floats:
    """Return what smooths the floor, far wider than a bead population: a matrix over the coarse bins."""
    from scipy.ndimage import gaussian_filter1d

    n_coarse, width = density.counts.size // COARSE, FLOOR_WIDTH / (COARSE * density.step)
    blur = gaussian_filter1d(np.eye(n_coarse), width, axis=0, mode="nearest") / (COARSE * density.step)
    return np.asarray(blur, dtype=np.float64)


def _smooth_floor(counts: Floats, occupied: slice, blur: Floats) -> Floats:
    """Density on z, in every bin, of the events in the `held` bins that no population claims."""
    coarse = counts.reshape(-1, COARSE).sum(axis=1)
    smooth = (blur[:, occupied.start // COARSE : occupied.stop // COARSE] * coarse).sum(axis=1)
    coarse_bins = (np.arange(blur.shape[0]) + 0.5) * COARSE - 0.5
    floor = np.interp(np.arange(blur.shape[0] * COARSE), coarse_bins, smooth)
    return np.asarray(np.maximum(floor, LEAST_FLOOR), dtype=np.float64)


def _densities(u: Floats, mean: Floats, sd: Floats, n: Floats, floor: Floats) -> Floats:
    """Density on u of each population and the floor; in place, since this is where the time goes."""
    every = np.empty((mean.size + 1, u.size))
    gauss = every[:-1]
    np.subtract(u, mean[:, None], out=gauss)
    gauss /= sd[:, None]
    np.square(gauss, out=gauss)
    gauss *= -0.5
    np.exp(gauss, out=gauss)
    gauss *= (n / sd / np.sqrt(2 * np.pi))[:, None]
    every[-1] = floor
    return every


def _shares(density: Floats) -> tuple[Floats, Floats]:
    """Share of each population in every bin, in place, and the density of all together."""
    total = density.sum(axis=0)
    density /= total
    return density, total
