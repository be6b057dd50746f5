"""The options of `cd38rd curve`. No slow import at the top."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.study.wording import in_lines


def curve_typed(
    sheet: Annotated[
        Path | None,
        typer.Argument(
            metavar="SHEET",
            help="CSV or xlsx: level, median, cell, cell_median, control_median.",
            show_default=False,
        ),
    ] = None,
    levels: Annotated[str, typer.Option(metavar="LIST", help="Assigned values, dim to bright.")] = "",
    medians: Annotated[str, typer.Option(metavar="LIST", help="Medians of the beads, dim to bright.")] = "",
    blank: Annotated[str, typer.Option(metavar="MEDIAN", help="Median of the blank bead.")] = "",
    cells: Annotated[str, typer.Option(metavar="LIST", help="Medians of cells, to be converted.")] = "",
    background: Annotated[str, typer.Option(metavar="MEDIAN", help="Median of the control.")] = "",
    kit: Annotated[str, typer.Option(help="Kit of the beads.")] = "quantibrite_pe",
    f_p: Annotated[str, typer.Option("--f-p", metavar="RATIO", help="F:P of the antibody's lot.")] = "",
    f_p_cv: Annotated[str, typer.Option("--f-p-cv", metavar="CV", help="Its CV. Default: 0.05.")] = "",
    lot_cv: Annotated[
        str, typer.Option("--lot-cv", metavar="CV", help="CV of the assigned values. Default: 0.05.")
    ] = "",
    model: Annotated[str, typer.Option(help="loglog, slope1 or autofluorescence.")] = "loglog",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it too: .csv or .xlsx.")] = None,
) -> None:
    """Fit a standard curve to typed bead medians and convert typed cell medians; no FCS file is needed."""
    from pipeline.commands.calculator.curve import CurveTyped, calculate

    summary = calculate(
        CurveTyped(sheet, levels, medians, blank, cells, background, kit, f_p, f_p_cv, lot_cv, model, out)
    )
    typer.echo(in_lines(summary.text))
    raise typer.Exit(summary.exit_status)
