"""The cells of a marrow as data: their number, size and molecules of each antigen."""

from __future__ import annotations

from dataclasses import dataclass

SIMULATED_MARKERS = (
    "CD138",
    "CD45",
    "CD319",
    "CD229",
    "CD19",
    "CD56",
    "CD117",
    "CD81",
    "DUMP",
    "CD38",
    "VIABILITY",
)
"""Order of `Population.molecules`; DUMP is CD3 and CD14 together."""

NORMAL_PLASMA_CELL = "normal_plasma_cell"
ABERRANT_PLASMA_CELL = "aberrant_plasma_cell"
ABERRANT_PLASMA_CELL_DIM = "aberrant_plasma_cell_cd38_dim"
PLASMA_CELLS = (NORMAL_PLASMA_CELL, ABERRANT_PLASMA_CELL, ABERRANT_PLASMA_CELL_DIM)
ABERRANT_PLASMA_CELLS = (ABERRANT_PLASMA_CELL, ABERRANT_PLASMA_CELL_DIM)
SENTINELS = ("nk_cell", "b_precursor")
"""Cells whose free CD38 distinguishes masking by the drug from loss by the tumour."""


@dataclass(frozen=True, slots=True)
class Population:
    """A kind of cell.

    Attributes
    ----------
    percent
        Of the viable cells of a typical marrow; plasma cells are set per tube.
    fsc, ssc
        Median forward and side scatter, units of a 262,144 scale.
    scatter_spread
        SD of both in dex.
    autofluorescence
        Relative to a lymphocyte.
    sticky
        Median molecules of any antibody that the cell binds without having the antigen.
    molecules
        Median antigens per cell in the order of `SIMULATED_MARKERS`, before any drug.
    spread
        SD of the antigens in dex.
    broad
        (marker, SD in dex) for markers that vary more or less than the others.
    """

    name: str
    percent: float
    fsc: float
    ssc: float
    scatter_spread: float
    autofluorescence: float
    sticky: float
    molecules: tuple[float, ...]
    spread: float = 0.2
    broad: tuple[tuple[str, float], ...] = ()


# Orders of magnitude from antigen quantitation; what matters is which populations overlap: promyelocytes and
# eosinophils have autofluorescence, hematogones and plasmacytoid dendritic cells carry much CD38, NK and
# activated T cells carry some CD319, mesenchymal cells lie near CD138-dim CD45-negative.
# Columns: percent, FSC, SSC, their spread, autofluorescence, sticky, then the molecules
# in SIMULATED_MARKERS' order.
_MARROW = (
    Population("granulocyte", 47, 104e3, 112e3, 0.070, 3.5, 80,
               (110, 55e3, 60, 300, 30, 90, 60, 2.5e3, 2.2e3, 1.3e3, 60),
               0.22),
    Population("promyelocyte", 5, 128e3, 84e3, 0.080, 5.5, 110,
               (200, 24e3, 150, 600, 40, 150, 2.2e3, 6e3, 300, 8e3, 70),
               0.27, (("CD117", 0.45),)),
    Population("eosinophil", 2, 92e3, 160e3, 0.070, 16, 90,
               (120, 70e3, 60, 300, 30, 80, 40, 3e3, 200, 500, 60),
               0.22),
    Population("t_cell", 13, 58e3, 17e3, 0.055, 1, 25,
               (40, 190e3, 700, 4e3, 20, 60, 20, 55e3, 95e3, 2.5e3, 45),
               0.16, (("CD38", 0.4), ("CD319", 0.45))),
    Population("activated_t_cell", 1.5, 68e3, 21e3, 0.065, 1.3, 40,
               (70, 170e3, 3.5e3, 6e3, 25, 600, 25, 60e3, 85e3, 14e3, 55),
               0.2, (("CD56", 0.6), ("CD38", 0.3))),
    Population("nk_cell", 2.5, 61e3, 19e3, 0.055, 1.1, 40,
               (50, 175e3, 4.5e3, 2.5e3, 20, 13e3, 25, 45e3, 250, 14e3, 45),
               0.2, (("CD56", 0.35), ("CD38", 0.28))),
    Population("b_cell", 3, 57e3, 16e3, 0.055, 1, 30,
               (70, 150e3, 900, 5e3, 19e3, 40, 20, 80e3, 60, 2.5e3, 45),
               0.16, (("CD38", 0.35),)),
    Population("b_precursor", 3, 50e3, 14e3, 0.060, 0.9, 25,
               (90, 36e3, 250, 2e3, 13e3, 50, 120, 120e3, 50, 30e3, 45),
               0.2, (("CD45", 0.35),)),
    Population("monocyte", 6, 106e3, 42e3, 0.065, 4, 420,
               (320, 140e3, 1.5e3, 900, 60, 400, 60, 32e3, 80e3, 11e3, 65),
               0.22, (("CD56", 0.5),)),
    Population("erythroid", 13, 39e3, 12e3, 0.090, 0.6, 15,
               (40, 900, 20, 60, 15, 30, 60, 1e3, 30, 1.2e3, 45),
               0.3, (("CD117", 0.6), ("CD45", 0.5))),
    Population("blast", 1.2, 84e3, 24e3, 0.070, 1.6, 40,
               (90, 38e3, 300, 900, 60, 120, 8e3, 40e3, 60, 15e3, 50),
               0.22),
    Population("plasmacytoid_dendritic_cell", 0.3, 72e3, 25e3, 0.060, 1.5, 60,
               (90, 60e3, 1.8e3, 4e3, 60, 350, 40, 60e3, 90, 36e3, 50),
               0.2),
    Population("mast_cell", 0.03, 105e3, 90e3, 0.100, 7, 120,
               (250, 45e3, 80, 300, 30, 150, 90e3, 20e3, 80, 1.5e3, 60),
               0.22),
    Population("mesenchymal_cell", 0.02, 150e3, 70e3, 0.110, 9, 150,
               (1.2e3, 250, 90, 100, 25, 900, 60, 60e3, 60, 300, 70),
               0.35),
    Population(NORMAL_PLASMA_CELL, 0.15, 88e3, 33e3, 0.075, 2.4, 30,
               (36e3, 30e3, 22e3, 26e3, 7e3, 250, 60, 42e3, 60, 95e3, 50), 0.22,
               (("CD45", 0.4), ("CD19", 0.35), ("CD56", 0.6), ("CD138", 0.32))),
    Population(ABERRANT_PLASMA_CELL, 4, 102e3, 38e3, 0.085, 2.6, 30,
               (60e3, 3e3, 24e3, 28e3, 60, 40e3, 80, 3e3, 60, 60e3, 50), 0.2,
               (("CD45", 0.35), ("CD138", 0.3), ("CD56", 0.26),
                ("CD117", 0.35), ("CD81", 0.3), ("CD38", 0.2))),
    Population(ABERRANT_PLASMA_CELL_DIM, 0, 102e3, 38e3, 0.085, 2.6, 30,
               (60e3, 3e3, 24e3, 28e3, 60, 40e3, 80, 3e3, 60, 60e3, 50), 0.2,
               (("CD45", 0.35), ("CD138", 0.3), ("CD56", 0.26),
                ("CD117", 0.35), ("CD81", 0.3), ("CD38", 0.2))),
)  # fmt: skip

POPULATIONS: tuple[Population, ...] = _MARROW
POPULATION_NAMES = tuple(population.name for population in POPULATIONS)


def indices(names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the rows of `POPULATIONS` that have these names."""
    return tuple(POPULATION_NAMES.index(name) for name in names)
