"""Find the populations of a bead run on one channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from calibration.bead_mixture import Component, Mixture, Scale, fit_free, merge_unresolvable, split_overlapping
from calibration.density_peaks import Density, Mode, axis_cofactor, bin_density, comb_spacing, find_modes
from calibration.scale_end import AtScaleEnd, ScaleEnd, find_scale_end

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SURE = 0.9  # events less sure than this of their population are left out
REACH = 3.0  # SDs to either side that may count as the population
BROAD = 0.45  # CV beyond which a hump is debris, not beads
SMALL = 0.2  # of the next larger population: a surplus peak this small is doublets or debris
N_SMALLEST = 0.01  # share of the events below which a hump is not a population
DIGITS = 4


class BeadPeaksError(ValueError):
    """The beads do not show the populations that the lot lists; the text says what was found."""

    def __init__(self, text: str, found: tuple[float, ...] = (), expected: int = 0) -> None:
        super().__init__(text)
        self.found = found
        self.expected = expected


@dataclass(frozen=True, slots=True)
class BeadPeaks:
    """The bead populations on one channel, dim to bright.

    Attributes
    ----------
    medians
        Linear units of the detector, one per population. That of a saturated population is an `AtScaleEnd`: a
        number to print, which `fit_standard_curve` does not use.
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
    clipped
        Share of each population's events that lie on the end of the scale.
    overlapping
        True where no valley parts the population from a neighbour: its median comes from the mixture.
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


@dataclass(frozen=True, slots=True)
class _Population:
    """A population while it is being measured; z on the arcsinh axis."""

    median: float
    rcv: float
    n: int
    low: float
    high: float
    clipped: float = 0.0
    overlapping: bool = False


@dataclass(slots=True)
class _Search:
    """What was asked; notes grow."""

    n_levels: int
    blank: bool
    notes: list[str] = field(default_factory=list)


def _cv(component: Component) -> float:
    """CV of a population; infinite where it is not above zero."""
    return component.sd / component.mean if component.mean > 0 else np.inf


def find_bead_peaks(
    intensity: npt.ArrayLike,
    n_levels: int,
    *,
    blank: bool = False,
    ranges: Sequence[tuple[float, float]] | None = None,
    scale_top: float = np.inf,
) -> BeadPeaks:
    """Find exactly `n_levels` bead populations on one channel.

    Peaks of the density are counted independently of `n_levels`; an ordered mixture then shares the events, and
    those less than 90 % sure of their population are left out. No event is dropped for being zero or negative, and
    nothing is drawn at random.

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
        End of the detector's scale ($PnR), where known; otherwise a pile at the highest value tells it.

    Returns
    -------
    BeadPeaks
        Dim to bright; `saturated` names what lies at the end of the scale.

    Raises
    ------
    BeadPeaksError
        Not exactly `n_levels` populations; the text says which were found and what to do.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> beads = np.concatenate([rng.normal(m, 0.05 * m, 1000) for m in (100, 1000, 5000)])
    >>> [round(m, -1) for m in find_bead_peaks(beads, 3).medians]
    [100.0, 1000.0, 5000.0]
    """
    x = np.asarray(intensity, dtype=np.float64).ravel()
    x = np.sort(x[np.isfinite(x)])
    end = find_scale_end(x, scale_top)
    if ranges is not None:
        return _from_ranges(x, n_levels, blank, ranges, end)
    if n_levels < 1 or x.size < 30 * max(n_levels, 1):
        raise BeadPeaksError(
            f"{x.size} bead events are too few for {n_levels} populations (at least 200 each are needed): "
            "record more beads, or check the scatter gate.",
            expected=n_levels,
        )
    return _search(x, n_levels, blank, end)


