"""JSON messages about the study and its stages between the page and its server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.page.messages import BeforeAfter, Message, Name


class StudyNow(Message):
    """The state of a study: `stage` is the furthest that it has reached, `command` leads to the next one."""

    name: str
    stage: str
    command: str
    program: str
    n_tubes: int
    n_decided: int
    n_signed: int
    refused: str = ""
    """Why the results cannot be reviewed, and what to do; "" if they can."""


class RunRequest(Message):
    """The tubes to run; None: all."""

    only: Annotated[list[Name], Field(max_length=100_000)] | None = None


class Failure(Message):
    """A tube that failed, and the reason."""

    sample_id: str
    why: str


class Job(Message):
    """The present run, or the last one. `rate` in tubes per minute, `left` in seconds."""

    state: Literal["none", "running", "stopping", "done", "failed", "stopped"]
    command: str = ""
    stage: str = ""
    done: int = 0
    total: int = 0
    rate: float | None = None
    left: float | None = None
    failures: list[Failure] = Field(default_factory=list)
    changed: list[BeforeAfter] = Field(default_factory=list)
    messages: str = ""


class CauseMessage(Message):
    """Faults with one cause: the text of the first fault, and the cells of all."""

    severity: str
    says: str
    cells: list[str]
    more: int = 0
    others: list[str] = Field(default_factory=list)


class SheetsNow(Message):
    """The sheets of a study as last saved; `is_open`: a sheet is open in Excel or LibreOffice."""

    files: list[str]
    saved_at: str
    version: str
    """Another one after each save, and when a program opens or closes a sheet."""
    is_open: bool
    counted: str
    causes: list[CauseMessage]
