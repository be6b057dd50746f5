"""The imports between the modules of the program, as their sources say."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from doc_rooms import ROOT
from helpers.syntax import nodes_of

PACKAGES = ("gating", "calibration", "pipeline")


def module_paths() -> dict[str, Path]:
    """Return every module of the packages by its full name; a folder's `__init__` has the folder's name."""
    paths = {}
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        parts = path.relative_to(ROOT).with_suffix("").parts
        paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return paths


def imports_of(path: Path, modules: Collection[str]) -> set[str]:
    """Return the modules and folders that a module imports, late and for types too."""
    taken: set[str] = set()
    for node in nodes_of(path):
        source = node.module if isinstance(node, ast.ImportFrom) else None
        if not isinstance(node, ast.ImportFrom) or not source:
            continue
        full = {f"{source}.{part.name}" for part in node.names}
        whole = {name if name in modules else source for name in full}
        taken |= {name for name in whole if name in modules}
    return taken


def children_by_import(folder: str, imports: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return for each module and sub-folder of a folder its siblings of which it imports something."""

    def child(name: str) -> str:
        return name.removeprefix(f"{folder}.").partition(".")[0]

    inside = {
        name: {other for other in taken if other.startswith(f"{folder}.")} for name, taken in imports.items()
    }
    siblings: dict[str, set[str]] = {}
    for name, taken in inside.items():
        if name.startswith(f"{folder}."):
            siblings.setdefault(child(name), set()).update({child(other) for other in taken} - {child(name)})
    return siblings


@cache
def imports_of_all() -> dict[str, set[str]]:
    paths = module_paths()
    return {name: imports_of(path, paths.keys()) for name, path in paths.items()}
