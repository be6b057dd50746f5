"""Tables as CSV: cells and bytes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.density.receptor_density import RdStatus
from pipeline.output.table import Table, as_sentences, cell_text, csv_text, write_csv


def test_a_cell_that_begins_a_formula_is_text_where_people_open_the_file():
    assert csv_text(Table(("visit", "n"), (('=SUM(A1),"x"', -0.5),))) == 'visit,n\n"\'=SUM(A1),""x""",-0.5\n'


def test_in_files_for_programs_text_stays_as_it_was_typed():
    table = Table(("remark",), (('=SUM(A1),"x"',),))
    assert csv_text(table, as_typed=True) == 'remark\n"=SUM(A1),""x"""\n'


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_six_significant_digits(value: float):
    text = cell_text(value)
    assert float(text) == pytest.approx(value, rel=5e-6, abs=1e-320)
    digits = text.lstrip("-").split("e")[0].replace(".", "").strip("0")
    assert len(digits) <= 6


@pytest.mark.parametrize(
    ("value", "text"),
    [(float("nan"), ""), (float("inf"), ""), (1e21, "1e+21"), (150_000.0, "150000"), (12, "12"), (False, "no"),
     (1234567, "1234567"), (date(2024, 2, 29), "2024-02-29"), (RdStatus.OK.value, "OK")],
)  # fmt: skip
def test_cells_are_written_plainly(value: object, text: str):
    assert cell_text(value) == text


def test_notes_are_joined_as_sentences():
    assert as_sentences(["one", "", "two."]) == "one. two."


def test_a_csv_ends_lines_with_lf_on_every_system(tmp_path: Path):
    write_csv(tmp_path / "a.csv", Table(("a", "b"), ((1, "x"), (None, "ü"))))
    assert (tmp_path / "a.csv").read_bytes() == "a,b\n1,x\n,ü\n".encode()
