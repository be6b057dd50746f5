"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: neither an example that is slow to run nor one that is slow to draw.
settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of slow tests, simulations first: what is left at the end is shared in small parts."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, "validation" not in item.path.parts))


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
