"""Numbers inside functions, defaults and fields: those that only write code or a formula down, and those that decide.

A number that decides has a name, a sentence and a source in the table of docs/method.md (tests/doc_constants.py).
What may stand bare is listed here, with its reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers.syntax import tree_of

PLAIN = {0, 1, 2}
"""Nothing, one, a pair; a first index, an axis, a square, a whole."""
MEDIANS = {"quantile", "ranked", "interp", "log_quantiles", "_quantile", "first_reached"}
"""Calls of which ½ is the median."""
MEDIAN = {"share"}
"""Arguments that are ½, the median, unless the caller names another share."""
UNITS = {60, 100, 3600}
"""Factors and divisors: percent, and seconds or minutes."""
NAMED = {"seed", "axis", "maxsize", "indent", "stacklevel", "bar_width"}
"""Arguments that only steer the code."""
SHAPED = {"zeros", "empty", "ones", "eye", "standard_normal", "reshape", "lru_cache", "read"}
"""Calls whose whole numbers are sizes: of an array, a cache or a piece of a file."""
ROOMS: Mapping[str, set[float]] = {"pipeline/fcs/": {8, 16, 32, 64}}
"""FCS is a format of bits and bytes: 8 bits to a byte, and the widths of its integers and floats."""
OF_A_FORMULA: Mapping[str, tuple[set[float], str]] = {
    "calibration/beads/width_law.py:turn": ({4}, "root of a quadratic equation"),
    "calibration/density/analytic_error.py:_analytic_variances": ({3, 4}, "variance of a uniform law"),
    "calibration/distribution/cells.py:_percentile": ({100}, "all, in percent"),
    "calibration/distribution/cells.py:_share": ({100}, "all, in percent"),
    "gating/arithmetic/eigen.py:_rotate": ({4}, "root of a quadratic equation"),
    "gating/arithmetic/linear.py:exact_product": ({1.5}, "adding 1.5 steps of the mantissa rounds"),
    "gating/clusters/ellipsoids.py:farthest": ({9}, "Wilson and Hilferty's cube root"),
    "gating/clusters/neighbours.py:ascending": ({0xFFFFFFFF}, "a mask of 32 bits"),
    "gating/drawn/flowjo/ellipse.py:taken_out": ({4}, "FlowJo stores an ellipse by four points"),
    "gating/events/tickets.py:one_of_each": ({0xFFFFFFFF}, "a mask of 32 bits"),
    "gating/thresholds/kernel_density.py:n_per_peak": ({4}, "a normal kernel's square"),
    "gating/thresholds/two_normals.py:crossing_of": ({0.5}, "half of the events each"),
    "pipeline/assay/statistics/agreement.py:_deming": ({4}, "root of a quadratic equation"),
    "pipeline/assay/statistics/limits.py:_factor": ({4}, "bias of an SD, CLSI EP17-A2"),
    "pipeline/assay/statistics/stability.py:stability": ({24}, "hours of a day"),
    "pipeline/checks/bead_age.py:hours_between": ({24}, "hours of a day"),
    "pipeline/deid/fcs_copy.py:_whole": ({8}, "an offset in HEADER has eight digits"),
    "pipeline/fcs/acquisition.py:_day": ({4}, "a year has four digits"),
    "pipeline/fcs/acquisition.py:_day_of": ({3}, "a date has three parts"),
    "pipeline/fcs/acquisition.py:_numeric_date": ({4, 12}, "a year has four digits and twelve months"),
    "pipeline/fcs/acquisition.py:_year": ({1900, 2000}, "the two centuries"),
    "pipeline/fcs/acquisition.py:parse_time": (
        {3, 6, 12, 23, 59, 60, 1000, 2000},
        "a clock, and the parts of a second in FCS",
    ),
    "pipeline/fcs/layout/layout.py:byte_positions": ({3, 4, 7}, "ranks of four bytes and their sums"),
    "pipeline/fcs/layout/offsets.py:_length_misfit": ({3, 4}, "ranks of its own"),
    "pipeline/fcs/spillover.py:_checked": ({100}, "all, in percent"),
    "pipeline/fcs/text/header.py:parse_header": ({4, 6, 10}, "positions in HEADER"),
    "pipeline/fcs/text/header.py:parse_other_segments": ({7}, "positions in HEADER"),
    "pipeline/fcs/text/segments.py:_foreign_delimiter": ({3, 4}, "a character of UTF-8 has up to four bytes"),
    "pipeline/fcs/values/blocks.py:_packed": ({4}, "bytes of half a word"),
    "pipeline/fcs/values/blocks.py:_words": ({4}, "bytes of a word"),
    "pipeline/fcs/values/data.py:_stored_dtype": ({4}, "bytes of a word"),
    "pipeline/patients/pharmacokinetics/decline.py:labelled_curve": ({24}, "hours of a day"),
    "pipeline/patients/pharmacokinetics/exponential_step.py:_mean_of_input": ({6}, "a Taylor series"),
    "pipeline/patients/pharmacokinetics/exponential_step.py:_weights": ({6}, "a Taylor series"),
    "pipeline/patients/pharmacokinetics/exponential_step.py:step": ({6}, "a Taylor series"),
    "pipeline/patients/pharmacokinetics/parameters.py:drawn_patients": ({3}, "weight, albumin and sex"),
    "pipeline/quantification/sentinels.py:upper_share": ({4}, "Wilson's interval"),
    "pipeline/response/statements.py:_days": ({12}, "months of a year"),
    "pipeline/response/statements.py:_percent_fault": ({100}, "all, in percent"),
    "pipeline/response/statistics/cox.py:penalised": ({3}, "three powers"),
    "pipeline/response/statistics/cuts/roc.py:pair_wins": ({0.5}, "a tie counts half"),
    "pipeline/response/statistics/cuts/roc.py:wilson": ({4}, "Wilson's interval"),
    "pipeline/response/statistics/exact_odds.py:_root": ({4}, "least tolerance of scipy's `brentq`"),
    "pipeline/response/statistics/rank_link.py:_normal_p": ({4}, "variance of Kendall's statistic"),
    "pipeline/study/cells/dates.py:_date_hint": ({12, 30, 1899}, "day 0 of Excel"),
    "pipeline/study/cells/times.py:as_time": ({60}, "minutes of an hour"),
    "pipeline/study/drugs/amounts.py:_flat_doubt": ({1000}, "milligrams of a gram"),
    "pipeline/study/sheets/tables/grid.py:column_letter": ({26}, "letters from A to Z"),
    "pipeline/study/sheets/tables/grid.py:column_number": ({26}, "letters from A to Z"),
    "pipeline/study/wording.py:age_words": ({60}, "minutes of an hour"),
    "pipeline/template/settings_sheets.py:add_all_settings": (
        {11, 24, 32, 110},
        "type and widths of columns",
    ),
    "pipeline/washout/censored/bootstrap.py:bca_interval": ({1.5, 6}, "Efron's acceleration"),
    "pipeline/washout/line/quadrature.py:_polynomials": ({4}, "the first Hermite function"),
    "pipeline/washout/line/tobit.py:n_parameters": ({3}, "intercept, slope and sigma"),
    "pipeline/washout/ranks.py:weighted_kendall": ({3}, "three arrays"),
    "pipeline/washout/recovery/summits.py:_derivatives": ({4}, "a mixed difference"),
    "pipeline/washout/recovery/summits.py:_settled": ({3, 4}, "Richardson's extrapolation"),
    "pipeline/washout/recovery/surface.py:log_likelihood": ({8}, "arrays held at once"),
    "pipeline/washout/within/slopes.py:_errors_of_slopes": ({4}, "a mixed difference"),
    "pipeline/washout/within/slopes.py:_fitted": ({4}, "parameters beside the line's"),
    "pipeline/washout/within/two_visits.py:_corner": ({0.5}, "half of a probability"),
}
"""module:function → numbers of a formula or a format that is written out there, and of which."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A bare number: its line, the function or class it stands in, its value, and the line's text."""

    line: int
    owner: str
    value: float
    text: str


