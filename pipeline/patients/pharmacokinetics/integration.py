"""Doses of many patients, followed from dose to dose: each patient with steps of an own length."""

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
"""A step grows or shrinks by at most these; the first keeps it below the limit. Convention of such
solvers."""

_ORDER: Final = 4
"""The estimated error grows as the step to this. Arithmetic: of a cubic's last term."""

_FIRST_STEP_HOURS: Final = 24.0
"""First step. Convention: shrunk or grown at once by its error."""

_SMALLEST_STEP_HOURS: Final = 1e-7
"""A step that small is refused. Convention: no drug moves in a millisecond; only a number that is none leads
there."""

_FLOOR_MG: Final = 0.01
"""The error of amounts below is a part of this, not of themselves. Convention: 0.002 µg/mL, a hundredth of
what holds half of the receptors."""

_FLOOR_OF_NEXT_DOSE: Final = 0.1
"""Before a further dose the error of amounts below this part of it is a part of this. Convention: right after
the dose the body holds ten times as much."""

_PATIENTS_AT_ONCE: Final = 8_192
"""Patients followed at once: bounds the memory. Convention: fits the cache of a processor."""
STEP_ERROR: Final = 1e-9
"""Relative error allowed per step on each amount. Convention: far below any assay's error."""


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

    @property
    def first(self) -> DoseIndices:
        """Return the first interval in which each patient was given anything, (N,)."""
        has_dose = (self.central_mg > 0) | (self.depot_mg > 0)
        return np.asarray(np.where(has_dose.any(axis=1), has_dose.argmax(axis=1), self.hours.shape[1]))


@dataclass(slots=True, eq=False)
class _Followed:
    """Patients under way: which each is, the interval it is in, and its rates, amounts and hours.

    `rest`: hours to the end of the interval. `length`: of the next step. `floor`, mg: smaller amounts may be
    wrong by the same part of this.
    """

    column: DoseIndices
    interval: DoseIndices
    rates: Floats
    amounts: Floats
    rest: Floats
    length: Floats
    floor: Floats

    def take(self, which: DoseIndices) -> _Followed:
        return _Followed(
            self.column[which],
            self.interval[which],
            self.rates[:, which],
            self.amounts[:, which],
            self.rest[which],
            self.length[which],
            self.floor[which],
        )

    def joined(self, newcomers: _Followed) -> _Followed:
        names = self.__slots__
        parts = ((getattr(self, name), getattr(newcomers, name)) for name in names)
        return _Followed(*(np.concatenate(pair, axis=-1) for pair in parts))


def concentrations(course: PaddedDoses, disposition: Disposition, *, rtol: float = STEP_ERROR) -> Floats:
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
    course: PaddedDoses, disposition: Disposition, *, rtol: float = STEP_ERROR
) -> tuple[Floats, Floats]:
    """Return what `concentrations` does, and the amounts in the body right after the last dose.

    Returns
    -------
    (N, K) or (N, D, K), and (3, N, D)
        AmountsInBody in the central and the peripheral compartment and under the skin, mg.
    """
    flat = Disposition(*(np.ravel(getattr(disposition, name)) for name in Disposition.__slots__))
    start = np.zeros((4, len(flat.vmax)))
    start[3] = flat.vmax
    rates = rates_of(flat, np.zeros_like(flat.vmax))
    levels, last = followed(course, rates, start, course.first, rtol)
    shape = disposition.clearance.shape
    n, per_patient = shape[0], len(flat.vmax) // max(shape[0], 1)
    return levels.reshape(*shape, course.hours.shape[1]), last.reshape(3, n, per_patient)


