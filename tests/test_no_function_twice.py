"""What two modules need stands in one of them, or below both: no function is written twice under two names."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy

import pytest

from doc_constants import PACKAGES, ROOT
from helpers.syntax import tree_of


class _Renamed(ast.NodeTransformer):
    """Calls the variables of a function by their order, and drops its annotations."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self._names: dict[str, str] = {}
        self._own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)} | {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }

    def _number(self, name: str) -> str:
        return self._names.setdefault(name, f"v{len(self._names)}")

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._number(node.id), node.ctx) if node.id in self._own else node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self._number(node.arg))


def shape(function: ast.FunctionDef) -> str:
    """Return what a function does, whatever its name, its docstring, its types and its variables are called."""
    copy = deepcopy(function)
    first = copy.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    renamed = _Renamed(copy)
    arguments, body = renamed.visit(copy.args), copy.body[has_docstring:]
    return "|".join(ast.dump(node) for node in (arguments, *map(renamed.visit, body)))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Yield the functions of a module that stand outside of classes and of other functions."""
    yield from (node for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.slow
def test_no_two_modules_write_the_same_function():
    places = defaultdict(list)
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        for function in functions(tree_of(path)):
            places[shape(function)].append(f"{path.relative_to(ROOT).as_posix()}: {function.name}")
    twice = [names for names in places.values() if len(names) > 1]
    assert twice == []


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ('def _b(x: str) -> str:\n    "Words."\n    return x[:1].upper() + x[1:]', True),
        ("def _b(x):\n    return x[:2].upper() + x[1:]", False),
        ("def _b(x, y=1):\n    return x[:1].upper() + x[1:]", False),
    ],
)
def test_functions_are_the_same_whatever_their_words(other: str, same: bool):
    first = ast.parse("def a(text):\n    return text[:1].upper() + text[1:]")
    shapes = [shape(function) for tree in (first, ast.parse(other)) for function in functions(tree)]
    assert (shapes[0] == shapes[1]) is same
