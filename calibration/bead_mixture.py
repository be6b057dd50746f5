"""Share the events of overlapping bead populations: an ordered mixture on the arcsinh axis, over bins.

One Gaussian for each population and a flat floor for debris and doublets, by expectation–maximisation
(Dempster 1977) over binned counts. Each population may not leave the valleys it was found between, so the order
cannot change and nothing is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.density_peaks import Density, Mode

Floats = npt.NDArray[np.float64]

N_ITERATIONS = 60
FLOOR_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Component:
    """A population on z = asinh(x / cofactor): mean, SD and events (expected number)."""

    mean: float
    sd: float
    n: float


@dataclass(frozen=True, slots=True)
class Mixture:
    """Populations dim to bright, the flat floor's events, and the log-likelihood of the bins."""

    components: tuple[Component, ...]
    n_floor: float
    log_likelihood: float

    def responsibilities(self, z: Floats) -> Floats:
        """Probability of each population at z, the floor last; shape (k + 1, len(z))."""
        return _shares(_densities(z, *self._arrays()))[0]

    def _arrays(self) -> tuple[Floats, Floats, Floats, float]:
        mean = np.array([c.mean for c in self.components])
        sd = np.array([c.sd for c in self.components])
        n = np.array([c.n for c in self.components])
        return mean, sd, n, self.n_floor / FLOOR_RANGE


FLOOR_RANGE = 12.0  # width of the axis over which the floor is flat: five decades


def fit_mixture(density: Density, starts: tuple[Mode, ...]) -> Mixture:
    """Fit one Gaussian for each start and a floor.

    Parameters
    ----------
    density
        Binned events.
    starts
        Where each population is and the valleys it stays between, dim to bright.

    Returns
    -------
    Mixture
        In the order of `starts`.
    """
    keep = density.counts > 0
    z, counts = density.centers[keep], density.counts[keep]
    low, high = np.array([m.low for m in starts]), np.array([m.high for m in starts])
    mean = np.array([m.z for m in starts])
    sd = np.array([_start_sd(z, counts, m) for m in starts])
    n, floor = np.array([max(m.n, 1.0) for m in starts]), FLOOR_SHARE * float(counts.sum())
    narrowest = 0.5 * density.step
    for _ in range(N_ITERATIONS):
        share, _ = _shares(_densities(z, mean, sd, n, floor / FLOOR_RANGE))
        weight = share * counts
        total = weight.sum(axis=1)
        n, floor = np.maximum(total[:-1], 1e-9), float(total[-1])
        mean = np.clip(weight[:-1] @ z / n, low, high)
        spread = np.sqrt((weight[:-1] * (z - mean[:, None]) ** 2).sum(axis=1) / n)
        sd = np.clip(spread, narrowest, np.maximum(high - low, narrowest))
    _, likelihood = _shares(_densities(z, mean, sd, n, floor / FLOOR_RANGE))
    found = tuple(Component(float(m), float(s), float(k)) for m, s, k in zip(mean, sd, n, strict=True))
    return Mixture(found, floor, float((counts * np.log(likelihood)).sum()))


def _start_sd(z: Floats, counts: Floats, mode: Mode) -> float:
    """Robust: the distance from the peak within which half of the events between the valleys lie."""
    inside = (z >= mode.low) & (z <= mode.high)
    if not inside.any():
        return 0.1
    distance, weight = np.abs(z[inside] - mode.z), counts[inside]
    order = np.argsort(distance, kind="stable")
    half = np.searchsorted(np.cumsum(weight[order]), 0.5 * weight.sum())
    return max(1.4826 * float(distance[order][min(half, order.size - 1)]), 0.005)


def _densities(z: Floats, mean: Floats, sd: Floats, n: Floats, floor: float) -> Floats:
    gauss = np.exp(-0.5 * ((z - mean[:, None]) / sd[:, None]) ** 2) * (n / sd / np.sqrt(2 * np.pi))[:, None]
    return np.vstack([gauss, np.full((1, z.size), max(floor, 1e-12))])


def _shares(density: Floats) -> tuple[Floats, Floats]:
    total = density.sum(axis=0)
    return density / total, total


def split_overlapping(density: Density, modes: tuple[Mode, ...]) -> tuple[Mode, ...] | None:
    """One more population than peaks: part the one peak that holds two, if the data insist on it.

    Two beads closer than two SDs show no valley. A peak is parted only where it holds at least 1.4 times the
    events of a usual one, two Gaussians describe it far better than one, the halves weigh alike (1:3 at most)
    and stand at least 1.2 SDs apart.

    Returns
    -------
    tuple of Mode or None
        One mode more, or None where no peak can be parted.
    """
    best: tuple[float, tuple[Mode, ...]] | None = None
    usual = float(np.median([m.n for m in modes]))
    single = fit_mixture(density, modes)
    for k, mode in enumerate(modes):
        if mode.n < 1.4 * usual:
            continue
        trial = _parted(modes, k, single.components[k])
        fit = fit_mixture(density, trial)
        gain = fit.log_likelihood - single.log_likelihood
        if _truly_two(fit.components[k], fit.components[k + 1]) and gain > max(20.0, 0.005 * mode.n):
            best = max(best or (0.0, modes), (gain, trial), key=lambda pair: pair[0])
    return best[1] if best else None


def _parted(modes: tuple[Mode, ...], k: int, one: Component) -> tuple[Mode, ...]:
    mode = modes[k]
    left = Mode(one.mean - 0.8 * one.sd, mode.low, mode.high, mode.n / 2)
    right = Mode(one.mean + 0.8 * one.sd, mode.low, mode.high, mode.n / 2)
    return (*modes[:k], left, right, *modes[k + 1 :])


def _truly_two(left: Component, right: Component) -> bool:
    apart = (right.mean - left.mean) / np.sqrt(0.5 * (left.sd**2 + right.sd**2))
    return bool(apart >= 1.2 and 1 / 3 <= left.n / right.n <= 3)
