"""The settings of the standard curve: the limits of `CurveLimits` under the names in the settings sheet."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from calibration.curve.acceptance_limits import CurveLimits
from pipeline.study.cells import number, whole_number
from pipeline.study.settings.field import Fraction, curve_setting, with_bound


class CurveSettings(BaseModel):
    """The settings that decide when a standard curve is accepted, and when it is rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    curve_r2_accept: Fraction = curve_setting(
        "r2.accept", "r²", "Standard curve: r² from here on is accepted."
    )
    curve_r2_warn: Fraction = curve_setting("r2.reject", "r²", "Standard curve: r² below this is rejected.")
    curve_slope_accept: Fraction = curve_setting(
        "slope.accept", "distance from 1", "Standard curve: slope this far from 1 at most is accepted."
    )
    curve_slope_warn: Fraction = curve_setting(
        "slope.reject", "distance from 1", "Standard curve: slope further from 1 than this is rejected."
    )
    curve_local_slope_accept: Fraction = curve_setting(
        "local_slope.accept",
        "distance from 1",
        "Slope between neighbouring beads; further from 1 than this is a warning.",
    )
    curve_error_accept: Fraction = curve_setting(
        "error.accept", "fraction", "Back-calculated error of a bead up to here is accepted."
    )
    curve_error_warn: Fraction = curve_setting(
        "error.reject", "fraction", "Back-calculated error of a bead beyond this is rejected."
    )
    curve_error_warn_dimmest: Fraction = curve_setting(
        "error.dimmest_reject", "fraction", "The same for the dimmest bead: beyond this it is rejected."
    )
    curve_ratio_accept: Annotated[float, number(1, 1000)] = curve_setting(
        "ratio.accept", "fold", "Assigned value per MFI from bead to bead: a change up to here is accepted."
    )
    curve_ratio_warn: Annotated[float, number(1, 1000)] = curve_setting(
        "ratio.reject", "fold", "Assigned value per MFI from bead to bead: a change beyond this is rejected."
    )
    bead_rcv_accept: Fraction = curve_setting(
        "rcv.accept", "fraction", "Robust CV of a bead up to here is accepted."
    )
    bead_rcv_accept_dimmest: Fraction = curve_setting(
        "rcv.dimmest_accept", "fraction", "Robust CV of the dimmest bead up to here is accepted."
    )
    bead_rcv_warn: Fraction = curve_setting(
        "rcv.reject", "fraction", "Robust CV of a bead beyond this is rejected."
    )
    bead_events_accept: Annotated[int, whole_number(1, 1_000_000)] = curve_setting(
        "events.accept", "events", "A bead population of at least this many is accepted."
    )
    bead_events_warn: Annotated[int, whole_number(1, 1_000_000)] = curve_setting(
        "events.reject",
        "events",
        "A bead population of fewer is rejected; 200 are asked for, of which some are ambiguous.",
    )
    bead_detection_accept: Annotated[float, number(1, 1000)] = curve_setting(
        "detection.accept",
        "times the blank",
        "A dimmest bead below this is a warning: it carries the blank's light.",
    )
    bead_history_accept: Fraction = curve_setting(
        "history.accept",
        "fraction",
        "Top bead against the instrument's earlier runs: this far off is accepted.",
    )
    bead_history_warn: Fraction = curve_setting(
        "history.reject",
        "fraction",
        "Top bead against the instrument's earlier runs: further off is rejected.",
    )

    @property
    def curve_limits(self) -> CurveLimits:
        """The limits by which a standard curve is accepted or rejected.

        Examples
        --------
        >>> CurveSettings(curve_error_warn=0.22).curve_limits.error.reject
        0.22
        """
        limits = CurveLimits()
        for name, bound in CURVE_BOUNDS.items():
            limits = with_bound(limits, bound, getattr(self, name))
        return limits


CURVE_BOUNDS: dict[str, str] = {
    name: str(field.json_schema_extra["bound"])
    for name, field in CurveSettings.model_fields.items()
    if isinstance(field.json_schema_extra, dict) and "bound" in field.json_schema_extra
}
"""The bound of `CurveLimits` that each setting sets, as its field declares it."""
