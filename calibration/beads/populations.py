"""Which peaks of a bead run are its populations: as many as the lot lists, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.beads.density_peaks import (
    BinnedDensity,
    Mode,
    axis_cofactor,
    bin_density,
    comb_spacing,
    fewest_events,
    find_modes,
)
from calibration.beads.mixture import Mixture, fit_free
from calibration.beads.overlapping import merge_unresolvable, split_overlapping
from calibration.beads.scale_end import ScaleEnd
from calibration.beads.width_law import Component
from calibration.errors import CalibrationError
from calibration.numbers import Floats

BROAD = 0.45
"""CV above which a hump is debris and no bead population. Convention."""

SMALL = 0.2
"""Part of the next larger population below which a surplus peak is doublets or debris. Convention."""

TINY = 0.15
"""Part of the usual population below which a peak may not be beads: it counts only where nothing larger was
left out. Convention."""

DOUBLET_WITHIN = 0.08
"""How far from twice another population doublets may lie, as a part of it. Convention."""

MOSTLY_CLIPPED = 0.05
"""Share of the events off the end of the scale below which nothing is searched. Convention."""

APART_FROM_PILE = 3.0
"""SDs of the brightest population below the end of the scale: farther, the pile there is a population of its
own. Convention."""

DIGITS = 4
"""Significant digits of a median in a sentence. Convention."""


class BeadPeaksError(CalibrationError):
    """The beads do not show the populations that the lot lists; the text says what was found.

    Attributes
    ----------
    found
        Medians of the populations that were found, linear units.
    expected
        Populations that the lot lists.
    """

    def __init__(self, text: str, found: tuple[float, ...] = (), expected: int = 0) -> None:
        super().__init__(text)
        self.found = found
        self.expected = expected

    def __reduce__(self) -> tuple[type[BeadPeaksError], tuple[str, tuple[float, ...], int]]:
        """Survive the way from a worker process."""
        return type(self), (str(self), self.found, self.expected)


@dataclass(frozen=True, slots=True)
class Populations:
    """The bead populations of a run, before they are measured.

    `kept` are the indices of the populations in `mixture`, dim to bright; `pile`: the events on the end of
    the scale are a population of their own, brighter than these; `notes` say what was left out.
    """

    density: BinnedDensity
    mixture: Mixture
    kept: tuple[int, ...]
    pile: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the lot lists, and whether the pile on the end is one of them."""

    n_levels: int
    blank: bool
    pile: bool

    @property
    def n(self) -> int:
        return self.n_levels - self.pile


def choose_populations(x: Floats, end: ScaleEnd, n_levels: int, blank: bool) -> Populations:
    """Find the populations among the peaks of the density.

    Parameters
    ----------
    x
        Sorted linear intensities, shape (n,).
    end
        Of the detector's scale.
    n_levels, blank
        Populations that the lot lists; whether the first is the unstained bead.

    Raises
    ------
    BeadPeaksError
        Not exactly as many.
    """
    inside = x[x < end.top] if end.n_top else x
    if inside.size < MOSTLY_CLIPPED * x.size:
        raise BeadPeaksError(
            f"{end.n_top} of {x.size} bead events lie on the end of the scale ({end.top:.{DIGITS}g}): lower "
            "the detector voltage, or check that this is the channel of the beads.",
            expected=n_levels,
        )
    density, modes, notes = _peaks(inside)
    if not modes:
        raise _refusal((), _Wanted(n_levels, blank, False), notes)
    modes, mixture = _resolved(density, modes)
    wanted = _Wanted(n_levels, blank, _is_lone_pile(end, x.size, mixture))
    populations = Populations(density, mixture, (), wanted.pile, notes)
    return _exactly(populations, modes, wanted)


def _peaks(x: Floats) -> tuple[BinnedDensity, tuple[Mode, ...], tuple[str, ...]]:
    """Count the peaks; where they are single photoelectrons, close the gaps between these and count again."""
    cofactor = axis_cofactor(x)
    density, notes = bin_density(x, cofactor), tuple[str, ...]()
    modes = find_modes(density)
    spacing = comb_spacing(modes, cofactor)
    if spacing:
        notes = (f"Single photoelectrons (steps of {spacing:.3g}) were smoothed over.",)
        density = bin_density(x, cofactor, blur=spacing)
        modes = find_modes(density)
    large = tuple(m for m in modes if m.n >= fewest_events(x.size))
    return density, large, notes


