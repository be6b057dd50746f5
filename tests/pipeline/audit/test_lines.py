"""A line of the trail is read by its facts and their kinds; whatever else is written there is no line."""

from __future__ import annotations

import json

import pytest

from pipeline.audit.lines import ChangedCell, Event, line_of_text, text_of_line

LINE = text_of_line(1, "", Event.RUN, {"results": {}}, [ChangedCell("samples A", "visit", "", "C2")])


def test_a_line_is_read_as_it_was_written():
    line = line_of_text(LINE)
    assert line is not None
    assert (line.number, line.event, line.facts) == (1, "run", {"results": {}})
    assert line.changes == (ChangedCell("samples A", "visit", "", "C2"),)


@pytest.mark.parametrize(
    "changed",
    [
        {"number": "1"}, {"facts": None}, {"changes": None}, {"changes": ["abcd"]}, {"changes": [["a", "b", "c"]]},
        {"digest": 1}, {"another": ""},
    ],
    ids=str,
)  # fmt: skip
def test_a_line_with_another_fact_or_a_fact_of_another_kind_is_none(changed):
    assert line_of_text(json.dumps(json.loads(LINE) | changed).encode()) is None


@pytest.mark.parametrize("text", [b"", b"\xff", b"[]", b"1", b"{}", b"null", b"[" * 100_000])
def test_a_text_that_is_no_line_is_none(text):
    assert line_of_text(text) is None
