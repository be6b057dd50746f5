"""The sources as Python reads them: each is parsed and walked once, however many tests look at it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a module, which nobody changes."""
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Return each module, class, function, import and call of a module, the outer ones first."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.ImportFrom, ast.Call)
    return tuple(node for node in ast.walk(tree_of(path)) if isinstance(node, kinds))
