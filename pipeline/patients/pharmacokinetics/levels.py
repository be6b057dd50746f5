"""The drug in a patient's serum at a sample, from that patient's own doses, with the population's band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Z_95
from pipeline.patients.pharmacokinetics.integration import Course, concentrations
from pipeline.patients.pharmacokinetics.occupancy import occupancy
from pipeline.patients.pharmacokinetics.parameters import (
    BIOAVAILABILITY,
    N_VARIED,
    REFERENCE_ALBUMIN_G_L,
    REFERENCE_WEIGHT_KG,
    Body,
    Disposition,
    typical_disposition,
    varied,
)
from pipeline.study.drugs import is_drug
from pipeline.study.drugs.routes import Route
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Study

Floats: TypeAlias = NDArray[np.float64]

MODELLED_DRUG: Final = "daratumumab"
LEAST_UG_ML: Final = 1e-6
"""Concentrations are not followed below: nothing is held there. Convention."""

_HOURS: Final = 24.0
"""Arithmetic: of a day."""
_TROUGH_SD: Final = 0.348
"""Residual error of a measured trough on the log scale (doi:10.1002/jcph.1771, Table S1)."""
_FEWEST_EFFECTIVE: Final = 5.0
"""Draws that must agree with the measured troughs; with fewer the band is called rough. Convention."""
_BUDGET, _MOST_DRAWS, _FEWEST_DRAWS = 50_000, 200, 40
"""Draws over all samples, and most and fewest for each. Convention: for speed."""
_ENDS, _ONE_SD = (0.025, 0.5, 0.975), (0.158655, 0.841345)
"""Arithmetic: a 95 % interval with its middle; the normal distribution at one SD below and above."""
_RTOL_TYPICAL, _RTOL_DRAWS = 1e-6, 1e-3
"""Relative errors of integration. Convention: far below what patients differ by."""
_METHOD: Final = "two compartments, linear and Michaelis-Menten elimination (Xu 2020), own doses"


@dataclass(frozen=True, slots=True)
class DrugLevel:
    """The washed-out drug at a sample. None = not known; `reason` says why.

    Attributes
    ----------
    ug_ml, low, high
        Serum concentration and the 95 % band of patients with these covariates and doses.
    log_sd
        SD of its natural logarithm between such patients.
    occupancy, occupancy_low, occupancy_high
        Part of CD38 that the drug holds; the band covers concentration and Kd.
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


@dataclass(frozen=True, slots=True)
class _Given:
    """A patient's doses up to a day, in mg, with what was assumed."""

    days: tuple[int, ...]
    central_mg: tuple[float, ...]
    depot_mg: tuple[float, ...]
    troughs: tuple[float, ...]
    body: Body
    notes: tuple[str, ...]


def drug_levels(study: Study, wanted: Sequence[tuple[str, date]]) -> tuple[DrugLevel, ...]:
    """Return the drug level of every wanted patient and day, in their order.

    The concentration is the typical patient's at these covariates; where troughs were measured, the median
    of the population weighted by how well each draw meets them (residual 34.8 %, Luo 2021).

    Parameters
    ----------
    study
        Doses, patients, and the settings `washed_out_drug`, `kd_app_ug_ml` with its ends, `seed`.
    wanted
        patient_id and day of collection.
    """
    if not is_drug(MODELLED_DRUG, study.settings.washed_out_drug):
        reason = f"the pharmacokinetic model is {MODELLED_DRUG}'s, not {study.settings.washed_out_drug}'s"
        return tuple(DrugLevel(reason=reason) for _ in wanted)
    answers = [_given(study, doses, day, patient) for doses, day, patient in _rows(study, wanted)]
    known = [given for given in answers if isinstance(given, _Given)]
    levels = iter(_levels(known, study.settings))
    return tuple(next(levels) if isinstance(given, _Given) else DrugLevel(reason=given) for given in answers)


def body_of(patient: Patient | None) -> Body:
    """Return what the patients sheet says of a body."""
    if patient is None:
        return Body()
    sex, chain = patient.sex.strip().casefold(), patient.heavy_chain.strip().casefold()
    return Body(
        weight_kg=patient.weight_kg,
        albumin_g_l=patient.albumin_g_l,
        female=sex.startswith("f") if sex else None,
        igg=chain.startswith("igg") if chain else None,
    )


