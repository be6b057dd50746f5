"""Median, spread and range of one bead population of a mixture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.beads.density_peaks import BinnedDensity
from calibration.beads.mixture import BeadMixture
from calibration.beads.width_law import Component, MixtureScale
from calibration.numbers import IQR_TO_SD, QUARTILES, Floats, Mask
from calibration.rounding import rounded_fit

SURE = 0.9
"""Least share of a population in a bin whose events are assigned to it. Convention: at most a tenth of them
then belong to other populations."""

POPULATION_REACH = 3.0
"""SDs to either side of the mean that count as the population. Convention: 99.7 % of a normal one."""

WIDER_REACH = 3.5
"""SDs to either side of the mean whose events count, each by its share, where a population has no sure
events. Convention: all but one in 2,000 of a normal one; farther events are of the floor."""
LARGEST_CV = 100.0
"""Robust CV (10,000 %) of a blank at zero, whose true CV has no upper limit. Convention: any number far above
a CV that a bead can have."""


@dataclass(frozen=True, slots=True)
class MeasuredPopulation:
    """A measured population, linear units; `clipped` is the share of its events on an end of the scale."""

    median: float
    rcv: float
    n: int
    low: float
    high: float
    clipped: float = 0.0
    overlapping: bool = False


def measure(x: Floats, density: BinnedDensity, mixture: BeadMixture, k: int) -> MeasuredPopulation:
    """Return median and CV of the events that surely belong to a population, cut alike on both sides.

    Both sides are cut at the same distance. This keeps the median in place even where one side has a near
    neighbour. Where the sure events reach less than one SD, all events count instead, each weighted by its
    share.

    Parameters
    ----------
    x
        Sorted linear intensities, shape (n,).
    density, mixture, k
        The bins, the fitted mixture, and the number of the population.
    """
    component, scale = mixture.components[k], mixture.scale
    low, middle, high = scale.u(np.array(_sure_stretch(density.x, _sure(mixture, k), component)))
    sd = component.sd / float(scale.stretch(np.array(component.mean)))
    reach = min(middle - low, high - middle, POPULATION_REACH * sd)
    part = _within(x, scale, middle, reach)
    if reach < sd or part.size < 2:
        return _weighted(component, density, mixture.shares[k])
    part = _within(x, scale, float(scale.u(np.array(np.median(part)))), reach)
    population = of_events(part)
    return MeasuredPopulation(
        population.median,
        population.rcv * _widening(reach / sd),
        part.size,
        population.low,
        population.high,
    )


def of_events(part: Floats) -> MeasuredPopulation:
    """Return median and robust CV of sorted events; there must be at least two."""
    quarter, median, three = np.quantile(part, QUARTILES)
    return MeasuredPopulation(
        float(median), robust_cv(quarter, median, three), part.size, float(part[0]), float(part[-1])
    )


def robust_cv(quarter: float, median: float, three_quarters: float) -> float:
    """Robust CV, 0.7413 · IQR / |median|; at most 100 (10,000 %), which a blank at zero has."""
    spread = IQR_TO_SD * (three_quarters - quarter)
    return float(spread / abs(median)) if spread < LARGEST_CV * abs(median) else LARGEST_CV


def _within(x: Floats, scale: MixtureScale, middle: float, reach: float) -> Floats:
    first, last = np.searchsorted(x, scale.x(np.array([middle - reach, middle + reach])))
    return x[first:last]


def _sure(mixture: BeadMixture, k: int) -> Mask:
    """Return the bins whose events surely belong to this population, and rather to beads than to debris."""
    populations = mixture.shares[:-1]
    among = populations[k] >= SURE * populations.sum(axis=0)
    return np.asarray(among & (populations[k] >= mixture.shares[-1]), dtype=np.bool_)


def _sure_stretch(x: Floats, sure: Mask, component: Component) -> tuple[float, float, float]:
    """Find the unbroken sure stretch around the mean: low, mean, high."""
    start = int(np.clip(np.searchsorted(x, component.mean), 0, x.size - 1))
    if not sure[start]:
        return component.mean, component.mean, component.mean
    unsure = np.flatnonzero(~sure)
    left, right = unsure[unsure < start], unsure[unsure > start]
    low = float(x[left[-1] + 1]) if left.size else float(x[0])
    high = float(x[right[0] - 1]) if right.size else float(x[-1])
    return min(low, component.mean), component.mean, max(high, component.mean)


def _weighted(component: Component, density: BinnedDensity, share: Floats) -> MeasuredPopulation:
    """Quartiles of all events near the population, each weighted by its share."""
    x = np.sinh(density.edges[1:]) * density.cofactor
    near = np.abs(x - component.mean) <= WIDER_REACH * component.sd
    cumulated = np.cumsum(np.where(near, density.counts * share, 0.0))
    quarter, median, three = np.interp(np.array(QUARTILES) * cumulated[-1], cumulated, x)
    rcv = robust_cv(quarter, median, three)
    low, high = rounded_fit([quarter, three]).tolist()
    return MeasuredPopulation(float(median), rcv, round(component.n), low, high, overlapping=True)


def _widening(reach_sd: float) -> float:
    """Return the factor that corrects the IQR of a Gaussian that was cut at ± reach."""
    from scipy.special import ndtr, ndtri

    inside = 2 * ndtr(reach_sd) - 1
    return float(ndtri(QUARTILES[2]) / ndtri(0.5 + QUARTILES[0] * inside))
