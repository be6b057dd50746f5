"""Names that are valid for a file on every system and are never a path: one rule for all typed names."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

LONGEST_SAFE_NAME = 100
"""Most characters of a name for files, without the ending (`.parquet`). Convention: it leaves room for the
folder in a path of 260 characters, the limit of Windows."""

MOST_BYTES_OF_A_NAME = 200
"""Most bytes of such a name in UTF-8: file systems take 255 with the ending. Convention: 55 are left for the
ending."""

FORBIDDEN = '<>:"/\\|?*;'
"""Characters that no file name may contain: folder separators, those that Windows refuses, list
separators."""
_FORBIDDEN = frozenset(FORBIDDEN)

RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)
"""Names of devices in Windows, with any ending (docs of Win32, "Naming Files")."""


class UnsafeNameError(Exception):
    """A name that would be a path, or that some system refuses; no file gets such a name."""


def name_problem(name: str) -> tuple[str, str]:
    """Return the expectation for a file name and the problem of this one; ("", "") if there is none.

    Examples
    --------
    >>> name_problem("QB_2024-05-31")
    ('', '')
    >>> name_problem("../QB")[1]
    'Leave out /.'
    """
    expected = "an id that can name a file"
    if not (name.isprintable() and _FORBIDDEN.isdisjoint(name)):
        bad = sorted({c for c in name if c in FORBIDDEN or not c.isprintable()})
        listed = ", ".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in bad)
        return f"{expected}, without {' '.join(FORBIDDEN)}", f"Leave out {listed}."
    n_bytes = _n_bytes(name)
    if len(name) > LONGEST_SAFE_NAME:
        return f"an id of at most {LONGEST_SAFE_NAME} characters", f"This one has {len(name)}."
    if n_bytes > MOST_BYTES_OF_A_NAME:
        return (
            f"an id of at most {MOST_BYTES_OF_A_NAME} bytes, since it names files",
            f"This one has {n_bytes}: letters with accents and of other scripts take 2 to 6 bytes each.",
        )
    if not name or name != name.strip() or name[0] == "." or name[-1] == ".":
        return expected, "It may not be empty, nor begin or end with a point or a blank."
    if RESERVED.fullmatch(name.split(".", maxsplit=1)[0].strip()):
        return expected, "Windows has no file of this name: add a letter."
    return "", ""


def safe_name(text: str) -> str:
    """Return the most similar valid file name; "" if no character of the text is left.

    Examples
    --------
    >>> safe_name("P01: marrow?."), safe_name("aux.1")
    ('P01- marrow-', 'aux-.1')
    """
    bare = "".join("-" if c in FORBIDDEN or not c.isprintable() else c for c in " ".join(text.split()))
    stem, point, suffixes = bare.strip(". ").partition(".")
    name = (f"{stem}-" if RESERVED.fullmatch(stem.strip()) else stem) + point + suffixes
    name = name[:LONGEST_SAFE_NAME]
    while _n_bytes(name) > MOST_BYTES_OF_A_NAME:
        name = name[:-1]
    return name.rstrip(". ")


def file_named(folder: Path, name: str, ending: str) -> Path:
    """Return the path of a file with a typed name; the only way from a typed name to a path.

    Parameters
    ----------
    ending
        The ending of the file name, with its point.

    Raises
    ------
    UnsafeNameError
        `name_problem` refuses the name.
    """
    expected, problem = name_problem(name)
    if problem:
        raise UnsafeNameError(
            f"no file is named after {name[:LONGEST_SAFE_NAME]!r}: expected {expected}. {problem}"
        )
    return folder / f"{name}{ending}"


def _n_bytes(name: str) -> int:
    """Return the most bytes of a name on any file system: some store accents apart from their letters."""
    return len(unicodedata.normalize("NFD", name).encode("utf-8"))
