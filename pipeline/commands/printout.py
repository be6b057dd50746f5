"""The final text of `cd38rd run`: the table of receptor densities and the path of the report."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Final

from calibration.curve.standard_curve import CurveVerdict
from calibration.density.receptor_density import QUANTIFIED, RdStatus
from calibration.density.result import known_to_exceed, quotable_density
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.output.flag_words.all_flags import words_of_flag
from pipeline.output.interval import interval_name
from pipeline.output.legend.tube_verdict import TubeVerdict
from pipeline.output.report.words import density_words, interval_words, verdict_in, verdict_line
from pipeline.output.result_tables import sample_flags
from pipeline.quantification.result import FAILED, SampleResult, failure_reason, is_failed
from pipeline.study.faults import without_values
from pipeline.study.quantity_name import density_name
from pipeline.study.wording import capitalized

MOST_TUBES_PRINTED = 30
"""Most tubes that all get a row; of more tubes, those that a person must look at come first.
Convention."""

FIRST_PRINTED: Final = (TubeVerdict.FAILED, TubeVerdict.NO_DENSITY, TubeVerdict.LOOK, TubeVerdict.UNRELIABLE)
"""Verdicts that come before all others in a table that is too long: what a person can do something about
comes first."""

SHORT: Final = {
    RdStatus.OK: RdStatus.OK.value,
    RdStatus.BELOW_LLOQ: "< LLOQ",
    RdStatus.ABOVE_ULOQ_EXTRAPOLATED: "> top bead",
    RdStatus.ABOVE_ULOQ: "> ULOQ",
    RdStatus.LOW_EVENTS: "few cells",
    RdStatus.NO_BACKGROUND: "no control",
    RdStatus.NO_CURVE: "no curve",
    RdStatus.FAILED: "failed",
    RdStatus.REPLICATES_DISAGREE: "disagree",
    RdStatus.NOT_QUANTIFIABLE: "too unsure",
}
"""Short names of a status for a terminal column; the files have the whole name."""

DOUBTED: Final = {TubeVerdict.LOOK: "look at it", TubeVerdict.UNRELIABLE: "not reliable"}
"""Verdicts that stand in place of the status of a density, so that no doubted density is called OK."""

NAMES_OF_A_FLAG = 3

MOST_FAILED_NAMED = 12
"""Failed tubes that are named for each reason. Convention: the report names all."""


def finished_text(study_result: StudyResult, report: Path) -> str:
    """Return the table of samples, the meaning of flags, notes, the totals and the report's path."""
    lines = [
        _table(study_result),
        *_flag_lines(study_result),
        *(_filled(f"{note.about}: {note.text}") for note in study_result.notes),
        _filled(verdict_line(study_result)),
    ]
    return "\n".join([*lines, f"Report: {report}"])


def failed_text(study_result: StudyResult) -> str:
    """Return which samples failed and why, one line per reason; "" if none failed."""
    failed = [result for result in study_result.results if is_failed(result)]
    if not failed:
        return ""
    alike: dict[str, list[SampleResult]] = {}
    for result in failed:
        alike.setdefault(without_values(_reason(result)), []).append(result)
    head = f"{len(failed)} of {len(study_result.results)} samples failed:"
    return "\n".join([head, *(f"  {_names(group)}: {_reason(group[0])}" for group in alike.values())])


def _names(alike: Sequence[SampleResult]) -> str:
    """Return the tubes that failed for one reason; the first ones are named."""
    names, more = [result.sample_id for result in alike[:MOST_FAILED_NAMED]], len(alike) - MOST_FAILED_NAMED
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def curve_line(run: CalibrationResult) -> str:
    """Return one line on a bead run: its curve and verdict, or why it has no curve."""
    if run.curve is None:
        return f"{run.bead_run}: no curve: {run.note}"
    curve = run.curve
    figures = f"slope {curve.slope:.4f}, intercept {curve.intercept:.4f}, r² {curve.r2:.5f}"
    doubts = [check.text for check in curve.checks if check.verdict is not CurveVerdict.ACCEPT]
    return "; ".join([f"{run.bead_run}: {curve.verdict.value}: {figures}", *doubts])


