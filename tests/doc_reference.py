"""The pages of docs/reference: every public name of `gating` and `calibration`, as its docstring explains it.

`python tests/doc_reference.py` (or `make reference`) writes them again.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import FunctionType, ModuleType

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
PACKAGES = ("gating", "calibration")
HEADING = re.compile(r"^(?P<title>[A-Z][A-Za-z ]+)\n-{3,}\n", re.MULTILINE)
LISTED = ("Parameters", "Attributes", "Returns", "Raises")
"""Sections of names, each with lines about it that are indented."""


def page_of(package: str) -> str:
    """Return the page of a package, in Markdown."""
    module = importlib.import_module(package)
    names = [f"[`{name}`](#{name.lower()})" for name in module.__all__]
    head = (
        f"# `{package}`\n\n{inspect.getdoc(module)}\n\n"
        f"`from {package} import …` gives these names. Other names inside the package may change at any time.\n\n"
        f"{' · '.join(names)}\n"
    )
    return head + "".join(f"\n{entry(name, getattr(module, name))}" for name in module.__all__)


def entry(name: str, thing: object) -> str:
    """Return what the page says of one name."""
    if inspect.isclass(thing):
        return f"## {name}\n\n{_class_entry(thing)}"
    if inspect.isfunction(thing):
        return f"## {name}\n\n{_function_entry(_source(thing))}"
    assert isinstance(thing, tuple), f"{name}: no rule for how the page shows it"
    rows = "".join(f"- `{one.name}` – {one.title}\n" for one in thing)
    return f"## {name}\n\nA tuple of `{type(thing[0]).__name__}`, by name:\n\n{rows}"


def _source(thing: type | FunctionType) -> ast.AST:
    """Return the syntax tree of a class or function; a number's name as a default is shown as the number."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
    shown: ast.AST = WithNumbers(sys.modules[thing.__module__]).visit(tree)
    return shown


class WithNumbers(ast.NodeTransformer):
    """Replaces the names of a module's numeric constants by their values: a reader has no use for the names."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = getattr(self.module, node.id, None) if node.id.isupper() else None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return ast.Constant(value) if is_number else node


def _class_entry(kind: type) -> str:
    said = docstring(inspect.cleandoc(kind.__doc__ or ""))
    if issubclass(kind, Enum):
        values = ", ".join(f"`{member.value}`" for member in kind)
        return f"{said}\nOne of {values}.\n"
    tree = _source(kind)
    assert isinstance(tree, ast.ClassDef)
    fields = [node for node in tree.body if isinstance(node, ast.AnnAssign) and _is_public(node.target)]
    shown = "".join(f"{ast.unparse(node)}\n" for node in fields)
    block = f"```python\n{shown}```\n\n" if shown and not issubclass(kind, Exception) else ""
    parent = kind.__base__
    base = f"A `{parent.__name__}`.\n\n" if parent and issubclass(kind, Exception) else ""
    return base + block + said + "".join(_methods(tree))


def _is_public(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and not target.id.startswith("_")


def _methods(tree: ast.ClassDef) -> Iterator[str]:
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        marks = {ast.unparse(mark) for mark in node.decorator_list}
        if "overload" in marks:
            continue
        if "property" in marks:
            returns = ast.unparse(node.returns) if node.returns else ""
            yield f"\n### {tree.name}.{node.name}\n\n`{returns}`: {docstring(ast.get_docstring(node) or '')}"
        else:
            yield f"\n### {tree.name}.{node.name}\n\n{_function_entry(node)}"


def _function_entry(node: ast.AST) -> str:
    assert isinstance(node, ast.FunctionDef)
    return f"```python\n{signature(node)}\n```\n\n{docstring(ast.get_docstring(node) or '')}"


def signature(node: ast.FunctionDef) -> str:
    """Return the call with a line per argument where it is long."""
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    arguments = ast.unparse(node.args).removeprefix("self").removeprefix(", ")
    line = f"{node.name}({arguments}){returns}"
    if len(line) <= 100:
        return line
    parts = "".join(f"    {part},\n" for part in _arguments(node.args))
    return f"{node.name}(\n{parts}){returns}"


def _arguments(listed: ast.arguments) -> Iterator[str]:
    plain = [*listed.posonlyargs, *listed.args]
    without = [None] * (len(plain) - len(listed.defaults))
    pairs = [*zip(plain, [*without, *listed.defaults], strict=True)]
    yield from (_argument(one, default) for one, default in pairs if one.arg != "self")
    if listed.kwonlyargs:
        yield "*"
    yield from (
        _argument(one, default) for one, default in zip(listed.kwonlyargs, listed.kw_defaults, strict=True)
    )


def _argument(one: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(one.annotation)}" if one.annotation else ""
    return f"{one.arg}{kind}{f' = {ast.unparse(default)}' if default is not None else ''}"


def docstring(text: str) -> str:
    """Return a numpydoc docstring as Markdown: sections of names become lists, examples code."""
    lead, *rest = HEADING.split(text)
    parts = [lead.strip()]
    for title, body in zip(rest[::2], rest[1::2], strict=True):
        if title == "Examples":
            parts.append(f"```python\n{body.strip()}\n```")
        elif title in LISTED:
            parts.append(f"**{title}**\n\n{_listed(body)}")
        else:
            parts.append(f"**{title}**\n\n{body.strip()}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _listed(body: str) -> str:
    """Return names and what is said of each as a list; text that is not indented comes below it."""
    items: list[tuple[str, list[str]]] = []
    after = ""
    for block in re.split(r"\n(?=\S)", body.strip("\n")):
        head, _, said = block.partition("\n")
        if items and not said.strip() and head.endswith("."):
            after = f"\n\n{head}"
        else:
            items.append((head, [line.strip() for line in said.splitlines() if line.strip()]))
    return "\n".join(f"- `{head}`{': ' + ' '.join(said) if said else ''}" for head, said in items) + after


def main() -> int:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for package in PACKAGES:
        (FOLDER / f"{package}.md").write_text(page_of(package), encoding="utf-8", newline="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
