"""The constants that decide, read from the source, and the table of them in docs/method.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gating", "calibration", "pipeline")
"""Packages whose constants have their sentences."""
LAY_OUT: Mapping[str, str] = {
    "pipeline/output": "tables, pictures and pages: widths, colours, points, how much is shown",
    "pipeline/commands": "lines that are printed",
    "pipeline/page": "the page in the browser: how much is shown, how long is waited",
    "pipeline/template/workbook.py": "the sheets of `cd38rd init`",
    "pipeline/tube/histograms.py": "pictures of events",
    "pipeline/simulate": "studies that are made up; their truth is written beside them",
}
"""Rooms and modules whose numbers decide no result, flag, warning or refusal: what they lay out instead."""
DECIDE_IN_THEM = ("pipeline/output/report/models",)
"""Rooms within these whose numbers decide all the same: what the report states of the models."""
SOURCE = re.compile(
    r"doi:|docs/|IEEE\s754|CLSI|\b[Cc]onvention\b|\bArithmetic\b|\bVendor\b|libm"
    r"|\b[Cc]hosen\son\b|\b[Ff]itted\son\b|\bStandard:|\bNCT\d{8}\b",
    re.DOTALL,
)
"""Words by which a sentence names where the number comes from. Arithmetic: it follows from a formula."""
LONGEST = 260
"""Characters of a value that a row shows; a longer one, such as all bead kits, is read in the source."""


def modules() -> list[Path]:
    """Return the modules whose numbers decide."""
    every = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in every if not lays_out(path)]


def lays_out(path: Path) -> bool:
    """Tell whether a module's numbers only lay out what people see."""
    name = path.relative_to(ROOT).as_posix()

    def stands_in(places: Iterable[str]) -> bool:
        return any(name == place or name.startswith(f"{place}/") for place in places)

    return stands_in(LAY_OUT) and not stands_in(DECIDE_IN_THEM)


@dataclass(frozen=True, slots=True)
class Constant:
    """The names of one assignment, its value as the source writes it, and the string after it, or an empty one."""

    names: str
    value: str
    sentence: str


@cache
def constants(path: Path) -> tuple[Constant, ...]:
    """Return each numeric constant of a module, in its order; a module is read once."""
    return tuple(_constants_in(path.read_text("utf-8")))


def _constants_in(source: str) -> Iterator[Constant]:
    body, lines = ast.parse(source).body, source.encode().splitlines(keepends=True)
    for node, following in zip(body, [*body[1:], None], strict=True):
        names = [name for target in targets(node) for name in names_of(target)]
        value = value_of(node)
        if names and value and all(name.strip("_").isupper() for name in names) and has_number(value):
            yield Constant(", ".join(names), _written(lines, value), said(following))


def _written(lines: Sequence[bytes], value: ast.expr) -> str:
    """Return a value as the source writes it: `ast.get_source_segment` would part the source for each."""
    first, last = value.lineno - 1, (value.end_lineno or value.lineno) - 1
    ending = b"".join(lines[first:last]) + lines[last][: value.end_col_offset]
    return ending[value.col_offset :].decode()


def targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) and node.value is not None else []


def value_of(node: ast.stmt) -> ast.expr | None:
    return node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None


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
        case ast.Starred():
            parts = [value.value]
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
            parts = [value.elt, *(loop.iter for loop in value.generators)]
        case ast.Call():
            parts = [*value.args, *(keyword.value for keyword in value.keywords)]
        case _:
            parts = []
    return any(map(has_number, parts))


def said(node: ast.stmt | None) -> str:
    value = node.value if isinstance(node, ast.Expr) else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def table() -> str:
    """Return every constant that decides: a heading per room, then its modules with value and sentence."""
    lines = []
    for room, paths in groupby(modules(), key=lambda path: path.parent):
        rows = [row_of(path, constant) for path in paths for constant in constants(path)]
        if rows:
            name = room.relative_to(ROOT).as_posix()
            head = [f"### {name}", "", "| module | name | value | what it is, and its source |"]
            lines += ["", *head, "| --- | --- | --- | --- |", *rows]
    return "\n".join([*lines, "", ""])


def row_of(path: Path, constant: Constant) -> str:
    names = ", ".join(f"`{name}`" for name in constant.names.split(", "))
    cells = (f"`{path.name}`", names, shown(constant.value), " ".join(constant.sentence.split()))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def shown(value: str) -> str:
    """Return a value on one line as the source writes it, or that it is too long to stand in a table."""
    line = " ".join(re.sub(r"#.*", "", value).split())
    line = re.sub(r",? ([)\]}])", r"\1", re.sub(r"([(\[{]) ", r"\1", line))
    return f"`{line}`" if len(line) <= LONGEST else "in the source"
