"""The stages of a study in order: the stage reached so far, and the command that matches each page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.commands.shell import in_quotes
from pipeline.page import stage_messages
from pipeline.page.open_study import OpenStudy
from pipeline.page.stages.watching import sheet_files
from pipeline.review.decision import State
from pipeline.review.snapshot import facts_of_run
from pipeline.running.program import program_version
from pipeline.study.errors import UserError


class Stage(StrEnum):
    """A stage; the value is its name on the page."""

    FILES = "Files"
    SHEETS = "Sheets"
    CHECK = "Check"
    RUN = "Run"
    REPORT = "Report"
    REVIEW = "Review"
    SIGN = "Sign"

    @property
    def href(self) -> str:
        """The path of its page."""
        return f"/{self.value.lower()}"


_COMMANDS = {
    Stage.FILES: "init",
    Stage.SHEETS: "check",
    Stage.CHECK: "check",
    Stage.RUN: "run",
    Stage.REPORT: "report",
    Stage.REVIEW: "review",
    Stage.SIGN: "review",
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A stage in the menu of the page."""

    name: str
    href: str
    is_reached: bool


def stage_of(folder: Path) -> Stage:
    """Return the furthest stage that a study has reached."""
    if not sheet_files(folder):
        return Stage.FILES
    return Stage.REVIEW if facts_of_run(folder) else Stage.SHEETS


def tabs(folder: Path | None) -> tuple[Tab, ...]:
    """Return the menu; pages of later stages can be opened, and tell that they are not reached yet."""
    reached = list(Stage).index(stage_of(folder)) if folder is not None else -1
    # With sheets a study can be checked and run; with results all other pages work.
    if reached == list(Stage).index(Stage.SHEETS):
        reached = list(Stage).index(Stage.RUN)
    if reached == list(Stage).index(Stage.REVIEW):
        reached = len(Stage)
    return tuple(Tab(stage.value, stage.href, number <= reached) for number, stage in enumerate(Stage))


def command_of(stage: Stage, folder: Path) -> str:
    """Return the command that does the same as a page."""
    return f"cd38rd {_COMMANDS[stage]} {in_quotes(folder)}"


def study_now(open_study: OpenStudy) -> stage_messages.StudyNow:
    """Return the state of the study."""
    folder = open_study.folder
    stage = stage_of(folder)
    n_tubes = n_decided = n_signed = 0
    refused = ""
    if stage is Stage.REVIEW or open_study.has_shown_tubes:
        try:
            snapshot = open_study.snapshot()
            decisions = [open_study.decision_history().of(name) for name in snapshot.results]
            refused, n_tubes = snapshot.refusal, len(decisions)
            n_decided = sum(decision.state() is not State.OPEN for decision in decisions)
            n_signed = sum(decision.signature is not None for decision in decisions)
        except UserError as error:
            refused = str(error)
    return stage_messages.StudyNow(
        name=folder.name,
        stage=stage.value,
        command=command_of(stage, folder),
        program=f"cd38rd {program_version()}",
        n_tubes=n_tubes,
        n_decided=n_decided,
        n_signed=n_signed,
        refused=refused,
    )
