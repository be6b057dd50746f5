"""BLAS and LAPACK round by the processor: this names every module that may call them, and why it is safe there."""

import ast
from functools import cache
from pathlib import Path

from helpers.syntax import tree_of

ROOT = Path(__file__).parents[1]
CALLS = {
    "dot",
    "vdot",
    "inner",
    "matmul",
    "tensordot",
    "convolve",
    "correlate",
    "cov",
    "corrcoef",
    "polyfit",
    "lstsq",
}
HIDDEN = {
    "curve_fit",
    "hermgauss",
    "least_squares",
    "leggauss",
    "lsq_linear",
    "minimize",
    "multivariate_normal",
    "nnls",
    "roots_hermite",
    "roots_legendre",
}
"""Functions of NumPy and SciPy, under any owner, that call BLAS or LAPACK inside."""
NEVER = {"argpartition"}
"""Which of equal values come first depends on the processor."""
MAY = {
    "gating/arithmetic/linear.py": "whole numbers: no sum is rounded",
    "gating/clusters/peaks.py": "whole multiples of the squared grid: no sum is rounded",
    "gating/thresholds/kernel_density.py": "whole numbers: no sum is rounded",
    "gating/clone/cell_kinds.py": "booleans",
    "gating/events/compensation.py": "a condition number, rounded to six digits",
    "pipeline/fcs/spillover.py": "a condition number, rounded to six digits",
    "calibration/beads/width_law.py": "a fit of three terms, rounded to ten digits",
    "calibration/curve/brighter_channel.py": "a fit of three terms, rounded to ten digits",
    "calibration/curve/fit.py": "a fit of three terms, rounded to ten digits",
    "pipeline/simulate/tubes/optics.py": "simulated light: the input, not a result",
    "pipeline/simulate/tubes/simulated_tube.py": "simulated light: the input, not a result",
    "pipeline/washout/ranks.py": "halves of whole numbers: no sum is rounded",
}


WHOLE_TIES = {"gating/clusters/ellipsoids.py"}
"""Modules that sort faster and keep equal values together."""


def sources() -> list[Path]:
    return [
        path for package in ("gating", "calibration", "pipeline") for path in (ROOT / package).rglob("*.py")
    ]


@cache
def found(path: Path) -> tuple[list[str], list[int]]:
    """Return what in a module BLAS may compute, and the lines of its unstable sorts; parsed once."""
    nodes = list(ast.walk(tree_of(path)))
    return uses(nodes), [node.lineno for node in nodes if isinstance(node, ast.Call) and is_unstable(node)]


def uses(nodes: list[ast.AST]) -> list[str]:
    """Return what in a module BLAS or LAPACK may compute, as `line: name`."""
    products = [f"{n.lineno}: @" for n in nodes if isinstance(n, ast.BinOp | ast.AugAssign) and is_product(n)]
    imports = [n for n in nodes if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("scipy")]
    hidden = [f"{n.lineno}: {one.name}" for n in imports for one in n.names if one.name in HIDDEN]
    attributes = [f"{n.lineno}: {n.attr}" for n in nodes if isinstance(n, ast.Attribute) and is_blas(n)]
    return products + hidden + attributes


def is_product(node: ast.BinOp | ast.AugAssign) -> bool:
    return isinstance(node.op, ast.MatMult)


def is_blas(node: ast.Attribute) -> bool:
    owner = ast.unparse(node.value) if isinstance(node.value, ast.Name | ast.Attribute) else ""
    if owner in ("np.linalg", "scipy.linalg", "linalg"):
        return node.attr != "LinAlgError"
    return (owner == "np" and node.attr in CALLS) or node.attr in HIDDEN


def test_a_module_uses_blas_only_where_that_is_safe():
    used = {path.relative_to(ROOT).as_posix(): found(path)[0] for path in sources()}
    assert {name: uses for name, uses in used.items() if uses and name not in MAY} == {}
    assert [name for name in MAY if not used[name]] == [], "no longer needed: take it off the list"


def is_unstable(call: ast.Call) -> bool:
    """Return whether equal values may come in any order: argsort without kind="stable", any argpartition."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in {"argsort", *NEVER}:
        return False
    kinds = [k.value.value for k in call.keywords if k.arg == "kind" and isinstance(k.value, ast.Constant)]
    return call.func.attr in NEVER or kinds != ["stable"]


def test_equal_values_are_never_sorted_by_the_processor():
    unstable = {path.relative_to(ROOT).as_posix() for path in sources() if found(path)[1]}
    assert unstable == set(WHOLE_TIES)