def _search(x: Floats, n_levels: int, blank: bool, end: ScaleEnd) -> BeadPeaks:
    inside = x[(x < end.top)] if end.n_top else x
    if inside.size < 0.05 * x.size:
        raise BeadPeaksError(
            f"{end.n_top} of {x.size} bead events lie on the end of the scale ({end.top:.{DIGITS}g}): lower the "
            "detector voltage, or check that this is the channel of the beads.",
            expected=n_levels,
        )
    search = _Search(n_levels, blank)
    density, modes = _density_and_modes(inside, search)
    lone_pile = _is_lone_pile(end, x.size, fit_free(density, modes)) if modes else False
    wanted = n_levels - lone_pile
    chosen, mixture = _exactly(density, modes, wanted, search, lone_pile)
    found = [_measure(inside, density, mixture, k) for k in chosen]
    found = _with_pile(found, end, lone_pile, x.size)
    return _report(found, x, end, search, "ordered mixture on an arcsinh axis, peaks of the density counted")


def _density_and_modes(x: Floats, search: _Search) -> tuple[Density, tuple[Mode, ...]]:
    """Count the peaks; where they are single photoelectrons, close the gaps between these and count again."""
    cofactor = axis_cofactor(x)
    density = bin_density(x, cofactor)
    modes = find_modes(density)
    spacing = comb_spacing(modes, cofactor)
    if spacing:
        search.notes.append(f"Single photoelectrons (steps of {spacing:.3g}) were smoothed over.")
        density = bin_density(x, cofactor, blur=spacing)
        modes = find_modes(density)
    large = tuple(m for m in modes if m.n >= max(30.0, N_SMALLEST * x.size))
    return density, merge_unresolvable(density, large) if len(large) > 3 else large


def _is_lone_pile(end: ScaleEnd, n: int, mixture: Mixture) -> bool:
    """Is the pile at the end a population of its own, or the top of the brightest peak?"""
    if end.n_top < max(30.0, N_SMALLEST * n):
        return False
    brightest = mixture.components[-1]
    return (end.top - brightest.mean) / brightest.sd > 3.0


def _exactly(
    density: Density, modes: tuple[Mode, ...], wanted: int, search: _Search, pile: bool
) -> tuple[list[int], Mixture]:
    """Indices of the populations in the mixture, dim to bright, and the mixture; or refuse."""
    if not modes:
        raise _wrong_number((), search, pile)
    mixture = fit_free(density, modes)
    kept = _beads_only(mixture, search)
    parted = split_overlapping(density, modes) if len(kept) == wanted - 1 else None
    if parted is not None:
        search.notes.append("Two populations overlap without a valley; a mixture parted them: look at them.")
        mixture = parted
        kept = _beads_only(mixture, search)
    kept = _without_surplus(mixture, kept, wanted, search)
    if len(kept) != wanted or _may_be_another(mixture, kept, parted is not None):
        raise _wrong_number(tuple(mixture.components[k].mean for k in kept), search, pile)
    return kept, mixture


def _beads_only(mixture: Mixture, search: _Search) -> list[int]:
    """Leave out humps too broad for beads, what lies at zero without a blank bead, and doublets."""
    kept = []
    for k, component in enumerate(mixture.components):
        exempt = search.blank and k == 0
        where = f"{component.mean:.{DIGITS}g} ({component.n:.0f} events)"
        if not exempt and _cv(component) > BROAD:
            search.notes.append(f"A hump at {where} is too broad for beads and was left out as debris.")
        elif _is_doublet(component, mixture.components[:k]):
            search.notes.append(f"A small peak at {where} is at twice another: left out as doublets.")
        else:
            kept.append(k)
    return kept


def _is_doublet(component: Component, dimmer: Sequence[Component]) -> bool:
    return any(
        component.n < 0.15 * other.n and abs(component.mean / (2 * other.mean) - 1) < 0.08
        for other in dimmer
        if other.mean > 0
    )


def _without_surplus(mixture: Mixture, kept: list[int], wanted: int, search: _Search) -> list[int]:
    """More peaks than levels: leave out those that are tiny beside the smallest that stays."""
    surplus = len(kept) - wanted
    if surplus <= 0:
        return kept
    by_size = sorted(kept, key=lambda k: mixture.components[k].n, reverse=True)
    if mixture.components[by_size[wanted]].n >= SMALL * mixture.components[by_size[wanted - 1]].n:
        return kept
    for k in by_size[wanted:]:
        where = mixture.components[k].mean
        search.notes.append(
            f"A surplus peak at {where:.{DIGITS}g} ({mixture.components[k].n:.0f} events) was left out."
        )
    return sorted(by_size[:wanted])


