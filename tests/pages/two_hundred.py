"""Three doubtful tubes of two hundred, found and mended at the pace of a person: `make two-hundred`.

A study is simulated and run; the review page is used by keyboard, then by mouse, as somebody does who sees it for the
first time. What each step took is written into docs/review.md, with two photographs. Between two acts the hands wait as
a person's do: Card, Moran & Newell 1980, doi:10.1145/358886.358895 (the keystroke-level model).
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from calibration.density.receptor_density import RdStatus
from helpers.page_server import (
    DESK,
    chromium,
    run_study_folder,
    served,
    until,
    wait_for_settled,
    wait_for_tube,
)
from pipeline.fcs import read_fcs
from pipeline.output.legend.tube_verdict import TubeVerdict, verdict_of
from pipeline.simulate import simulate_study
from validation.markdown import paragraph, table

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "review.md"
PICTURES = ROOT / "docs" / "pictures"
START, END = "<!-- two hundred: written by `make two-hundred` -->", "<!-- two hundred: end -->"
TUBES, SPARE, EVENTS, SEED = 200, 60, 8_000, 8
STICKY, LIGHT, SPREAD = 0.3, (300.0, 8_000.0), 0.3
"""Of a doubtful tube: the part of its cells to which the antibodies of both anchors stick, how bright that makes them in
channel units, and how much one anchor differs from the other."""
PLACES, N_DOUBTFUL, MOST_RUNS = tuple(range(11, 190, 13)), 3, 6
"""Tubes with sticky cells, as places in the samples sheet; how many doubtful tubes are kept, and runs until it is so."""
PHOTOS = ("two-hundred.png", "two-hundred-mended.png")
THINK, KEY, POINT, CLICK = 1.35, 0.28, 1.1, 0.2
"""Seconds of the keystroke-level model: to decide what comes next, for a key of a person who types some, to point with
the mouse, to press and let go its button."""
REASONS = ("sticky cells left out", "the same", "sticky, as before")


@dataclass
class Person:
    """Somebody at the page, and how long each part of the work took."""

    page: Page
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure a part of the work."""
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start

    def think(self) -> None:
        """Decide what comes next."""
        self.page.wait_for_timeout(1000 * THINK)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.wait_for_timeout(1000 * KEY)
            self.page.keyboard.press(key)

    def type(self, words: str) -> None:
        """Type words."""
        self.page.keyboard.type(words, delay=1000 * KEY)

    def click(self, place: Locator) -> None:
        """Point at something and click."""
        self.page.wait_for_timeout(1000 * (POINT + CLICK))
        place.click()

    def drag(self, place: Locator, across: float) -> None:
        """Point at something, and drag it by so many pixels."""
        self.page.wait_for_timeout(1000 * POINT)
        box = place.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for part in range(1, 13):
            self.page.mouse.move(x + across * part / 12, y)
            self.page.wait_for_timeout(1000 * POINT / 12)
        self.page.mouse.up()


