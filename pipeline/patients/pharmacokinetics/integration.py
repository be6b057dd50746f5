"""Drug concentrations of many patients, integrated from dose to dose, with a step length of each patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from pipeline.patients.pharmacokinetics.exponential_step import AmountsInBody, Rates, rates_of, step
from pipeline.patients.pharmacokinetics.parameters import Disposition

DoseIndices: TypeAlias = NDArray[np.intp]

_SAFETY, _SMALLEST_FACTOR, _LARGEST_FACTOR = 0.9, 0.2, 5.0
"""Safety factor of the next step length, and the limits of its change per step. Convention of such
solvers."""

_ORDER: Final = 4
"""The error estimate grows with this power of the step length. Arithmetic: the order of a cubic's last
term."""

_FIRST_STEP_HOURS: Final = 24.0
"""Length of the first step. Convention: its error estimate corrects the next step at once."""

_SMALLEST_STEP_HOURS: Final = 1e-7
"""A shorter step is an error. Convention: no drug moves in a millisecond; only an unusual number makes a step
so short."""

_FLOOR_MG: Final = 0.01
"""Below this amount, the tolerance no longer falls with the amount. Convention: 0.002 µg/mL, a hundredth of
the concentration that covers half of the receptors."""

_FLOOR_OF_NEXT_DOSE: Final = 0.1
"""Before a further dose, the tolerance no longer falls below this part of the dose. Convention: right after
the dose the body holds ten times as much."""

_PATIENTS_AT_ONCE: Final = 8_192
"""Most bodies that are integrated at once, which limits the memory. Convention: fits the cache of a
processor."""
STEP_ERROR: Final = 1e-9
"""Relative tolerance of each amount per step. Convention: far below any assay's error."""


@dataclass(frozen=True, slots=True, eq=False)
class PaddedDoses:
    """Doses of N patients in K intervals, each array of shape (N, K).

    An interval lasts from one dose to the next. A patient with fewer doses has empty intervals first.

    Attributes
    ----------
    hours
        Length of the interval, h. The last interval ends at the sample.
    central_mg
        Intravenous dose at the start of the interval, mg.
    depot_mg
        Subcutaneous dose at the start of the interval, times the bioavailability, mg.
    """

    hours: Floats
    central_mg: Floats
    depot_mg: Floats

    @property
    def first(self) -> DoseIndices:
        """Return the index of each patient's first interval with a dose, (N,); K without a dose."""
        has_dose = (self.central_mg > 0) | (self.depot_mg > 0)
        return np.asarray(np.where(has_dose.any(axis=1), has_dose.argmax(axis=1), self.hours.shape[1]))


@dataclass(slots=True, eq=False)
class _ActiveBodies:
    """The B bodies that are being integrated, and where each is in its course.

    Attributes
    ----------
    column : (B,)
        Index of the body.
    interval : (B,)
        Index of its present interval.
    rates : (8, B)
        The fields of `Rates`.
    amounts : (4, B)
        The fields of `AmountsInBody`.
    hours_left : (B,)
        Hours to the end of the interval.
    step_hours : (B,)
        Length of the next step, h.
    floor_mg : (B,)
        The tolerance is relative to the amount plus this, mg.
    """

    column: DoseIndices
    interval: DoseIndices
    rates: Floats
    amounts: Floats
    hours_left: Floats
    step_hours: Floats
    floor_mg: Floats

    def take(self, indices: DoseIndices) -> _ActiveBodies:
        """Return the bodies at these indices."""
        return _ActiveBodies(
            self.column[indices],
            self.interval[indices],
            self.rates[:, indices],
            self.amounts[:, indices],
            self.hours_left[indices],
            self.step_hours[indices],
            self.floor_mg[indices],
        )

    def joined(self, newcomers: _ActiveBodies) -> _ActiveBodies:
        """Return these bodies and then the newcomers."""
        names = self.__slots__
        parts = ((getattr(self, name), getattr(newcomers, name)) for name in names)
        return _ActiveBodies(*(np.concatenate(pair, axis=-1) for pair in parts))


def concentrations(course: PaddedDoses, disposition: Disposition, *, rtol: float = STEP_ERROR) -> Floats:
    """Return the serum concentration at the end of every interval, µg/mL.

    Parameters
    ----------
    course
        Doses of N patients in K intervals.
    disposition
        Parameters of shape (N,), or (N, D) for D bodies with the same doses.
    rtol
        Relative tolerance of each amount per step.

    Returns
    -------
    (N, K) or (N, D, K)
    """
    return levels_and_last_amounts(course, disposition, rtol=rtol)[0]


def levels_and_last_amounts(
    course: PaddedDoses, disposition: Disposition, *, rtol: float = STEP_ERROR
) -> tuple[Floats, Floats]:
    """Return the serum concentrations as `concentrations` does, and the amounts right after the last dose.

    Returns
    -------
    (N, K) or (N, D, K)
        Concentration at the end of every interval, µg/mL.
    (3, N, D)
        Amounts in the central compartment, the peripheral compartment and under the skin, mg; D is 1 for
        parameters of shape (N,).
    """
    flat = Disposition(*(np.ravel(getattr(disposition, name)) for name in Disposition.__slots__))
    start = np.zeros((4, len(flat.vmax)))
    start[3] = flat.vmax
    rates = rates_of(flat, np.zeros_like(flat.vmax))
    levels, last = integrate_courses(course, rates, start, course.first, rtol)
    shape = disposition.clearance.shape
    n, per_patient = shape[0], len(flat.vmax) // max(shape[0], 1)
    return levels.reshape(*shape, course.hours.shape[1]), last.reshape(3, n, per_patient)


