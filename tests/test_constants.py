"""Every number that decides has a sentence and a source beside it: a string right after the constant."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from doc_constants import LAY_OUT, LONGEST, ROOT, SOURCE, constants, lays_out, modules, shown, table
from helpers.syntax import nodes_of


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_constant_has_a_sentence_and_a_source(path: Path):
    silent = [constant.names for constant in constants(path) if not SOURCE.search(constant.sentence)]
    assert silent == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_convention_says_why(path: Path):
    """A number is not sourced by the word alone."""
    bare = [c.names for c in constants(path) if re.search(r"\b[Cc]onvention\s*([.)]|$)", c.sentence)]
    assert bare == []


@pytest.mark.parametrize("place", LAY_OUT)
def test_a_room_that_only_lays_out_exists_and_says_what(place: str):
    assert (ROOT / place).exists()
    assert LAY_OUT[place]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_number_that_decides_comes_from_a_room_that_only_lays_out(path: Path):
    taken = [
        f"{node.module}.{alias.name}"
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom)
        and node.module
        and lays_out(ROOT / f"{node.module.replace('.', '/')}.py")
        for alias in node.names
        if alias.name.isupper()
    ]
    assert taken == []


@pytest.mark.parametrize("room", ["pipeline/checks", "pipeline/washout", "pipeline/fcs", "gating/clone"])
def test_a_new_module_of_any_other_room_decides(room: str):
    assert not lays_out(ROOT / room / "new.py")


def test_a_number_without_a_sentence_or_without_a_source_is_found(tmp_path: Path):
    module = tmp_path / "module.py"
    text = "LIMIT = 3\nOTHER = 4\n'A sentence without its source.'\nTHIRD = 5\n'Three. Convention.'\n"
    module.write_text(text)
    assert [one.names for one in constants(module) if not SOURCE.search(one.sentence)] == ["LIMIT", "OTHER"]


def test_the_walk_sees_numbers_however_they_are_written(tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text(
        "A = 1\nB, C = -2.0, 1e-3\n'''Chosen on a page.'''\nD: Final = 2**10\nE = {'x': 1}\nF = (1, 'a')\n"
        "G = Signs(expected=7.6)\nWORD = 'x'\nNAMES = ('x', 'y')\nIS_SO = True\nlower = 5\n"
    )
    found = {constant.names: constant for constant in constants(module)}
    assert list(found) == ["A", "B, C", "D", "E", "F", "G"]
    assert found["B, C"].sentence == "Chosen on a page."
    assert found["B, C"].value == "-2.0, 1e-3"


def test_a_value_is_shown_as_the_source_writes_it_unless_it_is_too_long():
    assert shown("{\n    'a': 1_000,  # events\n    'b': 1e-3,\n}") == "`{'a': 1_000, 'b': 1e-3}`"
    assert shown("0.25") == "`0.25`"
    assert shown("(" + "1.0, " * LONGEST + ")") == "in the source"


def test_every_constant_has_one_row_with_its_whole_sentence():
    written = table()
    rows = [line for line in written.splitlines() if line.startswith("| `")]
    found = [constant for path in modules() for constant in constants(path)]
    assert len(rows) == len(found) > 400
    assert [c.names for c in found if " ".join(c.sentence.split()).replace("|", "\\|") not in written] == []
