"""The folder `results/`: every file in it, written from one `StudyResult`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

from calibration.density.receptor_density import RdStatus
from pipeline.assay.report import AssayReport
from pipeline.assembly.provenance import RunFacts
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.files.whole import NoResultsFolderError, older_kept, remove_older, remove_unfinished
from pipeline.output.calibration_table import calibration_table
from pipeline.output.further_tables.changes import change_table, unnumbered_table
from pipeline.output.further_tables.distribution import distribution_table
from pipeline.output.gate_files import write_gates
from pipeline.output.json_files import distribution_json, response_json, washout_json, write_json
from pipeline.output.result_tables import patient_table, sample_table
from pipeline.output.table import Table, write_csv
from pipeline.quantification.result import SampleResult
from pipeline.running.store import stores_in
from pipeline.running.this_computer.side_work import SideWork, Start
from pipeline.study.study import Study

TABLES: Final[tuple[tuple[str, Callable[[StudyResult], Table]], ...]] = (
    ("rd_samples.csv", sample_table),
    ("rd_patients.csv", lambda study_result: patient_table(study_result.visits)),
    ("calibration.csv", lambda study_result: calibration_table(study_result.calibrations)),
    ("rd_distribution.csv", distribution_table),
)
"""The CSV files of `results/`, each with the function that makes its table."""

TABLES_OF_SOME: Final[tuple[tuple[str, Callable[[StudyResult], Table]], ...]] = (
    ("rd_changes.csv", change_table),
    ("rd_unnumbered.csv", unnumbered_table),
)
"""CSV files that exist only if they have a row."""


@dataclass(frozen=True, slots=True)
class FigureExtras:
    """Files of figures that are made on request: they take longer than all others.

    Attributes
    ----------
    png
        A PNG of 300 dots an inch beside each SVG.
    gating_pdf
        `gating.pdf`, a page per tube.
    """

    png: bool = False
    gating_pdf: bool = False


NO_EXTRAS: Final = FigureExtras()

FIGURE_FOLDER: Final = "figures"
"""The folder of the figures."""

RUN_FACTS: Final = "run.json"
"""The record of the run. It is written last and is missing while other files are written."""


class Results:
    """The results folder and its writing; `stores` keep the finished tubes and bead runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stores = stores_in(folder / "store")
        self.events = folder / "events"
        self.report = folder / "report.html"
        self.validation = folder / "validation"

    def must_be_writable(self) -> None:
        """Raise NoResultsFolderError if the folder is not writable, before any computation."""
        probe = self.folder / ".writable"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe.write_text("", encoding="utf-8")
            probe.unlink()
            remove_unfinished(self.folder)
        except OSError as error:
            raise NoResultsFolderError(self.folder, error.strerror or str(error)) from None

    def write_before_models(
        self,
        study: Study,
        tubes: Iterable[SampleResult],
        calibrations: Sequence[CalibrationResult],
        side_work: SideWork,
        *,
        figures: bool = True,
        extras: FigureExtras = NO_EXTRAS,
    ) -> list[Path]:
        """Write what needs no model, so that worker processes do it while the models are fitted.

        These are the gates of the tubes and the figures of the bead runs.

        Parameters
        ----------
        side_work, figures, extras
            As for `write`, which comes next.

        Returns
        -------
        list of Path
            Files of an earlier run that could not be replaced.
        """
        remove_older(self.folder / RUN_FACTS)  # until it is there again, files may be of two runs
        with older_kept() as older:
            write_gates(self.folder / "gates", tubes, self.stores.samples, side_work.start)
            if figures:
                from pipeline.output.figures import write_bead_figures

                limit = study.settings.curve_limits.error
                write_bead_figures(
                    self.folder / FIGURE_FOLDER, calibrations, limit, png=extras.png, start=side_work.start
                )
        return older

    def write(
        self,
        study_result: StudyResult,
        facts: Callable[[tuple[str, ...]], RunFacts],
        stage: Callable[[str], None],
        side_work: SideWork,
        older_so_far: Iterable[Path],
        *,
        run_on: str = "",
        figures: bool = True,
        extras: FigureExtras = NO_EXTRAS,
    ) -> tuple[str, ...]:
        """Write all other result files; return the names of those that could not be replaced.

        A file that is open in Excel, or blocked by a folder of its name, does not stop the others: the
        report, run.json and the end of the command name it.

        Parameters
        ----------
        facts
            Called once, at the end, with the names of the files that stayed, so that run.json holds the time
            of the whole run.
        stage
            Called with the name of each stage of writing.
        side_work
            Gives pieces of the work to idle worker processes, or does them at once.
        older_so_far
            What `write_before_models` returned.
        run_on
            Day of the run, for the head of the report.
        figures
            Whether to draw the figures.
        extras
            Files of figures that are made on request.
        """
        with older_kept() as older:
            older.extend(older_so_far)
            stage("writing tables")
            self._write_tables(study_result, side_work.start)
            if study_result.assay is not None:
                self._write_validation(study_result, study_result.assay)
            if figures:
                stage("drawing figures")
                self._write_figures(study_result, extras, side_work.start)
            stage("writing the report")  # the last: it names the files that stayed
            self._write_report(study_result, run_on, partial(self._all_older, older, side_work))
            stage("finishing")
        self._write_run(study_result, facts(self._names(older)))
        return self._names(older)

    def _all_older(self, older: list[Path], side_work: SideWork) -> tuple[str, ...]:
        """Wait for the side work; add its files that stayed to `older`, and return the names of all."""
        older.extend(side_work.finish())
        return self._names(older)

    def _names(self, files: Iterable[Path]) -> tuple[str, ...]:
        return tuple(sorted({path.relative_to(self.folder).as_posix() for path in files}))

    def write_calibrations(self, study: Study, calibrations: Sequence[CalibrationResult]) -> Path:
        """Write the bead runs' table, pictures and page; return where the page is."""
        from pipeline.output.figures import write_bead_figures
        from pipeline.output.report.bead_page import write_bead_page

        write_csv(self.folder / "calibration.csv", calibration_table(calibrations))
        limit = study.settings.curve_limits.error
        write_bead_figures(self.folder / FIGURE_FOLDER, calibrations, limit)
        page = self.folder / "calibration.html"
        write_bead_page(page, study, calibrations)
        return page

    def _write_tables(self, study_result: StudyResult, start: Start) -> None:
        from pipeline.output.statistics import datasets_of, write_each
        from pipeline.output.workbook import workbook_sheets, write_workbook

        start(partial(write_each, self.folder / "statistics", datasets_of(study_result)))
        start(partial(write_workbook, self.folder / "rd.xlsx", workbook_sheets(study_result)))
        for name, table in TABLES:
            write_csv(self.folder / name, table(study_result))
        for name, table in TABLES_OF_SOME:
            self._write_or_remove(self.folder / name, table(study_result))
        write_json(
            self.folder / "washout.json", washout_json(study_result.washout) if study_result.washout else {}
        )
        response = response_json(study_result.response, study_result.unnumbered, study_result.no_response)
        write_json(self.folder / "response.json", response)
        cells = ((tube.sample_id, tube.distribution) for tube in study_result.results)
        write_json(self.folder / "distribution.json", distribution_json(cells))

    @staticmethod
    def _write_or_remove(path: Path, table: Table) -> None:
        """Write a table that has rows. Without rows, remove the file of an earlier run."""
        if table.rows:
            write_csv(path, table)
        else:
            remove_older(path)

    def _write_validation(self, study_result: StudyResult, assay: AssayReport) -> None:
        from pipeline.output.assay import write_validation
        from pipeline.output.report.record.head import title_of

        write_validation(self.validation, title_of(study_result.study), assay)

    def _write_report(
        self, study_result: StudyResult, run_on: str, older: Callable[[], tuple[str, ...]]
    ) -> None:
        from pipeline.output.report import write_report

        write_report(self.report, study_result, run_on, older)

    def _write_figures(self, study_result: StudyResult, extras: FigureExtras, start: Start) -> None:
        from pipeline.output.figures import write_figures

        folder = self.folder / FIGURE_FOLDER
        write_figures(folder, study_result, png=extras.png, gating_pdf=extras.gating_pdf, start=start)

    def _write_run(self, study_result: StudyResult, facts: RunFacts) -> None:
        provenance = asdict(study_result.provenance) if study_result.provenance else {}
        counts = {status.value: 0 for status in RdStatus}
        for result in study_result.results:
            counts[result.receptor.status.value] += 1
        derived = {"counts": counts, "limiting": asdict(study_result.limiting)}
        write_json(self.folder / RUN_FACTS, {**provenance, **asdict(facts), **derived})
