"""Contracts of folders that have none yet: their floors as the imports are now, written at the end of pyproject.toml.

A contract that is there stays as it is: where an import breaks it, a person decides which of both is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doc_rooms import ROOT, stories
from helpers.imports import PACKAGES, children_by_import, imports_of_all

FEWEST_CHILDREN = 3
"""Least number of modules and sub-folders of a folder that needs a contract: two have one order or none."""
LONGEST_LINE = 110


def children_of(folder: str) -> set[str]:
    """Return the modules and sub-folders of a folder, which has its dotted name."""
    place = ROOT / folder.replace(".", "/")
    modules = {path.stem for path in place.glob("*.py")} - {"__init__", "__main__"}
    return modules | {path.parent.name for path in place.glob("*/__init__.py")}


def folders_with_floors() -> Iterator[str]:
    """Yield each folder with enough children for a contract, by its dotted name."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("__init__.py")):
            name = ".".join(path.parent.relative_to(ROOT).parts)
            if len(children_of(name)) >= FEWEST_CHILDREN:
                yield name


def floors_of(siblings: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the floors, the highest first: each child lies just above the highest one that it imports."""
    heights: dict[str, int] = {}
    while len(heights) < len(siblings):
        ready = {name for name in siblings.keys() - heights.keys() if siblings[name] <= heights.keys()}
        if not ready:
            raise ValueError(
                f"a circle of imports among {', '.join(sorted(siblings.keys() - heights.keys()))}"
            )
        heights |= {name: 1 + max((heights[low] for low in siblings[name]), default=-1) for name in ready}
    top = max(heights.values(), default=-1)
    return [sorted(name for name, own in heights.items() if own == height) for height in range(top, -1, -1)]


def contract_of(folder: str) -> str:
    """Return the contract of a folder, with its floors as they are."""
    importing = children_by_import(folder, imports_of_all())
    siblings = {name: importing.get(name, set()) for name in children_of(folder)}
    floors = [f'"{" | ".join(floor)}"' for floor in floors_of(siblings)]
    line = f"layers = [{', '.join(floors)}]"
    layers = (
        line if len(line) <= LONGEST_LINE else "layers = [\n" + "".join(f"  {f},\n" for f in floors) + "]"
    )
    return (
        f'\n[[tool.importlinter.contracts]]\nname = "{folder}"\ntype = "layers"\ncontainers = ["{folder}"]\n'
        f"exhaustive = true\n{layers}\n"
    )


def main() -> None:
    """Add a contract for each folder that lacks one."""
    known = {story.package for story in stories()}
    project = ROOT / "pyproject.toml"
    added = "".join(contract_of(folder) for folder in folders_with_floors() if folder not in known)
    project.write_text(project.read_text("utf-8").rstrip("\n") + "\n" + added, "utf-8")


if __name__ == "__main__":
    main()
