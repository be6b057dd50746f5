"""One step of the two-compartment model, for many patients at once.

A1, A2: amounts in the central and the peripheral compartment, mg. D: amount under the skin, mg. t: time, h.

A1' = Ka·D − (CL/V1)·A1 − Q·(A1/V1 − A2/V2) − v(t)·C/(Km + C),  A2' = Q·(A1/V1 − A2/V2),  D' = −Ka·D,
C = A1/V1,  v(t) = steady + falling·e^(−k t).

The last term of A1' is the saturable clearance by the target, CD38. v(t) is its Vmax, mg/h.

The method is an exponential Rosenbrock method (Hochbruck, Ostermann & Schweitzer 2009,
doi:10.1137/080717717):

1. At the start of the step, a tangent replaces the saturation C/(Km + C). The equations are then linear.
2. The linear equations are solved exactly, with the absorption and with the fall of Vmax.
3. The tangent has an error at the end of the step. Its value and its slope there give a polynomial
   α·θ² + β·θ³, θ from 0 to 1 over the step. The result is corrected by this polynomial.

Far above Km the tangent is nearly exact, so a step may be weeks long. The error of a step is of the fifth
order in its length.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from calibration.numbers import LEAST_POSITIVE, Floats
from pipeline.patients.pharmacokinetics.parameters import Disposition

_SERIES_BELOW: Final = 0.5
"""Below this rate × step, a series gives the weights. Arithmetic: the quotients lose four digits below it;
the series is right to 1e-9 of a small correction."""

_SERIES: Final = tuple(1.0 / factor for factor in (3628800, 362880, 40320, 5040, 720, 120, 24))
"""Arithmetic: 1/10! to 1/4!, the coefficients of the series."""

_NEARLY_EQUAL: Final = 1e-3
"""If two rates × step differ by less than this, a series gives the weight. Arithmetic: the next term of the
series is 1e-11."""


class Rates(NamedTuple):
    """Rates of N bodies, each of shape (N,).

    Attributes
    ----------
    volume
        V1, central volume, L.
    km
        Concentration at which half of Vmax is reached, µg/mL.
    linear
        CL/V1: linear clearance from the central compartment, 1/h.
    across, back
        Q/V1 and Q/V2: from the central to the peripheral compartment, and back, 1/h.
    decay
        k: how fast the falling part of Vmax falls, 1/h.
    absorption
        Ka: absorption from under the skin, 1/h.
    steady
        Constant part of Vmax, mg/h.
    """

    volume: Floats
    km: Floats
    linear: Floats
    across: Floats
    back: Floats
    decay: Floats
    absorption: Floats
    steady: Floats


class AmountsInBody(NamedTuple):
    """State of N bodies, each of shape (N,).

    Attributes
    ----------
    central, peripheral, depot
        Amount in the central compartment, in the peripheral compartment and under the skin, mg.
    falling
        Falling part of Vmax, mg/h; negative if Vmax rises.
    """

    central: Floats
    peripheral: Floats
    depot: Floats
    falling: Floats


class _Tangent(NamedTuple):
    """The clearance by the target at the start of a step, each of shape (N,).

    `vmax`: mg/h. `saturation`: C/(Km + C). `slope`: derivative of the saturation by A1, 1/mg.
    """

    vmax: Floats
    saturation: Floats
    slope: Floats


class _Modes(NamedTuple):
    """The fast and the slow exponential decay of the two linearised compartments, for N bodies.

    M is the matrix of the linear equations. Its diagonal is −(CL/V1 + Q/V1 + clearance by the target) and
    −Q/V2, 1/h. m is the mean of both rates.

    Attributes
    ----------
    rate : (2, N)
        Fast and slow rate, 1/h: the eigenvalues of M without their sign.
    inverse_gap : (N,)
        1/(fast rate − slow rate), h.
    central_diagonal, peripheral_diagonal : (N,)
        Diagonal of M + m·I, 1/h.
    """

    rate: Floats
    inverse_gap: Floats
    central_diagonal: Floats
    peripheral_diagonal: Floats

    def mixed(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return p and q, each (N,): a function of M is p·I + q·(M + m·I).

        Parameters
        ----------
        weights : (2, N)
            Values of the function at the fast and the slow rate.
        """
        return (weights[1] + weights[0]) / 2, (weights[1] - weights[0]) * self.inverse_gap


