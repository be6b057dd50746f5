"""Settings whose value is impossible or unlikely: assay constants, usual densities, limits of a curve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.checks.compensation import setting_cell
from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.study.faults import Fault
from pipeline.study.settings import Settings
from pipeline.study.settings.sheet import setting_facts
from pipeline.study.study import Study

USUAL_KD_UG_ML, POSSIBLE_KD_UG_ML = (0.02, 5.0), (1e-3, 100.0)
"""Apparent dissociation constants of antibodies on cells: outside the first there is a warning, outside the
second an error. Convention: 0.1 and 30 nM are 0.02 and 5 µg/mL; beyond 0.007 and 700 nM no therapeutic
antibody lies."""
USUAL_CELL_CD38, POSSIBLE_CELL_CD38 = (300.0, 1e6), (30.0, 1e7)
"""Molecules of CD38 on a cell that has it: outside the first there is a warning, outside the second an error.
Convention: 12 and 150 are thousands; 10,000,000 molecules cover a cell of 10 µm densely."""

USUAL_SETTINGS: Final = {
    "uloq_extrapolation": (1.0, 10.0),
    "low_cell_cut": (50.0, 1e5),
    "hemodilution_percent": (0.0, 3.0),
    "rd_cut": (200.0, 1e6),
    "lab_lloq": (1.0, 20_000.0),
    "cycle_days": (14.0, 42.0),
    "dexamethasone_landmark_weeks": (1.0, 26.0),
    "sentinel_usual_cv": (0.02, 0.75),
    "sentinel_low_share": (0.05, 0.8),
    "lot_assignment_cv": (0.001, 1.0),
    "f_p_cv": (0.001, 1.0),
    "transfer_cv": (0.001, 1.0),
    "bead_age_accept_hours": (0.0, 336.0),
    "bead_age_reject_hours": (0.0, 720.0),
    "curve_r2_accept": (0.95, 1.0),
    "curve_r2_reject": (0.90, 1.0),
    "curve_slope_accept": (0.0, 0.3),
    "curve_slope_reject": (0.0, 0.4),
    "curve_local_slope_accept": (0.0, 0.6),
    "curve_error_accept": (0.0, 0.3),
    "curve_error_reject": (0.0, 0.4),
    "curve_error_reject_dimmest": (0.0, 0.5),
    "curve_ratio_accept": (1.0, 4.0),
    "curve_ratio_reject": (1.0, 6.0),
    "bead_rcv_accept": (0.0, 0.4),
    "bead_rcv_accept_dimmest": (0.0, 0.6),
    "bead_rcv_reject": (0.0, 0.7),
    "bead_events_accept": (100.0, 1e5),
    "bead_events_reject": (50.0, 1e5),
    "bead_history_accept": (0.0, 0.2),
    "bead_history_reject": (0.0, 0.4),
    "bead_steady_accept": (0.0, 0.2),
    "bead_steady_reject": (0.0, 0.4),
}
"""Usual values of settings; outside there is a warning. Convention: limits of a curve that are twice the
defaults of acceptance_limits.py still refuse what is no line; others have room for a factor of four."""

DENSITIES: Final = ("sentinel_plasma_cell_usual", "sentinel_nk_usual", "sentinel_b_precursor_usual")
CONSTANTS: Final = ("kd_app_ug_ml", "kd_app_low_ug_ml", "kd_app_high_ug_ml")
NANOMOLAR_UG_ML: Final = 0.15
"""µg/mL in 1 nM of an antibody. Arithmetic: IgG has about 150 kDa."""


def settings_typed(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare each changed setting with its usual and its possible values."""
    del headers
    for name in CONSTANTS:
        in_nm = f"Is it in nM? 1 nM of an antibody is {NANOMOLAR_UG_ML:g} µg/mL."
        yield from _outside(study, name, USUAL_KD_UG_ML, POSSIBLE_KD_UG_ML, in_nm)
    for name in DENSITIES:
        hint = "Is it in thousands, or another unit?"
        yield from _outside(study, name, USUAL_CELL_CD38, POSSIBLE_CELL_CD38, hint)
    for name, usual in USUAL_SETTINGS.items():
        yield from _outside(study, name, usual)


def constants_in_order(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report a dissociation constant that lies outside of its own lower and upper end."""
    del headers
    middle, low, high = (getattr(study.settings, name) for name in CONSTANTS)
    if low > high:
        where = _typed_cell(study, ("kd_app_low_ug_ml", "kd_app_high_ug_ml"))
        expected = "kd_app_low_ug_ml not above kd_app_high_ug_ml"
        yield Finding(Fault(where, f"{low:g} > {high:g} µg/mL", expected))
    elif not low <= middle <= high:
        expected = f"kd_app_ug_ml from {low:g} to {high:g} µg/mL, the ends of what it may be"
        hint = f"Type the ends too. 1 nM of an antibody is {NANOMOLAR_UG_ML:g} µg/mL."
        yield warning(f"{middle:g} µg/mL", expected, where=_typed_cell(study, CONSTANTS), hint=hint)


def _typed_cell(study: Study, names: tuple[str, ...]) -> str:
    """Return the cell of the first of these settings that is not the default."""
    usual = Settings()
    typed = [name for name in names if getattr(study.settings, name) != getattr(usual, name)]
    return setting_cell(study, (typed or list(names))[0])


def _outside(
    study: Study,
    name: str,
    usual: tuple[float, float],
    possible: tuple[float, float] | None = None,
    hint: str = "",
) -> Iterator[Finding]:
    value = getattr(study.settings, name)
    if value is None or value == Settings.model_fields[name].default or (value == 0 and name in DENSITIES):
        return
    low, high = usual
    if low <= value <= high:
        return
    unit = setting_facts(name)[0]
    typed_words, expected = f"{name} {value:,.10g}", f"{low:,.10g} to {high:,.10g} {unit}"
    where = setting_cell(study, name)
    if possible is not None and not possible[0] <= value <= possible[1]:
        yield Finding(Fault(where, typed_words, expected, hint))
    else:
        yield warning(typed_words, expected, where=where, hint=hint)
