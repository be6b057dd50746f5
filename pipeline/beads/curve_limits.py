"""The acceptance table's thresholds as the study's settings give them."""

from __future__ import annotations

from calibration.curve.acceptance import CurveLimits
from pipeline.study.settings import Settings


def curve_limits(settings: Settings) -> CurveLimits:
    """Return the thresholds that a standard curve is judged by.

    Examples
    --------
    >>> curve_limits(Settings()) == CurveLimits()
    True
    """
    return CurveLimits(
        accept_r2=settings.curve_r2_accept,
        warn_r2=settings.curve_r2_warn,
        accept_slope=_around_one(settings.curve_slope_accept),
        warn_slope=_around_one(settings.curve_slope_warn),
        accept_back=settings.curve_error_accept,
        warn_back=settings.curve_error_warn,
        reject_back_lowest=settings.curve_error_warn_dimmest,
        accept_ratio=settings.curve_ratio_accept,
        warn_ratio=settings.curve_ratio_warn,
        accept_rcv=settings.bead_rcv_accept,
        accept_rcv_lowest=settings.bead_rcv_accept_dimmest,
        warn_rcv=settings.bead_rcv_warn,
        accept_local_slope=_around_one(settings.curve_local_slope_accept),
        accept_history=settings.bead_history_accept,
        warn_history=settings.bead_history_warn,
        n_accept=settings.bead_events_accept,
        n_warn=settings.bead_events_warn,
        accept_detection=settings.bead_detection_accept,
    )


def _around_one(distance: float) -> tuple[float, float]:
    """Return 1 ± distance without the rounding of binary fractions: 1.15, not 1.1500000000000001."""
    return round(1 - distance, 12), round(1 + distance, 12)