def rates_of(body: Disposition, steady: Floats) -> Rates:
    """Return the rates of N bodies.

    Parameters
    ----------
    body
        Parameters of shape (N,).
    steady : (N,)
        Constant part of Vmax, mg/h.
    """
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
    """Return the amounts at the end of a step, and the error estimate of both compartments.

    If an amount comes out negative, it is set to 0, and the difference is added to its error.

    Parameters
    ----------
    rates
        Of N bodies.
    start
        Amounts at the start of the step.
    hours : (N,)
        Length of the step.

    Returns
    -------
    (4, N)
        The fields of `AmountsInBody` at the end of the step.
    (2, N)
        Error estimate of the central and the peripheral compartment, mg: the size of the cubic correction.
        The error of the result itself is far smaller.
    """
    concentration = start.central / rates.volume
    inverse = 1.0 / (rates.km + concentration)
    saturation, slope = concentration * inverse, rates.km * inverse * inverse / rates.volume
    vmax = rates.steady + start.falling
    modes = _modes(rates, vmax * slope)
    decayed, mean, second, third = _weights(modes.rate * hours)
    falling_factor = np.exp(-rates.decay * hours)
    falling, depot, falling_removal = start.falling * falling_factor, start.depot, saturation * start.falling
    central_rate = rates.back * start.peripheral - (rates.linear + rates.across) * start.central
    central_rate -= vmax * saturation
    peripheral_rate = rates.across * start.central - rates.back * start.peripheral
    input_means = mean * (central_rate + falling_removal)
    input_means -= falling_removal * _mean_of_input(decayed, falling_factor, modes.rate, rates.decay, hours)
    if start.depot.any():
        absorption_factor = np.exp(-rates.absorption * hours)
        depot = start.depot * absorption_factor
        absorbed_mean = _mean_of_input(decayed, absorption_factor, modes.rate, rates.absorption, hours)
        input_means += absorbed_mean * (rates.absorption * start.depot)
    p, q = modes.mixed(input_means)
    p_constant, q_constant = modes.mixed(mean)
    mean_rate = p + q * modes.central_diagonal + peripheral_rate * q_constant * rates.back
    central = start.central + hours * mean_rate
    mean_rate = q * rates.across + peripheral_rate * (p_constant + q_constant * modes.peripheral_diagonal)
    peripheral = start.peripheral + hours * mean_rate
    linear_end = AmountsInBody(central, peripheral, depot, falling)
    square, cubic = _tangent_error(rates, _Tangent(vmax, saturation, slope), start, linear_end, hours)
    p, q = modes.mixed(2.0 * second * square + 6.0 * third * cubic)
    new = np.array(linear_end)
    new[0] += hours * (p + q * modes.central_diagonal)
    new[1] += hours * q * rates.across
    # cubic can be 0 by chance if C falls through Km within the step; square²/vmax is then of its usual size
    scale = np.maximum(rates.steady + np.abs(start.falling), LEAST_POSITIVE)
    p, q = modes.mixed(6.0 * third * (np.abs(cubic) + square * square / scale))
    error = hours * np.abs(np.array([p + q * modes.central_diagonal, q * rates.across]))
    error -= np.minimum(new[:2], 0.0) + np.minimum(central, 0.0)
    np.maximum(new[:2], 0.0, out=new[:2])
    return new, error


def _tangent_error(
    rates: Rates, tangent: _Tangent, start: AmountsInBody, end: AmountsInBody, hours: Floats
) -> tuple[Floats, Floats]:
    """Return α and β of the tangent's error α·θ² + β·θ³, θ from 0 to 1 over the step, mg/h, each (N,).

    The error is the clearance by the tangent less the true clearance by the target.

    Parameters
    ----------
    tangent
        Of the start of the step.
    start, end
        Amounts at the start of the step, and at its end by the linear equations.
    hours : (N,)
        Length of the step.
    """
    vmax, saturation, slope = tangent
    central, peripheral, depot, falling = end
    end_concentration = np.maximum(central, 0.0) / rates.volume
    inverse = 1.0 / (rates.km + end_concentration)
    end_saturation, end_vmax = end_concentration * inverse, rates.steady + falling
    error = vmax * saturation + vmax * slope * (central - start.central)
    error = error + saturation * (falling - start.falling) - end_vmax * end_saturation
    central_slope = rates.back * peripheral - (rates.linear + rates.across) * central
    central_slope = central_slope - end_vmax * end_saturation + (rates.absorption * depot - error)
    steepening = end_vmax * rates.km * inverse * inverse / rates.volume - vmax * slope
    growth = hours * (rates.decay * falling * (end_saturation - saturation) - steepening * central_slope)
    cubic = growth - 2.0 * error
    return error - cubic, cubic


def _modes(rates: Rates, saturable: Floats) -> _Modes:
    """Return the decay of both compartments; `saturable`: linearised clearance by the target, 1/h, (N,)."""
    loss = rates.linear + rates.across + saturable
    mean = (loss + rates.back) / 2
    root = np.sqrt(((loss - rates.back) / 2) ** 2 + rates.across * rates.back)
    rate = np.empty((2, len(loss)))
    rate[0] = mean + root
    rate[1] = rates.back * (rates.linear + saturable) / rate[0]
    return _Modes(rate, 0.5 / root, mean - loss, mean - rates.back)


def _weights(u: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return e^(−u) and the means over θ, 0 to 1, of e^(−u (1 − θ)) times 1, θ²/2, θ³/6; u: rate × step."""
    is_small, small_u = u < _SERIES_BELOW, np.minimum(u, _SERIES_BELOW)
    series = np.full_like(u, _SERIES[0])
    for coefficient in _SERIES[1:]:
        series = coefficient - small_u * series
    decayed, large_u = np.exp(-u), np.maximum(u, _SERIES_BELOW)
    mean = (1.0 - decayed) / large_u
    second = (0.5 - (1.0 - mean) / large_u) / large_u
    third = np.where(is_small, series, (1 / 6 - second) / large_u)
    second = np.where(is_small, 1 / 6 - u * series, second)
    return decayed, np.where(is_small, 1.0 - u * (0.5 - u * second), mean), second, third


def _mean_of_input(
    decayed: Floats, input_decayed: Floats, rate: Floats, input_rate: Floats, hours: Floats
) -> Floats:
    """Return the mean of e^(−m (h − τ))·e^(−k τ) over τ from 0 to h, (2, N).

    This is the weight of an input that itself falls exponentially, such as absorption from under the skin.

    Parameters
    ----------
    decayed, input_decayed
        e^(−m h), (2, N), and e^(−k h), (N,).
    rate, input_rate
        m, the rates of the compartments, (2, N); k, the rate of the input, (N,); 1/h.
    hours : (N,)
        h, length of the step.
    """
    difference = (rate - input_rate) * hours
    nearly_equal = np.abs(difference) < _NEARLY_EQUAL
    quotient = (input_decayed - decayed) / np.where(nearly_equal, 1.0, difference)
    return np.asarray(
        np.where(nearly_equal, input_decayed * (1.0 - difference * (0.5 - difference / 6)), quotient)
    )
