"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("no clock", deadline=None)  # a busy machine is no failure
settings.load_profile("no clock")


def pytest_collection_finish() -> None:
    """Search no cycles among the tests themselves: ten thousand are millions of objects that stay."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files with known answers; the test is skipped, saying so, where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "real"
    folder = Path(os.environ.get("CD38RD_REAL_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"real files are not here: {folder} (set CD38RD_REAL_DATA)")
    return folder
