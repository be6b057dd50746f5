"""Fixtures of what people look at."""

from __future__ import annotations

import pytest

from helpers.synthetic_result import whole_outcome
from pipeline.assembly.study_result import StudyResult


@pytest.fixture(scope="session")
def outcome() -> StudyResult:
    """A synthetic outcome with every status in it; made once, since it is frozen."""
    return whole_outcome(n_events=6_000)
