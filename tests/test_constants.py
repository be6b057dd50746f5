"""Every number that decides has a sentence and a source beside it: a string right after the constant."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from doc_constants import LAY_OUT, LONGEST, PACKAGES, ROOT, SOURCE, constants, lays_out, modules, shown, table
from doc_literals import OF_A_FORMULA, literals, unnamed
from helpers.syntax import faults_by_file, nodes_of, tree_of


def test_each_constant_has_a_sentence_and_a_source():
    def silent(path: Path) -> list[str]:
        return [constant.names for constant in constants(path) if not SOURCE.search(constant.sentence)]

    assert faults_by_file(modules(), silent) == {}


def test_a_convention_says_why():
    """A number is not sourced by the word alone."""

    def bare_conventions(path: Path) -> list[str]:
        return [c.names for c in constants(path) if re.search(r"\b[Cc]onvention\s*([.)]|$)", c.sentence)]

    assert faults_by_file(modules(), bare_conventions) == {}


@pytest.mark.parametrize("place", LAY_OUT)
def test_a_room_that_only_lays_out_exists_and_says_what(place: str):
    assert (ROOT / place).exists()
    assert LAY_OUT[place]


def test_no_number_that_decides_comes_from_a_room_that_only_lays_out():
    def taken(path: Path) -> list[str]:
        return [
            f"{node.module}.{alias.name}"
            for node in nodes_of(path)
            if isinstance(node, ast.ImportFrom)
            and node.module
            and lays_out(ROOT / f"{node.module.replace('.', '/')}.py")
            for alias in node.names
            if alias.name.isupper()
        ]

    assert faults_by_file(modules(), taken) == {}


@pytest.mark.parametrize(
    "room",
    ["pipeline/checks", "pipeline/washout", "pipeline/fcs", "gating/clone", "pipeline/output/report/models"],
)
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


def bare(path: Path, name: str | None = None) -> list[str]:
    """Return the numbers inside functions of a module that have neither a name nor a reason."""
    found = unnamed(path, name or path.relative_to(ROOT).as_posix())
    return [f"line {literal.line}, {literal.owner}: {literal.value:g} in {literal.text}" for literal in found]


def test_a_number_inside_a_function_that_decides_has_a_name():
    assert faults_by_file(modules(), bare) == {}


@pytest.mark.parametrize(
    "line",
    ["return 1.4826 * x", "return x > 0.7", "return max(x, 1e-9)", "return x // 8", "return 100 + x", "return 3 if x else 4",
     "return clip(x, -0.2, 1.0)", "return [y for y in x if y > 5]", "return lambda y: 6 * y", "return x(level=0.9)",
     "return x(0.5)", "for _ in range(7): pass", "return x << 3 if x < 9 else 0"],
)  # fmt: skip
def test_a_bare_number_in_a_function_is_found(line: str, tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text(f"def of(x):\n    {line}\n")
    assert bare(module, "gating/module.py") != []


@pytest.mark.parametrize(
    "text",
    ["def of(x, level=0.95): ...", "def of(x, *, most=30): ...", "class Of:\n    limit: float = 4.0",
     "class Of:\n    def of(self, share=0.3): ..."],
)  # fmt: skip
def test_a_bare_default_of_an_argument_or_a_field_is_found(text: str, tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text(f"{text}\n")
    assert len(bare(module, "gating/module.py")) == 1


@pytest.mark.parametrize(
    "line",
    ["return x[3]", "return x[:, 4:7]", "return 100 * x", "return x / 60", "return 10.0**x", "return log(10)", "return x**3",
     "return zeros((3, x))", "return 0.5 * x", "return x >> 15", "return quantile(x, 0.5)", "return f'{x:.3g} of {5}'"],
)  # fmt: skip
def test_a_number_that_only_writes_the_code_down_may_stand_bare(line: str, tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text(f"def of(x):\n    {line}\n")
    assert bare(module, "gating/module.py") == []


def test_every_number_of_a_formula_is_still_there():
    """A reason without its number would let another number in."""
    allowed = {(where, value) for where, (numbers, _) in OF_A_FORMULA.items() for value in numbers}
    names = {path.relative_to(ROOT).as_posix(): path for path in modules()}
    there = {
        (f"{name}:{one.owner}", one.value) for name, path in names.items() for one in literals(path, name)
    }
    assert allowed - there == set()
    assert all(why for _, why in OF_A_FORMULA.values())


def test_each_number_that_is_written_as_a_series_or_a_repeated_tuple_is_a_constant(tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text("A = tuple(1 / n for n in (3, 4))\nB = (*(7,) * 8, 1)\n")
    assert [constant.names for constant in constants(module)] == ["A", "B"]


def test_the_p_from_which_the_report_states_an_association_stands_in_the_table_once():
    rows = [line for line in table().splitlines() if line.startswith("| `")]
    assert len([row for row in rows if "| `LIKELY_P` | `0.05` |" in row]) == 1
    assert any("| `LONGEST_WEEKS` | `520.0` |" in row for row in rows)


OF_STATISTICS = (ROOT / "calibration" / "numbers.py", ROOT / "gating" / "arithmetic" / "numbers.py")
"""Where the numbers of statistics stand that several modules share: the two packages do not import each other."""


def long_numbers(path: Path) -> set[float]:
    """Return the numbers of a module with four decimals or more: nobody writes these twice by chance."""
    return {
        node.value
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
        if len(repr(node.value).partition(".")[2]) > 3
    }


def test_a_number_of_statistics_is_not_written_again():
    shared = set().union(*map(long_numbers, OF_STATISTICS))
    assert 1.959964 in shared
    written_again = {
        path.relative_to(ROOT).as_posix(): numbers
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path not in OF_STATISTICS and (numbers := long_numbers(path) & shared)
    }
    assert written_again == {}
