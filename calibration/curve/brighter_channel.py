"""Check whether another channel of a bead file collects more light of the beads than the calibrated one.

Gains differ between detectors, so brightness cannot answer this; photon counting can. A dye's own detector
collects most of its photoelectrons, so the bead populations are narrower there. Both channels measure the
same beads. The differences between beads therefore cancel in the difference of the two variances. For
correlated readings, this difference is the covariance of their sum and difference (Pitman 1939,
doi:10.1093/biomet/31.1-2.9). The error of detection remains: instrument · x² + photons · x + noise (Steen
1992, doi:10.1002/cyto.990130803).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.beads.peaks import BeadPeaks
from calibration.curve.curve_checks.other_channels import ChannelComparison
from calibration.numbers import AT_SCALE_END, MAD_TO_SD, MEDIAN_TO_MEAN_ERROR, Floats
from calibration.rounding import FIT_DIGITS, rounded_fit

FEWEST_POPULATIONS = 3
"""Least number of populations for a comparison. Arithmetic: its fit has three terms."""

FEWEST_FOR_VARIANCE = 50
"""Least number of events of a population to measure its variance. Convention: the variance of 50 events is
known to 20 %."""

ONE_DYE_WITHIN = 0.5
"""Largest difference of the shares of light for beads with one dye. Convention: detectors need not be
linear."""

PROPORTIONAL_WITHIN = 0.05
"""Largest difference of the shares of light for beads that may carry several dyes. Convention: it is met only
if these dyes act as one."""

INSTRUMENT_VARIANCE = 4e-4
"""Prior SD of the difference between the relative variances of two detectors (a CV of 2 %). Convention: CVs
of alignment beads are 1 to 3 %."""

MOST_CLIPPED = 0.01
"""Largest share of a population on the end of the other channel's scale for the population to be used.
Convention: a hundredth on the end lowers the variance by less than a tenth."""

SAMPLING_SDS = 3
"""Standard errors that are allowed for the sampling of a share of light. Convention: chance exceeds them
once in 400."""
CLEAR_OF_BLANK = 6.0
"""Least distance of a population above the blank, in standard errors, for its share of light to count.
Convention: then a share of light is known to 17 %."""

CENTRAL_SPREADS = 3.0
"""Robust SDs about the median within which events count: doublets and debris lie beyond. Convention: 99.7 %
of a normal population lie within."""


@dataclass(frozen=True, slots=True)
class _Difference:
    """Of one population: its light, how much more variance the calibrated channel has, and the SE of that.

    Light in units of the brightest population, variances in its square.
    """

    light: float
    variance: float
    se: float


@dataclass(frozen=True, slots=True)
class _Pair:
    """One population in both channels."""

    named: Floats
    other: Floats


def compare_channels(
    named: npt.ArrayLike,
    other_values: npt.ArrayLike,
    peaks: BeadPeaks,
    *,
    one_dye: bool,
    other_top: float = np.inf,
) -> ChannelComparison | None:
    """Compare how many photoelectrons two channels collect from the same beads of one dye.

    Parameters
    ----------
    named, other_values
        Linear intensities of the same bead singlets, shape (n,): of the calibrated channel, and of another.
    peaks
        The populations that were found on `named`.
    one_dye
        Whether the kit's beads carry one dye. Beads of several dyes are compared only where every population
        has the same share of its light in the other channel, above the blank.
    other_top
        End of the other channel's scale; populations on it are left out.

    Returns
    -------
    ChannelComparison or None
        None where the other channel does not see these beads, or fewer than three populations can be
        compared.
    """
    x, y = np.asarray(named, dtype=np.float64).ravel(), np.asarray(other_values, dtype=np.float64).ravel()
    finite = np.isfinite(x) & np.isfinite(y)
    pairs = _pairs(x[finite], y[finite], peaks, other_top)
    blank = pairs[0] if peaks.blank else None
    stained = [pair for pair in pairs[int(peaks.blank) :] if pair is not None]
    if len(stained) < FEWEST_POPULATIONS or (blank is None and not one_dye):
        return None
    if not _same_light(stained, blank, ONE_DYE_WITHIN if one_dye else PROPORTIONAL_WITHIN):
        return None
    return _judged(_differences(stained, blank))


def _pairs(x: Floats, y: Floats, peaks: BeadPeaks, top: float) -> list[_Pair | None]:
    """Return each population in both channels; None where one of them cannot show it."""
    overlapping = peaks.overlapping or (False,) * len(peaks.ranges)
    pairs: list[_Pair | None] = []
    for (low, high), saturated, overlaps in zip(peaks.ranges, peaks.saturated, overlapping, strict=True):
        inside = (x >= low) & (x <= high)
        pair = _Pair(x[inside], y[inside])
        usable = not (saturated or overlaps) and pair.other.size >= FEWEST_FOR_VARIANCE
        pairs.append(pair if usable and not _clipped(pair.other, min(top, float(y.max()))) else None)
    return pairs


def _clipped(values: Floats, top: float) -> bool:
    return bool(np.mean(values >= AT_SCALE_END * top) > MOST_CLIPPED)


def _same_light(stained: Sequence[_Pair], blank: _Pair | None, within: float) -> bool:
    """Whether each population has the same share of its light in the other channel, sampling allowed for."""
    dark = (np.median(blank.named), np.median(blank.other)) if blank else (0.0, 0.0)
    net = np.array([(np.median(p.named) - dark[0], np.median(p.other) - dark[1]) for p in stained])
    if np.any(net <= 0):
        return False
    error = np.array([_spread(p.other) / np.sqrt(p.other.size) for p in stained]) * MEDIAN_TO_MEAN_ERROR
    share = net[:, 1] / net[:, 0]
    off = np.abs(share / share[-1] - 1)
    bright_enough = net[:, 1] > CLEAR_OF_BLANK * error
    return bool(
        bright_enough.sum() >= FEWEST_POPULATIONS
        and np.all((off <= within + SAMPLING_SDS * error / net[:, 1])[bright_enough])
    )


def _differences(stained: Sequence[_Pair], blank: _Pair | None) -> list[_Difference]:
    """Scale both channels so that a population has the same median in both, and take their variances."""
    top = float(np.median(stained[-1].named)), float(np.median(stained[-1].other))
    differences = []
    for pair in stained:
        light = float(np.median(pair.named)) / top[0]
        differences.append(
            _difference(pair.named / top[0], pair.other * light / float(np.median(pair.other)), light)
        )
    if blank is not None:
        differences.append(
            _difference(blank.named / top[0], blank.other / top[1], float(np.median(blank.named)) / top[0])
        )
    return [difference for difference in differences if difference.se > 0]  # on one channel nothing varies


def _difference(u: Floats, v: Floats, light: float) -> _Difference:
    """Var u − Var v = cov(u + v, u − v), on the central events of both sum and difference."""
    plus, minus = u + v, u - v
    central = _central(plus) & _central(minus)
    plus, minus = plus[central], minus[central]
    plus, minus = plus - plus.mean(), minus - minus.mean()
    excess = float((plus * minus).sum()) / (plus.size - 1)
    variances = float((plus * plus).sum()) * float((minus * minus).sum()) / (plus.size - 1) ** 2
    se = float(np.sqrt((variances + excess**2) / central.sum()))
    return _Difference(light, excess, se)


def _central(values: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(values - np.median(values)) <= CENTRAL_SPREADS * _spread(values), dtype=np.bool_)


def _spread(values: Floats) -> float:
    return MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))


def _judged(differences: Sequence[_Difference]) -> ChannelComparison:
    """Fit the differences as instrument · light² + photons · light + noise; and without the noise."""
    light = np.array([difference.light for difference in differences])
    weight = 1 / np.array([difference.se for difference in differences])
    variance = np.array([difference.variance for difference in differences]) * weight
    terms = np.column_stack([light**2, light, np.ones_like(light)]) * weight[:, None]
    return ChannelComparison(_certainty(terms, variance), _certainty(terms[:, :2], variance))


def _certainty(terms: Floats, variance: Floats) -> float:
    """Return the second term over its SD; a prior keeps the first term near zero, as instruments have it."""
    rows = np.vstack([terms, np.eye(1, terms.shape[1]) / INSTRUMENT_VARIANCE])
    covariance = np.linalg.pinv(rows.T @ rows)
    fitted = covariance @ rows.T @ np.append(variance, 0.0)
    return float(
        rounded_fit(fitted[1] / np.sqrt(max(covariance[1, 1], np.finfo(np.float64).tiny)), FIT_DIGITS)
    )