def course_of(rows: Sequence[_Given]) -> Course:
    """Return the doses of patients as one course, padded in front."""
    longest = max((len(given.days) for given in rows), default=0)
    columns = np.zeros((3, len(rows), longest))
    for row, given in enumerate(rows):
        n = len(given.days)
        columns[0, row, longest - n :] = given.days
        columns[1, row, longest - n :] = given.central_mg
        columns[2, row, longest - n :] = given.depot_mg
    return Course(columns[0] * _HOURS, columns[1], columns[2])


def _rows(
    study: Study, wanted: Sequence[tuple[str, date]]
) -> list[tuple[tuple[Dose, ...], date, Patient | None]]:
    doses: dict[str, list[Dose]] = {}
    for dose in sorted(study.doses, key=lambda dose: dose.given_on):
        if is_drug(dose.drug, study.settings.washed_out_drug):
            doses.setdefault(dose.patient_id, []).append(dose)
    patients = {patient.patient_id: patient for patient in study.patients}
    return [(tuple(doses.get(name, ())), day, patients.get(name)) for name, day in wanted]


def _given(study: Study, doses: tuple[Dose, ...], day: date, patient: Patient | None) -> _Given | str:
    """Return the doses up to this day in mg, or why they are not known."""
    before = [dose for dose in doses if dose.given_on <= day]
    if not before:
        return f"no dose of {study.settings.washed_out_drug} before the sample is known"
    unknown = next((dose for dose in before if dose.dose is None or not dose.unit), None)
    if unknown is not None:
        return f"the dose of {unknown.given_on} has no amount or no unit"
    body = body_of(patient)
    weight = body.weight_kg or REFERENCE_WEIGHT_KG
    # a dose on the day itself comes after the sample, its trough before it
    amounts = [
        (dose.dose or 0.0) * (weight if dose.unit == "mg/kg" else 1.0) * (dose.given_on < day)
        for dose in before
    ]
    skin = [dose.route.upper() == Route.SC.upper() for dose in before]
    dates = [*(dose.given_on for dose in before), day]
    return _Given(
        days=tuple((after - on).days for on, after in pairwise(dates)),
        central_mg=tuple(0.0 if under else mg for mg, under in zip(amounts, skin, strict=True)),
        depot_mg=tuple(BIOAVAILABILITY * mg * under for mg, under in zip(amounts, skin, strict=True)),
        troughs=tuple(dose.serum_trough_ug_ml or np.nan for dose in before),
        body=body,
        notes=(*_assumed(body), *_unread(before)),
    )


def _unread(doses: Sequence[Dose]) -> tuple[str, ...]:
    """Say of troughs of 0 that they are not used: they have no logarithm, and no limit was typed."""
    days = [dose.given_on.isoformat() for dose in doses[1:] if dose.serum_trough_ug_ml == 0]
    return (f"a trough of 0 is not used, its limit is not known: {', '.join(days)}",) if days else ()


def _assumed(body: Body) -> tuple[str, ...]:
    missing = (
        (body.weight_kg, f"weight not known, taken as {REFERENCE_WEIGHT_KG:g} kg"),
        (body.albumin_g_l, f"albumin not known, taken as {REFERENCE_ALBUMIN_G_L:g} g/L"),
        (body.igg, "heavy chain not known, taken as not IgG"),
        (body.female, "sex not known, taken as male"),
    )
    return tuple(words for value, words in missing if value is None)


def _levels(rows: Sequence[_Given], settings: Settings) -> list[DrugLevel]:
    if not rows:
        return []
    course, typical = course_of(rows), typical_disposition([given.body for given in rows])
    middle = concentrations(course, typical, rtol=_RTOL_TYPICAL)[:, -1]
    deviates, kd = _draws(len(rows), settings)
    draws = np.maximum(_drawn(course, typical, deviates), LEAST_UG_ML)
    troughs = _troughs(rows, draws.shape[2])
    weights = _weights(draws, troughs)
    levels = draws[:, :, -1]
    measured = np.isfinite(troughs).sum(axis=1)
    band, held, log_sd = _bands(levels, weights, kd)
    middle = np.where(measured > 0, band[:, 1], np.maximum(middle, LEAST_UG_ML))
    effective = 1 / np.sum(weights**2, axis=1)
    return [
        DrugLevel(
            ug_ml=float(middle[i]),
            low=float(band[i, 0]),
            high=float(band[i, 2]),
            log_sd=float(log_sd[i]),
            occupancy=float(occupancy(middle[i], settings.kd_app_ug_ml)),
            occupancy_low=float(held[i, 0]),
            occupancy_high=float(held[i, 2]),
            n_troughs=int(measured[i]),
            method=_METHOD,
            notes=(*given.notes, *_trough_notes(int(measured[i]), float(effective[i]))),
        )
        for i, given in enumerate(rows)
    ]


