"""Where a detector's scale ends, and which bead populations lie too close to the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.beads.density_peaks import axis_cofactor
from calibration.numbers import AT_SCALE_END, Floats
from calibration.scale_top import find_scale_top

NEAR_END = 0.9
"""A median above this part of the top of the scale is too near the end. Convention: amplifiers flatten below
the end."""

CLIPPED = 0.1
"""Largest share of a population on the end of the scale for its median to be used. Convention: if a tenth is
cut off, the median moves by an eighth of an SD."""

SQUEEZED = 0.5
"""An amplifier squeezes a population whose CV is below this part of its dimmer neighbour's CV. Convention:
brighter beads are not suddenly twice as narrow."""

CUT_WITHIN, CUT_SHARE, LEAST_CUT = 0.2, 0.02, 10
"""A steep edge: at least this share of a population, and at least this number of events, lie within so many
SDs of the outermost event. Convention: the tail of a normal population ends with single events, and a cut
with fewer events at it removed hardly a twentieth of the population."""

SHALLOW, OUTER, FEWEST_SHALLOW = 1.5, 0.04, 400
"""Least distance from the median to the outer quantile of the events on one side, in SDs: if it is smaller, a
part of that side is missing. That quantile, as a share from the outside. Least number of events for this
test. Convention: of a normal population it lies at 2.05 SDs."""

FEWEST_TO_CUT = 100
"""Fewest events of a population whose edge is judged. Convention: with fewer events the edge is one or two
beads."""

ONE_SD = 0.841
"""Quantile of a normal distribution one SD above its median. Arithmetic."""

STRAY = 2000
"""One event in so many may lie beyond a cut. Convention: such events come from crosstalk of the
electronics."""

FEWEST_VALUES = 20
"""Least number of different values within a population whose edge is judged. Convention: on a coarser scale
the step between two values looks like an edge."""


class AtScaleEnd(float):
    """The median of a population at the end of the scale: it is printed, but it is only a lower bound.

    `fit_standard_curve` leaves it out by itself, so that a clipped bead cannot bend a curve unnoticed.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ScaleEnd:
    """The end of the scale, whether it is `known` (from the file), and the events that lie on it.

    `brightest` is the largest value.
    """

    top: float
    known: bool
    n_top: int
    brightest: float = np.inf

    def spoils(self, median: float, rcv: float, clipped: float, dimmer_rcv: float) -> bool:
        """Return whether a population is at the end: clipped, just below it, or squeezed by an amplifier.

        Parameters
        ----------
        median, rcv, clipped
            Of the population; `clipped` is the share of its events on the end.
        dimmer_rcv
            Of its dimmer neighbour (0: not to be compared). Brighter beads are not suddenly twice as narrow.
        """
        if clipped > CLIPPED:
            return True
        if (self.known or self.n_top) and median >= NEAR_END * self.top:
            return True
        return median >= NEAR_END * self.brightest and 0 < rcv < SQUEEZED * dimmer_rcv


def find_scale_end(x: Floats, scale_top: float) -> ScaleEnd:
    """Find the end: as given, unless the values lie beyond it or pile up below it.

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
    scale_top_found, brightest = find_scale_top(x, scale_top), float(x[-1])
    if not scale_top_found.agrees_with_file:
        pile = x.size - int(np.searchsorted(x, scale_top_found.value)) if scale_top_found.n_pile else 0
        return ScaleEnd(scale_top_found.value if pile else brightest, False, pile, brightest)
    if not np.isfinite(scale_top):
        return ScaleEnd(brightest, False, 0, brightest)
    pile = x.size - int(np.searchsorted(x, AT_SCALE_END * scale_top))
    top = min(scale_top, brightest) if pile else scale_top
    return ScaleEnd(float(AT_SCALE_END * top) if pile else top, True, pile, brightest)


def is_cut(x: Floats, part: Floats, *, below: bool) -> bool:
    """Return whether one side of an outermost population was cut off, as by a threshold.

    A whole population ends in a tail of few events. A cut population begins with many events, or lacks a
    side. Its median is then not that of all its beads.

    Parameters
    ----------
    x
        All intensities, sorted, shape (n,).
    part
        The population's, sorted, shape (k,).
    below
        Whether the dim side is meant; else the bright side.
    """
    if part.size < FEWEST_TO_CUT or np.unique(part).size < FEWEST_VALUES:
        return False
    z, own = (np.arcsinh(values / axis_cofactor(x)) for values in (x, part))
    if not below:
        z, own = -z[::-1], -own[::-1]
    middle, high = np.quantile(own, (0.5, ONE_SD))
    sd, side = high - middle, z[: int(np.searchsorted(z, middle))]
    if not sd > 0 or side.size < FEWEST_TO_CUT // 2:
        return False
    if part.size >= FEWEST_SHALLOW and middle - np.quantile(side, OUTER) < SHALLOW * sd:
        return True
    first = z[x.size // STRAY]
    edge = int(np.searchsorted(z, first + CUT_WITHIN * sd)) - x.size // STRAY
    return bool(first >= own[0] - CUT_WITHIN * sd and edge >= max(LEAST_CUT, CUT_SHARE * part.size))
