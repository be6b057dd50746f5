"""Bead singlets: the densest region of forward against side scatter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration.beads.density_peaks import axis_cofactor
from calibration.numbers import AT_SCALE_END, LEAST_DIVISOR, MAD_TO_SD, Floats, Mask

SCATTER_BINS = 128
"""Bins of each axis of the scatter plot. Convention: a cloud of singlets then spans some ten bins."""

CONTOUR = 0.05
"""Part of the peak's height at which the cloud ends. Convention: a normal cloud keeps 95 % of its events."""

LESSER_CLOUD, LESSER_PEAK = 0.15, 0.1
"""A second cloud is beads if it has at least these parts of the densest cloud's events and height.
Convention: doublets and debris are fewer and more scattered than the beads of a level."""

FEWEST_FOR_A_CLOUD = 100
"""With fewer events no cloud is searched, and all events count. Convention: a cloud of fewer events is a few
bins with one event each."""

LEAST_MARGIN_PILE, MARGIN_PILE_SHARE = 5, 0.001
"""Equal events at an extreme, and their share of all, that make it an end of the scale. Convention: within
the scale equal values come in twos or threes."""
ZOOMS, SPREADS_AROUND, NARROWEST_ZOOM, ZOOMED_OUT = 6, 8, 1e-6, 0.8
"""Most steps of the zoom on the densest spot; room around it on either side, in its spreads; its least
width relative to the window; a step that leaves more than the last part is the end. Convention: a cloud of
beads with its doublets fits in, and each step but the last makes the window clearly smaller."""
SMOOTH, LEAST_SMOOTH, MOST_SMOOTH = 120.0, 1.2, 5.0
"""Smoothing of the scatter plot in bins: the first value over the root of the number of events, within the
other two. Convention: few events want more smoothing; a cloud is wider than the most."""


def find_bead_singlets(
    fsc: npt.ArrayLike,
    ssc: npt.ArrayLike,
    *,
    fsc_top: float = np.inf,
    ssc_top: float = np.inf,
) -> Mask:
    """Return the events in the densest region of scatter, without margin events, debris and doublets.

    Both axes are read as arcsinh (logarithmic above the dimmest events), where a cloud of beads is a small
    spot whatever the gain, whether the scatter was linear or log-amplified. The spot is found at the scale
    of its own width, and kept down to 5 % of its height.

    Parameters
    ----------
    fsc, ssc
        Scatter, linear or log-amplified, any unit, shape (n,).
    fsc_top, ssc_top
        End of each scale, where known; events on it (and any pile at an end) are out.

    Returns
    -------
    ndarray of bool
        Shape (n,).
    """
    x, y = np.asarray(fsc, dtype=np.float64), np.asarray(ssc, dtype=np.float64)
    inside = np.isfinite(x) & np.isfinite(y) & _off_margins(x, fsc_top) & _off_margins(y, ssc_top)
    if np.count_nonzero(inside) < FEWEST_FOR_A_CLOUD:
        return inside
    points = np.column_stack([_axis(x, inside), _axis(y, inside)])
    low, high = _window(points[inside])
    inside &= np.all((points >= low) & (points < high), axis=1)
    mask = np.zeros(x.size, dtype=np.bool_)
    mask[inside] = _dense(points[inside], low, high)
    return mask


def _off_margins(values: Floats, top: float) -> Mask:
    """Return the events off the ends of the scale: a known end, or a pile of equal values at an extreme."""
    finite = values[np.isfinite(values)]
    keep = values < top * AT_SCALE_END if np.isfinite(top) else np.ones(values.size, dtype=np.bool_)
    if not finite.size:
        return keep
    for extreme in (float(finite.min()), float(finite.max())):
        if np.count_nonzero(finite == extreme) >= max(LEAST_MARGIN_PILE, MARGIN_PILE_SHARE * finite.size):
            keep &= values != extreme
    return keep


def _axis(values: Floats, inside: Mask) -> Floats:
    return np.arcsinh(values / axis_cofactor(values[inside]))


def _window(points: Floats) -> tuple[Floats, Floats]:
    """Zoom on the densest spot until the window is a dozen of its own widths across."""
    low, high = points.min(axis=0), points.max(axis=0) + LEAST_DIVISOR
    for _ in range(ZOOMS):
        near = points[np.all((points >= low) & (points < high), axis=1)]
        center = _densest(near, low, high)
        spread = MAD_TO_SD * np.median(np.abs(near - center), axis=0)
        wide = np.maximum(SPREADS_AROUND * spread, NARROWEST_ZOOM * (high - low))
        new_low, new_high = np.maximum(low, center - wide), np.minimum(high, center + wide)
        if np.all(new_high - new_low > ZOOMED_OUT * (high - low)):
            break
        low, high = new_low, new_high
    return low, high


def _smooth_counts(points: Floats, low: Floats, high: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    from scipy.ndimage import gaussian_filter

    bins = np.clip(((points - low) / (high - low) * SCATTER_BINS).astype(np.int64), 0, SCATTER_BINS - 1)
    flat = bins[:, 0] * SCATTER_BINS + bins[:, 1]
    counts = (
        np.bincount(flat, minlength=SCATTER_BINS * SCATTER_BINS)
        .reshape(SCATTER_BINS, SCATTER_BINS)
        .astype(np.float64)
    )
    width = float(np.clip(SMOOTH / np.sqrt(max(points.shape[0], 1)), LEAST_SMOOTH, MOST_SMOOTH))
    return gaussian_filter(counts, width, mode="constant"), flat


def _densest(points: Floats, low: Floats, high: Floats) -> Floats:
    smooth, _ = _smooth_counts(points, low, high)
    densest_bin = np.array(np.unravel_index(int(np.argmax(smooth)), smooth.shape))
    return np.asarray(low + (densest_bin + 0.5) / SCATTER_BINS * (high - low), dtype=np.float64)


def _dense(points: Floats, low: Floats, high: Floats) -> Mask:
    """Within the contour of the densest cloud, and of a second one that is nearly as dense and large."""
    from scipy.ndimage import label

    smooth, flat = _smooth_counts(points, low, high)
    clouds, n_clouds = label(smooth >= CONTOUR * smooth.max())
    cloud_of = clouds.ravel()[flat]
    sizes = np.bincount(cloud_of, minlength=n_clouds + 1)
    peaks = np.array([0.0, *(smooth[clouds == k].max() for k in range(1, n_clouds + 1))])
    main = int(np.argmax(peaks))
    is_dense = (sizes >= LESSER_CLOUD * sizes[main]) & (peaks >= LESSER_PEAK * peaks[main])
    is_dense[0] = False
    return np.asarray(is_dense[cloud_of], dtype=np.bool_)
