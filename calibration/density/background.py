"""Subtract the background of a dim population: the difference of two medians is biased.

A stained cell shows its receptors and its background together. Receptors vary roughly log-normally from cell
to cell. Where the background's noise is as wide as the stain, the median of the sum is drawn toward the
*mean* of the receptors. A difference of medians is then too high: by 8 % at 1,000 receptors and by 17 % at
300 in a usual PE assay. Where the stain shows that its receptors are not one log-normal group (two groups, a
bright tail), their distribution is estimated without a law, and the interval includes this uncertainty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.density.error_model import ENOUGH_CONTROL_CELLS, USUAL_BLANK_CELLS, blank_spread
from calibration.numbers import LEAST_MFI, Floats

RECEPTOR_SPREADS = np.linspace(0.05, 1.25, 19)
"""Log-SDs of receptors from cell to cell that the fit weighs. Convention: from nearly equal to very different
cells."""

BIAS_STEP = 1e-6
"""Step to which the bias is rounded, relative to the difference of medians. Convention: smaller differences
come from rounding."""

USUAL_RECEPTOR_SPREAD, SPREAD_SD = 0.45, 0.25
"""Mean and SD of the prior of the log-SD. Assumption: a few hundred cells outweigh it
(docs/method.md, section 5)."""

PROBABILITIES = np.linspace(0.1, 0.9, 9)
"""Quantiles of the stained cells to which the fit is matched. Convention: the deciles, since the tails may be
other cells."""

N_NORMAL, N_PHOTON = 25, 5
"""Number of nodes that represent a normal distribution: of the receptors, and of the photons. Convention:
both are smooth, so a few nodes suffice; more nodes cost time."""

N_CONTROL = 400
"""Number of points that represent the control's distribution. Convention: each point is a quarter of a
percent of the control's cells."""

HIGHEST_MEDIAN = 1.2
"""Upper end of the search for M, relative to the difference of medians. Convention: noise draws the median
of the sum up, so M lies below the difference, and the rest is room."""
N_BISECTIONS = 16
"""Number of bisections of the range of M. Convention: M is then known to 1.2 / 2¹⁶ of the difference of
medians."""

FAR_ABOVE = 300
"""Above this multiple of the background's MAD, no bias is subtracted. Convention: the bias is below 0.01 %
there."""

MOST_CELLS_FITTED = 3000
"""Largest number of cells that the fit counts. Convention: more cells do not make a log-normal model more
exact."""

LAW_DOUBT = 0.2
"""Uncertainty of the bias due to the choice of the log-normal law, as a part of the bias (SD). Chosen on
left-skewed receptors, whose bias is wrong by so much (docs/validation.md)."""

ODD_SHAPE = 26.0
"""Least misfit of the deciles (chi-squared) that shows that receptors are no single log-normal group.
Arithmetic: the 99.9 % quantile at 8 degrees of freedom."""

CLEAR_SHAPE = 0.2
"""Least misfit per cell at which the shape is flagged although it changes no number. Convention: two equal
groups 4 times apart have 0.21, an exponential law 0.06."""

BIAS_THAT_MATTERS = 0.02
"""Least bias, as a part of the difference of medians, for which the second model is fitted. Convention: small
beside the 5 % of the lot and of F:P."""

AMOUNTS = np.concatenate([[0.0], np.exp(np.linspace(np.log(0.02), np.log(40.0), 48))])
"""Amounts of receptors, relative to the difference of medians, whose shares are estimated if the shape is not
log-normal. Convention: steps of ×/÷ 1.17."""

BACKGROUND_BINS, N_EM_STEPS, EM_SMOOTHING, N_RESAMPLED = 32, 200, 0.1, 12
"""Number of bins of the stained cells, each with equally many cells; steps of the EM; part of a share that
moves to either neighbour in a step; number of resampled stains for the SD. Convention: log-normal receptors
then get the same result as from the log-normal model."""

SHAPE_DOUBT = 0.7
"""Uncertainty of the bias if the shape is not log-normal, as a part of the bias (SD). Chosen on two groups
below 1,000 (docs/validation.md)."""


