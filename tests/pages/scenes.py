"""Folders in which the steps of a page begin."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRST_STUDY = ROOT / "docs" / "first-study.md"


def lay_out(scene: str, folder: Path) -> None:
    """Make a folder as a scene has it."""
    folder.mkdir(parents=True)
    SCENES[scene](folder)


def _nothing(_folder: Path) -> None:
    """A new, empty folder."""


def _samples(folder: Path) -> None:
    """The folder of the program, with its sample studies."""
    samples = ROOT / "fcs_samples"
    shutil.copytree(samples, folder / "fcs_samples", ignore=shutil.ignore_patterns("results"))


def _demo_as_mine(folder: Path) -> None:
    """The demo, called my_study."""
    shutil.copytree(
        ROOT / "fcs_samples" / "demo", folder / "my_study", ignore=shutil.ignore_patterns("results")
    )


def _after_the_first_study(folder: Path) -> None:
    """What a reader has at the end of docs/first-study.md."""
    shutil.copytree(_first_study(), folder, dirs_exist_ok=True)


def _demo_run(folder: Path) -> None:
    """The folder of the program after `make demo`."""
    shutil.copytree(_demo(), folder, dirs_exist_ok=True)


def _drawn_in_flowjo(folder: Path) -> None:
    """The first study, and a FlowJo workspace in which a person drew the plasma cells of P04_BM1."""
    from helpers.workspaces import matrix, population, rectangle, sample, workspace
    from pipeline.fcs import read_fcs

    _after_the_first_study(folder)
    tube = folder / "my_study" / "fcs" / "2024-02-05" / "P04_BM1.fcs"
    spillover = read_fcs(tube, channels=()).spillover
    assert spillover is not None
    cells = rectangle({"Comp-BV421-A": {"min": 1500.0}, "Comp-V500-C-A": {"max": 60000.0}})
    alive = rectangle({"Comp-APC-H7-A": {"max": 600.0}, "FSC-A": {"min": 22000.0}})
    drawn = sample(
        population("Live", alive, population("Plasma cells", cells)),
        shown=tube.name,
        uri=f"file:/C:/lab/{tube.name}",
        axes=matrix(spillover.channels, spillover.values),
    )
    (folder / "my_study" / "marrow.wsp").write_bytes(workspace(drawn))


def _rainbow_days(folder: Path) -> None:
    """Eight patients; the second day has rainbow beads alone. Typed is all but the sheet beads."""
    from pages.walk import type_into
    from pipeline.simulate import simulate_study
    from pipeline.template import write_template
    from validation.rainbow_beads import rainbow_beside

    simulated = simulate_study(folder / "practice", patients=8, events=10_000, seed=3)
    study = folder / "my_study"
    shutil.copytree(simulated / "fcs", study / "fcs")
    shutil.rmtree(folder / "practice")
    first, second = (study / "fcs" / day for day in ("2024-02-05", "2024-02-19"))
    counting, forgotten = first / "QB_2024-02-05.fcs", second / "QB_2024-02-19.fcs"
    rainbow_beside(counting, first / "RB_2024-02-05.fcs", 1.0, 9)
    rainbow_beside(forgotten, second / "RB_2024-02-19.fcs", 0.895, 10)  # the light of that day in the truth
    forgotten.unlink()
    write_template(study, None)
    type_into(study, "panels", [{"role": "cd38", "clone": "HIT2", "competes_with_drug": "yes"}])
    days = (
        "2023-12-02",
        "2023-03-13",
        "2023-10-09",
        "2023-10-06",
        "2023-04-05",
        "2023-12-26",
        "2023-10-18",
        "2024-01-21",
    )
    type_into(study, "doses", [{"patient_id": f"P0{n}", "given_on": day} for n, day in enumerate(days, 1)])


@cache
def _first_study() -> Path:
    """Walk through docs/first-study.md once; return the folder."""
    from pages.walk import walk

    walk(FIRST_STUDY.read_text("utf-8"), _once() / "first")
    return next(path for path in (_once() / "first").iterdir())


@cache
def _demo() -> Path:
    """Run the demo once; return the folder."""
    from pages.walk import walk

    walk(
        "<!-- start: the folder of cd38rd -->\n```console\n$ cd38rd run fcs_samples/demo\n```\n",
        _once() / "demo",
    )
    return next(path for path in (_once() / "demo").iterdir())


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="pages-")


def _once() -> Path:
    """Return a folder that goes when the program ends."""
    return Path(_kept().name)


SCENES: Mapping[str, Callable[[Path], None]] = {
    "an empty folder": _nothing,
    "the folder of cd38rd": _samples,
    "the demo as my_study": _demo_as_mine,
    "the folder of cd38rd after make demo": _demo_run,
    "the end of the first study": _after_the_first_study,
    "the first study with a FlowJo workspace": _drawn_in_flowjo,
    "a second day with rainbow beads alone": _rainbow_days,
}
