"""Write docs/performance.md: `make bench` measures everything in one run; `--only SECTION …` some sections anew.

Each section returns its figures as data. They are kept in figures.json, and the page is written from them alone. Where
a section cannot be measured the page says so.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from performance import browser, cluster, guard, models, plan, runs, tubes
from validation.markdown import paragraph

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FIGURES = HERE / "figures.json"
PAGE = ROOT / "docs" / "performance.md"
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: how its figures are measured (None: computed from those of others), and its text."""

    measure: Callable[[Path], Figures] | None
    text: Callable[[Figures], str]


SECTIONS: Mapping[str, Section] = {
    "guard": Section(guard.measure, guard.text),
    "tubes": Section(tubes.measure, tubes.text),
    "runs": Section(runs.measure, runs.text),
    "cluster": Section(cluster.measure, cluster.text),
    "models": Section(models.measure, models.text),
    "browser": Section(browser.measure, browser.text),
    "plan": Section(None, plan.text),
}
ORDER = ("tubes", "runs", "cluster", "browser", "models", "plan", "guard")
"""Of the page. The guard is measured first, while the machine is cool as in `.ci/run`."""


def measured(names: list[str], figures: Figures) -> Figures:
    """Return the figures with those of some sections measured anew."""
    with tempfile.TemporaryDirectory(prefix="performance-") as folder:
        for name in names:
            measure = SECTIONS[name].measure
            if measure is None:
                continue
            start = time.perf_counter()
            figures = {**figures, **measure(Path(folder))}
            print(f"{name}: measured in {time.perf_counter() - start:.0f} s", flush=True)
    return {**figures, "cores": os.cpu_count()}


def page(figures: Figures) -> str:
    """Return the page."""
    head = "# How fast it is\n\n" + paragraph(
        "Written by `make bench`, in one run on one computer of "
        f"{figures['cores']} cores. Seconds differ from computer to computer; the ratios, of works that took turns, "
        "differ less."
    )
    return head + "\n".join(SECTIONS[name].text(figures).rstrip("\n") + "\n" for name in ORDER)


def main() -> None:
    """Measure and write."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    names = reader.parse_args().only
    before = json.loads(FIGURES.read_text("utf-8")) if FIGURES.is_file() else {}
    figures = measured(names, before)
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if "guard" in names:
        guard.COMMITTED.write_text(json.dumps(figures["guard"], indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
