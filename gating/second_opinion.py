"""A second opinion: the plasma cells by another method, for comparison with the gates.

It shares no step with the strategy. Single cells are those whose pulse has the usual shape. scikit-learn then
fits one mixture of normals to all gating channels at once, and the groups that look most like the panel's
targets are the wanted cells. It is cruder than the strategy and never replaces it: where the two differ, a
person should look.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.elementary import log
from gating.clusters.mixture import Mixture
from gating.events import Events, Mask
from gating.events.panel import SCATTER_ROLES, GatingChannel, GatingPanel, Target
from gating.events.quantiles import quantile
from gating.events.sampling import drawn_by_scatter
from gating.events.transforms import asinh, asinh_cofactor

Floats = NDArray[np.float64]

SAMPLE = 10_000
"""Events that the mixture is fitted to: all of the likeliest eighth, and ever fewer of the others.
Chosen on the simulated tubes of docs/validation.md."""
GROUPS, STEPS = 14, 30
"""Normal distributions of the mixture, and steps of its fit; it ends by count. Chosen on the simulated tubes
of docs/validation.md."""
FEWEST = 10
"""Events of the sample that make a group. Chosen on the simulated tubes of docs/validation.md."""
LEAST_VARIANCE = 0.03
"""Added to the variance of each group, in squared spreads of the tube. Chosen on the simulated tubes of
docs/validation.md."""
PULSE_SPREADS, PULSE_ROOM = 4.0, 0.02
"""Spreads of area over height, natural log, that single cells keep to, and room beside them. Chosen on the
simulated tubes of docs/validation.md."""
NORMAL_MAD = 1.4826
"""SD over median absolute deviation of a normal distribution. Convention: a mathematical constant."""
USUAL_SPREAD = (0.16, 0.5, 0.84)
"""Quantiles of a channel one usual spread below its median, at it, and above it. Convention: of a normal
distribution."""
FARTHEST = 30.0
"""Usual spreads from the median beyond which all values are alike. Convention: far beyond any stained
cell."""
BRIGHTEST, LEAST_BRIGHT = 0.9995, 2.0
"""Quantile of a channel that counts as full brightness; it is at least so many spreads. Chosen on the
simulated tubes of docs/validation.md."""
DIMMER, BRIGHTER = 0.55, 0.3
"""Of the best group's brightness, what another group of wanted cells keeps on positive channels; what it may
exceed it by on negative ones, as a part of full brightness. Chosen on the simulated tubes of
docs/validation.md."""
DIGITS = 4
"""Decimals that the fit is rounded to before a cell is chosen by it; processors agree on more. Convention:
far below the error of a fit."""
AREAS = ("fsc_area", "ssc_area")
"""Roles of scatter that take part, on a logarithmic axis."""
SIDES = {Target.POSITIVE: 1.0, Target.NEGATIVE: -1.0, Target.LOW: -1.0, Target.ANY: 0.0}
"""Where the wanted cells lie on a channel: above the others, below them, or anywhere. Convention: a sign."""


def dice_overlap(first: Mask, second: Mask) -> float:
    """Return the overlap of two sets of cells, 0 to 1: 2 · both / (first + second); 1 if both are empty.

    Dice 1945, doi:10.2307/1932409.
    """
    n_chosen = int(np.count_nonzero(first)) + int(np.count_nonzero(second))
    return 2 * int(np.count_nonzero(first & second)) / n_chosen if n_chosen else 1.0


def second_opinion(events: Events, panel: GatingPanel) -> Mask | None:
    """Find the wanted cells by one mixture over all gating channels.

    Parameters
    ----------
    events
        Linear scale, fluorescence compensated, without the quantified channel.
    panel
        What each channel is for. A panel without any target gets those of plasma cells.

    Returns
    -------
    numpy.ndarray
        bool, shape (n_events,); None where the panel has no positive marker, or the tube hardly any single
        cells.
    """
    panel = panel.with_default_targets()
    events = drawn_by_scatter(events, panel)
    channels = _channels(panel)
    sides = np.array([SIDES[channel.target] for channel in channels])
    single = np.flatnonzero(_single_cells(events, panel))
    if single.size < FEWEST * GROUPS or not (sides > 0).any():
        return None
    points = _points(events, channels, single)
    full = np.maximum([quantile(axis, BRIGHTEST) for axis in points.T], LEAST_BRIGHT)
    likeness = _likeness(points / full, sides)
    drawn, shares = _drawn(likeness, events.tickets.take(single))
    mixture = _fitted(points[drawn], likeness[drawn], 1 / shares)
    sizes = mixture.belongings(points[drawn]).sum(axis=1)
    chosen = _wanted(mixture.means / full, sides, sizes)
    mask = np.zeros(events.n_events, np.bool_)
    mask[single[mixture.belongings(points)[chosen].sum(axis=0) > 0.5]] = True
    return mask


def _channels(panel: GatingPanel) -> tuple[GatingChannel, ...]:
    """Return the channels of the mixture, in an order that the panel's does not change."""
    left_out = {*SCATTER_ROLES, "time"} - set(AREAS)
    return tuple(
        sorted((c for c in panel.channels if c.role not in left_out), key=lambda c: (c.role, c.channel))
    )


