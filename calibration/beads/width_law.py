"""How wide bead populations are: the law of detection physics, fitted to the clear populations of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.beads.scale_end import SQUEEZED
from calibration.numbers import Floats
from calibration.rounding import FIT_DIGITS, rounded_fit

TIED_SIZE = (0.75, 1.33)
"""Smallest and largest factor by which the data may change the common size of tied widths. Convention: a
third to either side."""

SPREAD_OF_NUMBERS = (1.5, 0.02)
"""Factor and least value of the SD of log events: few clear populations make it too small. Convention: the SD
of three numbers is too small by some 10 to 50 %."""
FEWEST_TERMS = 3
"""A brightest population is left out only if more than so many are there. Arithmetic: the law has three
terms."""
NEWTON_STEPS = 6
"""Newton steps to the usual number of events. Convention: each doubles the digits."""


@dataclass(frozen=True, slots=True)
class Component:
    """A population in linear units: mean, SD and events (expected number)."""

    mean: float
    sd: float
    n: float


@dataclass(frozen=True, slots=True)
class MixtureScale:
    """The scale u of the mixture; `turn` infinite: linear."""

    turn: float = np.inf

    def u(self, x: Floats) -> Floats:
        """From linear intensities."""
        return (
            x if np.isinf(self.turn) else np.asarray(self.turn * np.arcsinh(x / self.turn), dtype=np.float64)
        )

    def x(self, u: Floats) -> Floats:
        """Back to linear intensities."""
        return u if np.isinf(self.turn) else np.asarray(self.turn * np.sinh(u / self.turn), dtype=np.float64)

    def stretch(self, x: Floats) -> Floats:
        """dx/du at x."""
        return np.hypot(1.0, x / self.turn)


@dataclass(frozen=True, slots=True)
class BeadLaw:
    """Expected widths and numbers of overlapping populations, fitted to the clear populations of the run.

    Width: variance = noise + photons · x + cv² · x² in linear units, from electronic noise, photon counting
    and the beads' own spread (Steen 1992, doi:10.1002/cyto.990130803). The law gives the ratios of the SDs
    of the `tied` populations; the data set their common size, within a third. Number: log n ~
    normal(`log_n`, `log_n_sd`), which says much where the clear populations are alike and nothing where
    they are not.
    """

    noise: float
    photons: float
    cv2: float
    log_n: float
    log_n_sd: float
    tied: tuple[int, ...] = ()

    @property
    def turn(self) -> float:
        """Brightness above which the beads' own spread exceeds noise and photon counting; may be infinite."""
        if self.cv2 <= 0:
            return np.inf
        return float((self.photons + np.sqrt(self.photons**2 + 4 * self.noise * self.cv2)) / (2 * self.cv2))

    def sd(self, x: Floats) -> Floats:
        """SD of a population at x."""
        bright = np.maximum(x, 0.0)
        return np.asarray(
            np.sqrt(self.noise + self.photons * bright + self.cv2 * bright**2), dtype=np.float64
        )

    def lawful_sd(self, u: Floats, sd: Floats, n: Floats, scale: MixtureScale, narrowest: Floats) -> Floats:
        """Return the SDs on u: of tied populations by the law, of the others as fitted."""
        lawful, which = sd.copy(), list(self.tied)
        x = scale.x(u[which])
        law = np.maximum(self.sd(x) / scale.stretch(x), narrowest[which])
        size = np.sqrt((n[which] * (sd[which] / law) ** 2).sum() / n[which].sum())
        lawful[which] = law * float(np.clip(size, *TIED_SIZE))
        return lawful

    def lawful_n(self, n: Floats) -> Floats:
        """Return the numbers of events; those of tied populations are drawn toward the usual number."""
        lawful, which = n.copy(), list(self.tied)
        u, weight = np.log(n[which]), 1 / self.log_n_sd**2
        for _ in range(NEWTON_STEPS):
            u = u + (n[which] - np.exp(u) - weight * (u - self.log_n)) / (np.exp(u) + weight)
        lawful[which] = np.exp(u)
        return lawful


def bead_law(components: Sequence[Component]) -> BeadLaw:
    """Fit widths (non-negative least squares of relative variance) and usual number of clear populations.

    A brightest population with less than half the CV of the next is squeezed by its amplifier: left out.
    """
    from scipy.optimize import nnls

    clear = list(components)
    if len(clear) > FEWEST_TERMS and clear[-1].sd / clear[-1].mean < SQUEEZED * clear[-2].sd / clear[-2].mean:
        clear = clear[:-1]
    x = np.maximum(np.array([c.mean for c in clear]), 0.0)
    variance = np.array([c.sd for c in clear]) ** 2
    terms = np.column_stack([np.ones_like(x), x, x**2]) / variance[:, None]
    scale = np.where(terms.max(axis=0) > 0, terms.max(axis=0), 1.0)
    noise, photons, cv2 = rounded_fit(nnls(terms / scale, np.ones(x.size))[0] / scale, FIT_DIGITS)
    log_n = np.log([c.n for c in components])
    factor, least = SPREAD_OF_NUMBERS
    spread = factor * float(np.std(log_n, ddof=1)) + least
    return BeadLaw(float(noise), float(photons), float(cv2), float(np.mean(log_n)), spread)
