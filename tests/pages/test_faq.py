"""The messages that docs/faq.md explains are messages of the program, and the words of its places are in the report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pages.messages import ROOT, is_said, sentences

FAQ = (ROOT / "docs" / "faq.md").read_text("utf-8")
QUOTED = re.findall(r"^> `(.*)`$", FAQ, re.MULTILINE)


@pytest.fixture(scope="module")
def source() -> list[str]:
    return sentences()


def test_there_are_messages():
    assert len(QUOTED) > 25


def test_every_quote_is_one_line_that_the_test_reads():
    assert re.findall(r"^>.*$", FAQ, re.MULTILINE) == [f"> `{quote}`" for quote in QUOTED]


@pytest.mark.parametrize("quote", QUOTED)
def test_a_message_that_is_explained_is_one_that_the_program_says(quote: str, source: list[str]):
    assert is_said(quote, source), f"the program says no such thing: {quote}"


@pytest.mark.parametrize(
    "invented",
    [
        "the tube has too many cells for a density",
        "found nothing, expected a bottle of antibodies",
        "… bead populations were lost, … found, with medians …",
    ],
)
def test_a_message_that_nobody_says_is_found(invented: str, source: list[str]):
    assert not is_said(invented, source)


def test_values_in_a_message_are_what_differs():
    said = ["the beads … lie … hours apart", "one two"]
    assert is_said("the beads … lie … hours apart", said)
    assert is_said("… hours apart", said)
    assert not is_said("the beads … lie … days apart", said)
    assert not is_said("hours apart … the beads", said)


def test_docstrings_are_no_messages(tmp_path: Path):
    from pages.messages import _texts

    path = tmp_path / "a.py"
    path.write_text(
        'def f(x):\n    """Never said."""\n    return f"said {x} so", "plainly"\n', encoding="utf-8"
    )
    assert sorted(_texts(path)) == ["plainly", "said … so"]
