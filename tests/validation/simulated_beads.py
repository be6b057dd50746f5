"""Bead runs and cells with known truth, from detection physics: photoelectrons, gain, noise, doublets, debris."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

KITS = {
    "quantibrite_pe": (638.0, 6930.0, 31008.0, 67601.0),
    "qsc": (0.0, 5899.0, 68458.0, 281582.0, 621651.0),
    "qifikit": (0.0, 2600.0, 9900.0, 46000.0, 193000.0, 565000.0),
    "mesf": (0.0, 1500.0, 4400.0, 14500.0, 43800.0, 131200.0),
}


@dataclass
class Detector:
    """Photoelectrons per molecule, linear units per photoelectron, electronic noise (units), end of scale."""

    photons: float = 0.05
    gain: float = 8.0
    noise: float = 30.0
    top: float = 262143.0

    @property
    def per_molecule(self):
        return self.photons * self.gain

    def read(self, molecules, rng):
        light = rng.poisson(np.maximum(molecules, 0) * self.photons) * self.gain
        return np.minimum(light + rng.normal(0, self.noise, np.shape(molecules)), self.top)


@dataclass
class BeadRun:
    """One acquisition; `population` is the index of the level, -1 a doublet, -2 debris; `others`: more channels."""

    fsc: np.ndarray
    ssc: np.ndarray
    intensity: np.ndarray
    population: np.ndarray
    levels: np.ndarray
    truth: np.ndarray = field(default_factory=lambda: np.zeros(0))
    others: tuple[np.ndarray, ...] = ()


def bead_run(
    rng,
    levels,
    *,
    detector=None,
    n=8000,
    weights=None,
    bead_cv=0.05,
    doublets=0.04,
    debris=0.03,
    autofluorescence=60.0,
    others=(),
):
    """Beads of all levels in one tube; levels and autofluorescence in molecules; `others`: more detectors."""
    detector = detector or Detector()
    levels = np.asarray(levels, float)
    k = levels.size
    weights = np.full(k, 1 / k) if weights is None else np.asarray(weights, float) / np.sum(weights)
    population = rng.choice(k, n, p=weights)
    molecules = _molecules(rng, levels, population, bead_cv, autofluorescence)
    size = rng.normal(1, 0.03, n)
    n2 = int(doublets * n)
    partner = _molecules(rng, levels, rng.choice(k, n2, p=weights), bead_cv, autofluorescence)
    molecules[:n2] += partner
    size[:n2] *= rng.uniform(1.6, 2.0, n2)
    population[:n2] = -1
    nd = int(debris * n)
    molecules = np.concatenate([molecules, rng.lognormal(np.log(3 * autofluorescence), 1.0, nd)])
    size = np.concatenate([size, rng.lognormal(np.log(0.25), 0.5, nd)])
    population = np.concatenate([population, np.full(nd, -2)])
    order = rng.permutation(molecules.size)
    molecules, size, population = molecules[order], size[order], population[order]
    return BeadRun(
        fsc=np.minimum(60000 * size * rng.normal(1, 0.02, size.size), 262143.0),
        ssc=np.minimum(40000 * size * rng.normal(1, 0.04, size.size), 262143.0),
        intensity=detector.read(molecules, rng),
        population=population,
        levels=levels,
        truth=(levels + autofluorescence) * detector.per_molecule,
        others=tuple(other.read(molecules, rng) for other in others),
    )


def _molecules(rng, levels, population, cv, autofluorescence):
    spread = rng.normal(1, cv, population.size)
    return levels[population] * spread + autofluorescence * rng.lognormal(0, 0.2, population.size)


def cells(rng, density, n, *, detector=None, spread=0.45, autofluorescence=600.0, af_spread=0.35):
    """Stained cells (None of the FMO's): linear intensities with log-normal receptors of median `density`."""
    detector = detector or Detector()
    background = autofluorescence * rng.lognormal(0, af_spread, n)
    receptors = density * rng.lognormal(0, spread, n) if density > 0 else 0.0
    return detector.read(background + receptors, rng)