def _single_cells(events: Events, panel: GatingPanel) -> Mask:
    """Return the events with light in both areas whose area over height is the usual one."""
    areas = [events.column(channel.channel) for role in AREAS for channel in panel.with_role(role)]
    lit = np.ones(events.n_events, np.bool_)
    for area in areas:
        lit &= area > 0
    heights = panel.with_role("fsc_height")
    if not panel.with_role("fsc_area") or not heights:
        return lit
    height = events.column(heights[0].channel)
    lit &= height > 0
    if not lit.any():
        return lit
    ratio = log(areas[0][lit]) - log(height[lit])
    off = np.abs(ratio - quantile(ratio, 0.5))
    lit[lit] = off < PULSE_SPREADS * NORMAL_MAD * quantile(off, 0.5) + PULSE_ROOM
    return lit


def _points(events: Events, channels: Sequence[GatingChannel], single: NDArray[np.intp]) -> Floats:
    """Return the single cells on axes with median 0 and usual spread 1, shape (n, n_channels)."""
    points = np.empty((single.size, len(channels)))
    for row, channel in enumerate(channels):
        column = events.column(channel.channel)
        chosen = column.take(single)
        axis = log(chosen) if channel.role in AREAS else asinh(chosen, asinh_cofactor(column))
        low, middle, high = (quantile(axis, share) for share in USUAL_SPREAD)
        points[:, row] = (axis - middle) / ((high - low) / 2 + 1e-9)
    return np.clip(points, -FARTHEST, FARTHEST)


def _likeness(brightness: Floats, sides: Floats) -> Floats:
    """Return how much each row looks like the targets: bright on positive channels, dark on negative.

    Parameters
    ----------
    brightness
        Parts of full brightness, shape (n, n_channels).
    sides
        1 for a positive channel, −1 for a negative one, 0 for one without a target; shape (n_channels,).

    Returns
    -------
    numpy.ndarray
        Shape (n,); 1 at best. The weakest positive and the brightest negative channel count as much as all.
    """
    bounded = np.clip(brightness, -0.2, 1.0)
    positive, negative = bounded[:, sides > 0], bounded[:, sides < 0]
    result = (positive.min(axis=1) + positive.sum(axis=1) / positive.shape[1]) / 2
    if negative.shape[1]:
        result = result - (negative.max(axis=1) + negative.sum(axis=1) / negative.shape[1]) / 2
    return np.asarray(result, np.float64)


def _drawn(likeness: Floats, tickets: NDArray[np.uint32]) -> tuple[NDArray[np.intp], Floats]:
    """Return events for the fit, ordered by ticket, and the share that was drawn where each one lies.

    So that a rare population counts, all of the likeliest events are taken, a part of the next ones, and few
    of the others.
    """
    order = np.argsort(-likeness, kind="stable")
    ends = (SAMPLE // 8, SAMPLE // 2, order.size)
    sizes = (SAMPLE // 8, SAMPLE // 4, SAMPLE - SAMPLE // 8 - SAMPLE // 4)
    shares, begin = np.ones(order.size), 0
    for end, size in zip(ends, sizes, strict=True):
        stretch = order[begin:end]
        shares[stretch] = min(1.0, size / max(stretch.size, 1))
        begin = end
    taken = np.flatnonzero(tickets < 2.0**32 * shares)
    taken = taken[np.lexsort((likeness[taken], tickets[taken]))]
    return taken, shares[taken]


def _fitted(points: Floats, likeness: Floats, stands_for: Floats) -> Mixture:
    """Return scikit-learn's mixture of the points, rounded; its shares are those of all events.

    It begins with slices of the points in the order of their likeness, the first ones the thinnest.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    order = np.argsort(-likeness, kind="stable")
    ends = np.unique(np.geomspace(SAMPLE / 400, order.size, GROUPS).astype(int))
    slices = [order[begin:end] for begin, end in zip((0, *ends[:-1]), ends, strict=True)]
    n_channels = points.shape[1]
    precision = np.eye(n_channels) / (points.var(axis=0) / 9 + 0.05)
    fit = GaussianMixture(
        len(slices), tol=0, max_iter=STEPS, reg_covar=LEAST_VARIANCE, random_state=0,
        init_params="random_from_data", weights_init=np.full(len(slices), 1 / len(slices)),
        means_init=np.stack([np.median(points[rows], axis=0) for rows in slices]),
        precisions_init=np.stack([precision] * len(slices)),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it ends by count
        fit.fit(points)
    mixture = Mixture(
        np.round(fit.weights_, DIGITS), np.round(fit.means_, DIGITS), np.round(fit.covariances_, DIGITS)
    )
    shares = (mixture.belongings(points) * stands_for).sum(axis=1)
    return replace(mixture, shares=np.round(shares / shares.sum(), 2 * DIGITS))


def _wanted(brightness: Floats, sides: Floats, sizes: Floats) -> NDArray[np.intp]:
    """Return the groups that look like the targets: the best one and those near it."""
    likeness = np.where(sizes >= FEWEST, _likeness(brightness, sides), -np.inf)
    best = int(np.argmax(np.round(likeness, DIGITS)))
    like = sizes >= FEWEST
    like &= (brightness >= DIMMER * brightness[best])[:, sides > 0].all(axis=1)
    like &= (brightness <= np.maximum(brightness[best], 0) + BRIGHTER)[:, sides < 0].all(axis=1)
    like[best] = True
    return np.flatnonzero(like)
