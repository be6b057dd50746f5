"""The table of bead runs: calibration.csv."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from calibration.beads.peaks import BeadPeaks
from calibration.curve.standard_curve import StandardCurve
from pipeline.beads.result import CalibrationResult
from pipeline.output.table import (
    Cell,
    Column,
    Table,
    as_sentences,
    cell_of_curve,
    cell_text,
    names_of,
    table_of,
)


def calibration_table(calibrations: Iterable[CalibrationResult]) -> Table:
    """Return a row per bead acquisition. Values of single bead populations are a `;` list, dim to bright."""
    return table_of(CALIBRATIONS, calibrations)


def calibration_notes(run: CalibrationResult) -> tuple[str, ...]:
    """Return all notes about a bead run, without duplicates."""
    notes = (run.note, *(run.peaks.notes if run.peaks else ()), *(run.curve.notes if run.curve else ()))
    return tuple(note for note in dict.fromkeys(notes) if note)


def _errors(curve: StandardCurve) -> str:
    return _listed(None if error is None else 100 * error for error in curve.back_calculated_error)


def _checks(curve: StandardCurve) -> str:
    return as_sentences(f"{check.verdict.value}: {check.text}" for check in curve.checks)


def _listed(values: Iterable[Cell]) -> str:
    return ";".join(cell_text(value) for value in values)


def _of_peaks(cell: Callable[[BeadPeaks], Cell]) -> Callable[[CalibrationResult], Cell]:
    return lambda run: cell(run.peaks) if run.peaks is not None else ""


CALIBRATIONS: Final[tuple[Column[CalibrationResult], ...]] = (
    Column("beads", lambda run: run.bead_run),
    Column("fcs_file", lambda run: run.fcs_file),
    Column("kit", lambda run: run.kit),
    Column("lot", lambda run: run.lot),
    Column("channel", lambda run: run.channel),
    Column("acquired_on", lambda run: run.acquired.acquired_at),
    Column("instrument", lambda run: run.acquired.instrument),
    Column("n_events", lambda run: run.n_events),
    Column("n_singlets", lambda run: run.n_singlets),
    Column("peak_n", _of_peaks(lambda peaks: _listed(peaks.n))),
    Column("peak_medians", _of_peaks(lambda peaks: _listed(peaks.medians))),
    Column("peak_rcv_percent", _of_peaks(lambda peaks: _listed(100 * value for value in peaks.rcv))),
    Column("levels", lambda run: _listed(run.levels)),
    Column("fitted", cell_of_curve(lambda curve: _listed(curve.fitted), "")),
    Column("model", cell_of_curve(lambda curve: curve.model, "")),
    Column("slope", cell_of_curve(lambda curve: curve.slope)),
    Column("intercept", cell_of_curve(lambda curve: curve.intercept)),
    Column("r2", cell_of_curve(lambda curve: curve.r2)),
    Column("residual_sd", cell_of_curve(lambda curve: curve.residual_sd)),
    Column("back_calculated_error_percent", cell_of_curve(_errors, "")),
    Column("verdict", cell_of_curve(lambda curve: curve.verdict.value, "")),
    Column("checks", cell_of_curve(_checks, "")),
    Column("flags", lambda run: ";".join(run.flags)),
    Column("note", lambda run: as_sentences(calibration_notes(run))),
)

CALIBRATION_COLUMNS: Final = names_of(CALIBRATIONS)
