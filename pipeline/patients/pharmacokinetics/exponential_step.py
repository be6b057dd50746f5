"""One step of the two-compartment equations, of any length, for many patients at once.

A1' = Ka·D − (CL/V1)·A1 − Q·(A1/V1 − A2/V2) − v(t)·C/(Km + C),  A2' = Q·(A1/V1 − A2/V2),  D' = −Ka·D,
C = A1/V1,  v(t) = steady + falling·e^(−k t).

An exponential Rosenbrock method (Hochbruck, Ostermann & Schweitzer 2009, doi:10.1137/080717717). At the start
of a step C/(Km + C) is replaced by its tangent. The equations are then linear and are solved exactly: both
compartments, what comes from under the skin, and Vmax as it falls. Far above Km the tangent is nearly the
curve, and a step may be weeks long. What the tangent leaves out is taken as α·θ² + β·θ³ over the step (θ from
0 to 1), from its value and its slope at the end. The error of a step is of the fifth order.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from calibration.numbers import LEAST_POSITIVE, Floats
from pipeline.patients.pharmacokinetics.parameters import Disposition

_SERIES_BELOW: Final = 0.5
"""Rate times step below which the weights are summed as a series. Arithmetic: the quotients lose four digits
there, the series is right to 1e-9 of a small correction."""

_SERIES: Final = tuple(1.0 / factor for factor in (3628800, 362880, 40320, 5040, 720, 120, 24))
"""Arithmetic: 1/10! to 1/4!, the coefficients of the series."""

_NEARLY_EQUAL: Final = 1e-3
"""Two rates times the step that differ by less have their mean by a series. Arithmetic: its next term is
1e-11."""


class Rates(NamedTuple):
    """What a body does with the drug, arrays of one length; 1/h, litres, µg/mL, mg/h."""

    volume: Floats
    km: Floats
    linear: Floats
    across: Floats
    back: Floats
    decay: Floats
    absorption: Floats
    steady: Floats


class AmountsInBody(NamedTuple):
    """mg in the central and the peripheral compartment and under the skin; the falling part of Vmax, mg/h."""

    central: Floats
    peripheral: Floats
    depot: Floats
    falling: Floats


class _Modes(NamedTuple):
    """The two ways in which the linearised compartments decay, fast and slow; `rate` is (2, N)."""

    rate: Floats
    half_gap: Floats
    stays: Floats
    other_stays: Floats

    def mixed(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return p, q of p + q·(matrix + mean): a function of the matrix from its values at the two rates."""
        return (weights[1] + weights[0]) / 2, (weights[1] - weights[0]) * self.half_gap


def rates_of(body: Disposition, steady: Floats) -> Rates:
    """Return the rates of bodies, whose parameters are of shape (N,)."""
    return Rates(
        volume=body.central,
        km=body.km,
        linear=body.clearance / body.central,
        across=body.between / body.central,
        back=body.between / body.peripheral,
        decay=body.decay,
        absorption=body.absorption,
        steady=steady,
    )


