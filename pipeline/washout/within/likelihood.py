"""The likelihood of rows in which each patient has a level and a slope of his or her own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import HALF_LOG_2PI, Floats
from gating.arithmetic.linear import times
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.line.quadrature import hermite

_NODES_OF_A_PATIENT: Final = 15
"""Nodes of the quadrature for each of u and v. Convention: more nodes change no reported digit."""

FLOOR, CEILING, _FARTHEST_ARTANH = -6.0, 4.0, 3.0
"""Smallest and largest log of an SD, and largest artanh of the correlation of u and v, on standardised axes.
Arithmetic: e^-6 to e^4 of the spread, and a correlation of 0.995."""


@dataclass(frozen=True, slots=True, eq=False)
class PatientRows:
    """Rows sorted by patient, on standardised axes; `own` (n,) is the washout less the patient's mean."""

    design: Floats
    own: Floats
    y: Floats
    kind: NDArray[np.int8]
    sd: Floats
    first: NDArray[np.intp]
    member: NDArray[np.intp]

    def log_likelihood(self, parameters: Floats, *, one_slope: bool = False) -> float:
        """Return log L at (β …, ln σ, ln τ_u, ln τ_v, artanh ρ)."""
        k = self.design.shape[1]
        sigma, tau_u, tau_v = np.exp(np.clip(parameters[k : k + 3], FLOOR, CEILING))
        rho = (
            0.0
            if one_slope
            else float(np.tanh(np.clip(parameters[k + 3], -_FARTHEST_ARTANH, _FARTHEST_ARTANH)))
        )
        tau_v = float(np.exp(FLOOR)) if one_slope else float(tau_v)
        residual = self.y - times(self.design, parameters[:k])
        variance = sigma**2 + self.sd**2
        measured = self.kind == OBSERVED
        weight = np.where(measured, 1 / variance, 0.0)
        inverse = _inverse(tau_u**2, rho * tau_u * tau_v, tau_v**2)
        sums = (
            weight,
            weight * self.own,
            weight * self.own**2,
            weight * residual,
            weight * residual * self.own,
        )
        s0, s1, s2, c0, c1 = (np.add.reduceat(each, self.first) for each in sums)
        p0, p1, p2 = inverse[0] + s0, inverse[1] + s1, inverse[2] + s2
        determinant = p0 * p2 - p1**2
        m0, m1 = (p2 * c0 - p1 * c1) / determinant, (p0 * c1 - p1 * c0) / determinant
        density = np.where(measured, -0.5 * np.log(variance) - HALF_LOG_2PI - 0.5 * weight * residual**2, 0.0)
        prior = np.log(tau_u**2 * tau_v**2 * (1 - rho**2))
        each = 0.5 * (c0 * m0 + c1 * m1) - 0.5 * np.log(determinant) - 0.5 * prior
        total = float(np.sum(density)) + float(np.sum(each))
        if measured.all():
            return total
        spread = p2 / determinant, -p1 / determinant, p0 / determinant
        return total + self._beyond(residual, np.sqrt(variance), (m0, m1), spread)

    def _beyond(
        self,
        residual: Floats,
        scale: Floats,
        middle: tuple[Floats, Floats],
        spread: tuple[Floats, Floats, Floats],
    ) -> float:
        """Return the log probability of the censored rows, given the measured rows of their patients."""
        from scipy.special import log_ndtr

        rows = np.flatnonzero(self.kind != OBSERVED)
        patients, owner = np.unique(self.member[rows], return_inverse=True)
        first = np.flatnonzero(np.diff(owner, prepend=-1))
        a = np.sqrt(spread[0][patients])
        b = spread[1][patients] / a
        c = np.sqrt(np.maximum(spread[2][patients] - b**2, 0.0))
        nodes, log_weights = hermite(_NODES_OF_A_PATIENT)
        x, y = (part.ravel() for part in np.meshgrid(nodes, nodes, indexing="ij"))
        weights = (log_weights[:, None] + log_weights[None, :]).ravel() - np.log(np.pi)
        u = middle[0][patients][:, None] + np.sqrt(2) * a[:, None] * x
        v = middle[1][patients][:, None] + np.sqrt(2) * (b[:, None] * x + c[:, None] * y)
        away = residual[rows][:, None] - u[owner] - v[owner] * self.own[rows][:, None]
        terms = log_ndtr(-self.kind[rows][:, None] * away / scale[rows][:, None])
        joint = np.add.reduceat(terms, first, axis=0) + weights
        top = joint.max(axis=1)
        return float(np.sum(np.log(np.sum(np.exp(joint - top[:, None]), axis=1)) + top))


def _inverse(a: float, b: float, c: float) -> tuple[float, float, float]:
    determinant = a * c - b**2
    return c / determinant, -b / determinant, a / determinant
