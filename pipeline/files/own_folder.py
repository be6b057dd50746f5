"""The folder of this user, outside of every study, in which cd38rd keeps its own files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ONLY_THIS_USER = 0o700
"""Rights on the folder. Convention: it may name studies, so no other user of the computer may open it."""


def own_folder() -> Path:
    """Return the folder in which cd38rd keeps its own files for this user."""
    home = Path.home()
    named = os.environ.get("CD38RD_HOME")
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "cd38rd"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "cd38rd"
    return Path(os.environ.get("XDG_STATE_HOME", home / ".local" / "state")) / "cd38rd"


def private_folder() -> Path:
    """Return that folder; it is made if it is missing, and only this user may open it.

    Raises
    ------
    OSError
        The folder cannot be made.
    """
    folder = own_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=ONLY_THIS_USER)
    if os.name == "posix":
        folder.chmod(ONLY_THIS_USER)
    return folder
