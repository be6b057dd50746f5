"""The command `cd38rd`: arguments in, sentences and exit statuses out. Nothing heavy at the top.

0 all quantified · 1 the study has faults, nothing ran · 2 wrong usage · 3 ran, but some samples failed.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from pipeline.commands.exit_status import ExitStatus
from pipeline.running.options import OnError

if TYPE_CHECKING:
    from pipeline.commands.summary import RunSummary
    from pipeline.running.progress import Reporter


SCENARIO_NAMES: Final = (
    "plain, masked, rare, no_matrix, clog, drift, dim_cd138, bimodal, no_plasma_cells, low_events, "
    "wrong_voltage, mislabelled_channel, swapped_lot, clipped_beads, wide_scale, qsc, demo, faulty"
)
"""Of `cd38rd simulate`: written out, since reading them takes longer than printing the help."""


class OneLineStop(TyperGroup):
    """The commands; Ctrl-C ends any of them with one line."""

    def invoke(self, ctx: Any) -> Any:  # typer carries a click of its own, whose types are not for others
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _complain("stopped; every finished tube is kept: run the same command again to go on")
            raise typer.Exit(ExitStatus.INTERRUPTED) from None


app: Final = typer.Typer(
    name="cd38rd",
    cls=OneLineStop,
    help="CD38 receptor density of plasma cells, in molecules per cell, against daratumumab washout.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _examples(*lines: str) -> str:
    """Return examples as the help prints them: a blank line between two keeps them apart."""
    return "\n\n".join(("Examples:" if len(lines) > 1 else "Example:", *lines))


StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="The study folder.", show_default=False)]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes; 1 runs in this one. Default: what pays.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Silent but for faults.")]
CrossCheck = Annotated[bool, typer.Option("--cross-check", help="Compare with FlowIO and fcsparser.")]


@app.command(epilog=_examples("cd38rd init my_study", "cd38rd init my_study --fcs my_study/day_1"))
def init(
    study: StudyFolder,
    fcs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with the FCS files. Default: STUDY.")
    ] = None,
) -> None:
    """Write a study.xlsx to fill in: comments, drop-downs, the FCS files, channels and bead runs found."""
    from pipeline.template import write_template

    template = write_template(study, fcs)
    _say(template.found)
    _say(f"Wrote {template.path}. Fill it in, then: cd38rd check {study}")


@app.command(epilog=_examples("cd38rd check my_study"))
def check(study: StudyFolder, cross_check: CrossCheck = False) -> None:
    """List every fault of the study; compute nothing."""
    from pipeline.commands.check import check_whole_study

    report = check_whole_study(_study(study), cross_check=cross_check)
    _say(report.text)
    raise typer.Exit(report.exit_status)


@app.command(
    epilog=_examples(
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
    on_error: Annotated[
        OnError, typer.Option(help="After a defect of cd38rd in one tube: go on with the others, or stop.")
    ] = OnError.CONTINUE,
    quiet: Quiet = False,
) -> None:
    """Quantify every tube, fit the washout model, write tables, figures and the report."""
    from pipeline.commands.run import run_study
    from pipeline.running.options import RunOptions

    options = RunOptions(
        workers, scheduler, tuple(only or ()), fresh, export_events, on_error, second_opinion
    )
    work = _with_reporter(lambda folder, reporter: run_study(folder, options, reporter), quiet=quiet)
    _finish(study, work, quiet=quiet)


@app.command(epilog=_examples("cd38rd calibrate my_study"))
def calibrate(study: StudyFolder, quiet: Quiet = False) -> None:
    """Fit the bead curves only."""
    from pipeline.commands.run import calibrate_study

    _finish(study, _with_reporter(calibrate_study, quiet=quiet), quiet=quiet)


@app.command(epilog=_examples("cd38rd washout my_study"))
def washout(study: StudyFolder, quiet: Quiet = False) -> None:
    """Fit the washout model again from stored results: new doses, new settings."""
    from pipeline.commands.stored import refit_washout

    _finish(study, _with_reporter(refit_washout, quiet=quiet), quiet=quiet)


@app.command(epilog=_examples("cd38rd report my_study", "cd38rd report my_study --png --gating-pdf"))
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
    work = _with_reporter(lambda folder, reporter: rewrite_report(folder, reporter, extras), quiet=quiet)
    _finish(study, work, quiet=quiet)


@app.command(epilog=_examples("cd38rd inspect tube.fcs", "cd38rd inspect tube.fcs --json"))
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE.fcs", show_default=False)],
    cross_check: CrossCheck = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show a file's version, channels, markers, events, instrument, voltages, spillover and repairs."""
    from pipeline.commands.inspection import inspection

    _say(inspection(file, with_witnesses=cross_check, as_json=json))