def two_hundred(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Return a study of 200 tubes that has run, and its three doubtful ones.

    Antibodies stick to cells of some tubes. Of those that a flag then asks to look at three are kept, the others are
    tubes of which no flag asks for a look.
    """
    study = simulate_study(folder / "many", patients=TUBES + SPARE, events=EVENTS, seed=SEED)
    rows, panel = _rows(study / "samples.csv"), _rows(study / "panels.csv")
    anchors = [row["channel"] for row in panel if row["role"] in ("cd138", "cd319")]
    for place in PLACES:
        _with_sticky_cells(study / rows[place]["fcs_file"], anchors, place)
    for sheet in ("doses", "patients"):  # gates are reviewed: no model of the washout is wanted
        (study / f"{sheet}.csv").unlink()
    run_study_folder(study, "--quiet", "--no-figures")
    unsure, sure = _doubtful_and_sound(study)
    dismissed: set[str] = set()
    for _ in range(MOST_RUNS):
        doubtful = [name for name in unsure if name not in dismissed][:N_DOUBTFUL]
        sound = [name for name in sure if name not in dismissed][: TUBES - N_DOUBTFUL]
        _write_rows(study / "samples.csv", [row for row in rows if row["sample_id"] in {*doubtful, *sound}])
        run_study_folder(study, "--quiet", "--no-figures")
        now = _doubtful_and_sound(study)
        # among other tubes a batch has other cuts: what is another thing now is left out
        others = {*doubtful, *sound} - ({*doubtful} & {*now[0]}) - ({*sound} & {*now[1]})
        if not others and len(doubtful) + len(sound) == TUBES:
            return study, tuple(doubtful)
        dismissed |= others
    raise AssertionError(
        f"no {N_DOUBTFUL} doubtful tubes among {TUBES}: left were {doubtful}, {len(sound)} sound"
    )


def _doubtful_and_sound(study: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tubes with a density that a flag asks to look at, and those of which none does."""
    doubtful, sound = [], []
    with (study / "results" / "rd_samples.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            verdict = verdict_of(RdStatus(row["status"]), [flag for flag in row["flags"].split(";") if flag])
            if verdict in (TubeVerdict.LOOK, TubeVerdict.UNRELIABLE) and row["rd"]:
                doubtful.append(row["sample_id"])
            elif list(TubeVerdict).index(verdict) < list(TubeVerdict).index(TubeVerdict.LOOK):
                sound.append(row["sample_id"])
    return tuple(doubtful), tuple(sound)


def _with_sticky_cells(path: Path, anchors: list[str], seed: int) -> None:
    """Let antibodies of some channels stick to a part of the cells; nothing else of the file changes."""
    file = read_fcs(path)
    n, begin, rng = len(file.channels), file.data.begin, np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    data = np.frombuffer(content, "<f4", file.n_events * n, begin).reshape(-1, n).copy()
    sticky = rng.choice(file.n_events, int(STICKY * file.n_events), replace=False)
    light = np.exp(rng.uniform(*np.log(LIGHT), sticky.size))
    for name in anchors:
        data[sticky, file.channels.index(name)] = light * np.exp(rng.normal(0, SPREAD, sticky.size))
    content[begin : begin + data.nbytes] = data.tobytes()
    path.write_bytes(content)


def by_keyboard(person: Person, n: int) -> list[str]:
    """Find and mend with the keyboard alone; return the tubes as they were found."""
    page, found = person.page, []
    with person.part("found"):
        person.think()
        for k in range(n):
            if k:
                person.press("n")
                wait_for_tube(page)
            found.append(_name(page))
            person.think()  # its picture, its flags
            person.think()
    with person.part("mended"):
        for k, name in enumerate(found):
            if k == 0:
                person.press(*["p"] * (n - 1))
            wait_for_tube(page, name)
            person.think()
            person.press("7", "Shift+ArrowRight", "Shift+ArrowRight")
            wait_for_settled(page)
            person.think()  # the cells and the density as they are now
            person.press("c")
            if k == 0:
                person.type("AB")
                person.press("Enter")
                page.locator("#ask-title:has-text('Save the moved gates')").wait_for()
            person.type(REASONS[k])
            person.press("Enter")
            _saved(page, name)
            if k < n - 1:
                person.press("n")
    return found


def by_mouse(person: Person, n: int) -> list[str]:
    """Find and mend with the mouse; only names and reasons are typed."""
    page, found = person.page, []
    with person.part("found"):
        person.think()
        for k in range(n):
            if k:
                person.click(page.locator("#b-next"))
                wait_for_tube(page)
            found.append(_name(page))
            person.think()
            person.think()
    with person.part("mended"):
        for k, name in enumerate(found):
            person.click(page.locator(f"#tubes li[data-id='{name}'] button"))
            wait_for_tube(page, name)
            person.think()
            person.click(page.locator("#strip button[data-step=plasma_cells]"))
            person.drag(page.locator("#handles .handle.line .dot").first, 30)
            wait_for_settled(page)
            person.think()
            person.click(page.locator("#b-change"))
            if k == 0:
                person.type("CD")
                person.press("Enter")
                page.locator("#ask-title:has-text('Save the moved gates')").wait_for()
            person.type(REASONS[k])
            person.click(page.locator("#ask-yes"))
            _saved(page, name)
    return found


def run_again(person: Person) -> list[str]:
    """Run what was changed; return what is said of it."""
    page = person.page
    with person.part("run again"):
        person.click(page.locator("#b-run"))
        person.click(page.locator("#ask-yes"))
        page.locator("#ask-title:has-text('What the run changed')").wait_for(timeout=300_000)
    changed = page.locator("#ask-body tbody th").all_inner_texts()
    page.keyboard.press("Escape")
    return changed


def _name(page: Page) -> str:
    return page.locator("#t-name").inner_text()


def _saved(page: Page, name: str) -> None:
    until(
        page, "words => document.getElementById('said').textContent.includes(words)", f"{name} changed, saved"
    )


def tried(study: Path, doubtful: tuple[str, ...], browser: Browser, way: str) -> dict[str, float]:
    """Return the seconds of each part of the work, done in one way; the photographs are of the work by mouse."""
    with served(study) as one:
        person = Person(browser.new_page(viewport=DESK))
        with person.part("opened"):
            person.page.goto(one.address)
            wait_for_tube(person.page)
        if way == "mouse":
            person.page.screenshot(path=PICTURES / PHOTOS[0])
        found = {"keyboard": by_keyboard, "mouse": by_mouse}[way](person, len(doubtful))
        assert set(found) == set(doubtful), (found, doubtful)
        changed = run_again(person)
        assert set(doubtful) <= set(changed)
        if way == "mouse":
            until(person.page, "() => document.getElementById('toast').hidden")
            person.page.evaluate(
                "document.activeElement.blur(); document.getElementById('bench').scrollTo(0, 0)"
            )
            person.page.screenshot(path=PICTURES / PHOTOS[1])
        person.page.context.close()
    return person.seconds


def text(seconds: dict[str, dict[str, float]]) -> str:
    """Return the section of docs/review.md."""
    parts = ("opened", "found", "mended", "run again")
    rows = [(part, *(f"{seconds[way][part]:.0f} s" for way in ("keyboard", "mouse"))) for part in parts]
    return (
        f"{START}\n"
        + paragraph(
            f"A script used the page like a person who sees it for the first time. The study had {TUBES} simulated "
            f"tubes, of which {N_DOUBTFUL} had a flag that asks for a look. The script "
            f"waits as a person does: {THINK:g} s to decide the next act, {KEY:g} s a key, {POINT:g} s to point. "
            "The doubtful tubes are at the top of the list."
        )
        + "![The review of 200 tubes, just opened: the three doubtful ones are at the top](pictures/two-hundred.png)\n\n"
        + table(("", "by keyboard", "by mouse"), rows)
        + "\n"
        + paragraph(
            "*Found*: each of the three was opened, its picture and its flags read (`N`, or *Next*). *Mended*: the "
            "step was selected, its line moved, the new density read, the reason typed and saved (`7`, `→`, `C`; "
            "or a drag and *Save change*). *Run again*: *Re-run 3 tubes*, until the page shows the changes."
        )
        + "![The same page after the three were mended and run again](pictures/two-hundred-mended.png)\n"
        + END
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Try it in both ways, and write the page."""
    with tempfile.TemporaryDirectory(prefix="two-hundred-") as name, chromium() as browser:
        study, doubtful = two_hundred(Path(name))
        copy = Path(name) / "by mouse"
        shutil.copytree(study, copy, copy_function=os.link)
        _own_files(copy)
        seconds = {"keyboard": tried(study, doubtful, browser, "keyboard")}
        seconds["mouse"] = tried(copy, doubtful, browser, "mouse")
    print(json.dumps(seconds, indent=1))
    before = PAGE.read_text("utf-8")
    pattern = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
    assert pattern.search(before), "docs/review.md has lost the place of this section"
    PAGE.write_text(pattern.sub(lambda _: text(seconds), before), encoding="utf-8")


def _own_files(folder: Path) -> None:
    """Make what a run writes a file of its own, in a copy whose files are links."""
    for path in [*folder.glob("*"), *(folder / "results").rglob("*")]:
        if path.is_file():
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content)


if __name__ == "__main__":
    main()
