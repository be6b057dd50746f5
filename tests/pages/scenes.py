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
    shutil.copytree(ROOT / "fcs_samples" / "demo", folder / "my_study", ignore=shutil.ignore_patterns("results"))


def _after_the_first_study(folder: Path) -> None:
    """What a reader has at the end of docs/first-study.md."""
    shutil.copytree(_first_study(), folder, dirs_exist_ok=True)


def _demo_run(folder: Path) -> None:
    """The folder of the program after `make demo`."""
    shutil.copytree(_demo(), folder, dirs_exist_ok=True)


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

    walk("<!-- start: the folder of cd38rd -->\n```console\n$ cd38rd run fcs_samples/demo\n```\n", _once() / "demo")
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
}