def _draws(n: int, settings: Settings) -> tuple[Floats, Floats]:
    """Return deviates (D, 4) in mirrored pairs and Kd (D,), the same for every patient in any order.

    For very many patients 8 points stand for the draws: the cubature rule that has the normal's moments up to
    the third (Arasaratnam & Haykin 2009, doi:10.1109/TAC.2009.2019800).
    """
    ends = np.log(sorted((settings.kd_app_low_ug_ml, settings.kd_app_high_ug_ml)))
    if n > _BUDGET // _FEWEST_DRAWS:
        corners = np.sqrt(N_VARIED) * np.eye(N_VARIED)
        kd = np.exp(np.linspace(ends[0], ends[1], 2 * N_VARIED))
        return np.concatenate([corners, -corners]), kd
    half = min(_MOST_DRAWS, _BUDGET // n) // 2
    rng = np.random.default_rng(settings.seed)
    drawn, uniform = rng.standard_normal((half, N_VARIED)), rng.uniform(size=half)
    kd = np.exp(ends[0] + (ends[1] - ends[0]) * np.concatenate([uniform, 1 - uniform]))
    return np.concatenate([drawn, -drawn]), kd


def _drawn(course: Course, typical: Disposition, deviates: Floats) -> Floats:
    return concentrations(course, varied(typical, deviates), rtol=_RTOL_DRAWS)


def _troughs(rows: Sequence[_Given], k: int) -> Floats:
    """Return what was measured at the end of every interval, (N, K); NaN where nothing was."""
    troughs = np.full((len(rows), k), np.nan)
    for row, given in enumerate(rows):
        n = len(given.troughs)
        # The trough of a dose is what the doses before have left: the end of the interval before.
        troughs[row, k - n : k - 1] = given.troughs[1:]
    return troughs


def _weights(draws: Floats, troughs: Floats) -> Floats:
    """Return how much each draw counts, (N, D), summing to 1."""
    rows = np.flatnonzero(np.isfinite(troughs).any(axis=1))
    log_weight = np.zeros(draws.shape[:2])
    z = (np.log(troughs[rows])[:, None, :] - np.log(draws[rows])) / _TROUGH_SD
    log_weight[rows] = -0.5 * np.nansum(z**2, axis=2)
    weights = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _bands(levels: Floats, weights: Floats, kd: Floats) -> tuple[Floats, Floats, Floats]:
    """Return low, middle and high of concentration and of occupancy, (N, 3) each, and the log SD, (N,).

    The SD is half of the middle 68 %: the few who clear everything would widen it for all.
    """
    logs = np.log(levels)
    if levels.shape[1] > 2 * N_VARIED:
        middle = _quantiles(logs, weights, _ONE_SD)
        log_sd = (middle[:, 1] - middle[:, 0]) / 2
        return _quantiles(levels, weights, _ENDS), _quantiles(occupancy(levels, kd), weights, _ENDS), log_sd
    mean = np.sum(weights * logs, axis=1)
    log_sd = np.sqrt(np.sum(weights * (logs - mean[:, None]) ** 2, axis=1))
    reach = np.exp(mean[:, None] + Z_95 * log_sd[:, None] * np.array([-1.0, 0.0, 1.0]))
    return reach, occupancy(reach, np.array([kd.max(), np.sqrt(kd.min() * kd.max()), kd.min()])), log_sd


def _quantiles(values: Floats, weights: Floats, at: tuple[float, ...]) -> Floats:
    """Return weighted quantiles, (N, len(at)), between the middles of the draws' steps."""
    order = np.argsort(values, axis=1, kind="stable")
    sorted_values = np.take_along_axis(values, order, axis=1)
    share = np.take_along_axis(weights, order, axis=1)
    middles = np.cumsum(share, axis=1) - share / 2
    return np.array([np.interp(at, steps, row) for steps, row in zip(middles, sorted_values, strict=True)])


def _trough_notes(measured: int, effective: float) -> tuple[str, ...]:
    if not measured:
        return ()
    troughs = "1 measured trough" if measured == 1 else f"{measured} measured troughs"
    if effective >= _FEWEST_EFFECTIVE:
        return (f"weighted by {troughs}",)
    return (
        f"{troughs} far from what the population has: only {effective:.1f} draws agree, the band is rough",
    )
