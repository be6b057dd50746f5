"""A study of two tubes that has run, once for all tests of the page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.page_client import two_tubes
from pipeline.commands.run import run_study
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter


@pytest.fixture(scope="session")
def two_tubes_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = two_tubes(tmp_path_factory.mktemp("page") / "two tubes")
    run_study(folder, RunOptions(workers=1), QuietReporter())
    return folder


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the page remembers studies: not in the home of whoever runs the tests."""
    monkeypatch.setenv("CD38RD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def copied(study: Path, to: Path) -> Path:
    shutil.copytree(study, to)
    return to
