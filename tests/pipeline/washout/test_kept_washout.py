"""Answers on drawn data are those that were committed, on any processor; `make digests` writes them again."""

import pytest

from validation.kept_answers import ANSWERS, committed, digest


@pytest.mark.parametrize("name", [name for name in ANSWERS if name.startswith("washout")])
def test_the_answers_are_those_that_were_committed(name):
    assert digest(ANSWERS[name]()) == committed()[name]
