"""The options of `cd38rd validate` and `cd38rd plan`. No slow import at the top."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.shell import finish, study_folder, with_reporter
from pipeline.study.response import LETTERS_CUT
from pipeline.study.wording import in_lines


def validate_typed(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study folder.", show_default=False)],
    workers: Annotated[
        int | None,
        typer.Option(min=1, help=("Number of processes; 1: no extra ones. Default: as many as save time.")),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only faults.")] = False,
) -> None:
    """Say what replicates, dilutions, blanks, stored tubes and controls show of the assay."""
    from pipeline.commands.assay.validate import validate_study
    from pipeline.running.options import RunOptions

    options = RunOptions(workers=workers)
    work = with_reporter(lambda folder, reporter: validate_study(folder, options, reporter), quiet=quiet)
    finish(study, work, quiet=quiet)


def plan_typed(
    study: Annotated[
        Path | None,
        typer.Argument(
            metavar="STUDY", help="A study that has run. Default: simulated patients.", show_default=False
        ),
    ] = None,
    slope_width: Annotated[
        float | None, typer.Option(min=0.001, help="Width of the slope's interval, dex per doubling.")
    ] = None,
    wait_width: Annotated[
        float | None, typer.Option(min=0.1, help="Width of the interval of a waiting time, weeks.")
    ] = None,
    density: Annotated[float, typer.Option(min=1, help="Density that is waited for.")] = LETTERS_CUT,
    share: Annotated[float, typer.Option(min=0.05, max=0.95, help="Share of patients that has it.")] = 0.5,
    visits: Annotated[int, typer.Option(min=1, max=10, help="Visits of a patient.")] = 1,
    tubes: Annotated[int, typer.Option(min=1, max=10, help="Stained tubes of a visit.")] = 1,
    assurance: Annotated[
        float, typer.Option(min=0.5, max=0.99, help="Share of studies that must be so narrow.")
    ] = 0.8,
    studies: Annotated[int, typer.Option(min=10, help="Simulated studies of each size.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other studies.")] = 1,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it too: .csv, .xlsx or .json.")
    ] = None,
) -> None:
    """Say how many patients and tubes a slope or a waiting time of a given width takes."""
    from pipeline.commands.assay.plan import PlanRequest, plan

    folder = study_folder(study) if study else None
    asked = PlanRequest(
        folder, slope_width, wait_width, density, share, visits, tubes, assurance, studies, seed, out
    )
    summary = plan(asked, typer.echo)
    typer.echo(in_lines(summary.text))
    raise typer.Exit(summary.exit_status)
