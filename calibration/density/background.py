"""Take the background off a dim population: medians do not subtract exactly.

A stained cell shows its receptors and its background together. Receptors vary roughly log-normally from
cell to cell. Where the background's noise is as wide as the stain, the median of the sum is drawn toward the
*mean* of the receptors. A difference of medians is then too high: by 8 % at 1,000 receptors and by 17 % at
300 in a usual PE assay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.density.error_model import ENOUGH_CONTROL_CELLS, USUAL_BLANK_CELLS, blank_spread
from calibration.numbers import Floats

SPREADS = np.linspace(0.05, 1.25, 19)
"""Log-SDs of receptors from cell to cell that are weighed. Convention: from nearly alike to far apart."""

STEP = 1e-6
"""Part of the difference of medians to which its bias is rounded. Convention: less comes from rounding."""

USUAL_SPREAD, SPREAD_SD = 0.45, 0.25
"""Mean and SD of the prior of the log-SD. Assumption: a few hundred cells outweigh it
(docs/method.md, section 5)."""

PROBABILITIES = np.linspace(0.1, 0.9, 9)
"""The stain's quantiles that are matched. Convention: the deciles, since the tails may be other cells."""

N_NORMAL, N_PHOTON = 25, 5
"""Nodes that stand for a normal distribution, of the receptors and of the photons. Convention."""

N_CONTROL = 400
"""Points that stand for the control's distribution. Convention."""

N_BISECTIONS = 16
"""Halvings of the range in which M lies. Convention: it is then known to 1.2 / 2¹⁶ of the difference of
medians."""

FAR_ABOVE = 300
"""Times the background's MAD from which on nothing is taken off. Convention: the bias is below 0.01 %
there."""

MOST_CELLS = 3000
"""Cells that the fit counts at most. Convention: more cells make a log-normal model no truer."""


@dataclass(frozen=True, slots=True)
class SubtractionBias:
    """How much the difference of medians exceeds the receptors' own median, in MFI, and the SD of that."""

    mfi: float
    sd: float
    spread: float


@dataclass(frozen=True, slots=True)
class _Model:
    """stained = background + M · factor + photon noise; `factors` (spreads, normals), `nodes` (photons,)."""

    values: Floats
    probability: Floats
    factors: Floats
    photon_step: float
    nodes: Floats

    def below(self, at: float, middle: Floats) -> Floats:
        """P(stained ≤ at) for each spread, given its M."""
        amount = (middle[:, None] * self.factors)[..., None]
        rest = at - amount - np.sqrt(self.photon_step * amount) * self.nodes
        below = np.interp(rest, self.values, self.probability, left=0.0, right=1.0)
        return np.asarray(below.mean(axis=(1, 2)), dtype=np.float64)


def subtraction_bias(stained: Floats, control: Floats, photon_step: float = 0.0) -> SubtractionBias:
    """Estimate the bias of `median(stained) − median(control)`.

    Model: stained = control + M · exp(s · normal) + photon noise, with the control's own empirical
    distribution as background. For each spread s, M is such that the model's median is the stain's; the
    spreads are weighed by how well they give the stain's deciles (generalised least squares in probability,
    covariance of an empirical distribution) and by a mild prior. The bias is the weighted mean of
    `median(stained) − median(control) − M`. It vanishes where the stain is far above the background.

    Parameters
    ----------
    stained, control
        Linear intensities of the same gated population in both tubes, shapes (n,) and (m,).
    photon_step
        Linear units per photoelectron, as the beads show it; photon counting widens the stain
        symmetrically, which must not be taken for a spread of receptors. 0: none.

    Returns
    -------
    SubtractionBias
        Zero where the stain's median is not above the control's, or is far above all of it.
    """
    difference = float(np.median(stained) - np.median(control))
    width = float(np.median(np.abs(control - np.median(control))))
    if difference <= 0 or difference > FAR_ABOVE * width > 0:
        return SubtractionBias(0.0, 0.0, USUAL_SPREAD)
    nodes = _normal_quantiles(N_PHOTON) if photon_step > 0 else np.zeros(1)
    factors = np.exp(SPREADS[:, None] * _normal_quantiles(N_NORMAL))
    model = _Model(*_distribution(control), factors, photon_step, nodes)
    middle = _medians(model, float(np.median(stained)), difference)
    weight = _weights(model, middle, stained)
    bias = difference - middle
    mean = float((weight * bias).sum())
    sd = float(np.sqrt(max(float((weight * (bias - mean) ** 2).sum()), 0.0)))
    step = STEP * difference
    return SubtractionBias(
        step * round(mean / step), step * round(sd / step), float((weight * SPREADS).sum())
    )


def _normal_quantiles(n: int) -> Floats:
    """Nodes of a standard normal, each standing for 1 / n of it."""
    from scipy.special import ndtri

    nodes: Floats = ndtri((np.arange(n, dtype=np.float64) + 0.5) / n)
    return np.asarray(nodes / nodes.std(), dtype=np.float64)


def _distribution(control: Floats) -> tuple[Floats, Floats]:
    """Give the control's distribution as at most `N_CONTROL` values and probabilities; lines join them."""
    points = min(control.size, N_CONTROL)
    probability = (np.arange(points) + 0.5) / points
    values = np.asarray(np.quantile(control, probability, method="hazen"), dtype=np.float64)
    if control.size >= ENOUGH_CONTROL_CELLS:
        return values, probability
    usual = float(np.median(control)) + blank_spread(control) * _normal_quantiles(USUAL_BLANK_CELLS)
    values = np.sort(np.concatenate([values, usual]))
    return values, (np.arange(values.size) + 0.5) / values.size


def _medians(model: _Model, stained: float, difference: float) -> Floats:
    """M for each spread, by bisection, such that half of the model lies below the stain's median."""
    low, high = np.zeros(SPREADS.size), np.full(SPREADS.size, 1.2 * difference)
    for _ in range(N_BISECTIONS):
        middle = 0.5 * (low + high)
        too_dim = model.below(stained, middle) > 0.5
        low, high = np.where(too_dim, middle, low), np.where(too_dim, high, middle)
    return np.asarray(0.5 * (low + high), dtype=np.float64)


def _weights(model: _Model, middle: Floats, stained: Floats) -> Floats:
    """Weight of each spread: how well it gives the stain's deciles, times the prior."""
    deciles = np.quantile(stained, PROBABILITIES)
    off = np.stack([model.below(float(t), middle) for t in deciles], axis=1) - PROBABILITIES
    steps = np.diff(off, axis=1, prepend=0.0, append=0.0)  # a Brownian bridge: its covariance inverted
    misfit = (steps**2 / np.diff(PROBABILITIES, prepend=0.0, append=1.0)).sum(axis=1)
    cells = min(stained.size, MOST_CELLS)
    log_weight = -0.5 * cells * misfit - 0.5 * ((SPREADS - USUAL_SPREAD) / SPREAD_SD) ** 2
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum(), dtype=np.float64)
