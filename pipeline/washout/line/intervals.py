"""Intervals of the line: by profile likelihood, scaled to the jackknife of patients and to shared errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.numbers import LEAST_POSITIVE, Floats
from gating.arithmetic.eigen import pseudo_inverse
from pipeline.washout.censored.profile import (
    coefficient_interval,
    coefficient_ratio,
    critical_value,
    level_interval,
    log_sigma_interval,
    ratio_p,
)
from pipeline.washout.censored.repeated import PatientJackknife, delta_variance, patient_jackknife
from pipeline.washout.line.line import FIRST_TERM, IntervalEnds, Line, LineParameter, rounded_dex
from pipeline.washout.observations.terms import TermEffect


@dataclass(frozen=True, slots=True)
class LineIntervals:
    """Intervals in the units of the data, the method in words, and the p of slope = 0."""

    slope: IntervalEnds
    intercept: IntervalEnds
    sigma: IntervalEnds
    slope_p: float
    how: str


def line_intervals(line: Line, level: float) -> LineIntervals:
    """Return profile-likelihood intervals, scaled to the patient jackknife if a patient gave two samples."""
    axes, jackknife = line.axes, jackknife_of(line)
    one_week = axes.x(0.0)
    drops = [critical_of(line, jackknife, of, level) for of in (slope_of, level_at(one_week), sigma_of)]
    slope = coefficient_interval(line.rows, line.best, 1, drops[0])
    at_one_week = level_interval(line.rows, line.best, one_week, drops[1])
    log_sigma = log_sigma_interval(line.rows, line.best, drops[2])
    correction = "corrected for few rows" if jackknife is None else "scaled to the jackknife of patients"
    return LineIntervals(
        slope=_scaled(slope, axes.scale_y / axes.scale_x),
        intercept=_scaled(at_one_week, axes.scale_y, axes.centre_y),
        sigma=_scaled((float(np.exp(log_sigma[0])), float(np.exp(log_sigma[1]))), axes.scale_y),
        slope_p=p_of(line, jackknife, coefficient_ratio(line.rows, line.best, 1, 0.0), slope_of),
        how=f"profile likelihood, drop of 2 log L {drops[0]:.4f} (3.8415 at 95 %, {correction})",
    )


def slope_interval(line: Line, level: float) -> IntervalEnds:
    """Return the interval of the slope alone, in dex per doubling."""
    drop = critical_of(line, jackknife_of(line), slope_of, level)
    limits = coefficient_interval(line.rows, line.best, 1, drop)
    return _scaled(limits, line.axes.scale_y / line.axes.scale_x)


def term_effects(line: Line, level: float) -> tuple[TermEffect, ...]:
    """Return the effect of each term, with intervals made as those of the line."""
    jackknife, effects = jackknife_of(line), []
    for column, term in enumerate(line.data.terms, start=FIRST_TERM):
        of = coefficient_of(column)
        drop = critical_of(line, jackknife, of, level)
        p = p_of(line, jackknife, coefficient_ratio(line.rows, line.best, column, 0.0), of)
        limits = coefficient_interval(line.rows, line.best, column, drop)
        scale = line.axes.scale_y / term.scale
        reported, likely = (
            float(value) * scale for value in (line.estimate[column], line.best.beta[0, column])
        )
        effects.append(
            TermEffect(term.name, term.unit, reported, likely, _scaled(limits, scale), p, term.subject)
        )
    return tuple(effects)


def p_of(line: Line, jackknife: PatientJackknife | None, ratio: float, of: LineParameter) -> float:
    """Return the two-sided p of a likelihood ratio, on the scale of the line's intervals (`critical_of`)."""
    own = 1.0 if line.data.shared is None else own_variance(line, of)
    if jackknife is None:
        return ratio_p(ratio / _widened(line, of, own), line.data.kind, line.n_coefficients)
    return jackknife.p(ratio / _widened(line, of, jackknife.variance(of)), of)


def jackknife_of(line: Line) -> PatientJackknife | None:
    """Return the jackknife of patients, or None if no patient gave two samples."""
    if line.data.n_patients == line.data.n:
        return None
    return patient_jackknife(line.rows, line.best, line.data.patients)


def critical_of(line: Line, jackknife: PatientJackknife | None, of: LineParameter, level: float) -> float:
    """Return the drop of 2 log L that bounds the interval of a function of the parameters.

    Where rows share errors, it is larger by the variance that these errors add to that function.
    """
    if jackknife is None:
        drop = critical_value(line.data.kind, line.n_coefficients, level)
        own = own_variance(line, of) if line.data.shared is not None else 1.0
    else:
        drop, own = jackknife.critical_value(of, level), jackknife.variance(of)
    return drop * _widened(line, of, own)


def _widened(line: Line, of: LineParameter, own: float) -> float:
    """Return by how much errors that rows share widen the variance of a function of the parameters."""
    return 1 + shared_variance(line, of) / max(own, LEAST_POSITIVE)


def own_variance(line: Line, of: LineParameter) -> float:
    """Return the variance of a function of the parameters from the curvature of the likelihood."""
    return delta_variance(of, line.maximum, pseudo_inverse(line.best.information[:1])[0])


def shared_variance(line: Line, of: LineParameter) -> float:
    """Return the variance that shared errors add to a function of the parameters; 0 without such errors."""
    return 0.0 if line.data.shared is None else delta_variance(of, line.maximum, line.shared)


def slope_of(parameters: Floats) -> Floats:
    """Return the slope on standardised axes, (m, k+1) → (m,)."""
    return parameters[:, 1]


def coefficient_of(column: int) -> LineParameter:
    """Return the function that gives a coefficient on standardised axes."""
    return lambda parameters: parameters[:, column]


def sigma_of(parameters: Floats) -> Floats:
    """Return log σ on standardised axes, (m, k+1) → (m,)."""
    return parameters[:, -1]


def level_at(x: float) -> LineParameter:
    """Return the function that gives the level of the line at a standardised washout x."""
    return lambda parameters: parameters[:, 0] + x * parameters[:, 1]


def _scaled(limits: IntervalEnds, scale: float, centre: float = 0.0) -> IntervalEnds:
    return rounded_dex(centre + scale * limits[0]), rounded_dex(centre + scale * limits[1])
