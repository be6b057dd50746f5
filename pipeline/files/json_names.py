"""Names of fields in the JSON results that differ from the names in the code."""

from __future__ import annotations

from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
"""A value of a JSON file."""

WRITTEN_AS = "written_as"
"""Key of a dataclass field's metadata: its name in the files, which stays, since users' scripts read it."""

NOT_WRITTEN = "not_written"
"""Key of a dataclass field's metadata: the field is for our own code, and no file holds it."""
