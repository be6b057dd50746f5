"""The two-compartment equations of many patients at once, by an embedded Runge-Kutta pair.

A1' = Ka·D − (CL/V1)·A1 − Q·(A1/V1 − A2/V2) − Vmax·e^(−k t)·C/(Km + C),  A2' = Q·(A1/V1 − A2/V2),  D' = −Ka·D,
C = A1/V1. Every interval between two doses is stretched to length 1, so that patients with other dates move
together and a step is as long as the patient who needs the shortest allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.patients.pharmacokinetics.parameters import Disposition

Floats: TypeAlias = NDArray[np.float64]

_NODES: Final = (1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
"""Nodes of the method of Dormand and Prince (doi:10.1016/0771-050X(80)90013-3)."""

_STAGES: Final = (
    np.array([1 / 5]),
    np.array([3 / 40, 9 / 40]),
    np.array([44 / 45, -56 / 15, 32 / 9]),
    np.array([19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729]),
    np.array([9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656]),
    np.array([35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]),
)
"""Its stages (doi:10.1016/0771-050X(80)90013-3)."""

_ERROR: Final = np.array([71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40])
"""Its estimate of the error (doi:10.1016/0771-050X(80)90013-3)."""

_COMPARTMENTS: Final = ("central", "peripheral")
_SAFETY, _SMALLEST_FACTOR, _LARGEST_FACTOR = 0.9, 0.2, 5.0
"""A step grows or shrinks by at most these; the first keeps it below the limit. Convention of such
solvers."""

_SMALLEST_STEP: Final = 1e-9
"""Part of an interval; a step that small is taken whatever its error. Convention: a smaller one is lost in
the digits of the time."""

_FIRST_STEP_HOURS: Final = 24.0
"""First step at a relative error of 1. Convention: shrunk or grown at once by its error."""

_BLOCK: Final = 4_096
"""Numbers worked on at once: bounds the memory. Convention: fits the cache of a processor."""


@dataclass(frozen=True, slots=True, eq=False)
class PaddedDoses:
    """Doses of N patients, padded in front with nothing to K intervals; all (N, K).

    Attributes
    ----------
    hours
        From this dose to the next, the last one to the time that is asked.
    central_mg
        Given into a vein at the start of the interval.
    depot_mg
        Given under the skin, already times the bioavailability.
    """

    hours: Floats
    central_mg: Floats
    depot_mg: Floats

    def take(self, index: NDArray[np.intp], first: int = 0) -> PaddedDoses:
        """Return the patients at these places, from interval `first` on."""
        return PaddedDoses(
            self.hours[index, first:], self.central_mg[index, first:], self.depot_mg[index, first:]
        )

    @property
    def first(self) -> NDArray[np.intp]:
        """Return the first interval in which each patient was given anything, (N,)."""
        given = (self.central_mg > 0) | (self.depot_mg > 0)
        return np.asarray(np.where(given.any(axis=1), given.argmax(axis=1), self.hours.shape[1]))


@dataclass(frozen=True, slots=True, eq=False)
class _Motion:
    """Everything that an interval's derivative needs, flat arrays of one length."""

    disposition: Disposition
    hours: Floats
    vmax_at_start: Floats
    decayed: Floats

    def derivative(self, place: float, state: Floats, out: Floats) -> None:
        """Write d(A1, A2, depot)/d(place) into `out`, place from 0 to 1 within the interval."""
        body = self.disposition
        level = state[0] / body.central
        exchange = body.between * (level - state[1] / body.peripheral)
        vmax = self.vmax_at_start * np.exp(-place * self.decayed)
        out[0] = level * (-body.clearance - vmax / (body.km + level)) - exchange
        out[1] = exchange
        if len(state) > len(_COMPARTMENTS):
            np.multiply(body.absorption, -state[2], out=out[2])
            out[0] -= out[2]
        out *= self.hours


def concentrations(course: PaddedDoses, disposition: Disposition, *, rtol: float = 1e-9) -> Floats:
    """Return the serum concentration at the end of every interval, µg/mL.

    Parameters
    ----------
    course
        Of N patients, K intervals.
    disposition
        Parameters of shape (N,), or (N, D) for D bodies that are given each course.
    rtol
        Error allowed per step, relative, on each amount.

    Returns
    -------
    (N, K) or (N, D, K)
    """
    return levels_and_last_amounts(course, disposition, rtol=rtol)[0]


