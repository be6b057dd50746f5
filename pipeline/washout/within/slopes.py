"""How fast the density of each patient recovers, and how much patients differ in that.

log10 RD_ij = a + b·(x_ij − x̄_i) + c·x̄_i + u_i + v_i·(x_ij − x̄_i) + ε_ij,   x = log2 weeks

b: mean change of log10 RD per doubling of the washout *within* patients. c: the change between patients. It
is another number, since patients who waited longer differ in more than the wait (Neuhaus & Kalbfleisch 1998,
doi:10.2307/3109770). (u, v) are normal over patients; the SD of v is that of the patients' slopes. ε: scatter
between visits of a patient. The fit is by maximum likelihood (Laird & Ware 1982, doi:10.2307/2529876). The
likelihood of a censored row is Φ, integrated over its patient's u and v, given the patient's measured rows
(Gauss-Hermite).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import LEVEL, Floats
from gating.arithmetic.eigen import pseudo_inverse
from gating.arithmetic.linear import times
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.line.ascent import highest
from pipeline.washout.line.line import rounded_dex
from pipeline.washout.observations.rows import SAME_WASHOUT, Observations
from pipeline.washout.within.likelihood import CEILING, FLOOR, PatientRows

FEWEST_PATIENTS: Final = 6
"""Fewest patients with three measured visits for slopes of patients. Convention: with fewer the SD of the
slopes is known to a third at best."""

VISITS_FOR_A_SLOPE: Final = 3
"""Measured visits that separate a patient's slope from the scatter. Arithmetic: two always lie on a line."""

_GRADIENT_STEP, _STEP_OF_SLOPE = 1e-5, 1e-3
"""Sizes of finite differences for the gradient and for the curvature. Convention: rounding and curvature both
matter little."""

_STARTS: Final = ((-0.35, -0.35, -1.0), (-0.7, -0.35, -3.0))
"""Starts of the ascent: ln of σ and of the SDs of u and v, relative to the scatter around the line.
Convention: one start with much and one with little scatter of the slopes, so that both summits are
reached."""

SLOPES_METHOD: Final = "random intercept and slope of the patient, within-patient washout, maximum likelihood"
_FLAT_ENOUGH, _HIGHER = 1e-5, 1e-9
"""Slope of log L at which the ascent ends; by how much a further summit must be higher. Convention: the
error of the finite differences; rounding."""
_NEAR_FLOOR: Final = 0.5
"""Distance from the floor of ln SD within which the slopes do not differ. Convention: e^-5.5 of the scatter
is next to nothing."""


@dataclass(frozen=True, slots=True)
class PatientSlopes:
    """Recovery within patients, dex per doubling of the washout.

    Attributes
    ----------
    slope, low, high
        Mean over patients with its 95 % interval (Student's t of patients).
    sd_of_slopes
        SD of the patients' slopes around that mean; 0 if they do not differ beyond the scatter.
    least, most
        95 % of patients have a slope between these two.
    between, between_low, between_high
        Slope between patients: patients with a longer against patients with a shorter washout, with its 95 %
        interval (Student's t of patients). None where all patients have the same mean washout.
    sd_within
        Scatter between visits of a patient, dex.
    p_slopes_differ
        Likelihood ratio against one slope for all, half χ²₁ and half χ²₂ (Stram & Lee 1994,
        doi:10.2307/2533455).
    n, n_patients
        Rows and patients with at least two visits.
    """

    slope: float
    low: float
    high: float
    sd_of_slopes: float
    least: float
    most: float
    between: float | None
    between_low: float | None
    between_high: float | None
    sd_within: float
    p_slopes_differ: float
    log_likelihood: float
    n: int
    n_patients: int
    method: str = SLOPES_METHOD


def fit_patient_slopes(data: Observations, level: float = LEVEL) -> PatientSlopes:
    """Fit the mean slope within patients and how much the patients' own slopes differ.

    Parameters
    ----------
    data
        Rows of the models; only patients with two visits at different washouts take part.
    level
        Confidence level of the interval.

    Raises
    ------
    NotEstimableError
        If fewer than 6 patients have three measured visits.
    """
    from scipy.special import stdtrit

    chosen = _chosen(data)
    rows, scale_x, scale_y = _sorted_rows(data, chosen)
    n_patients = rows.first.size
    best, value = _fitted(rows)
    plain = _fitted(rows, one_slope=True)[1]
    k = rows.design.shape[1]
    spread, of_between = _errors_of_slopes(rows, best)
    half = _half_width(spread, n_patients, 1, level)
    ratio = scale_y / scale_x
    of_slopes = float(np.exp(np.clip(best[k + 2], FLOOR, CEILING)))
    sd = 0.0 if best[k + 2] <= FLOOR + _NEAR_FLOOR else of_slopes * ratio
    slope = float(best[1]) * ratio
    reach = float(stdtrit(n_patients - 1, (1 + level) / 2)) * sd
    return PatientSlopes(
        rounded_dex(slope),
        rounded_dex(slope - half * ratio),
        rounded_dex(slope + half * ratio),
        rounded_dex(sd),
        rounded_dex(slope - reach),
        rounded_dex(slope + reach),
        *_between(rows, float(best[2]), _half_width(of_between, n_patients, 2, level), ratio),
        rounded_dex(float(np.exp(np.clip(best[k], FLOOR, CEILING))) * scale_y),
        _p_of(2 * (value - plain)),
        value - int(np.sum(rows.kind == OBSERVED)) * float(np.log(scale_y)),
        int(rows.y.size),
        n_patients,
    )


