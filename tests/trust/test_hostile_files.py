"""A small part of what `make hostile` does."""

from __future__ import annotations

import sys

import pytest

from trust.hostile_files import tally

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason=f"{sys.platform} does not tell a process's memory"
)
N = {"FCS": 150, "FlowJo workspace": 40, "GatingML": 40, "xlsx": 12, "CSV": 12}


@pytest.mark.slow
def test_damaged_files_are_read_or_refused_in_words_and_take_little_memory():
    found = tally(N, first=1_000_000)
    assert {kind: one.n.total() for kind, one in found.items()} == N
    assert [text for one in found.values() for text in one.wrong] == []
    assert all(one.n["read"] for one in found.values()), "damage that spares nothing tries little"
