"""The interval of a cut, of Fieller's kind, from the influence of each patient on the fitted odds."""

from __future__ import annotations

from typing import Final

import numpy as np

from calibration.numbers import LEVEL, Floats, Mask
from pipeline.response.statistics.true_values import LawInfluence

_MOST_LEVERAGE: Final = 0.999
"""Largest leverage of a patient on the line. Convention: one patient who alone sets the line keeps a finite
influence."""


def cut_interval(
    x: Floats, y: Mask, a: float, b: float, *, law: LawInfluence | None = None, level: float = LEVEL
) -> tuple[float | None, float | None, str]:
    """Return the interval of the density at which the fitted odds are those of all patients, and a note.

    It holds the x for which a + b z − logit share is 0 within z standard errors (Fieller 1954,
    doi:10.1111/j.2517-6161.1954.tb00159.x). These come from each patient's influence on line and share, with
    leverage (MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7), and on the expected values themselves
    (the stacked equations of Carroll 2006, A.6.6, doi:10.1201/9781420010138).

    Parameters
    ----------
    x, y
        Expected true value of each patient, and the outcome: shape (n,).
    a, b
        Intercept and slope of the log odds on z, which is x less its mean over its SD.
    law
        How each patient moves the expected values; None: they are known without error.

    Returns
    -------
    low, high, note
        Ends on the scale of x; None where the interval is unbounded, with a note that says so.
    """
    from scipy.special import expit, ndtri

    middle, scale = float(x.mean()), float(x.std())
    z = (x - middle) / scale
    p = expit(a + b * z)
    q = p * (1 - p)
    sum_q, sum_qz, sum_qz2 = float(q.sum()), float((q * z).sum()), float((q * z**2).sum())
    determinant = sum_q * sum_qz2 - sum_qz**2
    leverage = np.minimum(q * (sum_qz2 - 2 * z * sum_qz + z**2 * sum_q) / determinant, _MOST_LEVERAGE)
    residual = (y - p) / np.sqrt(1 - leverage)
    n, share = y.size, float(y.mean())
    of_share = (y - share) / (share * (1 - share)) / n * (n / (n - 1)) ** 0.5
    first, second = residual, residual * z
    if law is not None:
        for moved, influence in zip(law.slopes / scale, law.influence, strict=True):
            first = first - float((q * b * moved).sum()) * influence
            second = second + float(((y - p - q * b * z) * moved).sum()) * influence
    of_a = (sum_qz2 * first - sum_qz * second) / determinant - of_share
    of_b = (sum_q * second - sum_qz * first) / determinant
    shift, t2 = a - float(np.log(share / (1 - share))), float(ndtri((1 + level) / 2)) ** 2
    square = b**2 - t2 * float((of_b**2).sum())
    linear = shift * b - t2 * float((of_a * of_b).sum())
    constant = shift**2 - t2 * float((of_a**2).sum())
    if square <= 0:
        return None, None, "the interval is open: the density does not surely go with the outcome"
    root = max(linear**2 - square * constant, 0.0) ** 0.5
    return (-linear - root) / square * scale + middle, (-linear + root) / square * scale + middle, ""
