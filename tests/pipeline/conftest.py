"""Fixtures of what people look at."""

from __future__ import annotations

import pytest
from synthetic_outcome import whole_outcome

from pipeline.outcome import Outcome


@pytest.fixture(scope="session")
def outcome() -> Outcome:
    """A synthetic outcome with every status in it; made once, since it is frozen."""
    return whole_outcome(n_events=6_000)
