"""Share the events of overlapping bead populations: an ordered mixture over bins.

One Gaussian for each population and a slowly varying floor for debris and doublets, by expectation-maximisation (Dempster et al. 1977,
doi:10.1111/j.2517-6161.1977.tb01600.x). Each population stays between the valleys it was found between, so the
order cannot change, and nothing is drawn at random.

Gaussian on which scale? Noise and photon counting are symmetric on the linear scale, the beads' own spread is
proportional and so symmetric on the logarithmic one. u = turn · asinh(x / turn) is linear below `turn`, where the
first two rule, and logarithmic above; a first fit tells where that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from calibration.density_peaks import Density, Mode

Floats = npt.NDArray[np.float64]

N_ITERATIONS = 60
N_TIED = 300  # overlapping populations part slowly
FLOOR_SHARE = 0.02  # of the events, at the start
GAIN = 12.0  # of log-likelihood for one population more: odds of 1 in 160,000
FLOOR_WIDTH = 0.6  # smoothing of the floor on the arcsinh axis
COARSE = 16  # bins taken together for the floor
SETTLED = 2e-4  # SDs that a mean still moves when the fit stops


@dataclass(frozen=True, slots=True)
class Component:
    """A population in linear units: mean, SD and events (expected number)."""

    mean: float
    sd: float
    n: float


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale u of the mixture; `turn` infinite: linear."""

    turn: float = np.inf

    def u(self, x: Floats) -> Floats:
        """From linear intensities."""
        return (
            x if np.isinf(self.turn) else np.asarray(self.turn * np.arcsinh(x / self.turn), dtype=np.float64)
        )

    def x(self, u: Floats) -> Floats:
        """Back to linear intensities."""
        return u if np.isinf(self.turn) else np.asarray(self.turn * np.sinh(u / self.turn), dtype=np.float64)

    def stretch(self, x: Floats) -> Floats:
        """dx/du at x."""
        return np.hypot(1.0, x / self.turn)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Populations dim to bright and the likelihood; `shares`: of each population, the floor last, in every bin."""

    components: tuple[Component, ...]
    shares: Floats
    log_likelihood: float
    scale: Scale


@dataclass(frozen=True, slots=True)
class BeadLaw:
    """What clear populations teach about overlapping ones of the same run.

    Width: variance = noise + photons · x + cv² · x² in linear units, from electronic noise, photon counting and the
    beads' own spread (Steen 1992, doi:10.1002/cyto.990130803). The law gives the ratios of the SDs of the `tied`
    populations; their common size is the data's, within a third. Number: log n ~ normal(`log_n`, `log_n_sd`), which
    says much where the clear populations are alike and nothing where they are not.
    """

    noise: float
    photons: float
    cv2: float
    log_n: float
    log_n_sd: float
    tied: tuple[int, ...] = ()

    @property
    def turn(self) -> float:
        """Where the beads' own spread outgrows noise and photon counting; infinite: nowhere."""
        if self.cv2 <= 0:
            return np.inf
        return float((self.photons + np.sqrt(self.photons**2 + 4 * self.noise * self.cv2)) / (2 * self.cv2))

    def sd(self, x: Floats) -> Floats:
        """SD of a population at x."""
        bright = np.maximum(x, 0.0)
        return np.asarray(
            np.sqrt(self.noise + self.photons * bright + self.cv2 * bright**2), dtype=np.float64
        )

    def lawful_sd(self, u: Floats, sd: Floats, n: Floats, scale: Scale, narrowest: Floats) -> Floats:
        """SDs on u as found, lawful where tied."""
        lawful, which = sd.copy(), list(self.tied)
        x = scale.x(u[which])
        law = np.maximum(self.sd(x) / scale.stretch(x), narrowest[which])
        size = np.sqrt(n[which] @ (sd[which] / law) ** 2 / n[which].sum())
        lawful[which] = law * float(np.clip(size, 0.75, 1.33))
        return lawful

    def lawful_n(self, n: Floats) -> Floats:
        """Numbers as found, drawn toward the usual where tied: the most probable under Poisson counts."""
        lawful, which = n.copy(), list(self.tied)
        u, weight = np.log(n[which]), 1 / self.log_n_sd**2
        for _ in range(6):
            u = u + (n[which] - np.exp(u) - weight * (u - self.log_n)) / (np.exp(u) + weight)
        lawful[which] = np.exp(u)
        return lawful