def integrate_courses(
    course: PaddedDoses, rates: Rates, start: Floats, first: DoseIndices, rtol: float
) -> tuple[Floats, Floats]:
    """Return the concentration at the end of every interval, and the amounts right after the last dose.

    Each body has its own step length, so no result depends on the other patients. A body that has reached the
    end of its course makes room for the next one.

    Parameters
    ----------
    course
        Doses of N patients in K intervals.
    rates
        Of N · D bodies, each array of shape (N · D,). The D bodies of a patient stand together.
    start : (4, N · D)
        The fields of `AmountsInBody` before the first dose.
    first : (N,)
        Index of the interval at which each patient starts.
    rtol
        Relative tolerance of each amount per step.

    Returns
    -------
    (N · D, K)
        Concentrations, µg/mL.
    (3, N · D)
        Amounts in the central compartment, the peripheral compartment and under the skin, mg.

    Raises
    ------
    ArithmeticError
        If a step becomes too short, because a dose or a parameter is not a usual number.
    """
    n, k = course.hours.shape
    per_patient = start.shape[1] // max(n, 1)
    levels, after_last_dose = np.zeros((start.shape[1], k)), np.zeros((3, start.shape[1]))
    all_rates = np.array(rates)
    interval = np.repeat(first, per_patient)
    waiting = np.flatnonzero(interval < k)
    active = _starting_bodies(waiting[:0], interval, all_rates, start)
    while len(waiting) or len(active.column):
        if len(waiting) and len(active.column) <= _PATIENTS_AT_ONCE // 2:
            newcomers = _starting_bodies(waiting[:_PATIENTS_AT_ONCE], interval, all_rates, start)
            _give_doses(course, newcomers, slice(None), after_last_dose)
            active, waiting = active.joined(newcomers), waiting[_PATIENTS_AT_ONCE:]
        ended = _try_step(active, rtol)
        if ended.any():
            at_end = np.flatnonzero(ended)
            levels[active.column[at_end], active.interval[at_end]] = (
                active.amounts[0, at_end] / active.rates[0, at_end]
            )
            active.interval[at_end] += 1
            continuing = at_end[active.interval[at_end] < k]
            _give_doses(course, active, continuing, after_last_dose)
            if len(continuing) < len(at_end):
                active = active.take(np.flatnonzero(active.interval < k))
    return levels, after_last_dose


def _starting_bodies(
    indices: DoseIndices, interval: DoseIndices, rates: Floats, start: Floats
) -> _ActiveBodies:
    """Return the bodies at these indices, before their first dose."""
    hours_left, step_hours, floor_mg = (
        np.full(len(indices), value) for value in (0.0, _FIRST_STEP_HOURS, _FLOOR_MG)
    )
    return _ActiveBodies(
        indices, interval[indices], rates[:, indices], start[:, indices], hours_left, step_hours, floor_mg
    )


def _give_doses(
    course: PaddedDoses, active: _ActiveBodies, indices: DoseIndices | slice, after_last_dose: Floats
) -> None:
    """Give bodies the dose of their interval, in place; copy the amounts right after the last dose."""
    column, interval = active.column[indices], active.interval[indices]
    patient = column // (after_last_dose.shape[1] // len(course.hours))
    active.hours_left[indices] = course.hours[patient, interval]
    active.amounts[0, indices] += course.central_mg[patient, interval]
    active.amounts[2, indices] += course.depot_mg[patient, interval]
    is_last = interval == course.hours.shape[1] - 1
    next_interval = np.minimum(interval + 1, course.hours.shape[1] - 1)
    next_dose = course.central_mg[patient, next_interval] + course.depot_mg[patient, next_interval]
    active.floor_mg[indices] = np.where(
        is_last, _FLOOR_MG, np.maximum(_FLOOR_OF_NEXT_DOSE * next_dose, _FLOOR_MG)
    )
    after_last_dose[:, column[is_last]] = active.amounts[:3, indices][:, is_last]


def _try_step(active: _ActiveBodies, rtol: float) -> NDArray[np.bool_]:
    """Try one step of each body, in place; return which bodies have reached the end of an interval, (B,).

    A step whose error estimate exceeds the tolerance is not taken; the next one is shorter.
    """
    hours = np.minimum(active.step_hours, active.hours_left)
    new_amounts, error_mg = step(Rates(*active.rates), AmountsInBody(*active.amounts), hours)
    tolerance_mg = rtol * (np.maximum(active.amounts[:2], new_amounts[:2]) + active.floor_mg)
    relative_error = np.maximum(*(error_mg / tolerance_mg))
    accepted = relative_error <= 1.0
    factor = _SAFETY * np.maximum(relative_error, np.finfo(np.float64).tiny) ** (-1 / _ORDER)
    factor = np.where(np.isfinite(relative_error), factor, 0.0).clip(_SMALLEST_FACTOR, _LARGEST_FACTOR)
    # the end of the interval may cut a step short; the longer step length is then kept
    uncut_hours = np.where(accepted & (hours < active.step_hours), active.step_hours, 0.0)
    active.step_hours = np.maximum(hours * factor, uncut_hours)
    if np.any(~accepted & (active.step_hours < _SMALLEST_STEP_HOURS)):
        raise ArithmeticError("the drug cannot be followed: a dose or a parameter is not a usual number")
    active.amounts = np.where(accepted, new_amounts, active.amounts)
    ended = accepted & (hours >= active.hours_left)
    active.hours_left = np.where(accepted, active.hours_left - hours, active.hours_left)
    return np.asarray(ended)
