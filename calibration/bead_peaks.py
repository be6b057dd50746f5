"""Find the populations of a bead run on one channel."""

from __future__ import annotations

from dataclasses import dataclass


class BeadPeaksError(ValueError):
    """The beads do not show the populations that the lot lists; the text says what was found."""


@dataclass(frozen=True, slots=True)
class BeadPeaks:
    """The bead populations on one channel, dim to bright.

    Attributes
    ----------
    medians
        Linear units of the detector, one per population.
    rcv
        Robust CV of each, 0.7413 · IQR / median (a fraction).
    n
        Events assigned to each.
    ranges
        (low, high) of the assigned events of each, linear units.
    saturated
        True where the population lies at the end of the scale.
    blank
        True where the first population is the unstained bead.
    n_unassigned
        Events left out: debris, doublets, ambiguous.
    method
        How the populations were told apart.
    notes
        Sentences on what was dropped or doubtful.
    """

    medians: tuple[float, ...]
    rcv: tuple[float, ...]
    n: tuple[int, ...]
    ranges: tuple[tuple[float, float], ...]
    saturated: tuple[bool, ...]
    blank: bool
    n_unassigned: int
    method: str
    notes: tuple[str, ...] = ()
