"""The posterior of the recovery curve, up to a constant: likelihood of censored rows times prior."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import HALF_LOG_2PI, LEAST_POSITIVE, LN_10, Floats
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.observations.rows import Observations
from pipeline.washout.recovery.prior import FASTER, KD, R0, RHO, SIGMA, UNLIKE, Prior, T

_BLOCK: Final = 200_000
"""Numbers that are log_covered at once. Convention: for speed."""

_FAR_NODE: Final = 3.0
"""SDs between patients over which an average is taken. Convention: 99.7 % of the patients."""
_FEWEST_NODES, _NODE_STEP = 7, 1.2
"""Fewest nodes of the average over patients, and their usual distance in ln C. Convention: one SD apart;
the covered part changes from a tenth to nine tenths over 4.4 in ln C."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The posterior as a function of the parameters, made from rows, drug levels and prior.

    Attributes
    ----------
    ug_ml, log_sd : (n,)
        Concentration at the sample and the SD of its natural logarithm.
    power
        Weight of the likelihood: number of patients over number of rows. So several rows of a patient do not
        count as independent (Pauli, Racugno & Ventura 2011, Statistica Sinica 21:149).
    """

    data: Observations
    ug_ml: Floats
    log_sd: Floats
    prior: Prior
    power: float = 1.0

    def every(self, step: int) -> Surface:
        """Return the surface of every `step`-th row."""
        part = slice(None, None, step)
        columns = {
            name: getattr(self.data, name)[part]
            for name in ("weeks", "log_rd", "kind", "measurement_sd", "patients", "log_lloq", "log_uloq")
        }
        data = replace(self.data, **columns, terms=())
        return replace(self, data=data, ug_ml=self.ug_ml[part], log_sd=self.log_sd[part])

    def log_likelihood(self, parameters: Floats) -> Floats:
        """Return the log likelihood without the prior, (B, p) → (B,)."""
        size = max(1, _BLOCK // (8 * max(self.data.n, 1)))
        blocks = [self._block(parameters[i : i + size]) for i in range(0, len(parameters), size)]
        return np.concatenate(blocks)

    def value(self, parameters: Floats) -> Floats:
        """Return the log posterior up to a constant, (B, p) → (B,)."""
        return self.power * self.log_likelihood(parameters) + self.prior.log(parameters)

    def _block(self, parameters: Floats) -> Floats:
        """Integrate each row's likelihood over its unknown serum level; ln C is normal."""
        measured = self.data.kind == OBSERVED
        return self._measured(parameters, measured) + self._censored(parameters, ~measured)

    def _measured(self, parameters: Floats, rows: NDArray[np.bool_]) -> Floats:
        z, log_scale, log_weights = self._at_nodes(parameters, rows)
        terms = log_weights[:, None, None] - 0.5 * z**2
        highest_term = terms.max(axis=0)
        total = np.log(np.exp(terms - highest_term).sum(axis=0)) + highest_term - log_scale - HALF_LOG_2PI
        return np.asarray(total.sum(axis=1))

    def _censored(self, parameters: Floats, rows: NDArray[np.bool_]) -> Floats:
        from scipy.special import ndtr

        z, _, log_weights = self._at_nodes(parameters, rows)
        shares = np.einsum("k,kbn->bn", np.exp(log_weights), ndtr(-self.data.kind[rows] * z))
        return np.asarray(np.log(shares + LEAST_POSITIVE).sum(axis=1))

    def _at_nodes(self, parameters: Floats, rows: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
        """Return z of these rows at every node (K, B, m), ln s (B, m), and the nodes' log weights (K,)."""
        weeks, log_sd = self.data.weeks[rows], self.log_sd[rows]
        nodes, log_weights = nodes_of(float(self.log_sd.max(initial=0.0)))
        log_ratio = log_over_kd(parameters, weeks, np.log(self.ug_ml[rows]))
        regained = parameters[:, R0, None] + log_regained(parameters, weeks)
        variance = np.exp(2 * parameters[:, SIGMA, None]) + self.data.measurement_sd[rows] ** 2
        scattered = log_ratio + nodes[:, None, None] * np.exp(parameters[:, UNLIKE, None]) * log_sd
        # log(1 + C/Kd) without overflow, and faster than logaddexp.
        log_covered = np.maximum(scattered, 0) + np.log1p(np.exp(-np.abs(scattered)))
        z = (self.data.log_rd[rows] - regained + log_covered / LN_10) / np.sqrt(variance)
        return z, 0.5 * np.log(variance), log_weights


def log_over_kd(parameters: Floats, weeks: Floats, log_ug_ml: Floats) -> Floats:
    """Return ln (C·e^(−κ w) / Kd), (B, p) and (n,) → (B, n)."""
    return np.asarray(log_ug_ml - parameters[:, FASTER, None] * weeks - parameters[:, KD, None])


def log_regained(parameters: Floats, weeks: Floats) -> Floats:
    """Return log10 of 1 − (1 − ρ)·2^(−w/T), (B, p) and (n,) → (B, n)."""
    lost = 1 / (1 + np.exp(parameters[:, RHO, None]))
    return np.asarray(np.log10(1 - lost * 2.0 ** (-weeks / np.exp(parameters[:, T, None]))))


def nodes_of(log_sd: float) -> tuple[Floats, Floats]:
    """Return nodes of a standard normal law and their log weights: at least 7, about 1.2 apart in ln C."""
    nodes = np.linspace(
        -_FAR_NODE, _FAR_NODE, max(_FEWEST_NODES, int(np.ceil(2 * _FAR_NODE * log_sd / _NODE_STEP)) | 1)
    )
    weights = np.exp(-0.5 * nodes**2)
    return nodes, np.log(weights / weights.sum())
