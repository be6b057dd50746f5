"""What `cd38rd run` was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What `cd38rd run` was asked for; see its help."""

    workers: int | None = None
    scheduler: str | None = None
    only: tuple[str, ...] = ()
    fresh: bool = False
    export_events: bool = False
