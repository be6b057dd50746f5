"""Data-driven cuts on one channel, each with a confidence.

In order: valley of the density inside what the panel allows, crossing of a two-component mixture, the batch's
pooled threshold, the spread of the negative cells. The result states the method.
"""

from __future__ import annotations

from dataclasses import dataclass

from gating.thresholds.axis import Axis, axis_density, rounded
from gating.thresholds.kernel_density import Valley, clearest_valley, densities_of
from gating.thresholds.methods import Method
from gating.thresholds.two_normals import crossing_of

NEAR_THE_VALLEY = 1.0
"""Largest distance between a shallow valley and the crossing of the mixture, in units of the axis; if it is
larger, they separate different groups. Chosen on the simulated tubes of docs/validation.md."""
CLEAR = 0.6
"""Least clarity of a valley that is used without the mixture or the batch. Chosen on the simulated tubes of
docs/validation.md."""

LEAST_CLEAR = 0.2
"""A valley of a higher clarity than this is used if there is no other evidence. Chosen on the simulated tubes
of docs/validation.md."""
OF_MIXTURE, OF_BATCH, OF_SPREAD = 0.6, 0.6, 0.4
"""Confidence in a cut by the mixture, by the batch, and by the spread of the negative cells. Chosen on the
simulated tubes of docs/validation.md."""
SURE_WITHOUT_DEPTH, SURE_BY_CLARITY = 0.3, 0.75
"""Confidence in a valley: the first value plus the second × its clarity, at most 1. Chosen on the simulated
tubes of docs/validation.md."""
BANDWIDTHS = (0.1, 0.18, 0.3)
"""Bandwidths of the densities in which a valley is searched, in units of the axis. Chosen on the simulated
tubes of docs/validation.md."""
CROSSING_BANDWIDTH = 0.1
"""Bandwidth of the density to which two normal distributions are fitted, in units of the axis. Chosen on the
simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A cut on one channel.

    Attributes
    ----------
    value
        Linear, compensated units.
    method
        How it was found.
    confidence
        0 (a guess) to 1 (clear).
    given_as
        Name under which a person gave the threshold; "" for any other.
    """

    value: float
    method: Method
    confidence: float
    given_as: str = ""


def best_valley(axis: Axis, low: float, high: float) -> Valley | None:
    """Return the clearest valley between two positions over three bandwidths, or None."""
    clearest = [
        clearest_valley(density, low, high)
        for density in densities_of(axis.values, BANDWIDTHS, axis.low, axis.high)
    ]
    valleys = [valley for valley in clearest if valley is not None]
    return max(valleys, key=lambda valley: valley.clarity, default=None)


def settle(axis: Axis, valley: Valley | None, *, fallback: float, pooled: float | None = None) -> Threshold:
    """Return the threshold of the first method that is sure enough.

    Parameters
    ----------
    axis
        The channel.
    valley
        The clearest valley inside what the panel allows, or None.
    fallback
        Position of the cut by the spread of the negative cells, when nothing else is known.
    pooled
        The batch's threshold, linear; None if there is none.
    """
    if valley is not None and valley.clarity >= CLEAR:
        return Threshold(axis.linear(valley.position), Method.VALLEY, _sureness(valley.clarity))
    crossing = (
        None
        if valley is None
        else crossing_of(axis_density(axis, CROSSING_BANDWIDTH), valley.left, valley.right)
    )
    if (
        valley is not None
        and crossing is not None
        and abs(crossing.position - valley.position) < NEAR_THE_VALLEY
    ):
        return Threshold(axis.linear(crossing.position), Method.MIXTURE, OF_MIXTURE)
    if pooled is not None:
        return Threshold(rounded(pooled), Method.POOLED, OF_BATCH)
    if valley is not None and valley.clarity > LEAST_CLEAR:
        return Threshold(axis.linear(valley.position), Method.VALLEY, _sureness(valley.clarity))
    return Threshold(axis.linear(fallback), Method.SPREAD, OF_SPREAD)


def persons_threshold(name: str, value: float) -> Threshold:
    """Return a threshold that a person gave under this name."""
    return Threshold(rounded(value), Method.PERSON, 1.0, name)


def _sureness(clarity: float) -> float:
    return min(1.0, SURE_WITHOUT_DEPTH + SURE_BY_CLARITY * clarity)
