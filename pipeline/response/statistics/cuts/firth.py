"""Firth's logistic regression on one covariate, for many sets of patient weights at once."""

from __future__ import annotations

import numpy as np

from calibration.numbers import LEAST_POSITIVE, Floats

_FIRTH_STEPS, _STEP_HALVINGS, _LONGEST_FIRTH_STEP, _FIRTH_STILL = 60, 20, 5.0, 1e-9
"""Most steps, most halvings of a step, longest step, and the step at which the ascent ends. Convention: they
bound the time; 5 on the log scale is far for any coefficient, and 1e-9 is below the reported digits."""


def firth_lines(x: Floats, y: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return intercept and slope for each set of weights, by Newton's steps on Firth's score.

    The score is that of maximum likelihood with h (½ − p) added for each patient of leverage h (Firth 1993,
    doi:10.1093/biomet/80.1.27; Heinze & Schemper 2002, doi:10.1002/sim.1047): Both are finite even where a
    value of the covariate separates the outcomes.

    Parameters
    ----------
    x, y
        Covariate and outcome (0 or 1): shape (n,).
    weights
        How often each patient counts: shape (n_weightings, n).
    """
    a = np.zeros(len(weights))
    b = np.zeros(len(weights))
    height, parts = _penalised(x, y, weights, a, b)
    for _ in range(_FIRTH_STEPS):
        p, q, sum_q, sum_qx, sum_qx2 = parts
        determinant = np.maximum(sum_q * sum_qx2 - sum_qx**2, LEAST_POSITIVE)
        leverage = (
            q * (sum_qx2[:, None] - 2 * x * sum_qx[:, None] + x**2 * sum_q[:, None]) / determinant[:, None]
        )
        score = weights * (y - p) + leverage * (0.5 - p)
        first, second = score.sum(axis=1), (score * x).sum(axis=1)
        da, db = (
            (sum_qx2 * first - sum_qx * second) / determinant,
            (sum_q * second - sum_qx * first) / determinant,
        )
        step = np.minimum(
            1.0, _LONGEST_FIRTH_STEP / np.maximum(np.maximum(np.abs(da), np.abs(db)), _FIRTH_STILL)
        )
        for _ in range(_STEP_HALVINGS):
            new_height, parts = _penalised(x, y, weights, a + step * da, b + step * db)
            lower = new_height < height - _FIRTH_STILL
            if not lower.any():
                break
            step = np.where(lower, step / 2, step)
        a, b, height = a + step * da, b + step * db, new_height
        if float(np.max(np.maximum(np.abs(step * da), np.abs(step * db)))) < _FIRTH_STILL:
            break
    return a, b


def _penalised(
    x: Floats, y: Floats, weights: Floats, a: Floats, b: Floats
) -> tuple[Floats, tuple[Floats, Floats, Floats, Floats, Floats]]:
    """Return log L + ½ log |I| for each set of weights, with p, the weights p (1 − p), and the terms of I."""
    from scipy.special import expit

    eta = a[:, np.newaxis] + b[:, np.newaxis] * x
    p = expit(eta)
    q = weights * p * (1 - p)
    sum_q, sum_qx, sum_qx2 = q.sum(axis=1), (q * x).sum(axis=1), (q * x**2).sum(axis=1)
    log_l = (weights * (y * eta - np.logaddexp(0, eta))).sum(axis=1)
    height = log_l + 0.5 * np.log(np.maximum(sum_q * sum_qx2 - sum_qx**2, LEAST_POSITIVE))
    return np.asarray(height), (p, q, sum_q, sum_qx, sum_qx2)
