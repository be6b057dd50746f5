"""The sources as Python reads them: each is parsed and walked once, however many tests look at it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a module, which nobody changes."""
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Return each module, class, function, import and call of a module, the outer ones first."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.ImportFrom, ast.Call)
    return tuple(node for node in ast.walk(tree_of(path)) if isinstance(node, kinds))


def faults_by_file(paths: Iterable[Path], faults: Callable[[Path], Iterable[Any]]) -> dict[str, list[Any]]:
    """Return what a rule finds, by file; a file without a fault is left out.

    One test looks at all files: hundreds of tests of a millisecond each would take longer than the rule.
    """
    every = {path.as_posix(): list(faults(path)) for path in paths}
    return {name: what for name, what in every.items() if what}
