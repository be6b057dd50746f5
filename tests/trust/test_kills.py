"""A small part of what `make kills` does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trust.kills import disturbed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux", reason=f"{sys.platform} does not tell whose child a process is"
    ),
]


def test_a_killed_command_is_resumed_to_the_same_bytes(tmp_path: Path):
    (found,) = disturbed(tmp_path, [("the command", 1)], tubes=3, seed=3)
    told = found["the command"]
    assert (told.n, told.resumed, told.blamed, told.wrong) == (1, 1, 0, [])
