"""The validation sheet: a row for each tube and experiment that validates the assay."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from pipeline.study.cells import FileSafeId, Identifier, Text, number, one_of, whole_number
from pipeline.study.sheets.columns import Row, column
from pipeline.study.validation import EXPERIMENTS, SENTINEL_CELLS


class ValidationRow(Row):
    """A tube that validates the assay."""

    sample_id: FileSafeId = column(
        "The tube, as in the samples sheet. It belongs to no visit of a patient.",
        example="QC_1",
        required=True,
    )
    experiment: Annotated[str, BeforeValidator(one_of(*EXPERIMENTS))] = column(
        "What the tube is for; a tube may have a row for each of several.",
        example="precision",
        required=True,
        choices=EXPERIMENTS,
    )
    specimen: Identifier = column(
        "Name of the material; tubes of the same cells have the same name.", example="pool A", required=True
    )
    level: Annotated[float, number(0, 1e9)] | None = column(
        "For linearity: the expected level, in any unit that is proportional to the density.", example="0.5"
    )
    hours: Annotated[float, number(0, 10_000)] | None = column(
        "For stability: hours from draw to measurement; empty: from collected_time to the time in the file.",
        example="24",
    )
    sequence: Annotated[int, whole_number(1, 1_000_000)] | None = column(
        "For carry_over: the tube's place in the order of acquisition.", example="3"
    )
    day: Text = column("Day, if it is not that of the file or of the bead run.", example="2", default="")
    run: Text = column("Run within the day; empty: the bead run.", example="morning", default="")
    method: Text = column(
        "Instrument, kit or site that measured the tube; empty: bead kit and cytometer.",
        example="cytometer B",
        default="",
    )
    low: Annotated[float, number(0, 1e9)] | None = column(
        "For control: lower end of its allowed range, molecules per cell.", example="40000"
    )
    high: Annotated[float, number(0, 1e9)] | None = column(
        "For control: upper end of the range.", example="50000"
    )
    cells: Annotated[str, BeforeValidator(one_of(*SENTINEL_CELLS))] = column(
        "Cells whose density counts; empty: those that are quantified.", default="", choices=SENTINEL_CELLS
    )
    goal_percent: Annotated[float, number(0.1, 1000)] | None = column(
        "What the laboratory allows, in percent; empty: 20. One for each experiment.", example="15"
    )
