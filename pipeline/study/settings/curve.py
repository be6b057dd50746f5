"""The settings of the standard curve: each bound of `CurveLimits` under its name in the settings sheet."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict

from calibration.curve.acceptance_limits import CurveLimits
from pipeline.study.cells import number, whole_number
from pipeline.study.settings.field import Fraction, setting

LIMITS = CurveLimits()
"""The limits of a study that types none: the default of each setting."""
WARN_NAMES = {
    "curve_r2_warn": "curve_r2_reject",
    "curve_slope_warn": "curve_slope_reject",
    "curve_error_warn": "curve_error_reject",
    "curve_error_warn_dimmest": "curve_error_reject_dimmest",
    "curve_ratio_warn": "curve_ratio_reject",
    "bead_rcv_warn": "bead_rcv_reject",
    "bead_events_warn": "bead_events_reject",
    "bead_history_warn": "bead_history_reject",
}
"""Earlier names of settings that reject, and their names now."""


def limit_setting(quantity: str, bound: str, unit: str, sentence: str) -> Any:
    """Return the setting of one bound of `CurveLimits`; its default is the bound there."""
    default = getattr(getattr(LIMITS, quantity), bound)
    return setting(default, unit, sentence, bound=f"{quantity}.{bound}")


class CurveSettings(BaseModel):
    """The settings that decide when a standard curve is accepted, and when it is rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    curve_r2_accept: Fraction = limit_setting(
        "r2", "accept", "r²", "Standard curve: r² from here on is accepted."
    )
    curve_r2_reject: Fraction = limit_setting(
        "r2", "reject", "r²", "Standard curve: r² below this is rejected."
    )
    curve_slope_accept: Fraction = limit_setting(
        "slope", "accept", "distance from 1", "Standard curve: slope this far from 1 at most is accepted."
    )
    curve_slope_reject: Fraction = limit_setting(
        "slope", "reject", "distance from 1", "Standard curve: slope further from 1 than this is rejected."
    )
    curve_local_slope_accept: Fraction = limit_setting(
        "local_slope",
        "accept",
        "distance from 1",
        "Slope between neighbouring beads; further from 1 than this is a warning.",
    )
    curve_error_accept: Fraction = limit_setting(
        "error", "accept", "fraction", "Back-calculated error of a bead up to here is accepted."
    )
    curve_error_reject: Fraction = limit_setting(
        "error", "reject", "fraction", "Back-calculated error of a bead beyond this is rejected."
    )
    curve_error_reject_dimmest: Fraction = limit_setting(
        "error", "dimmest_reject", "fraction", "The same for the dimmest bead: beyond this it is rejected."
    )
    curve_ratio_accept: Annotated[float, number(1, 1000)] = limit_setting(
        "ratio",
        "accept",
        "fold",
        "Assigned value per MFI from bead to bead: a change up to here is accepted.",
    )
    curve_ratio_reject: Annotated[float, number(1, 1000)] = limit_setting(
        "ratio",
        "reject",
        "fold",
        "Assigned value per MFI from bead to bead: a change beyond this is rejected.",
    )
    bead_rcv_accept: Fraction = limit_setting(
        "rcv", "accept", "fraction", "Robust CV of a bead up to here is accepted."
    )
    bead_rcv_accept_dimmest: Fraction = limit_setting(
        "rcv", "dimmest_accept", "fraction", "Robust CV of the dimmest bead up to here is accepted."
    )
    bead_rcv_reject: Fraction = limit_setting(
        "rcv", "reject", "fraction", "Robust CV of a bead beyond this is rejected."
    )
    bead_events_accept: Annotated[int, whole_number(1, 1_000_000)] = limit_setting(
        "events", "accept", "events", "A bead population of at least this many is accepted."
    )
    bead_events_reject: Annotated[int, whole_number(1, 1_000_000)] = limit_setting(
        "events",
        "reject",
        "events",
        "A bead population with fewer events is rejected; of 200 recorded events some are ambiguous.",
    )
    bead_detection_accept: Annotated[float, number(1, 1000)] = limit_setting(
        "detection",
        "accept",
        "times the blank",
        "A dimmest bead below this is a warning: part of its light is that of the blank.",
    )
    bead_history_accept: Fraction = limit_setting(
        "history",
        "accept",
        "fraction",
        "Top bead compared with the instrument's earlier runs: a difference up to here is accepted.",
    )
    bead_history_reject: Fraction = limit_setting(
        "history",
        "reject",
        "fraction",
        "Top bead compared with the instrument's earlier runs: a larger difference is rejected.",
    )
    bead_steady_accept: Fraction = limit_setting(
        "steady",
        "accept",
        "fraction",
        "Brightness of the beads within a run: a change up to here is accepted.",
    )
    bead_steady_reject: Fraction = limit_setting(
        "steady",
        "reject",
        "fraction",
        "Brightness of the beads within a run: a larger change is rejected.",
    )

    @property
    def curve_limits(self) -> CurveLimits:
        """The limits by which a standard curve is accepted or rejected.

        Examples
        --------
        >>> CurveSettings(curve_error_reject=0.22).curve_limits.error.reject
        0.22
        """
        typed: dict[str, dict[str, float]] = {}
        for name in CurveSettings.model_fields:
            quantity, bound = bound_of_setting(name)
            typed.setdefault(quantity, {})[bound] = getattr(self, name)
        changed = {name: replace(getattr(LIMITS, name), **bounds) for name, bounds in typed.items()}
        return replace(LIMITS, **changed)


def bound_of_setting(name: str) -> tuple[str, str]:
    """Return the figure and the bound of `CurveLimits` that a setting is.

    Examples
    --------
    >>> bound_of_setting("bead_rcv_accept_dimmest")
    ('rcv', 'dimmest_accept')
    """
    facts = CurveSettings.model_fields[name].json_schema_extra
    quantity, _, bound = str(facts["bound"]).partition(".") if isinstance(facts, dict) else ("", "", "")
    return quantity, bound
