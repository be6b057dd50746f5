"""Peaks that are not one bead population each: two populations in one peak, or several peaks of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from calibration.beads.density_peaks import BinnedDensity, Mode
from calibration.beads.mixture import LEAST_TURN, BeadMixture, fit_bead_mixture
from calibration.beads.width_law import BeadLaw, Component, MixtureScale, bead_law

GAIN = 12.0
"""Least gain in log-likelihood by one more population. Convention: odds of 1 in 160,000."""

UNRESOLVED = 1.5
"""Two peaks closer than this are one population; in SDs of the detector. Convention: two populations so close
show one peak."""

KIT_STEP = 1.6
"""Largest ratio of two levels that are near neighbours. Convention: the levels of kits differ by larger
factors."""

HOLDS_TWO = 1.4
"""Fewest events of a peak that contains two populations, relative to a usual peak. Convention: about half-way
between one population and two, slightly nearer to one."""

TRULY_APART = 1.2
"""Least distance of two populations within one peak, in SDs. Convention: two nearer populations look like one
broad population."""

MOST_UNEQUAL = 3.0
"""Largest ratio of the events of two populations within one peak. Convention: vials hold similar numbers of
each bead."""

FEWEST_CLEAR = 3
"""Least number of clear populations to fit the law of widths. Arithmetic: it has three terms."""


def merge_unresolvable(
    density: BinnedDensity, modes: tuple[Mode, ...], free: BeadMixture
) -> tuple[Mode, ...]:
    """Join neighbouring peaks that are closer than 1.5 SDs of what the detector resolves there.

    Populations so close would show one peak. Such pairs of peaks are steps of photoelectrons or of the
    detector, not two bead populations. The detector's resolution is estimated from peaks without a near
    neighbour. `free` is the fit of the modes as they are.
    """
    fit = free.components
    alone = [c for k, c in enumerate(fit) if c.mean > 0 and _stands_alone(fit, k)]
    if len(alone) < FEWEST_CLEAR:
        return modes
    law = bead_law(alone)
    joined = [modes[0]]
    for mode in modes[1:]:
        x = np.sinh(np.array([joined[-1].z, mode.z])) * density.cofactor
        if x[1] - x[0] < UNRESOLVED * float(law.sd(x[1:])[0]):
            joined[-1] = _joined(joined[-1], mode)
        else:
            joined.append(mode)
    return tuple(joined)


def _stands_alone(fit: Sequence[Component], k: int) -> bool:
    """Return whether no neighbour lies within a factor of 1.6; the levels of kits step by more."""
    near = [c.mean for j, c in enumerate(fit) if abs(j - k) == 1]
    return all(not 1 / KIT_STEP < m / fit[k].mean < KIT_STEP for m in near)


def _joined(left: Mode, right: Mode) -> Mode:
    peak = left.z if left.n >= right.n else right.z
    return Mode(peak, left.low, right.high, left.n + right.n)


def split_overlapping(
    density: BinnedDensity, modes: tuple[Mode, ...], free: BeadMixture
) -> BeadMixture | None:
    """Split the peak that holds two populations, where the lot has one population more than there are peaks.

    Two beads closer than two SDs show no valley, and two Gaussians of free width do not separate them
    reliably. But the widths of beads follow detection physics (`BeadLaw`), which the clear peaks show. A
    peak is split only where it has at least 1.4 times the events of a usual one, and two Gaussians with
    the widths of that law describe it far better than one, have like numbers of events (1:3 at most) and
    are at least 1.2 SDs apart.
    `free` is the fit of the modes as they are.

    Returns
    -------
    BeadMixture or None
        With one population more than `modes`, or None where no peak can be split.
    """
    if len(modes) <= FEWEST_CLEAR:
        return None
    usual = float(np.median([m.n for m in modes]))
    trials = [_split(density, modes, free, k) for k, mode in enumerate(modes) if mode.n >= HOLDS_TWO * usual]
    fits = [fit for fit in trials if fit is not None]
    return max(fits, key=lambda fit: fit.log_likelihood, default=None)


def _split(density: BinnedDensity, modes: tuple[Mode, ...], free: BeadMixture, k: int) -> BeadMixture | None:
    """Give the mixture with mode k split, or None where the data do not support it."""
    near = tuple(j for j in (k - 1, k, k + 1) if 0 <= j < len(modes))
    clear = [c for j, c in enumerate(free.components) if j not in near and c.mean > 0]
    if len(clear) < FEWEST_CLEAR:
        return None
    law = bead_law(clear)
    tied, starts = tuple(range(near[0], near[-1] + 2)), _two_starts(modes, k, law, density.cofactor)
    scale = MixtureScale(max(law.turn, LEAST_TURN * density.cofactor))
    split = fit_bead_mixture(density, starts, scale, replace(law, tied=tied))
    unsplit = fit_bead_mixture(density, modes, scale, replace(law, tied=near))
    gain = split.log_likelihood - unsplit.log_likelihood
    supported = gain > GAIN and _truly_two(split.components[k], split.components[k + 1])
    return split if supported else None


def _two_starts(modes: tuple[Mode, ...], k: int, law: BeadLaw, cofactor: float) -> tuple[Mode, ...]:
    """Return mode k as two starts, one SD of the law to either side; they may reach beyond the valleys."""
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
    return bool(apart >= TRULY_APART and 1 / MOST_UNEQUAL <= left.n / right.n <= MOST_UNEQUAL)
