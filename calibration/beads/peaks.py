"""Find the populations of a bead run on one channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from calibration.beads.all_channels import on_all_channels
from calibration.beads.density_peaks import FEWEST_EVENTS
from calibration.beads.lot_populations import BeadPeaksError
from calibration.beads.medians import MeasuredPopulation, measure, of_events
from calibration.beads.populations import choose_populations
from calibration.beads.scale_end import AtScaleEnd, ScaleEnd, find_scale_end, is_cut
from calibration.numbers import Floats
from calibration.rounding import rounded_record

__all__ = ["BeadPeaks", "BeadPeaksError", "find_bead_peaks"]


MIXTURE = "ordered mixture, peaks of the density counted independently"
RANGES_BY_HAND = "ranges set by a person"
ON_ALL_CHANNELS = "valleys on all channels of the file together"

LEAST_PILE = 0.001
"""Least share of events on the end of the scale that counts as clipped. Convention: by chance fewer than one
event in a thousand lies there, from doublets and debris."""

LEAST_BOTTOM_PILE = 10
"""Least number of equal events at the start of the scale for the dimmest population to count as clipped.
Convention: equal values of single beads come in twos or threes, not in tens."""
CLIPPED_SHOWN = 0.01
"""Share on the very end from which on the note names it. Convention: less is shown as zero percent."""


@dataclass(frozen=True, slots=True)
class BeadPeaks:
    """The bead populations on one channel, dim to bright.

    Attributes
    ----------
    medians
        Linear units of the detector, one per population. That of a saturated population is an `AtScaleEnd`: a
        number to print, which `fit_standard_curve` does not use.
    rcv
        Robust CV of each, 0.7413 · IQR / |median| (a fraction, at most 100: a blank at zero has no CV).
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
        How the populations were separated.
    notes
        Sentences on dropped and doubtful populations.
    clipped
        Share of each population's events that lie on the end of the scale.
    overlapping
        True where this channel shows no valley between the population and a neighbour. The median then comes
        from the mixture, or the events were separated on all channels.
    cut
        True where one side of the population was cut off, as by a threshold: its median is not that of all
        its beads, and `saturated` is true too.
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
    clipped: tuple[float, ...] = ()
    overlapping: tuple[bool, ...] = ()
    cut: tuple[bool, ...] = ()


def find_bead_peaks(
    intensity: npt.ArrayLike,
    n_levels: int,
    *,
    blank: bool = False,
    ranges: Sequence[tuple[float, float]] | None = None,
    scale_top: float = np.inf,
    others: Sequence[npt.ArrayLike] = (),
) -> BeadPeaks:
    """Find exactly `n_levels` bead populations on one channel.

    Peaks of the density are counted independently of `n_levels`. An ordered mixture then assigns the events.
    Events that belong to a population with less than 90 % probability are left out. Zero and negative events
    are kept, and nothing is drawn at random.

    Parameters
    ----------
    intensity
        Linear (compensated or raw) intensities of bead singlets, shape (n,). Not finite ones are left out.
    n_levels
        Populations that the lot lists, **the blank included**.
    blank
        The first population is an unstained bead: it may lie at zero.
    ranges
        (low, high) of every population as set by a person, dim to bright; nothing is searched then.
    scale_top
        End of the detector's scale ($PnR), if known. Values beyond it, or a pile of equal values below it,
        replace it.
    others
        The file's other channels of fluorescence, linear, shape (n,) each, of the same events. Where
        populations are missing on this channel, or overlap, they are separated on all channels together, as
        a person gates rainbow beads; the medians are those on this channel.

    Returns
    -------
    BeadPeaks
        Dim to bright; `saturated` marks populations at the end of the scale.

    Raises
    ------
    BeadPeaksError
        Not exactly `n_levels` populations; the text says which were found and what to do.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> beads = np.concatenate([rng.normal(m, 0.05 * m, 1000) for m in (100, 1000, 5000)])
    >>> [round(m, -2) for m in find_bead_peaks(beads, 3).medians]
    [100.0, 1000.0, 5000.0]
    """
    unsorted = np.asarray(intensity, dtype=np.float64).ravel()
    finite = np.isfinite(unsorted)
    x = np.sort(unsorted[finite])
    end = find_scale_end(x, scale_top)
    if ranges is not None:
        return _from_ranges(x, n_levels, blank, ranges, end)
    if n_levels < 1 or x.size < FEWEST_EVENTS * max(n_levels, 1):
        raise BeadPeaksError(
            f"{x.size} bead events are too few for {n_levels} populations "
            f"(at least {FEWEST_EVENTS} each are needed): "
            "record more beads, or check the scatter gate.",
            expected=n_levels,
        )
    channels = [
        unsorted[finite],
        *(np.asarray(values_elsewhere, np.float64).ravel()[finite] for values_elsewhere in others),
    ]
    return _search(x, channels, n_levels, blank, end)


def _search(x: Floats, channels: Sequence[Floats], n_levels: int, blank: bool, end: ScaleEnd) -> BeadPeaks:
    """Search the calibrated channel; where it does not separate the populations, search all channels."""
    try:
        chosen = choose_populations(x, end, n_levels, blank)
    except BeadPeaksError as refusal:
        separated = on_all_channels(channels, end, n_levels, blank)
        if separated is None or len(refusal.found) >= n_levels:
            raise
        return _report(
            _with_bottom(separated.populations, x), x, end, blank, ON_ALL_CHANNELS, separated.notes
        )
    if chosen.parted and (separated := on_all_channels(channels, end, n_levels, blank)):
        return _report(
            _with_bottom(separated.populations, x), x, end, blank, ON_ALL_CHANNELS, separated.notes
        )
    inside = x[x < end.top] if end.n_top else x
    populations = [measure(inside, chosen.density, chosen.mixture, k) for k in chosen.kept]
    populations = _with_bottom(_with_pile(populations, end, chosen.pile, x.size), x)
    return _report(populations, x, end, blank, MIXTURE, chosen.notes)


