"""What `cd38rd run` prints when it is done: the table of receptor densities and where the report is."""

from __future__ import annotations

import shutil
from io import StringIO
from pathlib import Path

from calibration.curve.standard_curve import CurveVerdict
from calibration.density.receptor_density import RdStatus, ReceptorDensity
from calibration.density.result import known_to_exceed
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.output.result_tables import sample_flags
from pipeline.quantification.result import SampleResult, is_failed

NARROWEST, WIDEST = 100, 160
NUMBERS = ("cells", "RD", "weeks")
MOST_LINES = 500
"""Of so many tubes each has its line; of more, the first ones."""


def finished_text(study_result: StudyResult, report: Path) -> str:
    """Return the table of samples, notes on the study and the report's path."""
    lines = [_table(study_result), *(f"{note.about}: {note.text}" for note in study_result.notes)]
    return "\n".join([*lines, f"Report: {report}"])


def failed_text(study_result: StudyResult) -> str:
    """Return which samples failed and why; "" where none did."""
    failed = [result for result in study_result.results if is_failed(result)]
    if not failed:
        return ""
    head = f"{len(failed)} of {len(study_result.results)} samples failed:"
    return "\n".join([head, *(f"  {result.sample_id}: {_reason(result)}" for result in failed)])


def curve_line(run: CalibrationResult) -> str:
    """Return one line on a bead run: its curve and verdict, or why there is none."""
    if run.curve is None:
        return f"{run.beads}: no curve: {run.note}"
    curve = run.curve
    figures = f"slope {curve.slope:.4f}, intercept {curve.intercept:.4f}, r² {curve.r2:.5f}"
    doubts = [check.text for check in curve.checks if check.verdict is not CurveVerdict.ACCEPT]
    return "; ".join([f"{run.beads}: {curve.verdict.value}: {figures}", *doubts])


def _table(study_result: StudyResult) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from pipeline.study.quantity_name import density_name

    patients = {sample.sample_id: sample.patient_id for sample in study_result.study.samples}
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{_capital(density_name(study_result.study))}, molecules per cell",
        pad_edge=False,
    )
    for name in ("sample", "patient", "status", "cells", "RD", "95 % interval", "weeks", "flags"):
        table.add_column(name, justify="right" if name in NUMBERS else "left", overflow="fold")
    for result in study_result.results[:MOST_LINES]:
        exposure = study_result.exposures.get(result.sample_id)
        weeks = exposure.washout_weeks if exposure else None
        table.add_row(
            result.sample_id,
            patients[result.sample_id],
            result.receptor.status.value,
            _count(result.receptor.n_cells, result),
            *_density(result.receptor),
            "" if weeks is None else f"{weeks:.1f}",
            "; ".join(sample_flags(result, exposure)),
        )
    width = min(max(shutil.get_terminal_size((WIDEST, 24)).columns, NARROWEST), WIDEST)
    page = StringIO()
    Console(file=page, width=width, no_color=True, highlight=False).print(table)
    lines = [line.rstrip() for line in page.getvalue().splitlines()]
    more = len(study_result.results) - MOST_LINES
    return "\n".join([*lines, *([f"… and {more} more tubes: see rd_samples.csv"] if more > 0 else [])])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _count(n: int, result: SampleResult) -> str:
    return "" if result.n_events is None else f"{n:,}"


def _density(receptor: ReceptorDensity) -> tuple[str, str]:
    if (bound := known_to_exceed(receptor)) is not None:
        return f"> {bound:,.0f}", ""
    if receptor.rd is None or receptor.status is RdStatus.NOT_QUANTIFIABLE:
        return "", ""
    interval = "" if receptor.rd_low is None else f"{receptor.rd_low:,.0f} – {receptor.rd_high:,.0f}"
    return f"{receptor.rd:,.0f}", interval


def _reason(result: SampleResult) -> str:
    return "; ".join(text for text in (result.note, *result.receptor.notes) if text)
