"""What each tube's patient had been given, as a table: both clocks, doses, schedule, eligibility."""

from __future__ import annotations

from pipeline.assembly.study_result import StudyResult
from pipeline.output.table import Cell, Table
from pipeline.patients.exposure import Exposure

EXPOSURE_COLUMNS = (
    "sample_id", "patient_id", "collected_on", "last_dose_on", "washout_weeks", "first_study_drug_on",
    "response_washout_weeks", "n_doses", "cumulative_mg", "cumulative_mg_per_kg", "schedule", "cycles",
    "intervening", "imid_since", "eligible", "eligibility", "refractory", "serum_ug_ml", "serum_on",
)  # fmt: skip
"""As the attributes of `Exposure`."""


def exposure_table(outcome: StudyResult) -> Table:
    """Return a row per tube, in the order of the samples sheet; empty = not known."""
    exposures = outcome.exposures
    known = (exposures[s.sample_id] for s in outcome.study.samples if s.sample_id in exposures)
    return Table(EXPOSURE_COLUMNS, tuple(_row(exposure) for exposure in known))


def _row(exposure: Exposure) -> tuple[Cell, ...]:
    return tuple(_cell(getattr(exposure, name)) for name in EXPOSURE_COLUMNS)


def _cell(value: Cell | tuple[str, ...]) -> Cell:
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value
