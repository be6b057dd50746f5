"""The range in which a receptor density is reliable: LoB, LoD, LLOQ, ULOQ.

After CLSI EP17-A2, on *results*: the result of a tube is the median of its cells less the median of its
control, so the limits come from the scatter of such results, not from the scatter of single cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from calibration.curve.standard_curve import StandardCurve
from calibration.density.error_model import (
    ConvertedCells,
    RelativeErrors,
    blank_spread,
    control_error,
    curve_center,
    curve_design,
    curve_variances,
    transfer_errors,
)
from calibration.numbers import LEAST_MFI, MEDIAN_TO_MEAN_ERROR, Z_95_ONE_SIDED, Floats

MOST_CV = 0.30
"""Largest total CV at which a density is quantified; the LLOQ is the density at which it is reached.
Convention: a density is then known to a factor of 1.8 up or down, still less than the drug's effect."""

ULOQ_EXTRAPOLATION = 4.0
"""Multiple of the top bead up to which a density is given and flagged. Assumption, as docs/method.md states
it in section 5: a straight curve of a linear detector goes on beyond its top bead."""


class LloqSource(StrEnum):
    """Which limit decides the LLOQ."""

    LOD = "LoD"
    CV_LEVEL = "CV 30 %"
    LABORATORY = "laboratory"
    LOWEST_BEAD = "lowest bead"
    NO_LEVEL = "no level"
    NOT_KNOWN = ""


@dataclass(frozen=True, slots=True)
class ResultScatter:
    """Scatter of a tube's results: SD(L) = √(blank² + (relative · L)²) at the level L.

    `blank` in ABC: sampling of both medians without stain, and the uncertainty of the background.
    `relative` a fraction: lot, F:P, between runs, the curve, and the sampling of stained cells.
    """

    blank: float
    relative: float


@dataclass(frozen=True, slots=True)
class Limits:
    """In ABC above background. None: not known from the data.

    Attributes
    ----------
    lob, lod
        Limit of blank and of detection of the result; `lod` None where no level differs from a blank.
    cv_level
        Lowest level at which the total CV is at most 30 %; None where no level reaches it.
    lloq, uloq
        The limits that are used; `lloq` is infinite where no level has a total CV of 30 %.
    lloq_from
        Which of the candidates is the LLOQ.
    """

    lob: float | None
    lod: float | None
    cv_level: float | None
    lloq: float
    uloq: float
    lloq_from: LloqSource


def density_limits(
    scatter: ResultScatter | None, curve: StandardCurve, divisor: float, *, lab_lloq: float | None = None
) -> Limits:
    """Return the limits of one tube.

    LoB = 1.645 · SD(0): 95 % of the results of a blank lie below. LoD: the level of which 95 % of the results
    lie above the LoB, LoD = LoB + 1.645 · SD(LoD). LLOQ = the highest of LoD, the lowest level with a total
    CV ≤ 30 %, the dimmest bead in the fit and the laboratory's own; infinite where no level has that CV. ULOQ
    = the brightest bead in the fit.

    Parameters
    ----------
    scatter
        Of the results; None: not known, as without a control.
    curve
        MFI to the kit's unit.
    divisor
        Unit to ABC.
    lab_lloq
        The laboratory's own, ABC.
    """
    dimmest, top = curve.bottom_level / divisor, curve.top_level / divisor
    candidates = {LloqSource.LOWEST_BEAD: dimmest, LloqSource.LABORATORY: lab_lloq}
    if scatter is None:
        lob = lod = cv_level = None
    else:
        (lob, lod), cv_level = _detection(scatter), _cv_level(scatter)
        if cv_level is None:
            return Limits(lob, lod, None, float("inf"), top, LloqSource.NO_LEVEL)
        candidates |= {LloqSource.LOD: lod, LloqSource.CV_LEVEL: cv_level}
    limits = {source: float(value) for source, value in candidates.items() if value is not None}
    source = max(limits, key=limits.__getitem__)
    return Limits(lob, lod, cv_level, limits[source], top, source)


def result_scatter(
    cells: ConvertedCells, curve: StandardCurve, errors: RelativeErrors, *, spread: float
) -> ResultScatter:
    """Return the scatter of the results of a tube with these numbers of cells.

    Every term enters as its plain SD, so that no term can make another term or the LLOQ smaller.

    Parameters
    ----------
    cells
        Both populations.
    curve
        Not rejected.
    errors
        CVs of lot, F:P and between runs.
    spread
        Log-SD of the receptors from cell to cell.
    """
    sd = blank_spread(cells.control)
    middle = cells.control_median
    step = max(sd, LEAST_MFI)
    low, high = curve.to_abc(np.array([middle - step, middle + step])) / cells.divisor
    per_mfi = float(high - low) / (2 * step)
    stained = MEDIAN_TO_MEAN_ERROR / np.sqrt(cells.stained.size)
    blank = per_mfi * float(np.sqrt((stained * sd) ** 2 + control_error(cells.control) ** 2))
    common = np.prod([1 + cv**2 for cv in (errors.lot, errors.f_p, errors.between_run)])
    own = _curve_variance(cells, curve) + (stained * spread) ** 2
    return ResultScatter(blank, float(np.sqrt(common * np.exp(own) - 1)))


def _curve_variance(cells: ConvertedCells, curve: StandardCurve) -> float:
    """Variance of ln RD from the curve and its transfer, at a density as large as the dimmest bead."""
    background = curve.to_abc(cells.control_median)
    amounts = np.array([background + curve.bottom_level, background])
    log_mfi = (np.log10(np.maximum(np.abs(amounts), LEAST_MFI)) - curve.intercept) / curve.slope
    count, squares = curve_design(curve)
    bead = sum(curve_variances(curve))
    variance = bead / count + (
        bead * _turned(amounts, log_mfi, curve_center(curve)) / squares if squares else 0.0
    )
    if curve.transfer is not None:
        level, tilt, assumed = transfer_errors(curve)
        variance += level**2 + assumed**2 + tilt**2 * _turned(amounts, log_mfi, curve.transfer.center)
    return float(variance * np.log(10) ** 2)


def _turned(amounts: Floats, log_mfi: Floats, center: float) -> float:
    """Return the square of the change of log10 RD when the curve tilts by one about `center`."""
    moved = amounts * (log_mfi - center)
    return float((moved[0] - moved[1]) / (amounts[0] - amounts[1])) ** 2


def _detection(scatter: ResultScatter) -> tuple[float, float | None]:
    """LoB, and the level L with L − 1.645 · SD(L) = LoB."""
    lob = Z_95_ONE_SIDED * scatter.blank
    share = (Z_95_ONE_SIDED * scatter.relative) ** 2
    return lob, 2 * lob / (1 - share) if share < 1 else None


def _cv_level(scatter: ResultScatter) -> float | None:
    """Level L where SD(L) / L = 0.30; None where the relative part alone exceeds it."""
    if scatter.relative >= MOST_CV:
        return None
    return float(scatter.blank / np.sqrt(MOST_CV**2 - scatter.relative**2))
