"""The command `cd38rd`: from arguments to printed text and an exit status. No slow import at the top.

0 all quantified · 1 the study has faults, nothing ran · 2 wrong usage · 3 ran, but some samples failed · 4 a
file could not be written.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.commands.assay.typed import plan_typed, validate_typed
from pipeline.commands.calculator.typed import curve_typed
from pipeline.commands.shell import (
    OneLineStop,
    StudyFolder,
    examples,
    finish,
    hush_libraries,
    in_quotes,
    sentence_and_status,
    study_folder,
    with_reporter,
    write_utf8,
)
from pipeline.page.commands import add_page_commands
from pipeline.running.options import OnError

SCENARIO_NAMES: Final = (
    "plain, masked, rare, no_matrix, clog, drift, dim_cd138, bimodal, no_plasma_cells, low_events, "
    "wrong_voltage, mislabelled_channel, swapped_lot, clipped_beads, wide_scale, qsc, demo, "
    "validation, course, faulty"
)
"""The scenarios of `cd38rd simulate`; they are listed here, since importing them is slower than the help."""

PROGRAM: Final = (sys.executable, "-m", "pipeline.cli")
"""The words that start this command anew, in a process of its own; the page starts a run with them."""

app: Final = typer.Typer(
    name="cd38rd",
    cls=OneLineStop,
    help="CD38 receptor density of plasma cells, in molecules per cell, against daratumumab washout.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Workers = Annotated[
    int | None,
    typer.Option(min=1, help=("Number of processes; 1: no extra ones. Default: as many as save time.")),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print only faults.")]
CrossCheck = Annotated[bool, typer.Option("--cross-check", help="Compare with FlowIO and fcsparser.")]


@app.command(epilog=examples("cd38rd init my_study", "cd38rd init my_study --update"))
def init(
    study: StudyFolder,
    fcs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with the FCS files. Default: STUDY.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Add rows for new files to a workbook that is typed.")
    ] = False,
) -> None:
    """Write a study.xlsx to fill in: comments, drop-downs, the FCS files, channels and bead runs found."""
    from pipeline.template import write_template

    template = write_template(study, fcs, update=update)
    _say(template.summary)
    done = f"Wrote {template.path}. Fill it in, then" if template.written else "Next"
    _say(f"{done}: cd38rd check {in_quotes(study)}")


@app.command(epilog=examples("cd38rd check my_study"))
def check(study: StudyFolder, cross_check: CrossCheck = False) -> None:
    """List every fault of the study; compute nothing."""
    from pipeline.commands.check import check_whole_study

    report = check_whole_study(study_folder(study), cross_check=cross_check)
    _say(report.text)
    raise typer.Exit(report.exit_status)


@app.command(
    epilog=examples(
        "cd38rd run my_study",
        "cd38rd run my_study --only S001 --fresh",
        "cd38rd run my_study --second-opinion",
    )
)
def run(
    study: StudyFolder,
    workers: Workers = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="A running dask scheduler.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(metavar="SAMPLE", help="Only this sample_id.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Reuse no stored result.")] = False,
    export_events: Annotated[
        bool, typer.Option("--export-events", help="Write events/SAMPLE.parquet too.")
    ] = False,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Gate each tube again in another way, and compare.")
    ] = False,
    no_figures: Annotated[
        bool, typer.Option("--no-figures", help="Leave figures/ as it is: a small study takes half the time.")
    ] = False,
    on_error: Annotated[
        OnError, typer.Option(help="After a defect of cd38rd: go on with other tubes and models, or stop.")
    ] = OnError.CONTINUE,
    verify: Annotated[
        bool, typer.Option("--verify", help="Run nothing; say what changed since the last run.")
    ] = False,
    json_progress: Annotated[
        bool, typer.Option("--json-progress", help="Progress as lines of JSON, for programs.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Quantify every tube, fit the washout model, write tables, figures and the report."""
    from pipeline.commands.run import run_study
    from pipeline.running.options import RunOptions

    if verify:
        audit(study)
    options = RunOptions(
        workers=workers,
        scheduler=scheduler,
        only=tuple(only or ()),
        fresh=fresh,
        export_events=export_events,
        on_error=on_error,
        second_opinion=second_opinion,
        figures=not no_figures,
    )
    work = with_reporter(
        lambda folder, reporter: run_study(folder, options, reporter),
        quiet=quiet,
        for_programs=json_progress,
    )
    finish(study, work, quiet=quiet, for_programs=json_progress)


add_page_commands(app, PROGRAM)


@app.command(epilog=examples("cd38rd audit my_study", "cd38rd audit my_study --row S001"))
def audit(
    study: StudyFolder,
    row: Annotated[str, typer.Option(metavar="NAME", help="Print what changed in this row.")] = "",
) -> None:
    """Say what changed since the last run: inputs, results, the audit trail."""
    from pipeline.commands.audit import audited

    finish(study, lambda folder: audited(folder, row))


