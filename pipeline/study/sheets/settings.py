"""The settings sheet: reading of its values, and settings that contradict each other."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from pipeline.study.faults import Fault
from pipeline.study.settings import ALL_PANELS, Settings, setting_facts, setting_text
from pipeline.study.settings.curve import WARN_NAMES
from pipeline.study.wording import did_you_mean, quoted

MUST_NOT_EXCEED = (
    ("bead_age_accept_hours", "bead_age_reject_hours"),
    ("curve_r2_reject", "curve_r2_accept"),
    ("curve_slope_accept", "curve_slope_reject"),
    ("curve_error_accept", "curve_error_reject"),
    ("curve_error_reject", "curve_error_reject_dimmest"),
    ("curve_ratio_accept", "curve_ratio_reject"),
    ("bead_rcv_accept", "bead_rcv_accept_dimmest"),
    ("bead_rcv_accept_dimmest", "bead_rcv_reject"),
    ("bead_events_reject", "bead_events_accept"),
    ("bead_history_accept", "bead_history_reject"),
    ("bead_steady_accept", "bead_steady_reject"),
)
"""Pairs of settings; the first of a pair may not be above the second."""


def contradictions(settings: Settings, cells: Mapping[str, str]) -> tuple[Fault, ...]:
    """Return a fault for each pair of settings that contradict each other; it names the cell of a typed one.

    Parameters
    ----------
    cells
        The cell of each typed setting, by its name.

    Examples
    --------
    >>> print(*contradictions(Settings(curve_slope_accept=0.5), {"curve_slope_accept": "settings!B2"}))
    settings!B2: found 0.5 > 0.15 distance from 1, expected curve_slope_accept not above curve_slope_reject
    """
    faults = []
    for low, high in MUST_NOT_EXCEED:
        low_value, high_value = getattr(settings, low), getattr(settings, high)
        if low_value > high_value:
            text = f"{setting_text(low_value)} > {setting_text(high_value)} {setting_facts(low)[0]}"
            where = cells.get(low) or cells.get(high) or "settings"
            faults.append(Fault(where, text, f"{low} not above {high}"))
    if settings.spillover_file and ALL_PANELS in map(str.casefold, settings.compensated_names):
        text = f"spillover_file {quoted(settings.spillover_file)} and compensated_panels {ALL_PANELS}"
        where = cells.get("compensated_panels") or cells.get("spillover_file") or "settings"
        faults.append(
            Fault(where, text, "only one of them: files that are compensated already need no matrix")
        )
    return tuple(faults)


def read_settings(
    values: Mapping[str, str],
) -> tuple[Settings, Mapping[str, tuple[str, str]]]:
    """Read typed settings.

    Parameters
    ----------
    values
        The typed values by name; an empty value means the default.

    Returns
    -------
    settings
        The settings, with the default for every value that cannot be read.
    wrong
        For the name of each value that cannot be read: what was expected, and a hint.
    """
    wrong = {name: _unknown(name) for name in values if name not in Settings.model_fields}
    typed = {name: text for name, text in values.items() if text and name not in wrong}
    try:
        return Settings.model_validate(typed), wrong
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            context = detail.get("ctx", {})
            wrong[str(detail["loc"][0])] = (context.get("expected", detail["msg"]), context.get("hint", ""))
    return Settings.model_validate({n: text for n, text in typed.items() if n not in wrong}), wrong


def _unknown(name: str) -> tuple[str, str]:
    """Return what is expected in place of a name that no setting has, and a hint."""
    now = WARN_NAMES.get(name)
    if now is not None:
        return now, f"{name} is called {now} now and means the same: change the name and keep the value."
    hint = did_you_mean(name, Settings.model_fields) or f"There is no setting {quoted(name)}."
    return "a setting that `cd38rd init` lists", hint