def step(rates: Rates, start: AmountsInBody, hours: Floats) -> tuple[Floats, Floats]:
    """Return the amounts after `hours`, (4, N), and how far the two compartments may be wrong, mg, (2, N).

    The error is that of a result of one order less; the error of the result itself is far smaller. An amount
    that came out negative counts as none, and what it lacked counts as error.
    """
    level = start.central / rates.volume
    inverse = 1.0 / (rates.km + level)
    share, slope = level * inverse, rates.km * inverse * inverse / rates.volume
    vmax = rates.steady + start.falling
    modes = _modes(rates, vmax * slope)
    decayed, mean, second, third = _weights(modes.rate * hours)
    falling_by = np.exp(-rates.decay * hours)
    falling, depot, ahead = start.falling * falling_by, start.depot, share * start.falling
    inflow = rates.back * start.peripheral - (rates.linear + rates.across) * start.central - vmax * share
    across = rates.across * start.central - rates.back * start.peripheral
    pushed = mean * (inflow + ahead)
    pushed -= ahead * _mean_of_two(decayed, falling_by, modes.rate, rates.decay, hours)
    if start.depot.any():
        absorbed_by = np.exp(-rates.absorption * hours)
        depot = start.depot * absorbed_by
        come = _mean_of_two(decayed, absorbed_by, modes.rate, rates.absorption, hours)
        pushed += come * (rates.absorption * start.depot)
    kept, turned = modes.mixed(pushed)
    other_kept, other_turned = modes.mixed(mean)
    central = start.central + hours * (kept + turned * modes.stays + across * other_turned * rates.back)
    peripheral = start.peripheral + hours * (
        turned * rates.across + across * (other_kept + other_turned * modes.other_stays)
    )
    # what the straight line left out at the end, and how fast it grew
    end_level = np.maximum(central, 0.0) / rates.volume
    inverse = 1.0 / (rates.km + end_level)
    end_share, end_vmax = end_level * inverse, rates.steady + falling
    missed = vmax * share + vmax * slope * (central - start.central) + share * (falling - start.falling)
    missed -= end_vmax * end_share
    motion = rates.back * peripheral - (rates.linear + rates.across) * central - end_vmax * end_share
    motion += rates.absorption * depot - missed
    steeper = end_vmax * rates.km * inverse * inverse / rates.volume - vmax * slope
    grown = hours * (rates.decay * falling * (end_share - share) - steeper * motion)
    cubic = grown - 2.0 * missed
    square = missed - cubic
    kept, turned = modes.mixed(2.0 * second * square + 6.0 * third * cubic)
    new = np.array([central, peripheral, depot, falling])
    new[0] += hours * (kept + turned * modes.stays)
    new[1] += hours * turned * rates.across
    # square²/vmax is of the order of cubic, and not zero by chance where a step goes from above Km to below
    scale = np.maximum(rates.steady + np.abs(start.falling), LEAST_POSITIVE)
    kept, turned = modes.mixed(6.0 * third * (np.abs(cubic) + square * square / scale))
    error = hours * np.abs(np.array([kept + turned * modes.stays, turned * rates.across]))
    error -= np.minimum(new[:2], 0.0) + np.minimum(central, 0.0)
    np.maximum(new[:2], 0.0, out=new[:2])
    return new, error


def _modes(rates: Rates, saturable: Floats) -> _Modes:
    """Return the decay of both compartments where the saturable way out takes `saturable` of A1, 1/h."""
    away = rates.linear + rates.across + saturable
    mean = (away + rates.back) / 2
    root = np.sqrt(((away - rates.back) / 2) ** 2 + rates.across * rates.back)
    both = np.empty((2, len(away)))
    both[0] = mean + root
    both[1] = rates.back * (rates.linear + saturable) / both[0]
    return _Modes(both, 0.5 / root, mean - away, mean - rates.back)


def _weights(decay: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return e^(−u), and the mean over a step of e^(−u (1 − θ)) times 1, θ²/2 and θ³/6."""
    small, low = decay < _SERIES_BELOW, np.minimum(decay, _SERIES_BELOW)
    series = np.full_like(decay, _SERIES[0])
    for coefficient in _SERIES[1:]:
        series = coefficient - low * series
    decayed, high = np.exp(-decay), np.maximum(decay, _SERIES_BELOW)
    mean = (1.0 - decayed) / high
    second = (0.5 - (1.0 - mean) / high) / high
    third = np.where(small, series, (1 / 6 - second) / high)
    second = np.where(small, 1 / 6 - decay * series, second)
    return decayed, np.where(small, 1.0 - decay * (0.5 - decay * second), mean), second, third


def _mean_of_two(decayed: Floats, other: Floats, rate: Floats, other_rate: Floats, hours: Floats) -> Floats:
    """Return the mean over a step of e^(−m (h − τ))·e^(−k τ): what decays at k on its way, and then at m."""
    apart = (rate - other_rate) * hours
    near = np.abs(apart) < _NEARLY_EQUAL
    quotient = (other - decayed) / np.where(near, 1.0, apart)
    return np.asarray(np.where(near, other * (1.0 - apart * (0.5 - apart / 6)), quotient))
