"""The pages of the stages: plain pages that do the same as the commands, and show the command."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from pipeline.commands.check import check_with_unnamed_files
from pipeline.commands.shell import in_quotes
from pipeline.output.legend.tube_verdict import TUBE_VERDICT_LOOK, badge_class
from pipeline.output.report.words import interval_words
from pipeline.page.open_study import OpenStudy
from pipeline.page.remembered import recent_studies, remember
from pipeline.page.review.shown import rows_of_tubes
from pipeline.page.stages.folders import listing, study_in
from pipeline.page.stages.menu import Stage, command_of, stage_of, tabs
from pipeline.page.stages.opening import open_in_its_program, opening_command, sheets_to_open
from pipeline.page.stages.report_summary import REPORT, report_summary
from pipeline.page.stages.study_files import study_fcs_files
from pipeline.page.stages.watching import causes_of, sheet_files, sheets_now
from pipeline.review.decision import State
from pipeline.review.review_file import read_review_file
from pipeline.running.program import program_version
from pipeline.study.faults import fault_count, stops_run
from pipeline.template import write_template

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE_TEMPLATES = Path(__file__).parents[1] / "templates"
RESULT_FILES = ("report.html", "rd.xlsx", "rd_samples.csv", "rd_patients.csv", "calibration.csv", "run.json")
"""Files of the results that the page Report names, if they exist."""


def page_routes(open_study: OpenStudy) -> APIRouter:
    """Return the routes of the pages."""
    pages = APIRouter()
    _add_choice(pages, open_study)
    _add_files_and_sheets(pages, open_study)
    _add_check_and_run(pages, open_study)
    _add_results(pages, open_study)
    return pages


def _add_choice(pages: APIRouter, open_study: OpenStudy) -> None:
    @pages.get("/")
    def home() -> Response:
        if open_study.has_study:
            return RedirectResponse(stage_of(open_study.folder).href, 303)
        return _page(
            open_study, "home", recent=[study.folder for study in recent_studies()], home=Path.home()
        )

    @pages.get("/folders")
    def folders(path: str = "") -> Response:
        if open_study.has_study:  # nothing outside of it is shown any more
            return RedirectResponse("/", 303)
        return _page(open_study, "folders", listing=listing(Path(path) if path else Path.home()))

    @pages.post("/choose")
    async def choose(request: Request) -> Response:
        folder = study_in(Path(_form_value(await _form(request), "folder")))
        open_study.choose(folder)
        remember(folder, open_study.port)
        return RedirectResponse("/", 303)


def _add_files_and_sheets(pages: APIRouter, open_study: OpenStudy) -> None:
    @pages.get("/files")
    def files() -> Response:
        fcs_files = study_fcs_files(open_study.folder)
        return _stage(
            open_study, Stage.FILES, fcs_files=fcs_files, sheets=sheet_files(open_study.folder), summary=""
        )

    @pages.post("/files")
    async def init(request: Request) -> Response:
        update = _form_value(await _form(request), "update") == "yes"
        written = await run_in_threadpool(write_template, open_study.folder, None, update=update)
        fcs_files = await run_in_threadpool(study_fcs_files, open_study.folder)
        return _stage(
            open_study,
            Stage.FILES,
            fcs_files=fcs_files,
            sheets=sheet_files(open_study.folder),
            summary=written.summary,
            did_update=update,
        )

    @pages.get("/sheets")
    def sheets() -> Response:
        return _sheets(open_study)

    @pages.post("/sheets")
    def open_sheets() -> Response:
        path = sheets_to_open(open_study.folder)
        problem = "" if path is None else open_in_its_program(path)
        return _sheets(open_study, problem) if problem else RedirectResponse("/sheets", 303)


def _add_check_and_run(pages: APIRouter, open_study: OpenStudy) -> None:
    @pages.get("/check")
    def check() -> Response:
        _, faults = check_with_unnamed_files(open_study.folder)
        return _stage(
            open_study,
            Stage.CHECK,
            counted=fault_count(faults),
            causes=causes_of(faults),
            stops=stops_run(faults),
        )

    @pages.get("/run")
    def run() -> Response:
        return _stage(open_study, Stage.RUN, job=open_study.job())

    @pages.post("/run")
    async def start() -> Response:
        await run_in_threadpool(open_study.start, ())
        return RedirectResponse("/run", 303)

    @pages.post("/run/stop")
    async def stop() -> Response:
        if open_study.run is not None:
            await run_in_threadpool(open_study.run.stop)
        return RedirectResponse("/run", 303)


def _add_results(pages: APIRouter, open_study: OpenStudy) -> None:
    @pages.get("/report")
    def report() -> Response:
        folder = open_study.folder / "results"
        result_files = [name for name in RESULT_FILES if (folder / name).is_file()]
        summary = report_summary(open_study) if REPORT in result_files else None
        return _stage(open_study, Stage.REPORT, files=result_files, summary=summary, interval=interval_words)

    @pages.get("/review")
    def review() -> Response:
        looks = {
            verdict.value: {"badge": badge_class(verdict), "symbol": look.symbol}
            for verdict, look in TUBE_VERDICT_LOOK.items()
        }
        return _stage(
            open_study,
            Stage.REVIEW,
            verdicts=json.dumps(looks, ensure_ascii=False),
            shade_colours=_shade_colours(),
        )

    @pages.get("/sign")
    def sign() -> Response:
        snapshot = open_study.snapshot()
        rows = rows_of_tubes(snapshot, open_study.decision_history(), read_review_file(open_study.folder))
        order = [s.sample_id for s in snapshot.study.samples]
        rows.sort(key=lambda row: order.index(row.sample_id))
        counts = {state.value: sum(row.decision.state is state for row in rows) for state in State}
        return _stage(open_study, Stage.SIGN, rows=rows, counts=counts, refused=snapshot.refusal)


def _sheets(open_study: OpenStudy, problem: str = "") -> Response:
    path = sheets_to_open(open_study.folder)
    by_hand = "" if path is None else opening_command(path)
    return _stage(
        open_study,
        Stage.SHEETS,
        now=sheets_now(open_study.folder),
        path=path,
        by_hand=by_hand,
        problem=problem,
    )


def _stage(open_study: OpenStudy, stage: Stage, **facts: Any) -> Response:
    folder = open_study.folder
    return _page(
        open_study, stage.value.lower(), stage=stage.value, command=command_of(stage, folder), **facts
    )


def _page(open_study: OpenStudy, name: str, **facts: Any) -> Response:
    folder = open_study.folder if open_study.has_study else None
    template = _environment().get_template(f"{name}.html.j2")
    shared = {
        "study": folder.name if folder else "",
        "folder": str(folder or ""),
        "stages": tabs(folder),
        "program": f"cd38rd {program_version()}",
        "stage": "",
        "open_command": f"cd38rd open {in_quotes(folder)}" if folder else "cd38rd open",
    }
    return HTMLResponse(template.render({**shared, **facts}))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(PAGE_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _shade_colours() -> str:
    from pipeline.output.report.environment import template_environment

    return str(template_environment().globals["shade_colours"])


async def _form(request: Request) -> dict[str, list[str]]:
    return parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)


def _form_value(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]