def _resolved(density: BinnedDensity, modes: tuple[Mode, ...]) -> tuple[tuple[Mode, ...], Mixture]:
    """Return the peaks that the detector can resolve, and their fit."""
    mixture = fit_free(density, modes)
    joined = merge_unresolvable(density, modes, mixture) if len(modes) > 3 else modes
    return joined, mixture if joined == modes else fit_free(density, joined)


def _is_lone_pile(end: ScaleEnd, n: int, mixture: Mixture) -> bool:
    """Tell whether the pile at the end is a population of its own, not the top of the brightest peak."""
    if end.n_top < fewest_events(n):
        return False
    brightest = mixture.components[-1]
    return (end.top - brightest.mean) / brightest.sd > APART_FROM_PILE


def _exactly(populations: Populations, modes: tuple[Mode, ...], wanted: _Wanted) -> Populations:
    """Keep exactly what is wanted, or refuse."""
    beads = _beads_only(populations, wanted)
    short = len(beads.kept) == wanted.n - 1
    split = split_overlapping(populations.density, modes, populations.mixture) if short else None
    if split is not None:
        note = "Two populations overlap without a valley; a mixture parted them: look at them."
        beads = _beads_only(replace(populations, mixture=split, notes=(*populations.notes, note)), wanted)
    beads = _without_surplus(beads, wanted)
    if len(beads.kept) != wanted.n or _may_be_another(beads, split is not None):
        raise _refusal(tuple(beads.mixture.components[k].mean for k in beads.kept), wanted, beads.notes)
    return beads


def _beads_only(populations: Populations, wanted: _Wanted) -> Populations:
    """Leave out humps too broad for beads, what lies at zero without a blank bead, and doublets."""
    kept, notes = [], list(populations.notes)
    components = populations.mixture.components
    for k, component in enumerate(components):
        where = f"{component.mean:.{DIGITS}g} ({component.n:.0f} events)"
        if _cv(component) > BROAD and not (wanted.blank and k == 0):
            notes.append(f"A hump at {where} is too broad for beads and was left out as debris.")
        elif _is_doublet(component, components[:k]):
            notes.append(f"A small peak at {where} is at twice another: left out as doublets.")
        else:
            kept.append(k)
    return replace(populations, kept=tuple(kept), notes=tuple(notes))


def _cv(component: Component) -> float:
    """CV of a population; infinite where it is not above zero."""
    return component.sd / component.mean if component.mean > 0 else np.inf


def _is_doublet(component: Component, dimmer: Sequence[Component]) -> bool:
    return any(
        component.n < TINY * other.n and abs(component.mean / (2 * other.mean) - 1) < DOUBLET_WITHIN
        for other in dimmer
        if other.mean > 0
    )


def _without_surplus(populations: Populations, wanted: _Wanted) -> Populations:
    """Of more peaks than levels, leave out those that are tiny beside the smallest that stays."""
    if len(populations.kept) <= wanted.n:
        return populations
    components = populations.mixture.components
    n = [component.n for component in components]
    by_size = sorted(populations.kept, key=lambda k: n[k], reverse=True)
    if n[by_size[wanted.n]] >= SMALL * n[by_size[wanted.n - 1]]:
        return populations
    surplus = [
        f"A surplus peak at {components[k].mean:.{DIGITS}g} ({n[k]:.0f} events) was left out."
        for k in by_size[wanted.n :]
    ]
    return replace(populations, kept=tuple(sorted(by_size[: wanted.n])), notes=(*populations.notes, *surplus))


def _may_be_another(populations: Populations, split: bool) -> bool:
    """Tell whether it is open which peaks are the beads.

    It is where one that is counted is tiny, and a larger one was left out or another peak had to be split.
    """
    sizes = np.array([component.n for component in populations.mixture.components])
    kept = list(populations.kept)
    if not kept:
        return False
    left_out = np.delete(sizes, kept)
    smallest = sizes[kept].min()
    return bool(smallest < TINY * np.median(sizes[kept]) and (split or np.any(left_out > smallest)))


def _refusal(medians: tuple[float, ...], wanted: _Wanted, notes: Sequence[str]) -> BeadPeaksError:
    listed = ", ".join(f"{m:.{DIGITS}g}" for m in medians) or "none"
    top = " and one on the end of the scale" if wanted.pile else ""
    blank = " (blank included)" if wanted.blank else ""
    return BeadPeaksError(
        f"{wanted.n_levels} bead populations{blank} were expected, {len(medians) + wanted.pile} found, "
        f"with medians {' '.join([listed + top + '.', *notes])} Check the channel, the lot's list of levels "
        "(is the blank bead listed as 0?), the detector voltage and the scatter gate, record more beads, or "
        "give the range of each population.",
        medians,
        wanted.n_levels,
    )
