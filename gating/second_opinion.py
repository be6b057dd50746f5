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
from gating.arithmetic.numbers import CHANCES, LEAST_DIVISOR, MAD_TO_SD, USUAL_SPREAD, Floats
from gating.clusters.mixture import Mixture
from gating.events import Events, Mask
from gating.events.panel import (
    AREA_ROLES,
    UNSTAINED_ROLES,
    GatingChannel,
    GatingPanel,
    Role,
    Target,
)
from gating.events.quantiles import quantile
from gating.events.sampling import drawn_by_scatter
from gating.events.transforms import asinh, asinh_cofactor

SAMPLE = 10_000
"""Number of events to which the mixture is fitted: an eighth are all of the likeliest events; of the others
ever fewer are drawn. Chosen on the simulated tubes of docs/validation.md."""
ALL_OF, NEXT_OF = 8, 4
"""The likeliest events, one part in so many of the sample, are all taken; one part in so many comes from
the next ones, up to half of the sample's number; the rest from all others. Convention: a rare population
counts, and all kinds of cells are in the sample."""
N_GROUPS, MIXTURE_STEPS = 14, 30
"""Number of normal distributions in the mixture; fixed number of steps of its fit. Chosen on the simulated
tubes of docs/validation.md."""
FEWEST_OF_A_GROUP = 10
"""Least number of events of the sample in a group. Chosen on the simulated tubes of docs/validation.md."""
ADDED_VARIANCE = 0.03
"""Added to the variance of each group, in squared spreads of the tube. Chosen on the simulated tubes of
docs/validation.md."""
PULSE_SPREADS, PULSE_ROOM = 4.0, 0.02
"""Largest distance of single cells from the usual area over height, in spreads (natural log); tolerance that
is added. Chosen on the simulated tubes of docs/validation.md."""
FARTHEST_POSITION = 30.0
"""Largest distance from the median, in usual spreads; values farther away are set to it. Convention: far
beyond any stained cell."""
FULL_BRIGHTNESS, LEAST_BRIGHT = 0.9995, 2.0
"""Quantile of a channel that counts as full brightness; least full brightness, in spreads. Chosen on the
simulated tubes of docs/validation.md."""
DIMMEST_COUNTED = -0.2
"""Least brightness that counts, in parts of full brightness. Convention: dimmer values are noise around
zero."""
FIRST_SLICE, NARROWER, LEAST_BEGUN = 400, 9, 0.05
"""The fit begins with slices of the events: the first holds one part in so many of the sample; each begins
with the variance of all events over the second value, plus the third, in squared spreads. Convention: a
third of the tube's spread, wide enough for the slices to overlap; the fit finds its own."""
DIMMER, BRIGHTER = 0.55, 0.3
"""Limits for another group of wanted cells: its least brightness on positive channels, relative to the best
group; its largest excess over the best group on negative channels, as a part of full brightness. Chosen on
the simulated tubes of docs/validation.md."""
FIT_DECIMALS = 4
"""Decimals to which the fit is rounded before it classifies cells; results of different processors agree to
more decimals. Convention: far below the error of a fit."""
"""Roles of scatter that are used, on a logarithmic axis."""
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
    if single.size < FEWEST_OF_A_GROUP * N_GROUPS or not (sides > 0).any():
        return None
    points = _points(events, channels, single)
    full = np.maximum([quantile(axis, FULL_BRIGHTNESS) for axis in points.T], LEAST_BRIGHT)
    likeness = _likeness(points / full, sides)
    drawn, shares = _drawn(likeness, events.tickets.take(single))
    mixture = _fitted(points[drawn], likeness[drawn], 1 / shares)
    sizes = mixture.belongings(points[drawn]).sum(axis=1)
    chosen = _wanted(mixture.means / full, sides, sizes)
    mask = np.zeros(events.n_events, np.bool_)
    mask[single[mixture.belongings(points)[chosen].sum(axis=0) > 0.5]] = True
    return mask


def _channels(panel: GatingPanel) -> tuple[GatingChannel, ...]:
    """Return the channels of the mixture, in an order that does not depend on the panel's order."""
    left_out = set(UNSTAINED_ROLES) - set(AREA_ROLES)
    return tuple(
        sorted((c for c in panel.channels if c.role not in left_out), key=lambda c: (c.role, c.channel))
    )


def _single_cells(events: Events, panel: GatingPanel) -> Mask:
    """Return the events with positive scatter areas and the usual ratio of area to height."""
    areas = [events.column(channel.channel) for role in AREA_ROLES for channel in panel.with_role(role)]
    lit = np.ones(events.n_events, np.bool_)
    for area in areas:
        lit &= area > 0
    heights = panel.with_role(Role.FSC_HEIGHT)
    if not panel.with_role(Role.FSC_AREA) or not heights:
        return lit
    height = events.column(heights[0].channel)
    lit &= height > 0
    if not lit.any():
        return lit
    ratio = log(areas[0][lit]) - log(height[lit])
    off = np.abs(ratio - quantile(ratio, 0.5))
    lit[lit] = off < PULSE_SPREADS * MAD_TO_SD * quantile(off, 0.5) + PULSE_ROOM
    return lit


