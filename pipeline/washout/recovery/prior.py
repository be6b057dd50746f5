"""The priors of the seven parameters of M2, with sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.numbers import Floats
from pipeline.study.settings.usual_density import USUAL_PLASMA_CELL_CD38

R0, RHO, T, KD, FASTER, UNLIKE, SIGMA = range(7)
"""Index of log10 R0, logit ρ, ln T, ln Kd, κ (per week), ln τ and ln σ among the parameters. Arithmetic: the
order of the parameters in this folder."""

N_PARAMETERS: Final = 7
"""Arithmetic: the number of parameters."""

LEFT_SHARE, WEEKS_TO_HALF, SCATTER_DEX = 0.25, 15.0, 0.35
"""Middles of the priors of ρ, T (weeks) and σ (dex). Assumptions (docs/method.md, section 6)."""

RHO_SD, T_SD, KD_SD, FASTER_SD, UNLIKE_SD, SIGMA_SD = 1.0, 0.7, 0.8, 0.1, 0.5, 1.0
"""SDs of the priors of logit ρ, ln T, ln Kd, κ (per week), ln τ and ln σ. Assumptions: docs/method.md,
section 6, has the range that each leaves."""

PLATEAU_SD: Final = 0.4
"""SD of log10 R0, dex: kits, clones and diseases differ by a factor of 2.5 up or down. Convention
(docs/method.md)."""


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Independent normal priors, each on the scale of its parameter: `mean` and `sd`, shape (7,)."""

    mean: Floats
    sd: Floats

    @staticmethod
    def around(kd_ug_ml: float, plateau: float = USUAL_PLASMA_CELL_CD38) -> Prior:
        """Return the prior that is centred on this Kd and this plateau."""
        means = [
            np.log(LEFT_SHARE / (1 - LEFT_SHARE)),
            np.log(WEEKS_TO_HALF),
            np.log(kd_ug_ml),
            0.0,
            0.0,
            np.log(SCATTER_DEX),
        ]
        mean = np.array([np.log10(plateau), *means])
        return Prior(mean, np.array([PLATEAU_SD, RHO_SD, T_SD, KD_SD, FASTER_SD, UNLIKE_SD, SIGMA_SD]))

    def log(self, parameters: Floats) -> Floats:
        """Return the log density up to a constant, (B, p) → (B,)."""
        return np.asarray(-0.5 * np.sum(((parameters - self.mean) / self.sd) ** 2, axis=1))


def prior_words(kd_ug_ml: float, plateau: float) -> tuple[str, ...]:
    """Return every prior of M2 in words, each with its central 95 % range."""
    low, high = (f"{plateau * 10 ** (side * 1.96 * PLATEAU_SD):,.0f}" for side in (-1, 1))
    of_plateau = (
        f"the plateau R0: log-normal around {plateau:,.0f} molecules per cell, 95 % between {low} and {high} "
        "(setting sentinel_plasma_cell_usual; plasma cells before any antibody: 153,000 and 139,000, SD "
        "53,000, https://pubmed.ncbi.nlm.nih.gov/29577600)"
    )
    ranges = (
        of_plateau,
        "rho, the part of R0 that treatment leaves: around 0.25, 95 % between 0.04 and 0.70",
        "T, the weeks in which half of the rest comes back: around 15, 95 % between 4 and 59",
        f"Kd: around {kd_ug_ml:g} ug/mL (setting kd_app_ug_ml), 95 % a factor of 5 to either side",
        "kappa, how much faster the drug leaves than the model says: around 0, 95 % -0.2 to 0.2 per week",
        "tau, how much patients differ in the drug left, over what the model says: around 1, 95 % 0.4 to 2.7",
        "sigma, the scatter between patients: around 0.35 dex, 95 % between 0.05 and 2.5",
    )
    return tuple(f"M2, prior of {words}" for words in ranges)
