"""Names that can name a file on every system, and are never a path: the one rule, for every typed name."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

LONGEST_NAME = 100
"""Characters of a name that names files; its end (`.parquet`) comes on top. Convention: it leaves room
for the folder in a path of 260 characters, the limit of Windows."""

MOST_BYTES = 200
"""Of such a name in UTF-8: no file system takes more than 255 with its end. Convention: 55 are left for the
end."""

FORBIDDEN = '<>:"/\\|?*;'
"""What no name of a file may hold: what separates folders, what Windows refuses, what separates lists."""

RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)
"""Names of devices in Windows, whatever comes behind a point (docs of Win32, "Naming Files")."""


class UnsafeNameError(ValueError):
    """A name that would be a path, or that some system cannot have; no file is named so."""


def name_problem(name: str) -> tuple[str, str]:
    """Return what was expected of a name that is to name files, and what is wrong; ("", "") if nothing is.

    Examples
    --------
    >>> name_problem("QB_2024-05-31")
    ('', '')
    >>> name_problem("../QB")[1]
    'Leave out /.'
    """
    expected = "an id that can name a file"
    bad = sorted({c for c in name if c in FORBIDDEN or not c.isprintable()})
    if bad:
        listed = ", ".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in bad)
        return f"{expected}, without {' '.join(FORBIDDEN)}", f"Leave out {listed}."
    n_bytes = _n_bytes(name)
    if len(name) > LONGEST_NAME:
        return f"an id of at most {LONGEST_NAME} characters", f"This one has {len(name)}."
    if n_bytes > MOST_BYTES:
        return (
            f"an id of at most {MOST_BYTES} bytes, since it names files",
            f"This one has {n_bytes}: letters with accents and of other scripts take 2 to 6 bytes each.",
        )
    if not name or name != name.strip() or name[0] == "." or name[-1] == ".":
        return expected, "It may not be empty, nor begin or end with a point or a blank."
    if RESERVED.fullmatch(name.split(".", maxsplit=1)[0].strip()):
        return expected, "Windows has no file of this name: add a letter."
    return "", ""


def safe_name(text: str) -> str:
    """Return the nearest name that can name a file; "" where nothing of the text is left.

    Examples
    --------
    >>> safe_name("P01: marrow?."), safe_name("aux.1")
    ('P01- marrow-', 'aux-.1')
    """
    bare = "".join("-" if c in FORBIDDEN or not c.isprintable() else c for c in " ".join(text.split()))
    stem, point, rest = bare.strip(". ").partition(".")
    name = (f"{stem}-" if RESERVED.fullmatch(stem.strip()) else stem) + point + rest
    name = name[:LONGEST_NAME]
    while _n_bytes(name) > MOST_BYTES:
        name = name[:-1]
    return name.rstrip(". ")


def file_named(folder: Path, name: str, ending: str) -> Path:
    """Return the file of a typed name in a folder; the only way from a typed name to a path.

    Parameters
    ----------
    ending
        Of the file, with its point.

    Raises
    ------
    UnsafeNameError
        The name is one that `name_problem` refuses.
    """
    expected, problem = name_problem(name)
    if problem:
        raise UnsafeNameError(
            f"no file is named after {name[:LONGEST_NAME]!r}: expected {expected}. {problem}"
        )
    return folder / f"{name}{ending}"


def _n_bytes(name: str) -> int:
    """Return how many bytes a file system takes for a name at most: some keep accents apart from letters."""
    return len(unicodedata.normalize("NFD", name).encode("utf-8"))
