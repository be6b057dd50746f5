"""A guess of a bead run's kit, from its file name and the number and spacing of its peaks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.beads.density_peaks import (
    FEWEST_EVENTS,
    axis_cofactor,
    bin_density,
    comb_spacing,
    fewest_events,
    find_modes,
)
from calibration.beads.kits import BEAD_KITS, BeadKit
from calibration.beads.singlets import find_bead_singlets
from gating.events.panel import AREA_ROLES, Role
from pipeline.fcs import FcsError, FcsFile, read_fcs
from pipeline.study.wording import counted, enumerate_words
from pipeline.template.inventory import InventoryFile
from pipeline.tube.names.channels import find_channel
from pipeline.tube.names.markers import scatter_role

_IN_NAMES = tuple(
    (kit, re.compile(kit.in_file_names, re.IGNORECASE)) for kit in BEAD_KITS if kit.in_file_names
)
QUANTIBRITE_STEPS = (10.5, 3.9, 2.4)
"""Factors from peak to peak of QuantiBRITE PE. Vendor: the printed lot values (474; 5,359; 23,843; 62,336 and
others)."""
STEP_TOLERANCE = 1.7
"""Factor by which a step may differ from the usual step. Convention: a detector's offset bends the dim
end."""
LEAST_STEP = 1.5
"""Factor from peak to peak that most steps of a kit reach. Convention: peaks of single photoelectrons are
closer."""
MOST_EVENTS = 20_000
"""Events of a bead file that are used. Convention: they show every peak of a usual run."""


@dataclass(frozen=True, slots=True)
class KitGuess:
    """A kit ("" if it is unknown), the reason of the guess, and whether the peaks make it doubtful."""

    name: str
    why: str
    by_peaks: bool = False


def guess_kit(root: Path, run: InventoryFile, channel: str) -> KitGuess:
    """Guess the kit of a bead run; the user must compare it with the lot's slip.

    Parameters
    ----------
    root
        The study folder.
    channel
        The calibrated channel; "" if it is not known.
    """
    text = " ".join((run.stem, run.file.keywords.get("TUBE NAME", "")))
    named = next((kit for kit, pattern in _IN_NAMES if pattern.search(text)), None)
    peaks = bead_peaks(root / run.name, channel)
    fitting = kits_of_peaks(peaks)
    observed = f"{counted(len(peaks), 'peak')} on {channel}{_spacing(peaks)}"
    if named is not None:
        if not peaks:
            return KitGuess(named.name, "kit by its name")
        if named in fitting or not named.usual_levels:
            return KitGuess(named.name, f"kit by its name, and {observed} fit it")
        return KitGuess(named.name, f"kit by its name, but {observed} do not fit it: look at the vial", True)
    if len(fitting) == 1:
        return KitGuess(
            fitting[0].name, f"{observed}: as {fitting[0].title}; compare with the lot's slip", True
        )
    if not peaks:
        return KitGuess("", "the kit is on the vial")
    if not fitting:
        return KitGuess("", f"{observed} fit no kit that is known: see the vial")
    names = enumerate_words(kit.name for kit in fitting)
    return KitGuess("", f"{observed} may be {names}: the vial says which")


def kits_of_peaks(peaks: tuple[float, ...]) -> list[BeadKit]:
    """Return the kits whose beads show this number and spacing of peaks.

    Four peaks without a blank are QuantiBRITE PE only if their spacing is that of its lots; other kits show
    four peaks if their blank is off the scale.

    >>> [kit.name for kit in kits_of_peaks((500.0, 5300.0, 23000.0, 60000.0))]
    ['quantibrite_pe']
    """
    n = len(peaks)
    steps = [bright / dim for dim, bright in pairwise(peaks) if dim > 0]
    if not steps or sorted(steps)[len(steps) // 2] < LEAST_STEP:
        return []
    kits = [
        kit
        for kit in BEAD_KITS
        if any(n == levels + blank for levels in kit.usual_levels for blank in _blanks(kit))
    ]
    spaced = len(steps) == len(QUANTIBRITE_STEPS) and all(
        usual / STEP_TOLERANCE <= step <= usual * STEP_TOLERANCE
        for step, usual in zip(steps, QUANTIBRITE_STEPS, strict=True)
    )
    without_blank = [kit for kit in kits if not kit.has_blank]
    if without_blank and spaced:
        return without_blank
    return [kit for kit in kits if kit not in without_blank]


def _blanks(kit: BeadKit) -> tuple[int, ...]:
    return (0, 1) if kit.has_blank else (0,)


def bead_peaks(path: Path, channel: str) -> tuple[float, ...]:
    """Return the peaks of a bead file on a channel, dim to bright; none if they cannot be determined."""
    if not channel:
        return ()
    try:
        file = read_fcs(path, allow_truncated=True)
        name = find_channel([channel], file.channels)
        light = _singlets(file, file.column(name)) if name else np.zeros(0)
    except FcsError:
        return ()
    if light.size < FEWEST_EVENTS or light[0] == light[-1]:
        return ()
    cofactor = axis_cofactor(light)
    modes = find_modes(bin_density(light, cofactor))
    comb = comb_spacing(modes, cofactor)
    if comb > 0:
        modes = find_modes(bin_density(light, cofactor, comb))
    floor = fewest_events(float(light.size))
    return tuple(float(np.sinh(mode.z) * cofactor) for mode in modes if mode.n >= floor)


def _singlets(file: FcsFile, light: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the sorted light of single beads: those in the densest spot of scatter, if there is scatter."""
    roles = {scatter_role(channel): channel for channel in reversed(file.channels)}
    values = np.asarray(light[:MOST_EVENTS], np.float64)
    if Role.FSC_AREA in roles and Role.SSC_AREA in roles:
        forward, side = (file.column(roles[role])[:MOST_EVENTS] for role in AREA_ROLES)
        values = values[find_bead_singlets(forward, side)]
    return np.sort(values[np.isfinite(values)])


def _spacing(peaks: tuple[float, ...]) -> str:
    steps = [f"{bright / dim:.2g}" for dim, bright in pairwise(peaks) if dim > 0]
    return f", {', '.join(steps)} times the one before," if steps else ""