def _with_pile(
    populations: list[MeasuredPopulation], end: ScaleEnd, lone: bool, n: int
) -> list[MeasuredPopulation]:
    """Add the events on the end of the scale: as a population of their own, or to the brightest."""
    if lone:
        return [*populations, MeasuredPopulation(end.top, 0.0, end.n_top, end.top, end.top, clipped=1.0)]
    if end.n_top < LEAST_PILE * n:
        return populations
    last = populations[-1]
    return [*populations[:-1], replace(last, clipped=end.n_top / (last.n + end.n_top))]


def _with_bottom(populations: list[MeasuredPopulation], x: Floats) -> list[MeasuredPopulation]:
    """Note the events of the dimmest population that pile up on the start of the scale."""
    pile = int(np.searchsorted(x, x[0], side="right"))
    first = populations[0]
    if pile < LEAST_BOTTOM_PILE or first.low > x[0]:
        return populations
    return [replace(first, clipped=max(first.clipped, min(pile / first.n, 1.0))), *populations[1:]]


def _report(
    populations: list[MeasuredPopulation],
    x: Floats,
    end: ScaleEnd,
    blank: bool,
    method: str,
    notes: tuple[str, ...],
) -> BeadPeaks:
    cut = _cut_at_one_side(populations, x, end)
    dimmer_rcv = [0.0] * (len(populations) - 1) + [populations[-2].rcv if len(populations) > 1 else 0.0]
    at_end = [end.spoils(p.median, p.rcv, p.clipped, r) for p, r in zip(populations, dimmer_rcv, strict=True)]
    spoilt = [ended or one_sided for ended, one_sided in zip(at_end, cut, strict=True)]
    peaks = BeadPeaks(
        medians=tuple(
            AtScaleEnd(p.median) if s else p.median for p, s in zip(populations, spoilt, strict=True)
        ),
        rcv=tuple(p.rcv for p in populations),
        n=tuple(p.n for p in populations),
        ranges=tuple((p.low, p.high) for p in populations),
        saturated=tuple(spoilt),
        blank=blank,
        n_unassigned=max(int(x.size - sum(p.n for p in populations)), 0),
        method=method,
        notes=(
            *notes,
            *(_at_end(k, p) for k, (p, s) in enumerate(zip(populations, at_end, strict=True)) if s),
            *(_one_sided(k, p) for k, p in enumerate(populations) if cut[k] and not at_end[k]),
        ),
        clipped=tuple(p.clipped for p in populations),
        overlapping=tuple(p.overlapping for p in populations),
        cut=tuple(c and not e for c, e in zip(cut, at_end, strict=True)),
    )
    return replace(rounded_record(peaks), ranges=tuple(map(_as_events, peaks.ranges)))


def _as_events(ends: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of a range as float32, as events are: those on an end stay inside."""
    low, high = (np.asarray(ends, np.float32) + np.float32(0)).tolist()  # −0 becomes 0
    return low, high


def _cut_at_one_side(populations: Sequence[MeasuredPopulation], x: Floats, end: ScaleEnd) -> list[bool]:
    """Return which populations are cut off: the dimmest at its dim side, the brightest at its bright side."""
    cut = [False] * len(populations)
    for k, below in ((0, True), (len(populations) - 1, False)):
        p = populations[k]
        part = x[np.searchsorted(x, p.low) : np.searchsorted(x, p.high, side="right")]
        cut[k] = cut[k] or (is_cut(x, part, below=below) and (below or not end.n_top))
    return cut


def _one_sided(k: int, population: MeasuredPopulation) -> str:
    return (
        f"Population {k + 1} (median {population.median:.4g}, {population.n} events) is cut off at one side, "
        "as by a threshold: its median is not that of all its beads, so it was dropped from the curve."
    )


def _at_end(k: int, population: MeasuredPopulation) -> str:
    clipped = (
        f", {100 * population.clipped:.0f} % of it on the very end"
        if population.clipped > CLIPPED_SHOWN
        else ""
    )
    return (
        f"Population {k + 1} (median {population.median:.4g}) is at an end of the detector's scale{clipped}: "
        "dropped from the curve."
    )


def _from_ranges(
    x: Floats, n_levels: int, blank: bool, ranges: Sequence[tuple[float, float]], end: ScaleEnd
) -> BeadPeaks:
    """Take the populations between the limits that a person set."""
    ordered = sorted((float(low), float(high)) for low, high in ranges)
    if len(ordered) != n_levels:
        raise BeadPeaksError(
            f"{n_levels} ranges were expected, one per level, {len(ordered)} given.", expected=n_levels
        )
    for low, high in ordered:
        if not low < high:
            raise BeadPeaksError(f"The range {low:g} to {high:g} is empty: set it again.", expected=n_levels)
    for (_, high), (low, _) in pairwise(ordered):
        if low < high:
            raise BeadPeaksError(f"Two ranges overlap between {low:g} and {high:g}.", expected=n_levels)
    populations = [_in_range(x, low, high, end) for low, high in ordered]
    return _report(populations, x, end, blank, RANGES_BY_HAND, ())


def _in_range(x: Floats, low: float, high: float, end: ScaleEnd) -> MeasuredPopulation:
    part = x[np.searchsorted(x, low) : np.searchsorted(x, high, side="right")]
    if part.size < FEWEST_EVENTS:
        raise BeadPeaksError(f"The range {low:g} to {high:g} holds {part.size} bead events: set it again.")
    clipped = float(np.mean(part >= end.top)) if end.n_top else 0.0
    return replace(of_events(part), clipped=clipped)
