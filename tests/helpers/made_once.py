"""A folder that is made once for all processes of a test run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import locket
import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder of this name; the first process that asks makes it, the others wait for it.

    Parameters
    ----------
    make
        Fills the folder, which is there and empty.
    """
    here = factory.getbasetemp()
    shared = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    folder, finished = shared / f"once-{name}", shared / f"once-{name}.finished"
    with locket.lock_file(str(shared / f"once-{name}.lock")):
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a process that failed
            folder.mkdir()
            make(folder)
            finished.touch()
    return folder