def unnamed(path: Path, name: str) -> list[Literal]:
    """Return the numbers of a module that decide and are bare; `name` is its path from the project's folder on."""
    return [
        literal
        for literal in literals(path, name)
        if literal.value not in OF_A_FORMULA.get(f"{name}:{literal.owner}", (set(), ""))[0]
    ]


def literals(path: Path, name: str) -> Iterator[Literal]:
    """Yield each number inside a function or class of a module but those that only write the code down."""
    lines = path.read_text("utf-8").splitlines()
    for node, above in _walk(tree_of(path), ()):
        owner, value = _owner(above), _number(node)
        if not owner or value is None or not isinstance(node, ast.expr):
            continue
        if not _has_a_reason(value, node, above, name):
            yield Literal(node.lineno, owner, value, lines[node.lineno - 1].strip())


def _walk(node: ast.AST, above: tuple[ast.AST, ...]) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Yield each node with the nodes around it, the innermost first."""
    yield node, above
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, (node, *above))


def _owner(above: tuple[ast.AST, ...]) -> str:
    """Return the innermost named function or class around a node; "" at the top, where constants stand."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return next((node.name for node in above if isinstance(node, kinds)), "")


def _number(node: ast.AST) -> float | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _has_a_reason(value: float, node: ast.AST, above: tuple[ast.AST, ...], name: str) -> bool:
    return (
        value in PLAIN
        or any(value in numbers for room, numbers in ROOMS.items() if name.startswith(room))
        or (value == 0.5 and _is_half(node, above))
        or _is_unit(value, above[0])
        or any(_steers(value, inner, outer) for inner, outer in zip((node, *above), above, strict=False))
    )


