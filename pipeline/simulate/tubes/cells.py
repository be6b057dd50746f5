"""Draw the cells of a tube: their population, size and molecules, before any optics."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from gating.events.panel import Role
from pipeline.simulate.tubes.parameters import Clone, TubeParameters
from pipeline.simulate.tubes.populations import (
    ABERRANT_PLASMA_CELL,
    ABERRANT_PLASMA_CELL_DIM,
    ABERRANT_PLASMA_CELLS,
    NORMAL_PLASMA_CELL,
    PLASMA_CELLS,
    POPULATIONS,
    SIMULATED_MARKERS,
    Population,
)

_CLUMPED = 0.005
"""Fraction of cells with a clump of antibodies on them."""
CD38 = SIMULATED_MARKERS.index("CD38")
VIABILITY = SIMULATED_MARKERS.index("VIABILITY")
_CLONE_FIELDS = (
    ("CD138", Role.CD138), ("CD45", Role.CD45), ("CD319", Role.CD319), ("CD229", Role.CD229),
    ("CD19", Role.CD19), ("CD56", Role.CD56), ("CD117", Role.CD117), ("CD81", Role.CD81), ("CD38", Role.CD38),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SimulatedCells:
    """Cells before they are measured by the cytometer.

    Attributes
    ----------
    population
        int8, shape (n,): row of `POPULATIONS`.
    antigens
        float64, shape (n_markers, n): molecules per cell; for CD38 those free of drug.
    sticky
        float64, shape (n,): molecules of any antibody bound without antigen.
    fsc, ssc, autofluorescence
        float64, shape (n,).
    dead
        bool, shape (n,).
    """

    population: NDArray[np.int8]
    antigens: Floats
    sticky: Floats
    fsc: Floats
    ssc: Floats
    autofluorescence: Floats
    dead: NDArray[np.bool_]


def population_table(parameters: TubeParameters) -> tuple[Population, ...]:
    """Return the population table of a tube: its clone, its percentages, and its CD38 free of drug."""
    rows = []
    for row, population in enumerate(POPULATIONS):
        tuned = replace(population, percent=_percent(parameters, population, row))
        rows.append(_as_clone(tuned, parameters.clone) if tuned.name in ABERRANT_PLASMA_CELLS else tuned)
    return tuple(_masked(population, parameters.occupancy) for population in rows)


def draw_cells(parameters: TubeParameters, n: int, rng: np.random.Generator) -> SimulatedCells:
    """Draw `n` cells of a tube, living and dead, in random order."""
    table = population_table(parameters)
    shares = np.array([population.percent for population in table])
    which = _choose(shares, n, rng)
    size = rng.standard_normal(n)
    antigens = _antigens(table, which, size, rng)
    spread = np.array([p.scatter_spread for p in table], np.float64)[which]
    fsc = _medians(table, "fsc")[which] * _pow10(spread * size)
    ssc = _medians(table, "ssc")[which] * _pow10(spread * (0.5 * size + rng.standard_normal(n)))
    glow = _medians(table, "autofluorescence")[which] * _lognormal(0.16, n, rng)
    sticky = _medians(table, "sticky")[which] * _lognormal(0.3, n, rng)
    sticky[rng.random(n) < _CLUMPED] *= 12
    dead = rng.random(n) < parameters.dead_percent / 100
    return _with_dead(SimulatedCells(which, antigens, sticky, fsc, ssc, glow, dead), rng)


def _percent(parameters: TubeParameters, population: Population, row: int) -> float:
    clone = parameters.clone
    special = {
        NORMAL_PLASMA_CELL: parameters.normal_percent,
        ABERRANT_PLASMA_CELL: parameters.aberrant_percent * (1 - clone.dim_fraction),
        ABERRANT_PLASMA_CELL_DIM: parameters.aberrant_percent * clone.dim_fraction,
    }
    if population.name in special:
        return special[population.name]
    typical_sum = sum(p.percent for p in POPULATIONS if p.name not in PLASMA_CELLS)
    percent_of_others = 100 - parameters.aberrant_percent - parameters.normal_percent
    factor = parameters.composition[row] if parameters.composition else 1.0
    remaining = parameters.nk_remaining if population.name == "nk_cell" else 1.0
    return population.percent * factor * remaining * percent_of_others / typical_sum


def _as_clone(population: Population, clone: Clone) -> Population:
    of_marker = {marker: getattr(clone, field) for marker, field in _CLONE_FIELDS}
    if population.name == ABERRANT_PLASMA_CELL_DIM:
        of_marker["CD38"] *= clone.dim_ratio
    molecules = tuple(
        of_marker.get(marker, old)
        for marker, old in zip(SIMULATED_MARKERS, population.molecules, strict=True)
    )
    broad = tuple(pair for pair in population.broad if pair[0] != "CD38")
    return replace(
        population,
        fsc=population.fsc * clone.size,
        molecules=molecules,
        broad=(*broad, ("CD38", clone.cd38_spread)),
    )


def _masked(population: Population, occupancy: float) -> Population:
    if population.name in ABERRANT_PLASMA_CELLS:
        return population
    free = list(population.molecules)
    free[CD38] = max(free[CD38] * (1 - occupancy), 0.01)
    return replace(population, molecules=tuple(free))


def _choose(shares: NDArray[np.float64], n: int, rng: np.random.Generator) -> NDArray[np.int8]:
    edges = np.cumsum(shares / shares.sum())
    return np.minimum(np.searchsorted(edges, rng.random(n)), len(shares) - 1).astype(np.int8)


def _medians(table: tuple[Population, ...], field: str) -> Floats:
    return np.array([getattr(population, field) for population in table], np.float64)


def _pow10(exponent: Floats) -> Floats:
    power: Floats = np.exp(np.log(10) * exponent)
    return power


def _lognormal(dex: float, n: int, rng: np.random.Generator) -> Floats:
    return _pow10(dex * rng.standard_normal(n))


def _antigens(
    table: tuple[Population, ...], which: NDArray[np.int8], size: Floats, rng: np.random.Generator
) -> Floats:
    """Draw molecules, lognormal per population and marker; cell size adds a spread common to all markers."""
    medians = np.log10(np.array([population.molecules for population in table], np.float64).T)
    spreads = np.array([_spreads(population) for population in table], np.float64).T
    common = 0.03 * size
    own = rng.standard_normal((len(SIMULATED_MARKERS), which.size))
    return np.stack(
        [
            _pow10(medians[row][which] + spreads[row][which] * own[row] + common)
            for row in range(len(SIMULATED_MARKERS))
        ]
    )


def _spreads(population: Population) -> list[float]:
    broad = dict(population.broad)
    return [broad.get(marker, population.spread) for marker in SIMULATED_MARKERS]


def _with_dead(cells: SimulatedCells, rng: np.random.Generator) -> SimulatedCells:
    """Make dead cells smaller; they take up the viability dye and bind every antibody."""
    dead = cells.dead
    n = int(dead.sum())
    late = rng.random(n) < 0.8
    cells.fsc[dead] *= 0.62 * _lognormal(0.09, n, rng)
    cells.ssc[dead] *= 1.15 * _lognormal(0.08, n, rng)
    cells.autofluorescence[dead] *= 2
    cells.sticky[dead] += 2_000 * _lognormal(0.4, n, rng)
    cells.antigens[:, dead] *= 0.6 * _lognormal(0.2, n, rng)
    dye = np.where(late, 45_000, 6_000).astype(np.float64)
    cells.antigens[VIABILITY, dead] = dye * _lognormal(0.2, n, rng)
    return cells
