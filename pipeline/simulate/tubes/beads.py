"""Simulate a run of calibration beads on the day's instrument, with its true conversion."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from gating.events import Events, Mask
from gating.events.panel import Role
from pipeline.simulate.tubes.cytometer import THREE_LASERS, Cytometer
from pipeline.simulate.tubes.optics import Recorded, as_recorded, detect

DEBRIS = -1
GAIN_PER_VOLT_EXPONENT = 7.5
"""Exponent of the gain: a photomultiplier's gain grows about as this power of its voltage."""


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot of beads.

    Attributes
    ----------
    kit
        `quantibrite_pe` (levels are PE molecules) or `qsc` (levels are antibodies bound; the first is blank).
    number
        The lot number as printed on the box.
    assigned, true
        Levels from dim to bright: the printed values, and the true values of the beads.
    """

    kit: str
    number: str
    assigned: tuple[float, ...]
    true: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BeadParameters:
    """All parameters of a bead run except the random numbers.

    `gains` as in `TubeParameters`; `f_p` matters only for beads that bind the conjugate (`qsc`).
    """

    lot: Lot
    cytometer: Cytometer = THREE_LASERS
    n_events: int = 8_000
    gains: tuple[float, ...] = ()
    f_p: float = 1.0
    debris_percent: float = 5.0
    doublet_percent: float = 6.0


@dataclass(frozen=True, slots=True)
class SimulatedBeads:
    """A bead run as its FCS file would hold it, and its truth.

    Attributes
    ----------
    values
        float32, shape (n_channels, n_events): linear, not compensated.
    level
        int8, shape (n_events,): index of the lot's level, -1 for debris; for a doublet the first bead's
        level.
    doublet
        bool, shape (n_events,).
    slope, intercept
        True log10 level = slope · log10 MFI + intercept on the CD38 detector.
    """

    parameters: BeadParameters
    values: Recorded
    channels: tuple[str, ...]
    level: NDArray[np.int8]
    doublet: Mask
    slope: float
    intercept: float

    def events(self) -> Events:
        """Return the events as read from the file."""
        top = self.parameters.cytometer.top - 1
        detectors = self.parameters.cytometer.detectors
        tops = tuple(math.inf if detector.role == Role.TIME else top for detector in detectors)
        return Events(self.values, self.channels, tops)

    def singlets(self, level: int) -> Mask:
        """Return the single beads of a level."""
        mask: Mask = (self.level == level) & ~self.doublet
        return mask


def draw_lot(kit: str, rng: np.random.Generator, *, cv: float = 0.004) -> Lot:
    """Draw a lot: levels near the usual values; each true level differs from the printed one by `cv`."""
    usual = {
        "quantibrite_pe": (638.0, 6_930.0, 31_008.0, 67_601.0),
        "qsc": (0.0, 5_899.0, 68_458.0, 281_582.0, 621_651.0),
    }[kit]
    assigned = np.round(np.array(usual) * 10 ** rng.uniform(-0.08, 0.08, len(usual)))
    true = assigned * (1 + cv * rng.standard_normal(len(usual)))
    number = str(rng.integers(60_000, 99_999))
    return Lot(kit, number, tuple(assigned.tolist()), tuple(true.tolist()))


def simulate_beads(parameters: BeadParameters, rng: np.random.Generator) -> SimulatedBeads:
    """Simulate a bead run.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> beads = simulate_beads(BeadParameters(draw_lot("quantibrite_pe", rng)), rng)
    >>> beads.slope, beads.values.shape
    (1.0, (14, 8000))
    """
    n = parameters.n_events
    level, doublet, second = _which(parameters, rng)
    dye = _dye(parameters, level, rng) + np.where(doublet, _dye(parameters, second, rng), 0)
    size = np.where(doublet, 2.0, 1.0)
    glow = np.where(level == DEBRIS, 0.02, 0.06) * size
    detectors = parameters.cytometer.fluorescence
    dyes = np.zeros((len(detectors), n))
    dyes[[detector.role for detector in detectors].index(Role.CD38)] = dye
    light = np.ones(n)
    fluorescence = detect(parameters.cytometer, dyes, glow, light, parameters.gains, rng)
    return SimulatedBeads(
        parameters=parameters,
        values=_assemble(parameters.cytometer, level, doublet, fluorescence, rng),
        channels=parameters.cytometer.channels,
        level=level,
        doublet=doublet,
        slope=1.0,
        intercept=-math.log10(units_per_molecule(parameters) * _dye_per_unit(parameters)),
    )


def units_per_molecule(parameters: BeadParameters) -> float:
    """Return the linear units of one dye molecule on the CD38 detector that day."""
    detectors = parameters.cytometer.fluorescence
    row = [detector.role for detector in detectors].index(Role.CD38)
    factor = parameters.gains[row] if parameters.gains else 1.0
    return detectors[row].efficiency * detectors[row].gain * factor


def gain_of_volts(voltage: float, volts_more: float) -> float:
    """Return the factor on a photomultiplier's gain for a rise of its voltage.

    Examples
    --------
    >>> round(gain_of_volts(450, 25), 2)
    1.5
    """
    return float((1 + volts_more / voltage) ** GAIN_PER_VOLT_EXPONENT)


def _dye_per_unit(parameters: BeadParameters) -> float:
    """Return dye molecules per unit of the kit: F:P per antibody on beads that bind the conjugate."""
    return parameters.f_p if parameters.lot.kit == "qsc" else 1.0


def _which(
    parameters: BeadParameters, rng: np.random.Generator
) -> tuple[NDArray[np.int8], Mask, NDArray[np.int8]]:
    n, levels = parameters.n_events, len(parameters.lot.true)
    shares = rng.dirichlet(np.full(levels, 60.0))
    level = rng.choice(levels, n, p=shares).astype(np.int8)
    second = rng.choice(levels, n, p=shares).astype(np.int8)
    kind = rng.random(n)
    level[kind < parameters.debris_percent / 100] = DEBRIS
    return level, kind > 1 - parameters.doublet_percent / 100, second


def _dye(parameters: BeadParameters, level: NDArray[np.int8], rng: np.random.Generator) -> Floats:
    """Dye molecules per bead: lognormal around the true level, a few stick to a blank and to debris."""
    true = np.array([*parameters.lot.true, 0.0]) * _dye_per_unit(parameters) + 5
    spread = np.array([*[0.025] * len(parameters.lot.true), 0.6])
    drawn: Floats = true[level] * 10 ** (spread[level] * rng.standard_normal(level.size))
    return drawn


def _assemble(
    cytometer: Cytometer,
    level: NDArray[np.int8],
    doublet: Mask,
    fluorescence: Recorded,
    rng: np.random.Generator,
) -> Recorded:
    n = level.size
    small = 10 ** (0.3 * rng.standard_normal(n) - 0.75)
    size = np.where(level == DEBRIS, small, 1 + 0.03 * rng.standard_normal(n)) * np.where(doublet, 2, 1)
    area = 52e3 * size * (1 + 0.02 * rng.standard_normal(n))
    part = np.where(doublet, rng.uniform(0.5, 0.65, n), 1)
    height = 0.93 * area * part * (1 + 0.02 * rng.standard_normal(n))
    side = 68e3 * size * (1 + 0.05 * rng.standard_normal(n))
    computed = {
        Role.FSC_AREA: area * cytometer.scatter_scale,
        Role.FSC_HEIGHT: height * cytometer.scatter_scale,
        Role.FSC_WIDTH: area / height * cytometer.top / 4,
        Role.SSC_AREA: side * cytometer.scatter_scale,
        Role.TIME: np.floor(np.cumsum(rng.exponential(1 / 800, n)) / cytometer.time_step),
    }
    fluorescent = iter(fluorescence)
    rows = [
        next(fluorescent) if d.fluorochrome else as_recorded(computed[d.role]) for d in cytometer.detectors
    ]
    values: Recorded = np.minimum(np.stack(rows), np.float32(cytometer.top - 1))
    return values
