"""Numbers that stand inside functions, defaults and fields: which of them only shape the code, and which decide."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.syntax import tree_of

PLAIN = {0, 1, 2, 0.5}
UNITS = {10, 60, 100, 1000, 1_000_000}
BITS = (ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor)
KEYWORDS = {"maxsize", "indent", "stacklevel", "seed", "axis", "ndmin"}
SHAPES = {"zeros", "empty", "ones", "reshape", "range", "eye"}


@dataclass(frozen=True, slots=True)
class Literal:
    line: int
    value: float
    text: str


def literals(path: Path) -> Iterator[Literal]:
    lines = path.read_text("utf-8").splitlines()
    for node, above in _walk(tree_of(path), ()):
        if _is_number(node) and _is_inside(above) and not _is_structural(node, above):
            yield Literal(node.lineno, node.value, lines[node.lineno - 1].strip())


def _walk(node, above):
    yield node, above
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, (node, *above))


def _is_number(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _is_inside(above):
    return any(isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.AsyncFunctionDef|ast.GeneratorExp|ast.ListComp|ast.DictComp) for n in above)


def _is_structural(node, above):
    value, parent = node.value, above[0]
    if abs(value) in PLAIN:
        return True
    inner = node
    for n in above:
        match n:
            case ast.JoinedStr():
                return True
            case ast.Subscript() if inner is n.slice:
                return True
            case ast.keyword() if n.arg in KEYWORDS:
                return True
            case ast.Call(func=ast.Name(id=name)|ast.Attribute(attr=name)) if name in SHAPES and inner in n.args and isinstance(value,int):
                return True
            case ast.stmt():
                break
        inner = n
    match parent:
        case ast.BinOp(op=ast.LShift() | ast.RShift() | ast.BitAnd() | ast.BitOr()):
            return True
        case ast.BinOp(op=ast.Pow()) if value==10:
            return True
        case ast.BinOp(op=ast.Mult() | ast.Div()| ast.FloorDiv()) if value in UNITS-{10}:
            return True
        case ast.BinOp(op=ast.Pow(), right=right) if right is node and value in (3,4):
            return True
    return False
