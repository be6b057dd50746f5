"""Where a detector's scale ends, and which bead populations that spoils."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.numbers import AT_SCALE_END, Floats

NEAR = 0.9
"""Part of the top of the scale where a median is too near it. Convention: amplifiers flatten before it."""

CLIPPED = 0.1
"""Share of a population on the end above which its median is not trusted. Convention."""

SQUEEZED = 0.5
"""Part of the dimmer neighbour's CV below which an amplifier squeezes a population. Convention: brighter
beads are not suddenly twice as narrow."""

LEAST_PILE, PILE_SHARE, PILE_TIMES = 10, 0.002, 5
"""Events, share of all events, and times the usual count of one value, that make a pile where the end of the
scale is not known. Convention."""


class AtScaleEnd(float):
    """The median of a population at the end of the scale: a number to print, a lower bound, not a value.

    `fit_standard_curve` leaves it out by itself, so that a clipped bead cannot bend a curve unnoticed.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ScaleEnd:
    """The end of the scale, whether it is `known` (from the file), and the events that lie on it."""

    top: float
    known: bool
    n_top: int

    def spoils(self, median: float, rcv: float, clipped: float, dimmer_rcv: float) -> bool:
        """Tell whether a population is at the end: clipped, close under it, or squeezed by an amplifier.

        Parameters
        ----------
        median, rcv, clipped
            Of the population; `clipped` is the share of its events on the end.
        dimmer_rcv
            Of its dimmer neighbour (0: not to be compared). Brighter beads are not suddenly twice as narrow.
        """
        if clipped > CLIPPED:
            return True
        if self.known or self.n_top:
            return median >= NEAR * self.top
        return median >= NEAR * self.top and 0 < rcv < SQUEEZED * dimmer_rcv


def find_scale_end(x: Floats, scale_top: float) -> ScaleEnd:
    """Find the end: as given, or the highest value where events pile up on it.

    Parameters
    ----------
    x
        Sorted linear intensities, shape (n,).
    scale_top
        $PnR on the linear scale; infinite where not known.

    Returns
    -------
    ScaleEnd
        With `n_top` events within one part in a thousand of the end.
    """
    if not x.size:
        return ScaleEnd(scale_top, False, 0)
    if np.isfinite(scale_top):
        pile = x.size - int(np.searchsorted(x, AT_SCALE_END * scale_top))
        top = min(scale_top, float(x[-1])) if pile else scale_top
        return ScaleEnd(float(AT_SCALE_END * top) if pile else top, True, pile)
    top = float(x[-1])
    pile = x.size - int(np.searchsorted(x, top))
    usual_pile = _events_per_value(x[: x.size - pile])
    if pile >= max(LEAST_PILE, PILE_SHARE * x.size) and pile > PILE_TIMES * usual_pile:
        return ScaleEnd(top, False, pile)
    return ScaleEnd(top, False, 0)


def _events_per_value(below: Floats) -> float:
    """Events on each of the next dimmer distinct values: more than one where the channel is quantised."""
    if not below.size:
        return 0.0
    _, counts = np.unique(below[-5000:], return_counts=True)
    return float(np.max(counts[-6:]))
