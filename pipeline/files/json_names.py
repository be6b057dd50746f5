"""What the JSON files of the results call a field, where the code has a better name for it."""

from __future__ import annotations

WRITTEN_AS = "written_as"
"""Key of a dataclass field's metadata: the name in the files, which users' scripts read and which stays."""
