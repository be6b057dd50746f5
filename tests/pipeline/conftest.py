"""Fixtures of what people look at."""

from __future__ import annotations

import pytest

from helpers.synthetic_result import whole_study_result
from pipeline.assembly.study_result import StudyResult


@pytest.fixture(scope="session")
def study_result() -> StudyResult:
    """A synthetic result of a study with every status in it; made once, since it is frozen."""
    return whole_study_result(n_events=6_000)
