"""The page as a web application: its routes, its static files, and its answers to refused requests."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from functools import cache, partial
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from pipeline.fcs import FcsError
from pipeline.files.whole import NotWrittenError
from pipeline.output.report.environment import REPORT_TEMPLATES, template_environment
from pipeline.page import stage_messages
from pipeline.page.access.access_control import AccessControl, App, Keys, TooLargeError
from pipeline.page.jobs import requested_tubes
from pipeline.page.open_study import NoStudyError, OpenStudy, OvertakenError
from pipeline.page.review.bench_routes import bench_routes
from pipeline.page.review.routes import decision_routes
from pipeline.page.stages.folders import file_inside, file_of_results
from pipeline.page.stages.menu import study_now
from pipeline.page.stages.pages import page_routes
from pipeline.page.stages.watching import sheets_now
from pipeline.running.defects import keep_traceback
from pipeline.study.errors import UserError
from pipeline.study.wording import capitalized

STATIC = Path(__file__).parent / "static"
_KINDS = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
}
_SHOWN = (".html", ".svg", ".png", ".pdf")
"""Files of the results that the browser shows; it saves all other files."""


def app_of(open_study: OpenStudy, keys: Keys) -> App:
    """Return the application, which answers the permitted requests alone."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, title="cd38rd")
    app.include_router(page_routes(open_study))
    app.include_router(decision_routes(open_study))
    app.include_router(bench_routes(open_study))
    _add_study(app, open_study)
    _add_files(app, open_study)
    for kind in (UserError, FcsError, NotWrittenError, TooLargeError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(Exception, partial(_defect, open_study))
    return AccessControl(app, keys)


def _add_study(app: FastAPI, open_study: OpenStudy) -> None:
    @app.get("/api/alive")
    async def alive() -> Response:  # not in a thread: it is answered while every thread is at work
        return Response(status_code=204)

    @app.get("/api/study")
    def study() -> stage_messages.StudyNow:
        return study_now(open_study)

    @app.get("/api/sheets")
    def sheets() -> stage_messages.SheetsNow:
        return sheets_now(open_study.folder)

    @app.post("/api/run")
    def run(asked: stage_messages.RunRequest) -> stage_messages.Job:
        return open_study.start(requested_tubes(asked.only))

    @app.get("/api/job")
    def job() -> stage_messages.Job:
        return open_study.job()

    @app.post("/api/job/stop")
    def stop() -> stage_messages.Job:
        if open_study.run is not None:
            open_study.run.stop()
        return open_study.job()


def _add_files(app: FastAPI, open_study: OpenStudy) -> None:
    @app.get("/static/{name:path}")
    def static(name: str) -> FileResponse:
        path = file_inside(STATIC, name)
        return FileResponse(path, media_type=_KINDS.get(path.suffix, "application/octet-stream"))

    @app.get("/pictures.css")
    def pictures_css() -> Response:
        return PlainTextResponse(str(_of_report()["picture_style"]), media_type="text/css")

    @app.get("/report/pictures.js")
    def pictures_js() -> FileResponse:
        return FileResponse(REPORT_TEMPLATES / "script" / "pictures.js", media_type="text/javascript")

    @app.get("/results/{name:path}")
    def results(name: str) -> FileResponse:
        path = file_of_results(open_study.folder, name)
        kind = _KINDS.get(path.suffix.casefold(), "application/octet-stream")
        shown = path.suffix.casefold() in _SHOWN
        return FileResponse(
            path,
            media_type=kind,
            headers={"content-security-policy": _policy_of_results()},
            filename=None if shown else path.name,
        )


@cache
def _of_report() -> Mapping[str, Any]:
    return template_environment().globals


@cache
def _policy_of_results() -> str:
    """Return the content policy of a result file: only the report's own script may run."""
    from pipeline.output.report.environment import PICTURE_SCRIPTS

    hashes = {_of_report()["script_hash"], template_environment(PICTURE_SCRIPTS).globals["script_hash"]}
    scripts = " ".join(f"'{digest}'" for digest in sorted(map(str, hashes)))
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src {scripts}; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _refused(request: Request, error: Exception) -> Response:
    status, words = _status_and_words(error)
    return _answer(request, status, words)


def _defect(open_study: OpenStudy, request: Request, error: Exception) -> Response:
    log_file = keep_traceback(error, open_study.folder / "results" if open_study.has_study else None)
    where = f"Its traceback is in {log_file}: please" if log_file is not None else "Please"
    words = (
        f"a defect of cd38rd, not of your study: {type(error).__name__}. {where} report it, without "
        "patient data"
    )
    return _answer(request, 500, words)


def _status_and_words(error: Exception) -> tuple[int, str]:
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:])
        return 422, f"the request cannot be understood: {field}: {first['msg']}"[:500]
    if isinstance(error, HTTPException):
        return error.status_code, str(error.detail)
    if isinstance(error, NotWrittenError):
        why = f"not saved, and nothing is changed. {error.path.name} cannot be written ({error.reason})"
        if error.in_use and error.reason != os.strerror(errno.EROFS):
            return 507, f"{why}, most likely because it is open in Excel: close it there, and do it again"
        return 507, f"{why}; {error.advice} and do it again"
    if isinstance(error, TooLargeError):
        return 413, "the request is too large"
    if isinstance(error, OvertakenError | NoStudyError):
        return 409, str(error)
    return 422, str(error)


def _answer(request: Request, status: int, words: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": words}, status)
    if status == 409:
        return Response(status_code=303, headers={"location": "/"})
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>cd38rd</title>'
        '<link rel="stylesheet" href="/static/stages/stages.css"><main>'
        f"<h1>Not done</h1><p>{escape(capitalized(words))}</p>"
        '<p><a href="/">Back to the study</a></p></main></html>'
    )
    return HTMLResponse(page, status)