def _is_half(node: ast.AST, above: tuple[ast.AST, ...]) -> bool:
    """Whether ½ halves something, is a root, half a step, an even chance, or the median."""
    around = next(outer for outer in above if not isinstance(outer, ast.Tuple))
    match around:
        case ast.BinOp() | ast.Compare() | ast.UnaryOp():
            return True
        case ast.Call(func=ast.Name(called) | ast.Attribute(attr=called)):
            return called in MEDIANS
        case ast.AnnAssign(target=ast.Name(named)):
            return named in MEDIAN
        case ast.arguments() as around:
            return _named_argument(node, around) in MEDIAN
        case _:
            return False


def _named_argument(default: ast.AST, arguments: ast.arguments) -> str:
    """Return the name of the argument that has this default."""
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return next((argument.arg for argument, value in pairs if value is default), "")


def _is_unit(value: float, around: ast.AST) -> bool:
    """Whether a number changes the unit: percent, seconds and minutes as factors, ten of a logarithm."""
    match around:
        case ast.BinOp(op=ast.Mult() | ast.Div() | ast.FloorDiv()):
            return value in UNITS
        case (
            ast.BinOp(op=ast.Pow(), left=ast.Constant())
            | ast.Call(func=ast.Name("log") | ast.Attribute(attr="log"))
        ):
            return value == 10
        case _:
            return False


def _steers(value: float, inner: ast.AST, outer: ast.AST) -> bool:
    """Whether a number is an index, a size, a power, a bit, a part of a text or of a type."""
    match outer:
        case ast.JoinedStr():
            return True
        case ast.Subscript():
            return inner is outer.slice
        case ast.keyword():
            return outer.arg in NAMED
        case ast.BinOp(op=ast.LShift() | ast.RShift()):
            return inner is outer.right
        case ast.BinOp(op=ast.Pow()):
            return inner is outer.right and value in {3, 4}
        case ast.Call(func=ast.Name(called) | ast.Attribute(attr=called)):
            return called in SHAPED and isinstance(value, int) and inner is not outer.func
        case _:
            return False
