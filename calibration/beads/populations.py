"""The populations of a bead run on one channel: peaks of the density, shared by a mixture."""

from __future__ import annotations

from dataclasses import dataclass, replace

from calibration.beads.density_peaks import (
    BinnedDensity,
    Mode,
    axis_cofactor,
    bin_density,
    comb_spacing,
    fewest_events,
    find_modes,
)
from calibration.beads.lot_populations import (
    MEDIAN_DIGITS,
    BeadPeaksError,
    Wanted,
    beads_among,
    may_be_another,
    refusal,
    without_surplus,
)
from calibration.beads.mixture import BeadMixture, fit_free
from calibration.beads.overlapping import FEWEST_CLEAR, merge_unresolvable, split_overlapping
from calibration.beads.scale_end import ScaleEnd
from calibration.numbers import Floats

PARTED = "Two populations overlap without a valley; a mixture model separated them: look at them."

MOSTLY_CLIPPED = 0.05
"""Populations are searched only if at least this share of the events lies off the end of the scale.
Convention: the smallest kits have five populations, and each of them holds more."""

APART_FROM_PILE = 3.0
"""A pile on the end of the scale is a population of its own if it lies farther than this above the brightest
population, in SDs of that population. Convention: within 3 SDs the flank of the population itself reaches the
end."""


@dataclass(frozen=True, slots=True)
class Populations:
    """The bead populations of a run, before they are measured.

    `kept` are the indices of the populations in `mixture`, dim to bright; `pile`: the events on the end of
    the scale are a population of their own, brighter than these; `notes` say what was left out; `parted`: two
    have no valley between them.
    """

    density: BinnedDensity
    mixture: BeadMixture
    kept: tuple[int, ...]
    pile: bool
    notes: tuple[str, ...]
    parted: bool = False


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
            f"{end.n_top} of {x.size} bead events lie on the end of the scale "
            f"({end.top:.{MEDIAN_DIGITS}g}): lower the detector voltage, or check that this is the channel "
            "of the beads.",
            expected=n_levels,
        )
    density, modes, notes = _peaks(inside)
    if not modes:
        raise refusal((), Wanted(n_levels, blank), notes)
    modes, mixture = _resolved(density, modes)
    pile = _is_lone_pile(end, x.size, mixture)
    wanted = Wanted(n_levels, blank, end.top if pile else None)
    populations = Populations(density, mixture, (), pile, notes)
    return _exactly(populations, modes, wanted)


def _peaks(x: Floats) -> tuple[BinnedDensity, tuple[Mode, ...], tuple[str, ...]]:
    """Count the peaks; where they are single photoelectrons, smooth over these and count once more."""
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


def _resolved(density: BinnedDensity, modes: tuple[Mode, ...]) -> tuple[tuple[Mode, ...], BeadMixture]:
    """Return the peaks that the detector can resolve, and their fit."""
    mixture = fit_free(density, modes)
    joined = merge_unresolvable(density, modes, mixture) if len(modes) > FEWEST_CLEAR else modes
    return joined, mixture if joined == modes else fit_free(density, joined)


def _is_lone_pile(end: ScaleEnd, n: int, mixture: BeadMixture) -> bool:
    """Return whether the pile at the end is a population of its own, not the top of the brightest peak."""
    if end.n_top < fewest_events(n):
        return False
    brightest = mixture.components[-1]
    return (end.top - brightest.mean) / brightest.sd > APART_FROM_PILE


def _exactly(populations: Populations, modes: tuple[Mode, ...], wanted: Wanted) -> Populations:
    """Keep exactly the populations of the lot, or raise an error."""
    components, notes = populations.mixture.components, populations.notes
    chosen = beads_among(components, wanted, notes)
    short = len(chosen.kept) == wanted.n - 1
    split = split_overlapping(populations.density, modes, populations.mixture) if short else None
    if split is not None:
        populations, components = replace(populations, mixture=split, parted=True), split.components
        chosen = beads_among(components, wanted, (*notes, PARTED))
    chosen = without_surplus(chosen, components, wanted)
    if len(chosen.kept) != wanted.n or may_be_another(chosen, components, split is not None):
        raise refusal([components[k].mean for k in chosen.kept], wanted, chosen.notes)
    return replace(populations, kept=chosen.kept, notes=chosen.notes)
