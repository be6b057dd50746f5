"""Every number that decides has a sentence and a source beside it: a string right after the constant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("gating",)
"""Packages whose constants all have their sentence; others join when theirs have."""
SOURCE = re.compile(
    r"doi:|docs/|IEEE\s754|\b[Cc]onvention\b|\bVendor\b|libm|\b[Cc]hosen\son\b|\b[Ff]itted\son\b", re.DOTALL
)
"""Words by which a sentence names where the number comes from."""


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def constants(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the names of each numeric constant of a module, and the string after it, or an empty one."""
    body = ast.parse(path.read_text("utf-8")).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        names = [name for target in targets(node) for name in names_of(target)]
        if names and all(name.strip("_").isupper() for name in names) and has_number(node.value):
            yield ", ".join(names), said(following)


def targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) and node.value is not None else []


def names_of(target: ast.expr) -> list[str]:
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return [part.id for part in parts if isinstance(part, ast.Name)]


def has_number(value: ast.expr) -> bool:
    """Return whether a value is a number, or made of any: a sum, a tuple, a mapping's values, a call's arguments."""
    match value:
        case ast.Constant():
            return isinstance(value.value, int | float) and not isinstance(value.value, bool)
        case ast.UnaryOp():
            parts = [value.operand]
        case ast.BinOp():
            parts = [value.left, value.right]
        case ast.Tuple() | ast.List() | ast.Set():
            parts = value.elts
        case ast.Dict():
            parts = value.values
        case ast.Call():
            parts = [*value.args, *(keyword.value for keyword in value.keywords)]
        case _:
            parts = []
    return any(map(has_number, parts))


def said(node: ast.stmt | None) -> str:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return node.value.value if is_text and isinstance(node.value.value, str) else ""


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_constant_has_a_sentence_and_a_source(path: Path):
    silent = [names for names, sentence in constants(path) if not SOURCE.search(sentence)]
    assert silent == []


def test_the_walk_sees_numbers_however_they_are_written(tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text(
        "A = 1\nB, C = -2.0, 1e-3\n'''Chosen on a page.'''\nD: Final = 2**10\nE = {'x': 1}\nF = (1, 'a')\n"
        "G = Signs(expected=7.6)\nWORD = 'x'\nNAMES = ('x', 'y')\nIS_SO = True\nlower = 5\n"
    )
    found = dict(constants(module))
    assert list(found) == ["A", "B, C", "D", "E", "F", "G"]
    assert found["B, C"] == "Chosen on a page."
