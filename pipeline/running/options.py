"""The options of `cd38rd run`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OnError(StrEnum):
    """Whether a run goes on after a defect of cd38rd. A bad tube never stops the run."""

    CONTINUE = "continue"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options of `cd38rd run`; see its help."""

    workers: int | None = None
    scheduler: str | None = None
    only: tuple[str, ...] = ()
    fresh: bool = False
    export_events: bool = False
    on_error: OnError = OnError.CONTINUE
    second_opinion: bool = False
    validate: bool = False
    figures: bool = True