def _chosen(data: Observations) -> NDArray[np.intp]:
    """Return the rows of patients with two different washouts; raise NotEstimableError if too few."""
    doublings = np.log2(data.weeks) if data.n else np.zeros(0)
    counted = [
        (patient, np.flatnonzero(data.patients == patient)) for patient in np.unique(data.patients).tolist()
    ]
    several = [rows for _, rows in counted if np.unique(doublings[rows]).size > 1]
    enough = sum(
        np.unique(doublings[rows][data.kind[rows] == OBSERVED]).size >= VISITS_FOR_A_SLOPE for rows in several
    )
    if enough < FEWEST_PATIENTS:
        raise NotEstimableError(
            f"{enough} {'patient has' if enough == 1 else 'patients have'} a measured density at three "
            f"washouts; slopes of patients need {FEWEST_PATIENTS} such patients"
        )
    return np.sort(np.concatenate(several))


def _sorted_rows(data: Observations, chosen: NDArray[np.intp]) -> tuple[PatientRows, float, float]:
    order = chosen[np.argsort(data.patients[chosen], kind="stable")]
    _, first, member = np.unique(data.patients[order], return_index=True, return_inverse=True)
    x, y = np.log2(data.weeks[order]), data.log_rd[order]
    counts = np.bincount(member)
    mean = (np.bincount(member, weights=x) / counts)[member]
    own = x - mean
    scale_x = float(np.sqrt(np.mean(own**2)))
    middle, scale_y = float(np.mean(y)), float(np.std(y)) or 1.0
    terms = [(term.values[order] - term.centre) / term.scale for term in data.terms]
    design = np.column_stack([np.ones_like(x), own / scale_x, (mean - float(np.mean(x))) / scale_x, *terms])
    rows = PatientRows(
        design,
        own / scale_x,
        (y - middle) / scale_y,
        data.kind[order],
        data.measurement_sd[order] / scale_y,
        first,
        member,
    )
    return rows, scale_x, scale_y


def _fitted(rows: PatientRows, *, one_slope: bool = False) -> tuple[Floats, float]:
    """Return the maximum and its log likelihood; with `one_slope` all patients have the same slope."""
    k = rows.design.shape[1]
    gram = np.array([[float(np.sum(a * b)) for b in rows.design.T] for a in rows.design.T])
    toward = np.array([float(np.sum(a * rows.y)) for a in rows.design.T])
    beta = times(pseudo_inverse(gram[None])[0], toward)
    log_scatter = float(np.log(max(float(np.std(rows.y - times(rows.design, beta))), np.exp(FLOOR))))
    free = k + 2 if one_slope else k + 4

    def of(parameters: Floats) -> tuple[float, Floats]:
        whole = np.append(parameters, [FLOOR, 0.0]) if one_slope else parameters
        gradient = np.zeros(free)
        for index in range(free):
            step = np.zeros(whole.size)
            step[index] = _GRADIENT_STEP
            up = rows.log_likelihood(whole + step, one_slope=one_slope)
            down = rows.log_likelihood(whole - step, one_slope=one_slope)
            gradient[index] = (up - down) / (2 * _GRADIENT_STEP)
        return rows.log_likelihood(whole, one_slope=one_slope), gradient

    best: tuple[Floats, float] | None = None
    for start in _STARTS[:1] if one_slope else _STARTS:
        scatters = [log_scatter + part for part in start]
        point = np.array([*beta, *scatters[:2], *(() if one_slope else (scatters[2], 0.0))])
        summit = highest(of, point, flat=_FLAT_ENOUGH)
        if best is None or summit[1] > best[1] + _HIGHER:
            best = summit
    assert best is not None
    return best


def _half_width(error: float, n_patients: int, n_means: int, level: float) -> float:
    """Return half the interval of a mean over patients, in which `n_means` numbers are fitted to them."""
    from scipy.special import stdtrit

    freedom = n_patients - n_means
    return float(stdtrit(freedom, (1 + level) / 2)) * error * float(np.sqrt(n_patients / freedom))


def _between(
    rows: PatientRows, slope: float, half: float, ratio: float
) -> tuple[float | None, float | None, float | None]:
    """Return the slope between patients with its interval; None if their mean washouts do not differ."""
    if float(np.ptp(rows.design[:, 2])) < SAME_WASHOUT:
        return None, None, None
    low, middle, high = (rounded_dex((slope + side * half) * ratio) for side in (-1, 0, 1))
    return middle, low, high


def _errors_of_slopes(rows: PatientRows, best: Floats) -> tuple[float, float]:
    """Return the SDs of the slopes within and between patients, from the curvature in β.

    The scatters are fixed there, which hardly matters.
    """
    k = rows.design.shape[1]
    curvature = np.zeros((k, k))
    for i in range(k):
        for j in range(i, k):
            signs = [(a, b) for a in (1, -1) for b in (1, -1)]
            total = 0.0
            for a, b in signs:
                moved = best.copy()
                moved[i] += a * _STEP_OF_SLOPE
                moved[j] += b * _STEP_OF_SLOPE
                total += a * b * rows.log_likelihood(moved)
            curvature[i, j] = curvature[j, i] = -total / (4 * _STEP_OF_SLOPE**2)
    covariance = pseudo_inverse(curvature[None])[0]
    within, between = (float(np.sqrt(max(covariance[index, index], 0.0))) for index in (1, 2))
    return within, between


def _p_of(ratio: float) -> float:
    from scipy.special import chdtrc

    ratio = max(ratio, 0.0)
    return float(0.5 * chdtrc(1, ratio) + 0.5 * chdtrc(2, ratio))
