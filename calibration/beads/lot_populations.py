"""Choose the populations that are the beads of the lot: as many as it lists, or an error that says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.beads.width_law import Component, bead_law
from calibration.errors import CalibrationError

BROAD = 0.45
"""CV above which a hump is debris and no bead population, unless it is broad because it is dim. Convention:
beads have CVs of some percent, and photons add to that at dim levels alone."""

LAWFUL, FEWEST_CLEAR_LEVELS = 1.5, 3
"""Largest width of a bead population, relative to the width that detection physics predicts for its
brightness: a broader hump is debris. Least number of populations from which that prediction is fitted.
Convention; arithmetic: the law of widths has three terms."""

LIKE_OTHERS = 0.3
"""Least number of events of a broad hump that counts as a bead population, relative to the usual population.
Convention: a vial has about equal numbers of each bead."""

SMALL_POPULATION = 0.2
"""A surplus peak with fewer events than this, relative to the next larger population, is doublets or debris.
Convention: kits hold about as many beads of each level; doublets are a few percent."""

TINY = 0.15
"""A peak with fewer events than this, relative to the usual population, may not be beads. It counts only if
no larger peak was left out. Convention: as `SMALL_POPULATION`, against the usual population instead
of the next larger one."""

DOUBLET_WITHIN = 0.08
"""Largest distance of doublets from twice the median of a population, as a part of it. Convention: the sum of
two beads is twice the value of one bead, within the CV of a bead."""

MEDIAN_DIGITS = 4
"""Significant digits of a median in a message. Convention: the median of some hundred beads is less exact."""


class BeadPeaksError(CalibrationError):
    """The beads do not show the populations that the lot lists; the text states which were found.

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
        """Return what pickle needs, so that the error can leave a worker process."""
        return type(self), (str(self), self.found, self.expected)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The populations that the lot lists; `pile`: the end of the scale where one lies on it, else None."""

    n_levels: int
    blank: bool
    pile: float | None = None

    @property
    def n(self) -> int:
        """Number of populations that do not lie on the end of the scale."""
        return self.n_levels - (self.pile is not None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Indices of the populations that are beads, dim to bright; `notes` say what was left out, and why."""

    kept: tuple[int, ...]
    notes: tuple[str, ...] = ()


def beads_among(components: Sequence[Component], wanted: Wanted, notes: tuple[str, ...] = ()) -> Chosen:
    """Leave out humps too broad for beads, humps at zero where the lot has no blank bead, and doublets.

    A dim bead population is broad, because its few photons are measured with the detector's noise. Where
    populations are missing, a broad hump therefore counts if it is no broader than the width law of the clear
    populations allows.
    """
    broad = [k for k, c in enumerate(components) if _cv(c) > BROAD and not (wanted.blank and k == 0)]
    doublets = [k for k, c in enumerate(components) if k not in broad and _is_doublet(c, components[:k])]
    beads = [k for k in range(len(components)) if k not in broad and k not in doublets]
    clear = [components[k] for k in beads if components[k].sd > 0]
    dim = [k for k in broad if _is_lawful(components[k], clear)]
    counted = dim if len(beads) + len(dim) == wanted.n else []
    remark_of = {
        **dict.fromkeys(broad, "is too broad for beads and was left out as debris"),
        **dict.fromkeys(counted, "is broad because it is dim: it was counted as a bead"),
    }
    remarks = [(k, f"A hump at {_where(components[k])} {remark}.") for k, remark in remark_of.items()]
    remarks += [
        (k, f"Left out as doublets: a small peak at {_where(components[k])}, twice as bright as another.")
        for k in doublets
    ]
    return Chosen(tuple(sorted([*beads, *counted])), (*notes, *(text for _, text in sorted(remarks))))


def without_surplus(chosen: Chosen, components: Sequence[Component], wanted: Wanted) -> Chosen:
    """Leave out surplus populations that are tiny compared with the smallest one that is kept."""
    if len(chosen.kept) <= wanted.n:
        return chosen
    n = [component.n for component in components]
    by_size = sorted(chosen.kept, key=lambda k: n[k], reverse=True)
    if n[by_size[wanted.n]] >= SMALL_POPULATION * n[by_size[wanted.n - 1]]:
        return chosen
    surplus = [
        f"An extra peak at {components[k].mean:.{MEDIAN_DIGITS}g} ({n[k]:.0f} events) was left out."
        for k in by_size[wanted.n :]
    ]
    return Chosen(tuple(sorted(by_size[: wanted.n])), (*chosen.notes, *surplus))


def may_be_another(chosen: Chosen, components: Sequence[Component], split: bool) -> bool:
    """Tell whether it is open which populations are the beads.

    It is where one that is counted is tiny, and a larger one was left out or another had to be split.
    """
    sizes = np.array([component.n for component in components])
    beads = list(chosen.kept)
    if not beads:
        return False
    left_out = np.delete(sizes, beads)
    smallest = sizes[beads].min()
    return bool(smallest < TINY * np.median(sizes[beads]) and (split or np.any(left_out > smallest)))


def refusal(medians: Sequence[float], wanted: Wanted, notes: Sequence[str]) -> BeadPeaksError:
    """Return what is raised where not exactly the populations of the lot are found."""
    listed = ", ".join(f"{m:.{MEDIAN_DIGITS}g}" for m in medians) or "none"
    found_medians = (*medians, *([] if wanted.pile is None else [wanted.pile]))
    top = "" if wanted.pile is None else " and one on the end of the scale"
    blank = " (blank included)" if wanted.blank else ""
    return BeadPeaksError(
        f"{wanted.n_levels} bead populations{blank} were expected, {len(found_medians)} found, "
        f"with medians {' '.join([listed + top + '.', *notes])} Check the channel, the lot's list of levels "
        "(is the blank bead listed as 0?), the detector voltage, the threshold and the scatter gate, record "
        "more beads, or give the range of each population.",
        found_medians,
        wanted.n_levels,
    )


def _where(component: Component) -> str:
    return f"{component.mean:.{MEDIAN_DIGITS}g} ({component.n:.0f} events)"


def _cv(component: Component) -> float:
    """CV of a population; infinite where it is not above zero."""
    return component.sd / component.mean if component.mean > 0 else np.inf


def _is_doublet(component: Component, dimmer: Sequence[Component]) -> bool:
    return any(
        component.n < TINY * population.n and abs(component.mean / (2 * population.mean) - 1) < DOUBLET_WITHIN
        for population in dimmer
        if population.mean > 0
    )


def _is_lawful(component: Component, clear: Sequence[Component]) -> bool:
    """Return whether a hump is no broader than beads of its brightness, and has about as many events."""
    if len(clear) < FEWEST_CLEAR_LEVELS or component.mean <= 0:
        return False
    lawful = float(bead_law(clear).sd(np.array([component.mean]))[0])
    usual = float(np.median([population.n for population in clear]))
    return component.sd <= LAWFUL * lawful and component.n >= LIKE_OTHERS * usual
