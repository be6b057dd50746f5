"""Whether beads kept their brightness while the bead tube was acquired."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from calibration.beads.peaks import BeadPeaks
from calibration.curve.curve_checks.change_within_run import BrightnessChange
from calibration.numbers import MAD_TO_SD, MEDIAN_TO_MEAN_ERROR, Floats
from calibration.rounding import rounded_record

RUN_PARTS = 5
"""Parts of equal numbers of events into which a bead run is divided. Convention: a drift, a step and a
disturbance of a fifth of the run then all show, and a population of 150 beads still has 30 in a part."""

FEWEST_BEADS_IN_PART = 15
"""Least number of beads of a population in a part for its median there to count. Convention: half of what the
smallest population that a curve may use has there."""

SDS_OF_MEDIANS = 5.0
"""Sampling SDs by which two medians must differ at least. Convention: with ten pairs of parts and eight
populations a sound run exceeds it less than once in 10,000 runs."""


def brightness_change(
    intensity: npt.ArrayLike, peaks: BeadPeaks, order: npt.ArrayLike | None = None
) -> BrightnessChange | None:
    """Return the largest change of brightness within a bead run; None where it cannot be judged.

    The run is divided into five parts of equal numbers of events. The medians of each population in two parts
    are compared, and those of all populations together. From each ratio the part is taken off that
    sampling can explain; the comparison with the largest remainder is returned.

    Parameters
    ----------
    intensity
        Linear intensities of bead singlets on the calibrated channel, as acquired, shape (n,).
    peaks
        The populations of these events. Those at an end of the scale, the blank, and those without a valley
        to a neighbour are not used.
    order
        Times of the events, any unit, shape (n,); None: the events are in the order of acquisition.
    """
    values = np.asarray(intensity, np.float64)
    if order is not None:
        values = values[np.argsort(np.asarray(order), kind="stable")]
    parts = np.array_split(values, RUN_PARTS)
    rows = [row for k in _usable(peaks) if (row := _of_population(parts, *peaks.ranges[k])) is not None]
    if not rows:
        return None
    log, sd = np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows])
    weight = 1 / sd**2
    together = (weight * log).sum(axis=0) / weight.sum(axis=0), 1 / np.sqrt(weight.sum(axis=0))
    alone = zip(log, sd, strict=True)
    changes = [_largest(*each) for each in (together, *alone)]
    return rounded_record(max(changes, key=lambda change: change.sure))


def _usable(peaks: BeadPeaks) -> list[int]:
    overlapping = peaks.overlapping or (False,) * len(peaks.medians)
    return [
        k
        for k, median in enumerate(peaks.medians)
        if median > 0 and not peaks.saturated[k] and not overlapping[k] and not (peaks.blank and k == 0)
    ]


def _of_population(parts: Sequence[Floats], low: float, high: float) -> tuple[Floats, Floats] | None:
    """Return the log medians of a population in each part, and their sampling SDs; None if too few beads."""
    within = [part[(part >= low) & (part <= high)] for part in parts]
    if low <= 0 or min(part.size for part in within) < FEWEST_BEADS_IN_PART:
        return None
    logs = [np.log(part) for part in within]
    medians = np.array([np.median(log) for log in logs])
    spread = [MAD_TO_SD * np.median(np.abs(log - median)) for log, median in zip(logs, medians, strict=True)]
    sd = MEDIAN_TO_MEAN_ERROR * np.array(spread) / np.sqrt([log.size for log in logs])
    return medians - np.median(medians), np.maximum(sd, _step_of_scale(np.concatenate(logs)))


def _step_of_scale(log: Floats) -> float:
    """Return the distance of the two values on the scale beside the median: no median is known better."""
    values = np.unique(log)
    if values.size == 1:
        return 1.0
    k = max(int(np.searchsorted(values, np.median(log))), 1)
    return float(values[k] - values[k - 1])


def _largest(log: Floats, sd: Floats) -> BrightnessChange:
    pairs = list(combinations(range(RUN_PARTS), 2))
    differences = np.array([log[later] - log[earlier] for earlier, later in pairs])
    noise = np.array([np.hypot(sd[later], sd[earlier]) for earlier, later in pairs])
    sure = np.abs(differences) - SDS_OF_MEDIANS * noise
    k = int(np.argmax(sure))
    change = np.expm1(abs(differences[k]))
    return BrightnessChange(
        float(change), max(float(np.expm1(sure[k])), 0.0), pairs[k][0] + 1, pairs[k][1] + 1, RUN_PARTS
    )