@app.command(epilog=_examples("cd38rd simulate trial --patients 20 --scenario rare --seed 7"))
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Must be new or empty.", show_default=False)],
    patients: Annotated[int | None, typer.Option(min=1, help="Number of patients.")] = None,
    events: Annotated[int | None, typer.Option(min=100, help="Events per tube.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed, another study.")] = None,
    scenario: Annotated[
        str, typer.Option(metavar="NAME", help=f"What goes wrong in it: {SCENARIO_NAMES}.")
    ] = "plain",
) -> None:
    """Write a study whose true receptor densities are known: DIR/study, the truth in DIR/truth."""
    from pipeline.simulate import simulate_study

    study = simulate_study(folder, patients=patients, events=events, seed=seed, scenario=scenario)
    _say(f"Wrote {study}, the truth in {folder / 'truth'}. Next: cd38rd run {study}")


@app.command()
def version() -> None:
    """Print the version."""
    from pipeline.running.program import version as installed

    _say(f"cd38rd {installed()}")


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with its exit status."""
    _write_utf8()
    _hush_libraries()
    try:
        app(args=arguments, standalone_mode=True)
    except Exception as error:  # the one place where an error becomes a sentence and a status
        sys.exit(_sentence_and_status(error))


def _sentence_and_status(error: Exception) -> ExitStatus:
    from pipeline.fcs import FcsError
    from pipeline.files.whole import NotWrittenError
    from pipeline.running.defects import DefectFoundError
    from pipeline.study.errors import UsageError, UserError

    if isinstance(error, DefectFoundError):
        _complain(str(error))
        return ExitStatus.SOME_FAILED
    if isinstance(error, UserError | FcsError | NotWrittenError):
        _complain(str(error))
        return ExitStatus.WRONG_USAGE if isinstance(error, UsageError) else ExitStatus.FAULTS
    if os.environ.get("CD38RD_DEBUG"):
        raise error
    _complain(
        f"a defect of cd38rd, not of your study: {type(error).__name__}: {error}. "
        "Nothing you typed was changed. Set CD38RD_DEBUG=1 to see where, and please report it"
    )
    return ExitStatus.DEFECT


def _finish(study: Path, work: Callable[[Path], RunSummary], *, quiet: bool) -> None:
    summary = work(_study(study))
    if summary.faults:
        _complain(summary.faults)
    if not quiet and summary.text:
        _say(summary.text)
    if summary.failures:
        _complain(summary.failures)
    raise typer.Exit(summary.exit_status)


def _with_reporter(
    work: Callable[[Path, Reporter], RunSummary], *, quiet: bool
) -> Callable[[Path], RunSummary]:
    """Return the work with what shows its progress."""
    from pipeline.running.progress import reporter

    def shown(folder: Path) -> RunSummary:
        with reporter(quiet=quiet) as progress:
            return work(folder, progress)

    return shown


def _study(folder: Path) -> Path:
    """Return the folder; of a simulated one, the study in it."""
    _must_be_folder(folder)
    folder = folder.resolve()  # workers of a cluster run elsewhere
    inner = folder / "study"
    if not any((folder / name).exists() for name in ("study.xlsx", "samples.csv")) and inner.is_dir():
        _complain(f"{folder} holds a study in {inner}: using that one")
        return inner
    return folder


def _must_be_folder(folder: Path) -> None:
    from pipeline.study.errors import UsageError

    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise UsageError(f"{folder}: found {found}, expected a folder")


def _say(text: str) -> None:
    typer.echo(text)


def _complain(text: str) -> None:
    typer.echo(text if "\n" in text else f"cd38rd: {text}", err=True)


def _hush_libraries() -> None:
    """Show no warning of a library, which says nothing to a user, but with CD38RD_DEBUG or python -W."""
    if not sys.warnoptions and not os.environ.get("CD38RD_DEBUG"):
        warnings.simplefilter("ignore")
        os.environ.setdefault("PYTHONWARNINGS", "ignore")  # workers too


def _write_utf8() -> None:
    """Windows consoles and pipes may default to a code page that lacks ± and ·."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    main()
