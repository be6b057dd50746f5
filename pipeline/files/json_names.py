"""The JSON files of the results: fields whose names differ from those in the code, and how a file is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
"""A value of a JSON file."""

WRITTEN_AS = "written_as"
"""Key of a dataclass field's metadata: its name in the files, which stays, since users' scripts read it."""

NOT_WRITTEN = "not_written"
"""Key of a dataclass field's metadata: the field is for our own code, and no file holds it."""


def facts_of_json(path: Path) -> dict[str, Any]:
    """Return what a JSON file of ours holds by name; nothing if it cannot be read or is no such file."""
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}