def fit_mixture(
    density: Density, starts: tuple[Mode, ...], scale: Scale, law: BeadLaw | None = None
) -> Mixture:
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
        Gives the SDs and the usual number of the starts it is tied to; the others are free.

    Returns
    -------
    Mixture
        In the order of `starts`.
    """
    c, counts = density.cofactor, density.counts
    x = density.x
    u, dz_du = scale.u(x), scale.stretch(x) / np.hypot(x, c)
    low, mean, high = (
        scale.u(np.sinh(np.array([getattr(m, f) for m in starts])) * c) for f in ("low", "z", "high")
    )
    bin_width = density.step / (scale.stretch(scale.x(mean)) / np.hypot(scale.x(mean), c))
    sd = np.array([_start_sd(density, m) for m in starts]) / density.step * bin_width
    n, floor = np.array([max(m.n, 1.0) for m in starts]), _flat_floor(density)
    widest = np.maximum(high - low, bin_width)
    for _ in range(N_TIED if law else N_ITERATIONS):
        share, _ = _shares(_densities(u, mean, sd, n, floor * dz_du))
        before, weight = mean, share[:-1] * counts
        n, floor = np.maximum(weight.sum(axis=1), 1e-9), _smooth_floor(share[-1] * counts, density.step)
        mean = np.clip(weight @ u / n, low, high)
        sd = np.sqrt((weight * (u - mean[:, None]) ** 2).sum(axis=1) / n)
        if law:
            sd, n = law.lawful_sd(mean, sd, n, scale, bin_width), law.lawful_n(n)
        sd = np.clip(sd, 0.5 * bin_width, widest)
        if np.all(np.abs(mean - before) < SETTLED * sd):
            break
    share, likelihood = _shares(_densities(u, mean, sd, n, floor * dz_du))
    center = scale.x(mean)
    spread = sd * scale.stretch(center)
    found = tuple(Component(float(m), float(s), float(k)) for m, s, k in zip(center, spread, n, strict=True))
    return Mixture(found, share, float(counts @ np.log(likelihood)), scale)


def fit_free(density: Density, modes: tuple[Mode, ...]) -> Mixture:
    """Fit the modes as they are, on the scale that a first, linear fit of them gives."""
    first = fit_mixture(density, modes, Scale())
    clear = [component for component in first.components if component.mean > 0]
    if len(clear) < 2:
        return first
    return fit_mixture(density, modes, Scale(max(bead_law(clear).turn, 0.1 * density.cofactor)))


def _start_sd(density: Density, mode: Mode) -> float:
    """Robust: the distance on z from the peak within which half of the events between the valleys lie."""
    z = density.centers
    inside = (z >= mode.low) & (z <= mode.high)
    distance, weight = np.abs(z[inside] - mode.z), density.counts[inside]
    order = np.argsort(distance, kind="stable")
    half = np.searchsorted(np.cumsum(weight[order]), 0.5 * weight.sum())
    return max(1.4826 * float(distance[order][min(half, order.size - 1)]), 0.005) if order.size else 0.1


def _flat_floor(density: Density) -> Floats:
    """Density on z of a small share of the events, spread evenly."""
    n_bins = density.counts.size
    return np.full(n_bins, FLOOR_SHARE * float(density.counts.sum()) / (n_bins * density.step))


def _smooth_floor(counts: Floats, step: float) -> Floats:
    """Density on z of the events that no population claims, smoothed far wider than a bead population."""
    from scipy.ndimage import gaussian_filter1d

    coarse = counts.reshape(-1, COARSE).sum(axis=1)
    smooth = gaussian_filter1d(coarse, FLOOR_WIDTH / (COARSE * step), mode="nearest") / (COARSE * step)
    at = (np.arange(coarse.size) + 0.5) * COARSE - 0.5
    return np.maximum(np.interp(np.arange(counts.size), at, smooth), 1e-3)


def _densities(u: Floats, mean: Floats, sd: Floats, n: Floats, floor: Floats) -> Floats:
    gauss = np.exp(-0.5 * ((u - mean[:, None]) / sd[:, None]) ** 2) * (n / sd / np.sqrt(2 * np.pi))[:, None]
    return np.vstack([gauss, floor])


def _shares(density: Floats) -> tuple[Floats, Floats]:
    total = density.sum(axis=0)
    return density / total, total


def bead_law(components: Sequence[Component]) -> BeadLaw:
    """Learn from clear populations: widths by non-negative least squares of relative variance, usual number.

    A brightest population less than half as wide (in CV) as the next is squeezed by its amplifier: left out.
    """
    from scipy.optimize import nnls

    clear = list(components)
    if len(clear) > 3 and clear[-1].sd / clear[-1].mean < 0.5 * clear[-2].sd / clear[-2].mean:
        clear = clear[:-1]
    x = np.maximum(np.array([c.mean for c in clear]), 0.0)
    variance = np.array([c.sd for c in clear]) ** 2
    terms = np.column_stack([np.ones_like(x), x, x**2]) / variance[:, None]
    scale = np.where(terms.max(axis=0) > 0, terms.max(axis=0), 1.0)
    noise, photons, cv2 = nnls(terms / scale, np.ones(x.size))[0] / scale
    log_n = np.log([c.n for c in components])
    spread = 1.5 * float(np.std(log_n, ddof=1)) + 0.02
    return BeadLaw(float(noise), float(photons), float(cv2), float(np.mean(log_n)), spread)


def merge_unresolvable(density: Density, modes: tuple[Mode, ...]) -> tuple[Mode, ...]:
    """Join neighbouring peaks that stand closer than 1.5 SDs of what the detector resolves there.

    Populations so close would show one peak: such pairs are the picket fence of photoelectrons or of the detector's
    own steps, not two beads. What the detector resolves is learnt from peaks that stand alone.
    """
    fit = fit_free(density, modes).components
    alone = [c for k, c in enumerate(fit) if c.mean > 0 and _stands_alone(fit, k)]
    if len(alone) < 3:
        return modes
    law = bead_law(alone)
    joined = [modes[0]]
    for mode in modes[1:]:
        x = np.sinh(np.array([joined[-1].z, mode.z])) * density.cofactor
        if x[1] - x[0] < 1.5 * float(law.sd(x[1:])[0]):
            joined[-1] = _joined(joined[-1], mode)
        else:
            joined.append(mode)
    return tuple(joined)


def _stands_alone(fit: Sequence[Component], k: int) -> bool:
    """No neighbour within a factor of 1.6: kits step by more."""
    near = [c.mean for j, c in enumerate(fit) if abs(j - k) == 1]
    return all(not 1 / 1.6 < m / fit[k].mean < 1.6 for m in near)


def _joined(left: Mode, right: Mode) -> Mode:
    peak = left.z if left.n >= right.n else right.z
    return Mode(peak, left.low, right.high, left.n + right.n)


def split_overlapping(density: Density, modes: tuple[Mode, ...]) -> Mixture | None:
    """One more population than peaks: part the one peak that holds two, if the data insist on it.

    Two beads closer than two SDs show no valley, and two Gaussians of free width do not tell them apart reliably.
    But the widths of beads follow detection physics (`BeadLaw`), which the clear peaks show. A peak is parted
    only where it holds at least 1.4 times the events of a usual one, two Gaussians of lawful width describe it
    far better than one, weigh alike (1:3 at most) and stand at least 1.2 SDs apart.

    Returns
    -------
    Mixture or None
        With one population more than `modes`, or None where no peak can be parted.
    """
    if len(modes) < 4:
        return None
    usual = float(np.median([m.n for m in modes]))
    free = fit_free(density, modes)
    trials = [_parted(density, modes, free, k) for k, mode in enumerate(modes) if mode.n >= 1.4 * usual]
    fits = [fit for fit in trials if fit is not None]
    return max(fits, key=lambda fit: fit.log_likelihood, default=None)


def _parted(density: Density, modes: tuple[Mode, ...], free: Mixture, k: int) -> Mixture | None:
    """Give the mixture with mode k parted, or None where the data do not insist."""
    near = tuple(j for j in (k - 1, k, k + 1) if 0 <= j < len(modes))
    clear = [c for j, c in enumerate(free.components) if j not in near and c.mean > 0]
    if len(clear) < 3:
        return None
    law = bead_law(clear)
    tied, starts = tuple(range(near[0], near[-1] + 2)), _two_starts(modes, k, law, density.cofactor)
    scale = Scale(max(law.turn, 0.1 * density.cofactor))
    two = fit_mixture(density, starts, scale, replace(law, tied=tied))
    one = fit_mixture(density, modes, scale, replace(law, tied=near))
    gain = two.log_likelihood - one.log_likelihood
    insisted = gain > GAIN and _truly_two(two.components[k], two.components[k + 1])
    return two if insisted else None


def _two_starts(modes: tuple[Mode, ...], k: int, law: BeadLaw, cofactor: float) -> tuple[Mode, ...]:
    """Mode k as two, a lawful SD to either side; they may reach into their neighbours' stretches."""
    mode = modes[k]
    x = float(np.sinh(mode.z) * cofactor)
    away = float(law.sd(np.array([x]))[0]) / float(np.hypot(x, cofactor))
    low = modes[k - 1].z if k else mode.low
    high = modes[k + 1].z if k + 1 < len(modes) else mode.high
    halves = (Mode(mode.z - away, low, high, mode.n / 2), Mode(mode.z + away, low, high, mode.n / 2))
    before = tuple(Mode(m.z, m.low, mode.z, m.n) if j == k - 1 else m for j, m in enumerate(modes[:k]))
    after = tuple(Mode(m.z, mode.z, m.high, m.n) if j == 0 else m for j, m in enumerate(modes[k + 1 :]))
    return (*before, *halves, *after)


def _truly_two(left: Component, right: Component) -> bool:
    apart = (right.mean - left.mean) / np.sqrt(0.5 * (left.sd**2 + right.sd**2))
    return bool(apart >= 1.2 and 1 / 3 <= left.n / right.n <= 3)
