"""Text that begins a formula of Excel, in CSV files that people open."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.files.formula import as_before, no_formula

BEGINS = "=+-@＝＋－＠"


@pytest.mark.parametrize("begins", BEGINS)
@pytest.mark.parametrize("before", ["", " ", "'", "\u00a0", "\t", "\r", "\n", "a;", "a; ", "a\t", "a\n"])
def test_no_part_of_a_cell_that_excel_may_split_off_begins_a_formula(begins: str, before: str):
    for part in re.split(r"[;\t\r\n]", no_formula(f"{before}{begins}cmd|' /C calc'!A0")):
        assert part.lstrip()[:1] not in tuple(BEGINS)


@pytest.mark.parametrize("blank", ["\t", "\r", "\n"])
def test_a_cell_begins_with_no_tab_or_line_end(blank: str):
    assert no_formula(f"{blank}cmd") == f"'{blank}cmd"


@pytest.mark.parametrize("number", ["-5", "+5", "-0.25", "-1,5", "-1e-05", "+3 %", " -5", "12;-5;+7"])
def test_a_number_stays_a_number(number: str):
    assert no_formula(number) == number


@pytest.mark.parametrize(
    "text", ["P01", "a-b", "1+1", "a = b", "SF1=x", "<= 5", "'quoted'", "– none", "a; b", ""]
)
def test_what_begins_no_formula_stays_as_it_was_typed(text: str):
    assert no_formula(text) == text


@given(st.text(alphabet=[*BEGINS, *"';, \t\r\n05.eP%"], max_size=12))
def test_every_text_comes_back_as_it_was(text: str):
    assert as_before(no_formula(text)) == text
