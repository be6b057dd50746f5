"""The end of the trail after the last run: it shows a trail that was cut, replaced or moved away since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pipeline.audit.end import TrailEnd, read_end
from pipeline.audit.lines import TrailLine
from pipeline.files.json_names import facts_of_json
from pipeline.study.errors import UserError

_EARLIER: Final = "earlier_trail"
"""The fact of a first line that holds the end of an earlier trail."""


def end_at_last_run(folder: Path) -> TrailEnd | None:
    """Return the end of the trail that results/run.json holds; None if there is none."""
    return _end_of(facts_of_json(folder / "results" / "run.json"), "audit_lines", "audit_head")


def end_of_earlier(lines: Sequence[TrailLine]) -> TrailEnd | None:
    """Return the end of the trail that was there before this one, from its first line; None for none."""
    facts = lines[0].facts.get(_EARLIER) if lines else None
    return _end_of(facts, "lines", "last") if isinstance(facts, Mapping) else None


def facts_of_earlier(folder: Path, trail_path: Path) -> dict[str, Any]:
    """Return the fact of a first line: the end of an earlier trail that is not there now; {} for none."""
    end = end_at_last_run(folder) or read_end(trail_path)
    return {_EARLIER: {"lines": end.number, "last": end.digest}} if end else {}


def fault_since_last_run(end: TrailEnd | None, lines: Sequence[TrailLine]) -> str:
    """Return in words how a trail differs from the one of the last run; "" if it goes on, or begins anew."""
    if end is None or not lines or end_of_earlier(lines) == end or not (fault := end.fault_in(lines)):
        return ""
    return f"{fault} (results/run.json has the last line of that trail)"


def fault_of_trail(trail_path: Path, fault: str) -> UserError:
    """Return the error of a trail that was changed after it was written."""
    return UserError(
        f"{trail_path}: {fault}, expected lines that follow each other as they were written. "
        "Keep the file as it is for whoever asks, and move it away: the next run begins a new one"
    )


def _end_of(facts: Mapping[str, Any], number_name: str, digest_name: str) -> TrailEnd | None:
    number, digest = facts.get(number_name), facts.get(digest_name)
    if isinstance(number, int) and number > 0 and isinstance(digest, str):
        return TrailEnd(number, digest)
    return None