def _points(events: Events, channels: Sequence[GatingChannel], single: NDArray[np.intp]) -> Floats:
    """Return the single cells on axes with median 0 and usual spread 1, shape (n, n_channels)."""
    points = np.empty((single.size, len(channels)))
    for row, channel in enumerate(channels):
        column = events.column(channel.channel)
        chosen = column.take(single)
        axis = log(chosen) if channel.role in AREA_ROLES else asinh(chosen, asinh_cofactor(column))
        low, middle, high = (quantile(axis, share) for share in USUAL_SPREAD)
        points[:, row] = (axis - middle) / ((high - low) / 2 + LEAST_DIVISOR)
    return np.clip(points, -FARTHEST_POSITION, FARTHEST_POSITION)


def _likeness(brightness: Floats, sides: Floats) -> Floats:
    """Return the likeness of each row to the targets: bright on positive channels, dim on negative ones.

    Parameters
    ----------
    brightness
        Parts of full brightness, shape (n, n_channels).
    sides
        1 for a positive channel, −1 for a negative one, 0 for one without a target; shape (n_channels,).

    Returns
    -------
    numpy.ndarray
        Shape (n,); at most 1. The weakest positive channel counts as much as the mean of all positive
        channels, and the brightest negative channel as much as the mean of all negative ones.
    """
    bounded = np.clip(brightness, DIMMEST_COUNTED, 1.0)
    positive, negative = bounded[:, sides > 0], bounded[:, sides < 0]
    result = (positive.min(axis=1) + positive.sum(axis=1) / positive.shape[1]) / 2
    if negative.shape[1]:
        result = result - (negative.max(axis=1) + negative.sum(axis=1) / negative.shape[1]) / 2
    return np.asarray(result, np.float64)


def _drawn(likeness: Floats, tickets: NDArray[np.uint32]) -> tuple[NDArray[np.intp], Floats]:
    """Return events for the fit, ordered by ticket, and the share drawn from each event's stretch.

    All of the likeliest events are taken, a part of the next ones, and few of the others, so that a rare
    population counts.
    """
    order = np.argsort(-likeness, kind="stable")
    first, second = SAMPLE // ALL_OF, SAMPLE // NEXT_OF
    ends = (first, SAMPLE // 2, order.size)
    sizes = (first, second, SAMPLE - first - second)
    shares, begin = np.ones(order.size), 0
    for end, size in zip(ends, sizes, strict=True):
        stretch = order[begin:end]
        shares[stretch] = min(1.0, size / max(stretch.size, 1))
        begin = end
    taken = np.flatnonzero(tickets < CHANCES * shares)
    taken = taken[np.lexsort((likeness[taken], tickets[taken]))]
    return taken, shares[taken]


def _fitted(points: Floats, likeness: Floats, stands_for: Floats) -> Mixture:
    """Return scikit-learn's mixture of the points, rounded; its shares are those of all events.

    The fit begins with slices of the points, ordered by likeness; the first slices have the fewest points.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    order = np.argsort(-likeness, kind="stable")
    ends = np.unique(np.geomspace(SAMPLE / FIRST_SLICE, order.size, N_GROUPS).astype(int))
    slices = [order[begin:end] for begin, end in zip((0, *ends[:-1]), ends, strict=True)]
    n_channels = points.shape[1]
    precision = np.eye(n_channels) / (points.var(axis=0) / NARROWER + LEAST_BEGUN)
    fit = GaussianMixture(
        len(slices), tol=0, max_iter=MIXTURE_STEPS, reg_covar=ADDED_VARIANCE, random_state=0,
        init_params="random_from_data", weights_init=np.full(len(slices), 1 / len(slices)),
        means_init=np.stack([np.median(points[rows], axis=0) for rows in slices]),
        precisions_init=np.stack([precision] * len(slices)),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of steps is fixed
        fit.fit(points)
    mixture = Mixture(
        np.round(fit.weights_, FIT_DECIMALS),
        np.round(fit.means_, FIT_DECIMALS),
        np.round(fit.covariances_, FIT_DECIMALS),
    )
    shares = (mixture.belongings(points) * stands_for).sum(axis=1)
    return replace(mixture, shares=np.round(shares / shares.sum(), 2 * FIT_DECIMALS))


def _wanted(brightness: Floats, sides: Floats, sizes: Floats) -> NDArray[np.intp]:
    """Return the groups that look like the targets: the best group and the groups near it."""
    likeness = np.where(sizes >= FEWEST_OF_A_GROUP, _likeness(brightness, sides), -np.inf)
    best = int(np.argmax(np.round(likeness, FIT_DECIMALS)))
    like = sizes >= FEWEST_OF_A_GROUP
    like &= (brightness >= DIMMER * brightness[best])[:, sides > 0].all(axis=1)
    like &= (brightness <= np.maximum(brightness[best], 0) + BRIGHTER)[:, sides < 0].all(axis=1)
    like[best] = True
    return np.flatnonzero(like)
