"""Simulated patients: CD38 of the clone, its part that the drug still covers, and the clone's phenotype."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gating.events.panel import Role
from pipeline.simulate.scenarios import Range, Scenario, scenario_named
from pipeline.simulate.tubes.cytometer import Cytometer
from pipeline.simulate.tubes.parameters import Clone, TubeParameters
from pipeline.simulate.tubes.populations import PLASMA_CELLS, POPULATIONS
from pipeline.study.settings.usual_density import USUAL_PLASMA_CELL_CD38


@dataclass(frozen=True, slots=True)
class SimulatedPatient:
    """A patient at the marrow.

    Attributes
    ----------
    washout_weeks
        Weeks from the last daratumumab to the marrow.
    baseline_cd38
        R0: median CD38 of the clone before any drug.
    total_cd38
        Median total CD38 of the clone now, free and bound: R0 · [1 − (1 − ρ) · 2^(−w/T)].
    peak_ug_ml, serum_ug_ml, occupancy
        Daratumumab in serum after the last dose, C0, and now, C = C0 · 2^(−w/t½), and the fraction of CD38
        that it occupies now, θ = C / (C + Kd).
    clone
        The clone as the cytometer measures it; its `cd38` is the free CD38, `total_cd38` · (1 − θ).
    """

    washout_weeks: float
    baseline_cd38: float
    total_cd38: float
    peak_ug_ml: float
    serum_ug_ml: float
    occupancy: float
    nk_remaining: float
    clone: Clone
    aberrant_percent: float
    normal_percent: float
    composition: tuple[float, ...]


def draw_patient(
    scenario: Scenario, rng: np.random.Generator, *, n_events: int = 60_000, weeks: float | None = None
) -> SimulatedPatient:
    """Draw a patient of a scenario; `weeks` fixes the washout, `n_events` matters for `aberrant_cells`."""
    washout = log_uniform(scenario.washout_weeks, rng) if weeks is None else weeks
    baseline = USUAL_PLASMA_CELL_CD38 * 10 ** rng.normal(0, 0.2)
    total = baseline * (1 - (1 - rng.uniform(0.1, 0.4)) * 2 ** (-washout / rng.uniform(10, 24)))
    peak = rng.uniform(300, 900)
    serum = peak * 2 ** (-washout / rng.uniform(2.0, 3.2))
    occupancy = serum / (serum + rng.uniform(0.1, 0.64))
    aberrant = log_uniform(scenario.aberrant_percent, rng)
    if scenario.aberrant_cells:
        aberrant = 100 * log_uniform(scenario.aberrant_cells, rng) / n_events
    return SimulatedPatient(
        washout_weeks=washout,
        baseline_cd38=baseline,
        total_cd38=total,
        peak_ug_ml=peak,
        serum_ug_ml=serum,
        occupancy=occupancy,
        nk_remaining=1 - 0.8 * 2 ** (-washout / 20),
        clone=_draw_clone(scenario, total * (1 - occupancy), occupancy, rng),
        aberrant_percent=aberrant,
        normal_percent=log_uniform(scenario.normal_percent, rng),
        composition=_draw_composition(rng),
    )


def draw_gains(cytometer: Cytometer, rng: np.random.Generator, *, cd38: float = 1.0) -> tuple[float, ...]:
    """Draw a day's gain of each fluorescence detector, ±15 % of nominal (`cd38`: a further factor on it)."""
    days = 10 ** rng.uniform(-0.06, 0.06, len(cytometer.fluorescence))
    return tuple(
        float(day) * (cd38 if detector.role == Role.CD38 else 1.0)
        for day, detector in zip(days, cytometer.fluorescence, strict=True)
    )


def tube_of(
    patient: SimulatedPatient,
    scenario: Scenario,
    cytometer: Cytometer,
    *,
    n_events: int,
    gains: tuple[float, ...] = (),
    f_p: float = 1.0,
) -> TubeParameters:
    """Return the fully stained tube of a patient in a scenario."""
    return TubeParameters(
        cytometer=cytometer,
        n_events=n_events,
        clone=patient.clone,
        aberrant_percent=patient.aberrant_percent,
        normal_percent=patient.normal_percent,
        composition=patient.composition,
        occupancy=patient.occupancy,
        nk_remaining=patient.nk_remaining,
        f_p=f_p,
        gains=gains,
        drift=scenario.drift,
        clog=scenario.clog,
        spillover_in_file=scenario.spillover_in_file,
        relabelled=scenario.relabelled,
    )


def draw_tube(scenario: str, rng: np.random.Generator, *, n_events: int = 60_000) -> TubeParameters:
    """Draw a patient and a day of a named scenario: what `simulate_tube` needs.

    Examples
    --------
    >>> draw_tube("clog", np.random.default_rng(1)).clog
    True
    """
    chosen = scenario_named(scenario)
    cytometer = chosen.cytometers[0]
    patient = draw_patient(chosen, rng, n_events=n_events)
    gains = draw_gains(cytometer, rng, cd38=chosen.gain)
    return tube_of(patient, chosen, cytometer, n_events=n_events, gains=gains)


def log_uniform(limits: Range, rng: np.random.Generator) -> float:
    """Draw a number with a uniform logarithm between the limits."""
    low, high = np.log(limits[0]), np.log(limits[1])
    return float(np.exp(rng.uniform(low, high)))


def _draw_clone(scenario: Scenario, free: float, occupancy: float, rng: np.random.Generator) -> Clone:
    """Draw a myeloma phenotype: nearly every clone is aberrant in one marker, few clones in all.

    70 % of the clones carry CD56, a third CD117 (more often those without CD56); nine in ten lose CD81, one
    in twenty keeps CD19. CD38 varies a little more between cells if the drug covers most of it; the drug also
    reduces CD138.
    """
    has = rng.random(4)
    dex = rng.normal(0, 1, 8)
    cd56, cd19, cd81 = has[0] < 0.7, has[2] < 0.05, has[3] < 0.1
    cd117 = has[1] < (0.25 if cd56 else 0.5)
    return Clone(
        cd38=free,
        cd38_spread=float(rng.uniform(0.16, 0.24)) + 0.05 * occupancy,
        dim_fraction=scenario.dim_fraction,
        cd138=45e3 * 10 ** (0.2 * dex[0]) * (1 - 0.5 * occupancy) * scenario.cd138_factor,
        cd45=min(2.5e3 * 10 ** (0.4 * dex[1]), 20e3),
        cd319=24e3 * 10 ** (0.1 * dex[2]),
        cd229=28e3 * 10 ** (0.1 * dex[3]),
        cd19=(4e3 if cd19 else 50) * 10 ** (0.1 * dex[4]),
        cd56=(40e3 if cd56 else 250) * 10 ** (0.2 * dex[5]),
        cd117=(6e3 if cd117 else 70) * 10 ** (0.15 * dex[6]),
        cd81=(20e3 if cd81 else 2.5e3) * 10 ** (0.2 * dex[7]),
        size=float(rng.uniform(0.88, 1.15)),
    )


def _draw_composition(rng: np.random.Generator) -> tuple[float, ...]:
    """Draw a factor per population (a marrow diluted with blood, a regenerating one)."""
    factors = 10 ** rng.normal(0, 0.12, len(POPULATIONS))
    return tuple(
        1.0 if population.name in PLASMA_CELLS else float(factor)
        for population, factor in zip(POPULATIONS, factors, strict=True)
    )