@dataclass(frozen=True, slots=True)
class SubtractionBias:
    """How much the difference of medians exceeds the receptors' own median, in MFI, and the SD of that.

    `spread`: log-SD of the receptors. `mixed`: the stain shows that they are no single log-normal group.
    `open`: the part of the bias that vanishes if receptors and background increase together (MFI).
    """

    mfi: float
    sd: float
    spread: float
    mixed: bool = False
    open: float = 0.0


@dataclass(frozen=True, slots=True)
class _Model:
    """stained = background + M · factor + photon noise; `factors` (spreads, normals), `nodes` (photons,)."""

    values: Floats
    probability: Floats
    factors: Floats
    photon_step: float
    nodes: Floats

    def below(self, edge: float, middle: Floats) -> Floats:
        """P(stained ≤ at) for each spread, given its M."""
        amount = (middle[:, None] * self.factors)[..., None]
        errors = edge - amount - np.sqrt(self.photon_step * amount) * self.nodes
        below = np.interp(errors, self.values, self.probability, left=0.0, right=1.0)
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
        Linear units per photoelectron, measured on the beads. Photon counting widens the stain
        symmetrically; this must not be counted as a spread of receptors. 0: no photon noise.

    Returns
    -------
    SubtractionBias
        Zero where the stain's median is not above the control's, or is far above all of it.
    """
    difference = float(np.median(stained) - np.median(control))
    width = float(np.median(np.abs(control - np.median(control))))
    if difference <= 0:
        return SubtractionBias(0.0, 0.0, USUAL_RECEPTOR_SPREAD)
    cells = stained.size * control.size / (stained.size + control.size)
    if difference > FAR_ABOVE * width > 0:
        misfit = _misfit(_far_above(stained))
        return SubtractionBias(
            0.0, 0.0, USUAL_RECEPTOR_SPREAD, mixed=_is_clear(float(misfit.min()), stained.size)
        )
    nodes = _normal_quantiles(N_PHOTON) if photon_step > 0 else np.zeros(1)
    factors = np.exp(RECEPTOR_SPREADS[:, None] * _normal_quantiles(N_NORMAL))
    model = _Model(*_distribution(control), factors, photon_step, nodes)
    middle = _medians(model, float(np.median(stained)), difference)
    deciles = np.quantile(stained, PROBABILITIES)
    misfit = _misfit(np.stack([model.below(float(t), middle) for t in deciles], axis=1))
    weight = _weights(misfit, min(stained.size, MOST_CELLS_FITTED))
    bias = difference - middle
    mean = float((weight * bias).sum())
    sd = float(np.sqrt(max(float((weight * (bias - mean) ** 2).sum()), 0.0) + (LAW_DOUBT * mean) ** 2))
    least, step = float(misfit.min()), BIAS_STEP * difference
    mixed = _is_clear(least, cells)
    if cells * least > ODD_SHAPE and abs(mean) > BIAS_THAT_MATTERS * difference:
        mean, sd = _bias_without_a_law(model, stained, difference, int(cells))
        mixed = True
    spread = float((weight * RECEPTOR_SPREADS).sum())
    mfi = step * round(mean / step)
    return SubtractionBias(mfi, step * round(sd / step), spread, mixed, max(mfi, 0.0))


def _is_clear(misfit: float, cells: float) -> bool:
    return cells * misfit > ODD_SHAPE and misfit > CLEAR_SHAPE


def _far_above(stained: Floats) -> Floats:
    """P(stained ≤ its own deciles) for each spread where the background does not count."""
    from scipy.special import ndtr

    deciles = np.maximum(np.quantile(stained, PROBABILITIES), LEAST_MFI)
    away = np.log(deciles / max(float(np.median(stained)), LEAST_MFI))
    return np.asarray(ndtr(away[None, :] / RECEPTOR_SPREADS[:, None]), dtype=np.float64)


def _normal_quantiles(n: int) -> Floats:
    """Nodes of a standard normal, each standing for 1 / n of it."""
    from scipy.special import ndtri

    nodes: Floats = ndtri((np.arange(n, dtype=np.float64) + 0.5) / n)
    return np.asarray(nodes / nodes.std(), dtype=np.float64)


def _distribution(control: Floats) -> tuple[Floats, Floats]:
    """Return the control's distribution as at most `N_CONTROL` values and probabilities, joined by lines."""
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
    low, high = np.zeros(RECEPTOR_SPREADS.size), np.full(RECEPTOR_SPREADS.size, HIGHEST_MEDIAN * difference)
    for _ in range(N_BISECTIONS):
        middle = 0.5 * (low + high)
        too_dim = model.below(stained, middle) > 0.5
        low, high = np.where(too_dim, middle, low), np.where(too_dim, high, middle)
    return np.asarray(0.5 * (low + high), dtype=np.float64)