@app.command(epilog=examples("cd38rd deid my_study given_away"))
def deid(
    study: StudyFolder,
    copy: Annotated[Path, typer.Argument(metavar="DEST", help="New or empty.", show_default=False)],
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the key is. Default: STUDY/deid_key.csv.")
    ] = None,
) -> None:
    """Write a copy of a study that names nobody and gives the same numbers; its key apart."""
    from pipeline.commands.deid import deidentified

    finish(study, lambda folder: deidentified(folder, copy, key))


app.command("validate", epilog=examples("cd38rd validate my_study"))(validate_typed)
_PLANS = ("cd38rd plan --slope-width 0.2", "cd38rd plan my_study --wait-width 12 --tubes 2")
app.command("plan", epilog=examples(*_PLANS))(plan_typed)


@app.command(epilog=examples("cd38rd calibrate my_study"))
def calibrate(study: StudyFolder, quiet: Quiet = False) -> None:
    """Fit the bead curves only."""
    from pipeline.commands.run import calibrate_study

    finish(study, with_reporter(calibrate_study, quiet=quiet), quiet=quiet)


@app.command(epilog=examples("cd38rd washout my_study"))
def washout(study: StudyFolder, quiet: Quiet = False) -> None:
    """Fit the washout model again from stored results: new doses, new settings."""
    from pipeline.commands.stored import refit_washout

    finish(study, with_reporter(refit_washout, quiet=quiet), quiet=quiet)


@app.command(epilog=examples("cd38rd report my_study", "cd38rd report my_study --png --gating-pdf"))
def report(
    study: StudyFolder,
    png: Annotated[bool, typer.Option("--png", help="Write a PNG beside each SVG of figures/.")] = False,
    gating_pdf: Annotated[
        bool, typer.Option("--gating-pdf", help="Write figures/gating.pdf, a page per tube.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Write tables, figures and report again from stored results."""
    from pipeline.commands.stored import rewrite_report
    from pipeline.output.results_folder import FigureExtras

    extras = FigureExtras(png, gating_pdf)
    work = with_reporter(lambda folder, reporter: rewrite_report(folder, reporter, extras), quiet=quiet)
    finish(study, work, quiet=quiet)


_CURVES: Final = (
    'cd38rd curve --levels "474; 5359; 23843; 62336" --medians "512; 5300; 24100; 63900" --cells "1834"',
    "cd38rd curve medians.xlsx --f-p 1.02 --background 45 --out curve.csv",
)
app.command("curve", epilog=examples(*_CURVES))(curve_typed)


@app.command(epilog=examples("cd38rd inspect tube.fcs", "cd38rd inspect tube.fcs --json"))
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE.fcs", show_default=False)],
    cross_check: CrossCheck = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show a file's version, channels, markers, events, instrument, voltages, spillover and repairs."""
    from pipeline.commands.inspection import inspection

    _say(inspection(file, with_witnesses=cross_check, as_json=json))


@app.command(epilog=examples("cd38rd simulate trial --patients 20 --scenario rare --seed 7"))
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Must be new or empty.", show_default=False)],
    patients: Annotated[int | None, typer.Option(min=1, help="Number of patients.")] = None,
    events: Annotated[int | None, typer.Option(min=100, help="Events per tube.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed, another study.")] = None,
    scenario: Annotated[
        str,
        typer.Option(
            metavar="NAME", help=f"What goes wrong in it: {SCENARIO_NAMES}. The last three have a fixed size."
        ),
    ] = "plain",
) -> None:
    """Write a study whose true receptor densities are known: DIR/study, the truth in DIR/truth."""
    from pipeline.simulate import simulate_study

    study = simulate_study(folder, patients=patients, events=events, seed=seed, scenario=scenario)
    _say(f"Wrote {study}, the truth in {folder / 'truth'}. Next: cd38rd run {in_quotes(study)}")


@app.command()
def version() -> None:
    """Print the version."""
    from pipeline.running.program import program_version as installed

    _say(f"cd38rd {installed()}")


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with its exit status."""
    write_utf8()
    hush_libraries()
    try:
        app(args=arguments, standalone_mode=True)
    except Exception as error:  # the only place where an error becomes a sentence and an exit status
        sys.exit(sentence_and_status(error, sys.argv[1:] if arguments is None else arguments))


def open_page_without_study() -> None:
    """Open the page in the browser, as after a double click on `cd38rd-page`."""
    from pipeline.page.start import double_clicked

    double_clicked(PROGRAM)


def _say(text: str) -> None:
    from pipeline.study.wording import in_lines

    typer.echo(in_lines(text))


if __name__ == "__main__":
    main()