def _may_be_another(mixture: Mixture, kept: list[int], parted: bool) -> bool:
    """Is a peak counted that is tiny beside the others and beside one left out or beside a parted one? Then which of them is the bead is open."""
    sizes = np.array([c.n for c in mixture.components])
    left_out = np.delete(sizes, kept)
    smallest = sizes[kept].min()
    return bool(smallest < 0.15 * np.median(sizes[kept]) and (parted or np.any(left_out > smallest)))


def _wrong_number(found: tuple[float, ...], search: _Search, pile: bool) -> BeadPeaksError:
    listed = ", ".join(f"{m:.{DIGITS}g}" for m in found) or "none"
    top = " and one on the end of the scale" if pile else ""
    what = f"{search.n_levels} bead populations{' (blank included)' if search.blank else ''}"
    notes = (" " + " ".join(search.notes)) if search.notes else ""
    return BeadPeaksError(
        f"{what} were expected, {len(found) + pile} found, with medians {listed}{top}.{notes} Check the channel, the "
        "lot's list of levels (is the blank bead listed as 0?), the detector voltage and the scatter gate, record "
        "more beads, or give the range of each population.",
        found,
        search.n_levels,
    )


def _measure(x: Floats, density: Density, mixture: Mixture, k: int) -> _Population:
    """Median and CV of the events that are sure of their population, the same reach to both sides.

    Cutting both sides alike keeps the median where it is, even where a neighbour is near on one side.
    """
    component, scale = mixture.components[k], mixture.scale
    low, middle, high = scale.u(np.array([*_sure_stretch(density.x, _sure(mixture, k), component)]))
    sd = component.sd / float(scale.stretch(np.array(component.mean)))
    reach = min(middle - low, high - middle, REACH * sd)
    part = _within(x, scale, middle, reach)
    if reach < sd or part.size < 2:
        return _from_mixture(component, density, mixture.shares[k])
    part = _within(x, scale, float(scale.u(np.array(np.median(part)))), reach)
    median, rcv = _median_rcv(part)
    return _Population(median, rcv * _widening(reach / sd), part.size, float(part[0]), float(part[-1]))


def _within(x: Floats, scale: Scale, middle: float, reach: float) -> Floats:
    first, last = np.searchsorted(x, scale.x(np.array([middle - reach, middle + reach])))
    return x[first:last]


def _sure(mixture: Mixture, k: int) -> Mask:
    """Bins whose events are SURE of this population among populations, and rather beads than debris."""
    populations = mixture.shares[:-1]
    return (populations[k] >= SURE * populations.sum(axis=0)) & (populations[k] >= mixture.shares[-1])


def _sure_stretch(x: Floats, sure: Mask, component: Component) -> tuple[float, float, float]:
    """Find the unbroken sure stretch around the mean: low, mean, high."""
    start = int(np.clip(np.searchsorted(x, component.mean), 0, x.size - 1))
    if not sure[start]:
        return component.mean, component.mean, component.mean
    unsure = np.flatnonzero(~sure)
    left, right = unsure[unsure < start], unsure[unsure > start]
    low = float(x[left[-1] + 1]) if left.size else float(x[0])
    high = float(x[right[0] - 1]) if right.size else float(x[-1])
    return min(low, component.mean), component.mean, max(high, component.mean)


def _from_mixture(component: Component, density: Density, share: Floats) -> _Population:
    """Median and CV of all events, each weighed by its share: for a population without a stretch of its own."""
    x = np.sinh(density.edges[1:]) * density.cofactor
    near = np.abs(x - component.mean) <= REACH * component.sd
    cumulated = np.cumsum(np.where(near, density.counts * share, 0.0))
    quarter, median, three = np.interp(np.array([0.25, 0.5, 0.75]) * cumulated[-1], cumulated, x)
    rcv = float(0.7413 * (three - quarter) / median) if median > 0 else np.inf
    return _Population(float(median), rcv, round(component.n), float(quarter), float(three), overlapping=True)


