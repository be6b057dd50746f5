"""The sheets that a lab would type for a simulated study, as CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np

from gating.events.panel import Role
from pipeline.simulate.histories import SERUM_LLOQ_UG_ML, draw_doses, draw_letter, draw_record, draw_safety
from pipeline.simulate.plan import InstrumentDay, PlannedTube, StudyPlan
from pipeline.simulate.tubes.cytometer import Cytometer
from pipeline.study.cells.choices import Tissue
from pipeline.study.study import Dose, Patient

SimulatedCell = str | int | float | bool | date | None
TYPED_SAMPLE_COLUMNS = (
    "sample_id", "patient_id", "collected_on", "fcs_file", "panel", "beads", "visit", "fmo_file",
    "isotype_file", "tissue", "remark", "serum_washed_out_ug_ml",
)  # fmt: skip
PANEL_COLUMNS = (
    "panel", "channel", "role", "target", "marker", "fluorochrome", "clone", "competes_with_drug",
    "f_p_ratio", "f_p_ratio_sd",
)  # fmt: skip
TYPED_BEAD_COLUMNS = ("beads", "fcs_file", "kit", "lot", "channel", "levels", "acquired_on", "assigned_cv")
DOSE_COLUMNS = tuple(field.name for field in fields(Dose))
TYPED_PATIENT_COLUMNS = tuple(field.name for field in fields(Patient))
_CLONES = (
    ("CD138", "MI15"), ("CD45", "HI30"), ("CD319", "162.1"), ("CD229", "HLy9.1.25"), ("CD19", "SJ25C1"),
    ("CD56", "NCAM16.2"), ("CD117", "104D2"), ("CD81", "JS-81"), ("CD38", "HIT2"), ("DUMP", "UCHT1+M5E2"),
)  # fmt: skip
_PRINTED = {"DUMP": "CD3+CD14", "VIABILITY": "Viability"}
_HISTORY, _LETTER = 9, 14


def write_sheets(plan: StudyPlan, study: Path) -> None:
    """Write samples, panels, beads, doses and patients below the study folder."""
    cytometers = {day.cytometer.panel: day for day in plan.days}
    write_typed_csv(study / "samples.csv", TYPED_SAMPLE_COLUMNS, [sample_row(tube) for tube in plan.tubes])
    write_typed_csv(
        study / "panels.csv",
        PANEL_COLUMNS,
        [row for day in cytometers.values() for row in cytometer_rows(day.cytometer, day.f_p_printed)],
    )
    write_typed_csv(study / "beads.csv", TYPED_BEAD_COLUMNS, [bead_row(day) for day in plan.days])
    histories = [_history(plan, tube) for tube in _last_tubes(plan)]
    doses = [dose for history in histories for dose in history[1]]
    write_typed_csv(study / "doses.csv", DOSE_COLUMNS, [_as_row(dose) for dose in doses])
    write_typed_csv(
        study / "patients.csv", TYPED_PATIENT_COLUMNS, [_as_row(history[0]) for history in histories]
    )


def sample_row(tube: PlannedTube) -> tuple[SimulatedCell, ...]:
    """Return the tube's row of the samples sheet."""
    fmo = tube.control_file if tube.slot.control == "fmo" else ""
    isotype = tube.control_file if tube.slot.control == "isotype" else ""
    panel, bead_run = tube.day.cytometer.panel, tube.day.bead_run
    return (
        tube.sample_id, tube.slot.patient_id, tube.day.on, tube.file, panel, bead_run, tube.slot.visit, fmo,
        isotype, Tissue.MARROW.value, tube.slot.remark, _serum(tube.patient.serum_ug_ml),
    )  # fmt: skip


def cytometer_rows(cytometer: Cytometer, f_p: float) -> list[tuple[SimulatedCell, ...]]:
    """Return a row per channel of the panels sheet."""
    clones = dict(_CLONES)
    rows: list[tuple[SimulatedCell, ...]] = []
    for detector in cytometer.detectors:
        cd38: tuple[SimulatedCell, ...] = (
            (True, f_p, 0.02) if detector.role == Role.CD38 else (None, None, None)
        )
        marker = _PRINTED.get(detector.marker, detector.marker)
        clone = clones.get(detector.marker, "")
        names = (cytometer.panel, detector.channel, detector.role, "")
        rows.append((*names, marker, detector.fluorochrome, clone, *cd38))
    return rows


def bead_row(day: InstrumentDay) -> tuple[SimulatedCell, ...]:
    """Return the day's row of the beads sheet."""
    levels = "; ".join(f"{level:g}" for level in np.round(day.printed).tolist())
    channel = day.cytometer.cd38.channel
    return day.bead_run, day.bead_file, day.lot.kit, day.lot.number, channel, levels, day.on, None


def write_typed_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[SimulatedCell]]) -> None:
    """Write a table: UTF-8, comma, newline, ISO dates, six significant digits; None is an empty cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([[typed_text(cell) for cell in row] for row in rows])


def typed_text(cell: SimulatedCell) -> str:
    """Return a cell as typed.

    Examples
    --------
    >>> [typed_text(cell) for cell in (None, True, 1 / 3, date(2024, 5, 31), float("nan"))]
    ['', 'yes', '0.333333', '2024-05-31', '']
    """
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def _history(plan: StudyPlan, tube: PlannedTube) -> tuple[Patient, tuple[Dose, ...]]:
    rng = np.random.default_rng([plan.seed, _HISTORY, tube.number])
    marrow = tube.day.on
    record = draw_record(tube.slot.patient_id, tube.patient.clone.cd38, marrow, rng)
    stops = record.discontinued_on or marrow
    peak = tube.patient.peak_ug_ml
    doses = draw_doses(tube.slot.patient_id, tube.last_dose_on, marrow, stops, peak, rng)
    record = draw_safety(record, doses, tube.patient.serum_ug_ml, rng)
    return draw_letter(record, np.random.default_rng([plan.seed, _LETTER, tube.number])), doses


def _serum(ug_ml: float) -> SimulatedCell:
    """Return the washed-out drug in serum as an assay reports it: a number, or its limit."""
    return round(ug_ml, 1) if ug_ml >= SERUM_LLOQ_UG_ML else f"<{SERUM_LLOQ_UG_ML:g}"


def _last_tubes(plan: StudyPlan) -> list[PlannedTube]:
    """Return the latest tube of each patient, by patient_id; the study drug starts after it."""
    latest = {tube.slot.patient_id: tube for tube in plan.tubes}
    return [latest[patient] for patient in sorted(latest)]


def _as_row(record: Dose | Patient) -> tuple[SimulatedCell, ...]:
    return tuple(getattr(record, field.name) for field in fields(record))
