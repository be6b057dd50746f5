"""The page's memory for this user: recently opened studies and their ports."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.files.own_folder import own_folder, private_folder
from pipeline.files.whole import NotWrittenError, write_whole

MOST_RECENT = 12
"""Most studies in the list. Convention: nobody reads longer lists."""


@dataclass(frozen=True, slots=True)
class Recent:
    """A study that was open: its folder, and its page's port, so that the browser recognises the page."""

    folder: Path
    port: int


def recent_studies() -> tuple[Recent, ...]:
    """Return the recently opened studies that still exist, the latest first."""
    listed = own_folder() / "recent.json"
    try:
        entries = json.loads(listed.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):  # not there, not UTF-8, or no JSON
        return ()
    studies = [study for entry in entries if (study := _recent(entry))] if isinstance(entries, list) else []
    return tuple(study for study in studies if is_folder(study.folder))[:MOST_RECENT]


def _recent(entry: object) -> Recent | None:
    """Return an entry of the list; None if it is none that `remember` writes."""
    folder, port = (entry.get("folder"), entry.get("port")) if isinstance(entry, dict) else (None, None)
    return Recent(Path(folder), port) if isinstance(folder, str) and isinstance(port, int) else None


def remember(folder: Path, port: int) -> None:
    """Put a study first in the list; if the list cannot be written, the study is not remembered."""
    other_studies = [study for study in recent_studies() if study.folder != folder]
    listed: list[dict[str, Any]] = [
        {"folder": str(study.folder), "port": study.port} for study in (Recent(folder, port), *other_studies)
    ]
    try:
        private_folder()
        text = json.dumps(listed[:MOST_RECENT], indent=1, ensure_ascii=True)
        write_whole(own_folder() / "recent.json", text, durable=False)
    except (OSError, NotWrittenError):
        return


def last_port(folder: Path) -> int | None:
    """Return the last port of a study's page; None if it is not known."""
    return next((study.port for study in recent_studies() if study.folder == folder), None)


def is_folder(entry: Path | os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder that can be reached; a lost drive or network folder is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False
