"""What `cd38rd run` was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OnError(StrEnum):
    """What a defect of cd38rd in a tube, run or model does to the others. A bad tube never stops them."""

    CONTINUE = "continue"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What `cd38rd run` was asked for; see its help."""

    workers: int | None = None
    scheduler: str | None = None
    only: tuple[str, ...] = ()
    fresh: bool = False
    export_events: bool = False
    on_error: OnError = OnError.CONTINUE
    second_opinion: bool = False
    validate: bool = False
    figures: bool = True