def followed(
    course: PaddedDoses, rates: Rates, start: Floats, first: DoseIndices, rtol: float
) -> tuple[Floats, Floats]:
    """Return the concentrations at the end of every interval, and the amounts right after the last dose.

    Each patient is followed with steps of an own length, so none depends on another. Those who are ready make
    room for the next.

    Parameters
    ----------
    course
        Of N patients.
    rates
        Of N · D bodies, the D of a patient together: arrays of that length.
    start : (4, N · D)
        AmountsInBody before the first dose (`AmountsInBody`).
    first : (N,)
        Interval at which each patient starts.

    Returns
    -------
    (N · D, K), (3, N · D)
    """
    n, k = course.hours.shape
    per_patient = start.shape[1] // max(n, 1)
    levels, last = np.zeros((start.shape[1], k)), np.zeros((3, start.shape[1]))
    every = np.array(rates)
    interval = np.repeat(first, per_patient)
    waiting = np.flatnonzero(interval < k)
    now = _started(waiting[:0], interval, every, start)
    while len(waiting) or len(now.column):
        if len(waiting) and len(now.column) <= _PATIENTS_AT_ONCE // 2:
            more = _started(waiting[:_PATIENTS_AT_ONCE], interval, every, start)
            _dosed(course, more, slice(None), last)
            now, waiting = now.joined(more), waiting[_PATIENTS_AT_ONCE:]
        ended = _stepped(now, rtol)
        if ended.any():
            which = np.flatnonzero(ended)
            levels[now.column[which], now.interval[which]] = now.amounts[0, which] / now.rates[0, which]
            now.interval[which] += 1
            on = which[now.interval[which] < k]
            _dosed(course, now, on, last)
            if len(on) < len(which):
                now = now.take(np.flatnonzero(now.interval < k))
    return levels, last


def _started(which: DoseIndices, interval: DoseIndices, rates: Floats, start: Floats) -> _Followed:
    rest, length, floor = (np.full(len(which), value) for value in (0.0, _FIRST_STEP_HOURS, _FLOOR_MG))
    return _Followed(which, interval[which], rates[:, which], start[:, which], rest, length, floor)


def _dosed(course: PaddedDoses, now: _Followed, which: DoseIndices | slice, last: Floats) -> None:
    """Give these their dose, at the start of their interval."""
    column, interval = now.column[which], now.interval[which]
    patient = column // (last.shape[1] // len(course.hours))
    now.rest[which] = course.hours[patient, interval]
    now.amounts[0, which] += course.central_mg[patient, interval]
    now.amounts[2, which] += course.depot_mg[patient, interval]
    final = interval == course.hours.shape[1] - 1
    following = np.minimum(interval + 1, course.hours.shape[1] - 1)
    more = course.central_mg[patient, following] + course.depot_mg[patient, following]
    now.floor[which] = np.where(final, _FLOOR_MG, np.maximum(_FLOOR_OF_NEXT_DOSE * more, _FLOOR_MG))
    last[:, column[final]] = now.amounts[:3, which][:, final]


def _stepped(now: _Followed, rtol: float) -> NDArray[np.bool_]:
    """Try a step of each patient; return who has come to the end of an interval."""
    hours = np.minimum(now.length, now.rest)
    new, wrong = step(Rates(*now.rates), AmountsInBody(*now.amounts), hours)
    allowed = rtol * (np.maximum(now.amounts[:2], new[:2]) + now.floor)
    error = np.max(wrong / allowed, axis=0)
    good = error <= 1.0
    factor = _SAFETY * np.maximum(error, np.finfo(np.float64).tiny) ** (-1 / _ORDER)
    factor = np.clip(np.where(np.isfinite(error), factor, 0.0), _SMALLEST_FACTOR, _LARGEST_FACTOR)
    # a step that the end of the interval cut short says nothing against the longer one
    longer = np.where(good & (hours < now.length), now.length, 0.0)
    now.length = np.maximum(hours * factor, longer)
    if np.any(~good & (now.length < _SMALLEST_STEP_HOURS)):
        raise ArithmeticError("the drug cannot be followed: a dose or a parameter is not a usual number")
    now.amounts = np.where(good, new, now.amounts)
    ended = good & (hours >= now.rest)
    now.rest = np.where(good, now.rest - hours, now.rest)
    return np.asarray(ended)