def _table(study_result: StudyResult) -> str:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{capitalized(density_name(study_result.study))}, molecules per cell, "
        f"{interval_name(study_result.limiting)}",
        pad_edge=False,
    )
    for name in ("sample", "status", "cells", "RD", "95 % interval", "weeks", ""):
        right = name in ("cells", "RD", "weeks")
        table.add_column(
            name, justify="right" if right else "left", overflow="fold", no_wrap=name != "sample"
        )
    shown = _shown(study_result)
    for result in shown:
        table.add_row(*map(escape, _row(study_result, result)))
    page = StringIO()
    Console(file=page, width=_width(), no_color=True, highlight=False).print(table)
    lines = [line.rstrip() for line in page.getvalue().splitlines()]
    more = len(study_result.results) - len(shown)
    return "\n".join([*lines, *([f"… and {more} more tubes: see rd_samples.csv"] if more > 0 else [])])


def _shown(study_result: StudyResult) -> Sequence[SampleResult]:
    """Return the tubes that get a row, in the order of the sheet; of many tubes, those to check."""
    results = study_result.results
    if len(results) <= MOST_TUBES_PRINTED:
        return results
    verdicts = [verdict_in(study_result, result) for result in results]
    rank = {verdict: n for n, verdict in enumerate(FIRST_PRINTED)}
    first = sorted(
        range(len(results)),
        key=lambda k: (rank.get(verdicts[k], len(rank)), not _flags(study_result, results[k]), k),
    )
    return [results[k] for k in sorted(first[:MOST_TUBES_PRINTED])]


def _row(study_result: StudyResult, result: SampleResult) -> tuple[str, ...]:
    receptor = result.receptor
    exposure = study_result.exposures.get(result.sample_id)
    weeks = exposure.washout_weeks if exposure else None
    quoted = quotable_density(receptor) is not None
    return (
        result.sample_id,
        _status_words(study_result, result),
        "" if result.n_events is None else f"{receptor.n_cells:,}",
        density_words(receptor.status, receptor.rd, receptor.lloq, known_to_exceed(receptor)),
        interval_words(receptor.rd_low, receptor.rd_high) if quoted else "",
        "" if weeks is None else f"{weeks:.1f}",
        "!" if _flags(study_result, result) else "",
    )


def _status_words(study_result: StudyResult, result: SampleResult) -> str:
    """Return the short name of the status, or the verdict where it doubts the density."""
    status = result.receptor.status
    short = SHORT[status]
    return DOUBTED.get(verdict_in(study_result, result), short) if status in QUANTIFIED else short


def _flag_lines(study_result: StudyResult) -> list[str]:
    """Return one line per flag: its number of tubes, its meaning, and its first tubes."""
    where: dict[str, list[str]] = {}
    for result in study_result.results:
        for flag in _flags(study_result, result):
            where.setdefault(flag, []).append(result.sample_id)
    lines = []
    for flag in sorted(where, key=lambda flag: (-len(where[flag]), flag)):
        names, more = where[flag][:NAMES_OF_A_FLAG], len(where[flag]) - NAMES_OF_A_FLAG
        listed = ", ".join(names) + (f" and {more} more" if more > 0 else "")
        words = f"! {flag}: {words_of_flag(flag).says} ({listed})"
        lines.append(_filled(words))
    return [*lines, ""] if lines else []


def _flags(study_result: StudyResult, result: SampleResult) -> tuple[str, ...]:
    return tuple(sample_flags(result, study_result.exposures.get(result.sample_id)))


def _filled(words: str) -> str:
    """Return words in lines that fit the terminal; all lines but the first are indented."""
    return textwrap.fill(
        words, _width(), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _width() -> int:
    """Return the columns of the terminal, at least 80 and at most 110."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, 80), 110)


def _reason(result: SampleResult) -> str:
    """Return why a tube failed; its row holds all other notes."""
    if result.receptor.status in FAILED:
        return failure_reason(result)
    return "; ".join(text for text in (result.note, *result.receptor.notes) if text)