def _median_rcv(part: Floats) -> tuple[float, float]:
    quarter, median, three = np.quantile(part, [0.25, 0.5, 0.75])
    return float(median), float(0.7413 * (three - quarter) / median) if median > 0 else np.inf


def _widening(reach_sd: float) -> float:
    """What cutting a Gaussian at ± reach takes from its IQR, given back."""
    from scipy.special import ndtr, ndtri

    inside = 2 * ndtr(reach_sd) - 1
    return float(ndtri(0.75) / ndtri(0.5 + 0.25 * inside))


def _with_pile(found: list[_Population], end: ScaleEnd, lone: bool, n: int) -> list[_Population]:
    """Add the events on the end of the scale: as a population of their own, or to the brightest."""
    if lone:
        return [*found, _Population(end.top, 0.0, end.n_top, end.top, end.top, clipped=1.0)]
    last = found[-1]
    if not end.n_top or (end.n_top < 0.001 * n):
        return found
    share = end.n_top / (last.n + end.n_top)
    top = _Population(last.median, last.rcv, last.n, last.low, last.high, share, last.overlapping)
    return [*found[:-1], top]


def _report(found: list[_Population], x: Floats, end: ScaleEnd, search: _Search, method: str) -> BeadPeaks:
    saturated = tuple(
        end.spoils(p.median, p.rcv, p.clipped, _next_rcv(found, k)) for k, p in enumerate(found)
    )
    for k, population in enumerate(found):
        if saturated[k]:
            search.notes.append(
                f"Population {k + 1} at {population.median:.{DIGITS}g} is at the end of the scale "
                f"({end.top:.{DIGITS}g}): dropped from the curve."
            )
    at_end = [AtScaleEnd(p.median) if s else p.median for p, s in zip(found, saturated, strict=True)]
    return BeadPeaks(
        medians=tuple(at_end),
        rcv=tuple(p.rcv for p in found),
        n=tuple(p.n for p in found),
        ranges=tuple((p.low, p.high) for p in found),
        saturated=saturated,
        blank=search.blank,
        n_unassigned=int(x.size - sum(p.n for p in found)),
        method=method,
        notes=tuple(search.notes),
        clipped=tuple(p.clipped for p in found),
        overlapping=tuple(p.overlapping for p in found),
    )


def _next_rcv(found: list[_Population], k: int) -> float:
    """CV of the next dimmer population, for the brightest only: a saturating amplifier narrows the peak."""
    return found[k - 1].rcv if 0 < k == len(found) - 1 else 0.0


def _from_ranges(
    x: Floats, n_levels: int, blank: bool, ranges: Sequence[tuple[float, float]], end: ScaleEnd
) -> BeadPeaks:
    """Populations between the limits that a person set."""
    ordered = sorted((float(low), float(high)) for low, high in ranges)
    if len(ordered) != n_levels:
        raise BeadPeaksError(f"{n_levels} ranges were expected, one per level, {len(ordered)} given.")
    for (low, high), (following, _) in zip(ordered, [*ordered[1:], (np.inf, np.inf)], strict=True):
        if not low < high <= following:
            raise BeadPeaksError(f"The range {low:g} to {high:g} is empty or overlaps the next one.")
    found = [_in_range(x, low, high, end) for low, high in ordered]
    return _report(found, x, end, _Search(n_levels, blank), "ranges set by a person")


def _in_range(x: Floats, low: float, high: float, end: ScaleEnd) -> _Population:
    part = x[np.searchsorted(x, low) : np.searchsorted(x, high, side="right")]
    if part.size < 2:
        raise BeadPeaksError(f"The range {low:g} to {high:g} holds {part.size} bead events: set it anew.")
    median, rcv = _median_rcv(part)
    clipped = float(np.mean(part >= end.top)) if end.n_top else 0.0
    return _Population(median, rcv, part.size, float(part[0]), float(part[-1]), clipped)
