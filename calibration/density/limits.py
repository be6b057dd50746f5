"""The range in which a receptor density can be defended: LoB, LoD, LLOQ, ULOQ (CLSI EP17-A2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from calibration.curve.standard_curve import StandardCurve
from calibration.numbers import MAD_TO_SD, Z_95_ONE_SIDED, Floats

MOST_CV = 0.30
"""Total CV at which a density is still quantified: the LLOQ is where it is reached. Convention."""


class LloqSource(StrEnum):
    """Which limit decides the LLOQ."""

    LOD = "LoD"
    CV_LEVEL = "CV 30 %"
    LABORATORY = "laboratory"
    LOWEST_BEAD = "lowest bead"
    NOT_KNOWN = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """In ABC above background. None: not known from the data.

    Attributes
    ----------
    lob, lod
        Limit of blank and of detection, from the control tube's same gated cells.
    cv_level
        Lowest level at which the total CV is at most 30 %; None where no level reaches it.
    lloq, uloq
        What is used.
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
    control: Floats | None,
    curve: StandardCurve,
    divisor: float,
    *,
    lab_lloq: float | None = None,
    absolute_sd: float | None = None,
    relative_cv: float = 0.0,
) -> Limits:
    """Limits of one tube.

    LoB = mean + 1.645 SD of the control's cells, LoD = LoB + 1.645 SD, both in ABC above the control's
    median (median and 1.4826 · MAD stand for mean and SD: a few stained strays must not move a limit). LLOQ
    = the highest of LoD, the lowest level with a total CV ≤ 30 % and the laboratory's own; without a
    control and a laboratory's limit, the dimmest bead. ULOQ = the brightest bead in the fit.

    Parameters
    ----------
    control
        Control cells in linear MFI, or None.
    curve
        MFI to the kit's unit.
    divisor
        Unit to ABC.
    lab_lloq
        The laboratory's own, ABC.
    absolute_sd
        SD of RD (ABC) that does not shrink with RD: the sampling of the control's and a dim stain's medians.
    relative_cv
        Of the terms that scale with RD (a fraction).
    """
    lob, lod = _detection(control, curve, divisor)
    cv_level = _cv_level(absolute_sd, relative_cv)
    candidates = {LloqSource.LABORATORY: lab_lloq, LloqSource.LOD: lod, LloqSource.CV_LEVEL: cv_level}
    known = {source: value for source, value in candidates.items() if value is not None}
    source = max(known, key=known.__getitem__, default=LloqSource.LOWEST_BEAD)
    lloq = known.get(source, curve.bottom_level / divisor)
    return Limits(lob, lod, cv_level, float(lloq), curve.top_level / divisor, source)


def _detection(
    control: Floats | None, curve: StandardCurve, divisor: float
) -> tuple[float | None, float | None]:
    if control is None or control.size < 2:
        return None, None
    middle = float(np.median(control))
    sd = MAD_TO_SD * float(np.median(np.abs(control - middle)))
    at = np.array([middle, middle + Z_95_ONE_SIDED * sd, middle + 2 * Z_95_ONE_SIDED * sd])
    zero, blank, detected = curve.to_abc(at) / divisor
    return float(blank - zero), float(detected - zero)


def _cv_level(absolute_sd: float | None, relative_cv: float) -> float | None:
    """Level L where √(relative² + (absolute/L)²) = 0.30; None where the relative part alone exceeds it."""
    if absolute_sd is None or relative_cv >= MOST_CV:
        return None
    return float(absolute_sd / np.sqrt(MOST_CV**2 - relative_cv**2))
