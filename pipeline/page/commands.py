"""`cd38rd open` and `cd38rd review`: from arguments to the page. No slow import at the top."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.commands.shell import StudyFolder, examples, study_folder

IDLE_MINUTES: Final = 60.0
"""Time after which an unused page ends. Convention: a long meeting."""

Port = Annotated[
    int | None, typer.Option(min=1024, max=65535, metavar="P", help="Of this computer. Default: a free one.")
]
Browser = Annotated[
    bool, typer.Option("--browser/--no-browser", help="Open the browser, or print the address alone.")
]
Idle = Annotated[
    float, typer.Option(min=0.01, metavar="MINUTES", help="The page ends itself when unused so long.")
]


def add_page_commands(app: typer.Typer, program: tuple[str, ...]) -> None:
    """Add both commands to the command line.

    Parameters
    ----------
    program
        The words that start this command line anew, with which the page starts a run.
    """

    @app.command(name="open", epilog=examples("cd38rd open my_study", "cd38rd open"))
    def open_page(
        study: Annotated[
            Path | None,
            typer.Argument(
                metavar="[STUDY]", help="The study folder. Default: choose it.", show_default=False
            ),
        ] = None,
        port: Port = None,
        browser: Browser = True,
        idle: Idle = IDLE_MINUTES,
    ) -> None:
        """Open a study as a page in the browser: files, sheets, check, run, report, review, sign."""
        from pipeline.page.start import PageOptions, serve_page

        folder = None if study is None else study_folder(study)
        serve_page(folder, PageOptions(program, port, browser, idle))

    @app.command(epilog=examples("cd38rd review my_study"))
    def review(
        study: StudyFolder, port: Port = None, browser: Browser = True, idle: Idle = IDLE_MINUTES
    ) -> None:
        """Look at every gate in the browser, move one, accept, reject, sign."""
        from pipeline.page.start import PageOptions, serve_page

        serve_page(study_folder(study), PageOptions(program, port, browser, idle, first="/review"))
