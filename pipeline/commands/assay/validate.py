"""`cd38rd validate`: quantify every tube, and report what the validation sheet's tubes show of the assay."""

from __future__ import annotations

import json
import textwrap
from dataclasses import replace
from pathlib import Path

from pipeline.commands.exit_status import RunSummary
from pipeline.commands.run import run_study
from pipeline.output.assay.files import VALIDATION_DATA, VALIDATION_PAGE
from pipeline.output.results_folder import Results
from pipeline.running.options import RunOptions
from pipeline.running.progress import Reporter

_WIDTH = 100
"""Characters of a printed line. Convention."""


def validate_study(folder: Path, options: RunOptions, reporter: Reporter) -> RunSummary:
    """Run the study as `cd38rd run` does, write `results/validation/`, and return its summary."""
    summary = run_study(folder, replace(options, validate=True), reporter)
    written = Results(folder / "results").validation
    if not summary.text:
        return summary
    data = json.loads((written / VALIDATION_DATA).read_text("utf-8"))
    lines = [_line(row) for row in data["summary"]]
    return replace(summary, text="\n".join([*lines, f"Page: {written / VALIDATION_PAGE}"]))


def _line(row: dict[str, str | float | None]) -> str:
    about = f", {row['about']}" if row["about"] else ""
    text = f"{row['experiment']}{about}: {row['verdict']}: {row['says']}"
    return textwrap.fill(text, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