def _misfit(below: Floats) -> Floats:
    """Misfit per cell of each spread to the stain's deciles: chi-squared over the number of cells."""
    steps = np.diff(below - PROBABILITIES, axis=1, prepend=0.0, append=0.0)  # a Brownian bridge, inverted
    return np.asarray((steps**2 / np.diff(PROBABILITIES, prepend=0.0, append=1.0)).sum(axis=1))


def _weights(misfit: Floats, cells: int) -> Floats:
    """Weight of each spread: how well it gives the stain's deciles, times the prior."""
    log_weight = -0.5 * cells * misfit - 0.5 * ((RECEPTOR_SPREADS - USUAL_RECEPTOR_SPREAD) / SPREAD_SD) ** 2
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum(), dtype=np.float64)


def _bias_without_a_law(model: _Model, stained: Floats, difference: float, cells: int) -> tuple[float, float]:
    """Bias and its SD where receptors follow no single log-normal law.

    Shares of the receptors on a logarithmic grid, by smoothed EM (Silverman, Jones, Wilson & Nychka 1990, J.
    R. Stat. Soc. B 52:271-324), of the stain and of resampled stains. The bias is the difference of medians
    less the median of the shares. Background hides how far apart two dim groups lie; the SD therefore
    includes a part of the bias.
    """
    edges = np.quantile(stained, np.arange(1, BACKGROUND_BINS) / BACKGROUND_BINS)
    amount = difference * AMOUNTS[:, None, None]
    errors = edges[None, :, None] - amount - np.sqrt(model.photon_step * amount) * model.nodes
    below = np.interp(errors, model.values, model.probability, left=0.0, right=1.0).mean(axis=2)
    chance = np.diff(below, axis=1, prepend=0.0, append=1.0) + 1.0 / (BACKGROUND_BINS * N_CONTROL**2)
    even = np.full(BACKGROUND_BINS, 1 / BACKGROUND_BINS)
    resampled = np.random.default_rng(0).multinomial(cells, even, N_RESAMPLED) / cells
    middle = difference * _shares_medians(chance, np.concatenate([even[None, :], resampled]))
    mean = difference - float(middle[0])
    return mean, float(np.hypot(np.std(middle[1:]), SHAPE_DOUBT * mean))


def _shares_medians(chance: Floats, observed_shares: Floats) -> Floats:
    """Median of the receptors, in differences of medians, for each row of shares of the bins (n, bins)."""
    share = np.full((len(observed_shares), AMOUNTS.size), 1 / AMOUNTS.size)
    for _ in range(N_EM_STEPS):
        fitted = np.einsum("bk,kj->bj", share, chance)
        share = share * np.einsum("bj,kj->bk", observed_shares / fitted, chance)
        moved = EM_SMOOTHING * share[:, 1:]
        share[:, 1:] -= 2 * moved
        share[:, 1:-1] += moved[:, 1:]
        share[:, 2:] += moved[:, :-1]
        share[:, 1] += moved[:, 0]
        share[:, -1] += moved[:, -1]
        share /= share.sum(axis=1, keepdims=True)
    level = np.log(np.maximum(AMOUNTS, AMOUNTS[1] / 2))
    return np.array([np.exp(np.interp(0.5, np.cumsum(row) - 0.5 * row, level)) for row in share])
