"""Serum concentration of the drug at a sample, from the patient's own doses, with its 95 % band."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np

from calibration.numbers import LOWER_95, ONE_SD_ENDS, UPPER_95, Z_95, Floats
from pipeline.patients.pharmacokinetics.doses import GivenDoses, course_of, given_doses
from pipeline.patients.pharmacokinetics.integration import concentrations, levels_and_last_amounts
from pipeline.patients.pharmacokinetics.occupancy import occupancy
from pipeline.patients.pharmacokinetics.parameters import (
    N_DRAWN,
    N_VARIED,
    drawn_patients,
    typical_disposition,
)
from pipeline.patients.pharmacokinetics.target_back import levels_with_target_back
from pipeline.study.drugs import is_drug
from pipeline.study.settings import Settings
from pipeline.study.study import Study

MODELLED_DRUG: Final = "daratumumab"
LEAST_UG_ML: Final = 1e-6
"""Lower concentrations are set to this: they cover no CD38. Convention: far below what any assay measures."""

_TROUGH_SD: Final = 0.348
"""Residual error of a measured trough on the log scale (doi:10.1002/jcph.1771, Table S1)."""
_FEWEST_EFFECTIVE: Final = 5.0
"""Fewest simulated patients that must agree with the measured troughs; with fewer a note calls the band
rough. Convention: of fewer, one patient is a fifth of the band."""
_BUDGET, _MOST_DRAWS, _FEWEST_DRAWS = 50_000, 200, 40
"""Simulated patients over all samples; most and fewest for each sample. Convention: for speed."""
_FEW_POINTS: Final = 4 * N_VARIED
"""Most points of a cubature, with both heavy chains. Arithmetic: 2 for each parameter and chain."""
_GOLDEN: Final = (5**0.5 - 1) / 2
"""Golden ratio. Arithmetic: the fractional parts of its multiples are spread evenly over 0 to 1."""
_RTOL_TYPICAL, _RTOL_DRAWS = 1e-6, 1e-4
"""Relative tolerances of the integration. Convention: far below the variation between patients."""
_METHOD: Final = "two compartments, linear and Michaelis-Menten elimination (Xu 2020), own doses"


@dataclass(frozen=True, slots=True)
class DrugLevel:
    """The washed-out drug at a sample. None: unknown; `reason` says why.

    Attributes
    ----------
    ug_ml
        Serum concentration of the typical patient, µg/mL. If troughs were measured, or the heavy chain is
        unknown, it is the weighted median of the simulated patients.
    low, high
        95 % band of patients with these covariates and doses, µg/mL. Its upper end assumes that the clearance
        by the tumour does not return, as in the published model. Its lower end assumes that some or all of it
        returns after the last dose.
    log_sd
        SD of the natural logarithm between such patients, if the clearance by the tumour does not return.
    occupancy, occupancy_low, occupancy_high
        Part of CD38 that the drug covers, 0 to 1. Its band covers the errors of the concentration and of Kd.
    n_troughs
        Number of measured troughs that were used.
    """

    ug_ml: float | None = None
    low: float | None = None
    high: float | None = None
    log_sd: float | None = None
    occupancy: float | None = None
    occupancy_low: float | None = None
    occupancy_high: float | None = None
    n_troughs: int = 0
    method: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """D simulated patients with the covariates and the doses of one patient, whose heavy chain is known.

    Attributes
    ----------
    level : (D,)
        Serum concentration at the sample, µg/mL.
    back : (D,)
        The same if some or all of the clearance by the target returns after the last dose.
    weight : (D,)
        Log likelihood of the measured troughs.
    typical
        Serum concentration of the typical patient, µg/mL.
    """

    level: Floats
    back: Floats
    weight: Floats
    typical: float


def drug_levels(study: Study, patient_days: Sequence[tuple[str, date]]) -> tuple[DrugLevel, ...]:
    """Return the drug level of each patient at each day, in the order of `patient_days`.

    The concentration is that of the typical patient with these covariates. If troughs were measured, or it is
    unknown whether the myeloma makes IgG, it is the median of simulated patients. Each is weighted by the
    likelihood of the troughs (residual error 34.8 %, Luo et al. 2021, doi:10.1002/jcph.1771).

    Parameters
    ----------
    study
        Doses, patients, and the settings `washed_out_drug`, `kd_app_ug_ml` with its ends, `seed`.
    patient_days
        patient_id and day of collection.
    """
    if not is_drug(MODELLED_DRUG, study.settings.washed_out_drug):
        reason = f"the pharmacokinetic model is {MODELLED_DRUG}'s, not {study.settings.washed_out_drug}'s"
        return tuple(DrugLevel(reason=reason) for _ in patient_days)
    answers = given_doses(study, patient_days)
    rows = [doses for doses in answers if isinstance(doses, GivenDoses)]
    levels = iter(_levels(tuple(rows), study.settings))
    return tuple(
        next(levels) if isinstance(doses, GivenDoses) else DrugLevel(reason=doses) for doses in answers
    )


@lru_cache(maxsize=8)
def _levels(rows: tuple[GivenDoses, ...], settings: Settings) -> tuple[DrugLevel, ...]:
    """Return the level of each patient. The result is cached: repeated calls often have the same doses."""
    if not rows:
        return ()
    deviates, kd = _draws(len(rows), settings)
    drawn = _drawn([chain for doses in rows for chain, _ in doses.chains], deviates)
    return tuple(_level(doses, drawn, kd, settings) for doses in rows)


def _drawn(rows: Sequence[GivenDoses], deviates: Floats) -> Iterator[_Drawn]:
    """Yield the simulated patients of each row; every heavy chain is known."""
    course, bodies = course_of(rows), [doses.body for doses in rows]
    typical = concentrations(course, typical_disposition(bodies), rtol=_RTOL_TYPICAL)[:, -1]
    patients = drawn_patients(bodies, np.array([doses.per_kg for doses in rows]), deviates)
    levels, last = levels_and_last_amounts(course, patients, rtol=_RTOL_DRAWS)
    part = np.asarray((np.arange(len(deviates)) * _GOLDEN + 0.5) % 1.0, dtype=np.float64)
    back = levels_with_target_back(last, course.hours[:, -1], patients, part, rtol=_RTOL_DRAWS)
    likelihood = _likelihoods(np.maximum(levels, LEAST_UG_ML), _troughs(rows, levels.shape[2]))
    for row in range(len(rows)):
        yield _Drawn(
            np.maximum(levels[row, :, -1], LEAST_UG_ML),
            np.maximum(back[row], LEAST_UG_ML),
            likelihood[row],
            max(float(typical[row]), LEAST_UG_ML),
        )


def _level(doses: GivenDoses, drawn: Iterator[_Drawn], kd: Floats, settings: Settings) -> DrugLevel:
    """Return the level of a patient from the next simulated ones, of both chains if the chain is unknown."""
    chains = [(next(drawn), share) for _, share in doses.chains]
    level = np.concatenate([patients.level for patients, _ in chains])
    back = np.concatenate([patients.back for patients, _ in chains])
    log_weight = np.concatenate([patients.weight + np.log(share) for patients, share in chains])
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    both_kd = np.tile(kd, len(chains))
    measured = int(np.count_nonzero(np.isfinite(doses.troughs[1:])))
    middle = chains[0][0].typical
    if measured or len(chains) > 1:
        middle = _quantile(level, weight, 0.5)
    return DrugLevel(
        ug_ml=middle,
        low=_end(np.log(back), weight, LOWER_95),
        high=_end(np.log(level), weight, UPPER_95),
        log_sd=_spread(np.log(level), weight),
        occupancy=float(occupancy(middle, settings.kd_app_ug_ml)),
        occupancy_low=_theta_end(np.log(back / both_kd), weight, LOWER_95),
        occupancy_high=_theta_end(np.log(level / both_kd), weight, UPPER_95),
        n_troughs=measured,
        method=_METHOD,
        notes=(*doses.notes, *_trough_notes(measured, float(1 / np.sum(weight**2)))),
    )


def _draws(n: int, settings: Settings) -> tuple[Floats, Floats]:
    """Return normal deviates (D, 7) in mirrored pairs, and Kd (D,), µg/mL, the same for all patients.

    For very many patients, 8 points replace the random draws: a cubature rule that has the moments of the
    normal distribution up to the third (Arasaratnam & Haykin 2009, doi:10.1109/TAC.2009.2019800). Unknown
    weight, sex and albumin then vary together with volume and clearance, so the band is rather too wide.
    """
    ends = np.log(sorted((settings.kd_app_low_ug_ml, settings.kd_app_high_ug_ml)))
    if n > _BUDGET // _FEWEST_DRAWS:
        corners = np.sqrt(N_VARIED) * np.eye(N_VARIED)
        points = np.concatenate([corners, -corners])
        kd = np.exp(np.linspace(ends[0], ends[1], 2 * N_VARIED))
        return np.column_stack([points, points[:, 1], -points[:, 0], points[:, 1]]), kd
    half = min(_MOST_DRAWS, _BUDGET // n) // 2
    rng = np.random.default_rng(settings.seed)
    varied, uniform = rng.standard_normal((half, N_VARIED)), rng.uniform(size=half)
    drawn = np.column_stack([varied, rng.standard_normal((half, N_DRAWN - N_VARIED))])
    kd = np.exp(ends[0] + (ends[1] - ends[0]) * np.concatenate([uniform, 1 - uniform]))
    return np.concatenate([drawn, -drawn]), kd


def _troughs(rows: Sequence[GivenDoses], k: int) -> Floats:
    """Return the trough measured at the end of each interval, µg/mL, (N, K); NaN if none was measured."""
    troughs = np.full((len(rows), k), np.nan)
    for row, doses in enumerate(rows):
        n = len(doses.troughs)
        # The trough before a dose is the concentration at the end of the interval before it.
        troughs[row, k - n : k - 1] = doses.troughs[1:]
    return troughs


def _likelihoods(draws: Floats, troughs: Floats) -> Floats:
    """Return the log likelihood of the troughs for each draw, (N, D); 0 if none was measured."""
    rows = np.flatnonzero(np.isfinite(troughs).any(axis=1))
    log_likelihood = np.zeros(draws.shape[:2])
    z = (np.log(troughs[rows])[:, None, :] - np.log(draws[rows])) / _TROUGH_SD
    log_likelihood[rows] = -0.5 * np.nansum(z**2, axis=2)
    return log_likelihood


def _theta_end(log_ratio: Floats, weight: Floats, probability: float) -> float:
    """Return an end of the band of the occupancy θ, from draws of ln(C/Kd)."""
    return float(occupancy(_end(log_ratio, weight, probability), 1.0))


def _end(logs: Floats, weight: Floats, probability: float) -> float:
    """Return an end of the band; for a cubature, from mean and SD of the logarithms."""
    if len(logs) > _FEW_POINTS:
        return float(np.exp(_quantile(logs, weight, probability)))
    mean = float(np.sum(weight * logs))
    return float(np.exp(mean + (Z_95 if probability > 0.5 else -Z_95) * _spread(logs, weight)))


def _spread(logs: Floats, weight: Floats) -> float:
    """Return the SD of the logarithms: half of the middle 68 %, since rare fast clearance inflates the SD.

    For a cubature it is the weighted SD itself.
    """
    if len(logs) > _FEW_POINTS:
        return (_quantile(logs, weight, ONE_SD_ENDS[1]) - _quantile(logs, weight, ONE_SD_ENDS[0])) / 2
    mean = float(np.sum(weight * logs))
    return float(np.sqrt(np.sum(weight * (logs - mean) ** 2)))


def _quantile(values: Floats, weight: Floats, probability: float) -> float:
    """Return a weighted quantile, interpolated between the middles of the weights."""
    order = np.argsort(values, kind="stable")
    share = weight[order]
    return float(np.interp(probability, np.cumsum(share) - share / 2, values[order]))


def _trough_notes(measured: int, effective: float) -> tuple[str, ...]:
    """Return a note about measured troughs; `effective`: how many simulated patients agree with them."""
    if not measured:
        return ()
    troughs = "1 measured trough" if measured == 1 else f"{measured} measured troughs"
    if effective >= _FEWEST_EFFECTIVE:
        return (f"weighted by {troughs}",)
    return (
        f"{troughs} far from those of the population: only {effective:.1f} draws agree, the band is rough",
    )