def levels_and_last_amounts(
    course: PaddedDoses, disposition: Disposition, *, rtol: float = 1e-9
) -> tuple[Floats, Floats]:
    """Return what `concentrations` does, and the amounts in the body right after the last dose.

    Returns
    -------
    (N, K) or (N, D, K), and (3, N, D)
        Amounts in the central and the peripheral compartment and under the skin, mg.
    """
    n, k = course.hours.shape
    shape = disposition.clearance.shape
    per_patient = 1 if len(shape) == 1 else shape[1]
    levels, last = np.zeros((n, per_patient, k)), np.zeros((3, n, per_patient))
    # Alike patients move together: with or without a depot, about as many doses, about as long a washout.
    order = np.lexsort((course.hours[:, -1], course.first // 4, course.depot_mg.any(axis=1)))
    size = max(1, _BLOCK // per_patient)
    for start in range(0, n, size):
        block = order[start : start + size]
        first = int(course.first[block].min()) if k else 0
        if first < k:
            part = course.take(block, first)
            levels[block, :, first:], found = _block(part, disposition.take(block), per_patient, rtol)
            last[: len(found), block] = found
    return (levels[:, 0, :] if len(shape) == 1 else levels), last


def _block(
    course: PaddedDoses, disposition: Disposition, per_patient: int, rtol: float
) -> tuple[Floats, Floats]:
    n, k = course.hours.shape
    flat = Disposition(*(np.ravel(getattr(disposition, name)) for name in Disposition.__slots__))
    with_depot = bool(course.depot_mg.any())
    state, since = np.zeros((len(_COMPARTMENTS) + with_depot, n * per_patient)), np.zeros(n * per_patient)
    levels, last = np.empty((n, per_patient, k)), state
    for step in range(k):
        columns = (course.hours, course.central_mg, course.depot_mg)
        hours, central, depot = (np.repeat(column[:, step], per_patient) for column in columns)
        state[0] += central
        if with_depot:
            state[2] += depot
        last = state.copy()
        # Vmax falls from the first dose on: what is padded in front has no length.
        vmax = flat.vmax * np.exp(-flat.decay * since)
        state = _integrate(_Motion(flat, hours, vmax, flat.decay * hours), state, rtol)
        since += hours
        levels[:, :, step] = (state[0] / flat.central).reshape(n, per_patient)
    return levels, last.reshape(len(last), n, per_patient)


def _integrate(motion: _Motion, state: Floats, rtol: float) -> Floats:
    """Carry the state through one interval."""
    longest = float(motion.hours.max(initial=0.0))
    if longest == 0.0:
        return state
    slopes = np.empty((len(_ERROR), *state.shape))
    motion.derivative(0.0, state, slopes[0])
    place, step = 0.0, min(1.0, _FIRST_STEP_HOURS * rtol**0.2 / longest)
    while place < 1.0:
        rest = 1.0 - place
        step = min(step, rest)
        new, error = _try_step(motion, (place, step), state, slopes, rtol)
        factor = _SAFETY * error**-0.2 if error > 0 else _LARGEST_FACTOR
        if error <= 1.0 or step <= _SMALLEST_STEP:
            place = 1.0 if step >= rest else place + step
            state = new
            slopes[0] = slopes[-1]
        step *= min(max(factor, _SMALLEST_FACTOR), _LARGEST_FACTOR)
    return state


def _try_step(
    motion: _Motion, at: tuple[float, float], state: Floats, slopes: Floats, rtol: float
) -> tuple[Floats, float]:
    """Return the state after a step and the error in units of what is allowed; fill in the other slopes."""
    place, step = at
    new = state
    for stage, (node, weights) in enumerate(zip(_NODES, _STAGES, strict=True), start=1):
        new = state + _combined(step * weights, slopes[:stage])
        motion.derivative(place + node * step, new, slopes[stage])
    wrong = np.abs(_combined(step * _ERROR, slopes))
    allowed = rtol * (1.0 + np.maximum(np.abs(state), np.abs(new)))
    return new, float(np.max(wrong / allowed))


def _combined(weights: Floats, slopes: Floats) -> Floats:
    """Return Σ weight · slope; not by BLAS, whose threads wait longer for each other than it takes."""
    return np.asarray(np.einsum("s,scb->cb", weights, slopes))
