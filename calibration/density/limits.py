"""The range in which a receptor density can be defended: LoB, LoD, LLOQ, ULOQ (CLSI EP17-A2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.curve.standard_curve import StandardCurve

Floats = npt.NDArray[np.float64]

ONE_SIDED_95 = 1.645
MOST_CV = 0.30


@dataclass(frozen=True, slots=True)
class Limits:
    """In ABC above background. None: the data do not tell.

    Attributes
    ----------
    lob, lod
        Limit of blank and of detection, from the control tube's same gated cells.
    cv_level
        Lowest level at which the total CV is at most 30 %; None where no level reaches it.
    lloq, uloq
        What is used.
    lloq_from
        Which of the candidates is the LLOQ: `LoD`, `CV 30 %`, `laboratory` or `lowest bead`.
    """

    lob: float | None
    lod: float | None
    cv_level: float | None
    lloq: float
    uloq: float
    lloq_from: str


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
    candidates = [
        (value, name)
        for value, name in ((lod, "LoD"), (cv_level, "CV 30 %"), (lab_lloq, "laboratory"))
        if value is not None
    ]
    lloq, source = max(candidates, default=(curve.bottom_level / divisor, "lowest bead"))
    return Limits(lob, lod, cv_level, float(lloq), curve.top_level / divisor, source)


def _detection(
    control: Floats | None, curve: StandardCurve, divisor: float
) -> tuple[float | None, float | None]:
    if control is None or control.size < 2:
        return None, None
    middle = float(np.median(control))
    sd = 1.4826 * float(np.median(np.abs(control - middle)))
    at = np.array([middle, middle + ONE_SIDED_95 * sd, middle + 2 * ONE_SIDED_95 * sd])
    zero, blank, detected = curve.to_abc(at) / divisor
    return float(blank - zero), float(detected - zero)


def _cv_level(absolute_sd: float | None, relative_cv: float) -> float | None:
    """Level L where √(relative² + (absolute/L)²) = 0.30; None where the relative part alone exceeds it."""
    if absolute_sd is None or relative_cv >= MOST_CV:
        return None
    return float(absolute_sd / np.sqrt(MOST_CV**2 - relative_cv**2))
