"""The notes of the next release. `python tests/release_notes.py` (or `make notes`) prints what docs/changes holds."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "changes"
KINDS = ("new", "changed", "fixed", "removed")
"""In the order in which they are printed."""


def fragments(folder: Path = FOLDER) -> list[tuple[str, str]]:
    """Return the kind and the text of every file, in the order of `KINDS`, then by name.

    Raises ValueError for a file whose name has no kind, or that is empty.
    """
    found = []
    for path in sorted(folder.iterdir()):
        if path.name == "README.md":
            continue
        kind = Path(path.stem).suffix.removeprefix(".")
        text = " ".join(path.read_text("utf-8").split())
        if path.suffix != ".md" or kind not in KINDS or not text:
            raise ValueError(
                f"{path.name}: expected NAME.KIND.md with a text, KIND one of {', '.join(KINDS)}"
            )
        found.append((kind, text))
    return sorted(found, key=lambda pair: KINDS.index(pair[0]))


def notes(folder: Path = FOLDER) -> str:
    """Return the notes as they go into CHANGELOG.md."""
    return "".join(f"- {kind.capitalize()}: {text}\n" for kind, text in fragments(folder))


if __name__ == "__main__":
    sys.stdout.write(notes())
