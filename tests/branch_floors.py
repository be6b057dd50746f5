"""Which part of the branches of each package the tests take, and whether that is less than pyproject.toml wants.

`make coverage` runs it on the data that coverage.py has just written.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def floors() -> dict[str, float]:
    """Return the least percentage of branches of each package."""
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["cd38rd"]["branches"])


def branches_of(report: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Return how many branches of each package were taken and how many there are, from a JSON report."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for path, file in report["files"].items():
        summary, package = file["summary"], Path(path).parts[0]
        found[package][0] += summary["covered_branches"]
        found[package][1] += summary["num_branches"]
    return {package: (taken, n) for package, (taken, n) in sorted(found.items())}


def too_low(report: Mapping[str, Any], least: Mapping[str, float]) -> list[str]:
    """Return a sentence for each package below its floor, one that was not measured too."""
    found = branches_of(report)
    percent = {package: 100 * taken / n for package, (taken, n) in found.items() if n}
    return [
        f"{package}: {percent.get(package, 0.0):.1f} % of the branches, expected {floor:g} % at least"
        for package, floor in least.items()
        if percent.get(package, 0.0) < floor
    ]


def main() -> None:
    """Print the parts; leave with status 1 where one is too low."""
    report = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    for package, (taken, n) in branches_of(report).items():
        print(f"{package}: {100 * taken / max(n, 1):.1f} % of {n:,} branches")
    wrong = too_low(report, floors())
    print(*wrong, sep="\n", end="\n" if wrong else "")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
