"""Write docs/performance.md: `make bench` measures everything in one run; `--only SECTION …` some sections anew.

Each section returns its figures as data. They are kept in figures.json, and the page is written from them alone. Where
a section cannot be measured the page says so.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from performance import browser, cluster, guard, models, plan, runs, studies, tubes
from validation.markdown import paragraph

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FIGURES = HERE / "figures.json"
PAGE = ROOT / "docs" / "performance.md"
BUSY = 0.5
"""Share of the cores that others may use before the page says so."""
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its title, how its figures are measured, and its text.

    `measure` None: it is computed from the figures of the sections `of`.
    """

    title: str
    measure: Callable[[Path], Figures] | None
    text: Callable[[Figures], str]
    of: tuple[str, ...] = ()


SECTIONS: Mapping[str, Section] = {
    "guard": Section("What is guarded", guard.measure, guard.text, ("guard",)),
    "tubes": Section("One tube", tubes.measure, tubes.text, ("tubes",)),
    "runs": Section("A whole run", runs.measure, runs.text, ("runs",)),
    "cluster": Section("A cluster", cluster.measure, cluster.text, ("cluster",)),
    "models": Section("The models", models.measure, models.text, ("models",)),
    "browser": Section("A gate dragged in the browser", browser.measure, browser.text, ("browser",)),
    "plan": Section(plan.TITLE, None, plan.text, ("tubes", "runs", "cluster", "models")),
}
ORDER = ("tubes", "runs", "cluster", "browser", "models", "plan", "guard")
"""Of the page. The guard is measured first, while the machine is cool as in `.ci/run`."""


def measured(name: str, work: Path) -> Figures | str:
    """Return the figures of a section; words where it could not be measured, so that the others are."""
    measure = SECTIONS[name].measure
    if measure is None:
        return {}
    start = time.perf_counter()
    try:
        found = measure(work)
    except Exception as error:
        traceback.print_exc()
        return f"it ended with {type(error).__name__}"
    print(f"{name}: measured in {time.perf_counter() - start:.0f} s", flush=True)
    return found


def page(figures: Figures) -> str:
    """Return the page."""
    head = "# How fast it is\n\n" + paragraph(
        "Written by `make bench`, in one run on one computer of "
        f"{figures['cores']} cores. Seconds differ from computer to computer. The ratios compare tasks that took turns, and "
        "differ less."
    )
    if figures.get("load", 0.0) > BUSY * figures["cores"]:
        head += paragraph(
            f"**Other programs were running** ({figures['load']:.0f} processes waited for {figures['cores']} cores): "
            "all wall-clock times are too long. Run it again on a computer that does nothing else."
        )
    return head + "\n".join(_section(name, figures).rstrip("\n") + "\n" for name in ORDER)


def _section(name: str, figures: Figures) -> str:
    section = SECTIONS[name]
    missing = {one: figures.get(one, "no figure of it is kept yet") for one in section.of}
    why = [f"{one}: {said}" for one, said in missing.items() if isinstance(said, str)]
    if not why:
        return section.text(figures)
    return f"## {section.title}\n\n" + paragraph(f"Not measured: {'; '.join(why)}.")


def main() -> int:
    """Measure, and write what is known after each section; return how many could not be measured."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    reader.add_argument(
        "--most", type=int, default=studies.MOST, metavar="EVENTS", help="leave out larger tubes"
    )
    asked = reader.parse_args()
    names, studies.MOST = asked.only, asked.most
    figures: Figures = json.loads(FIGURES.read_text("utf-8")) if FIGURES.is_file() else {}
    n_failed, load = 0, os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    with tempfile.TemporaryDirectory(prefix="performance-") as folder:
        for name in names:
            found = measured(name, Path(folder))
            n_failed += isinstance(found, str)
            figures |= {name: found} if isinstance(found, str) else found
            _write({**figures, "cores": os.cpu_count(), "load": load})
    return n_failed


def _write(figures: Figures) -> None:
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if isinstance(figures.get("guard"), dict):
        guard.COMMITTED.write_text(json.dumps(figures["guard"], indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(figures), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
