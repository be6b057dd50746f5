"""Fall of the serum concentration after the last dose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from calibration.numbers import ONE_SD_ENDS, SEED, Floats
from pipeline.patients.pharmacokinetics.integration import PaddedDoses, concentrations
from pipeline.patients.pharmacokinetics.parameters import (
    N_DRAWN,
    N_VARIED,
    REFERENCE_WEIGHT_KG,
    Body,
    drawn_patients,
)

WEEKS_AFTER_DOSE: Final = np.concatenate([np.arange(0, 60, 0.5), np.arange(60, 209, 2.0)])
"""Weeks after the last dose at which a curve has values. Convention: a fine grid while the drug falls, four
years in all."""

_HOURS_PER_WEEK: Final = 168.0
"""Arithmetic: 7 days of 24 hours."""

_SCHEDULE_DAYS: Final = (*(7,) * 8, *(14,) * 8, *(28,) * 4)
"""Days from dose to dose: weekly, every 2 weeks, every 4 weeks. Vendor: prescribing information of
intravenous daratumumab."""
_MG_PER_KG: Final = 16.0
"""The labelled dose. Vendor: prescribing information of intravenous daratumumab."""

_LEAST_UG_ML: Final = 1e-6
"""Lower concentrations are set to this, so that they have a logarithm. Convention: far below what any assay
measures, and far below the Kd."""

_DRAWS: Final = 64
"""Number of simulated patients over all bodies. Convention: the error of the SD is then a tenth of it."""

_STEP_ERROR: Final = 1e-3
"""Relative tolerance per step for the simulated patients. Convention: far below the variation between
patients."""


@dataclass(frozen=True, slots=True, eq=False)
class SerumCurve:
    """Serum concentration at `WEEKS_AFTER_DOSE` after the last dose.

    Attributes
    ----------
    ug_ml : (n_weeks,)
        Concentration of the median patient, µg/mL.
    log_sd : (n_weeks,)
        SD of its natural logarithm between patients: half of the width of the middle 68 %.
    source
        The doses of the curve, in words.
    """

    ug_ml: Floats
    log_sd: Floats
    source: str

    def at(self, weeks: Floats) -> tuple[Floats, Floats]:
        """Return the concentration, µg/mL, and the log SD at these weeks after the last dose."""
        level = np.exp(np.interp(weeks, WEEKS_AFTER_DOSE, np.log(self.ug_ml)))
        return level, np.interp(weeks, WEEKS_AFTER_DOSE, self.log_sd)


def labelled_curve(bodies: list[Body] | None = None) -> SerumCurve:
    """Return the curve after the labelled doses: 16 mg/kg weekly × 8, every 2 weeks × 8, every 4 weeks × 5.

    Parameters
    ----------
    bodies
        Covariates of the study's patients; None: one patient without known covariates. Unknown covariates
        make the log SD larger. A patient with an unknown heavy chain counts twice, with and without IgG.
    """
    with_chains = _with_both_chains(bodies or [Body()])
    n, k = len(with_chains), len(_SCHEDULE_DAYS)
    hours = np.concatenate(
        [np.array(_SCHEDULE_DAYS) * 24.0, [0.0], np.diff(WEEKS_AFTER_DOSE) * _HOURS_PER_WEEK]
    )
    weights = np.array([body.weight_kg or Body().weight_kg or REFERENCE_WEIGHT_KG for body in with_chains])
    central = np.zeros((n, len(hours)))
    central[:, : k + 1] = _MG_PER_KG * weights[:, None]
    course = PaddedDoses(np.tile(hours, (n, 1)), central, np.zeros_like(central))
    rng = np.random.default_rng(SEED)
    shape = max(2, _DRAWS // n)
    deviates = rng.standard_normal((shape, N_VARIED))
    deviates = np.column_stack([deviates, rng.standard_normal((shape, N_DRAWN - N_VARIED))])
    patients = drawn_patients(with_chains, np.full(n, True), np.concatenate([deviates, -deviates]))
    drawn = concentrations(course, patients, rtol=_STEP_ERROR)
    logs = np.log(np.maximum(drawn[:, :, k:], _LEAST_UG_ML)).reshape(-1, len(WEEKS_AFTER_DOSE))
    source = "16 mg/kg weekly x 8, every 2 weeks x 8, every 4 weeks x 5, then none"
    low, high = np.quantile(logs, ONE_SD_ENDS, axis=0)
    return SerumCurve(np.exp(np.median(logs, axis=0)), (high - low) / 2, source)


def _with_both_chains(bodies: list[Body]) -> list[Body]:
    """Return each body twice, with and without IgG if its chain is unknown; once if all chains are known."""
    if all(body.igg is not None for body in bodies):
        return bodies
    chains = (False, True)
    return [replace(body, igg=igg) if body.igg is None else body for body in bodies for igg in chains]
