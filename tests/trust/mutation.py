"""Changes of one place in a module: a comparison, a number, a sign, a condition, an early end."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType

_COMPARED: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COMPUTED: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
_SIGNS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in", ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.Pow: "**", ast.And: "and", ast.Or: "or",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutation:
    """A change that can be made at a place of a module."""

    line: int
    words: str
    node: ast.AST
    apply: Callable[[], None]


def mutations(tree: ast.Module) -> list[Mutation]:
    """Return every change of a module, in the order of its source; types and docstrings have none."""
    found = [one for node in _code(tree) for one in _of(node)]
    return sorted(found, key=lambda one: (one.line, one.words))


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that are run, without annotations."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params", "format_spec"):
            continue
        for below in value if isinstance(value, list) else [value]:
            if isinstance(below, ast.AST):
                yield from _code(below)


def _of(node: ast.AST) -> Iterator[Mutation]:
    if isinstance(node, ast.Compare):
        for k, op in enumerate(node.ops):
            other = _COMPARED[type(op)]
            yield Mutation(
                node.lineno, _swapped(op, other), node, lambda k=k, other=other: _put(node.ops, k, other())
            )
    elif (
        isinstance(node, ast.BinOp)
        and type(node.op) in _COMPUTED
        and not isinstance(node.left, ast.JoinedStr)
    ):
        other = _COMPUTED[type(node.op)]
        yield Mutation(node.lineno, _swapped(node.op, other), node, lambda: setattr(node, "op", other()))
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield Mutation(node.lineno, _swapped(node.op, other), node, lambda: setattr(node, "op", other()))
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
        value = (
            not node.value
            if type(node.value) is bool
            else node.value + 1
            if node.value in (0, 1)
            else node.value * 2
        )
        yield Mutation(
            node.lineno, f"{node.value!r} is {value!r}", node, lambda: setattr(node, "value", value)
        )
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield Mutation(node.lineno, "not is dropped", node, lambda: _is_true(node))
    elif isinstance(node, ast.If | ast.IfExp):
        yield Mutation(node.test.lineno, "the condition is turned over", node, lambda: _turn_over(node))


def _swapped(op: ast.AST, other: type) -> str:
    return f"{_SIGNS[type(op)]} is {_SIGNS[other]}"


def _put(ops: list, k: int, op: ast.AST) -> None:
    ops[k] = op


def _is_true(node: ast.UnaryOp) -> None:
    """Make `not x` into `bool(x)` written as `not not x`."""
    node.operand = ast.UnaryOp(ast.Not(), node.operand)


def _turn_over(node: ast.If | ast.IfExp) -> None:
    node.test = ast.UnaryOp(ast.Not(), node.test)


def mutated_code(source: str, path: str, number: int) -> tuple[Mutation, CodeType]:
    """Return one of the changes of a module, and its code with it."""
    tree = ast.parse(source)
    change = mutations(tree)[number]
    change.apply()
    return change, compile(ast.fix_missing_locations(tree), path, "exec")
