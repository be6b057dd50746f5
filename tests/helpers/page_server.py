"""The page as a person starts it: `cd38rd review STUDY` in a process of its own, and a browser that opens it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S+")


@dataclass(frozen=True)
class Served:
    """A page that is served: its address, which opens it once, and the process."""

    address: str
    process: subprocess.Popen[str]

    @property
    def origin(self) -> str:
        """Where the page is, without a path."""
        return "/".join(self.address.split("/")[:3])

    def let_in(self, page: Page, path: str = "") -> None:
        """Open the address that opens the page once; then, once that page has moved on by itself, a path."""
        page.goto(self.address)
        page.wait_for_url(lambda url: "?" not in url)
        if path:
            page.goto(self.origin + path)


@contextmanager
def served(study: Path | None, *options: str, command: str = "review") -> Iterator[Served]:
    """Serve the review of a study, or with `open` all its stages, until the block ends.

    What the program remembers of a study lies beside it, not in the home of whoever tests.
    """
    named = [str(study)] if study is not None else []
    words = [sys.executable, "-u", "-m", "pipeline.cli", command, *named, "--no-browser", *options]
    home = {} if study is None else {"CD38RD_HOME": str(study.parent / "remembered")}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=home | os.environ
    ) as process:
        try:
            yield Served(_address(process), process)
        finally:
            process.terminate()
            process.wait(20)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        found = _ADDRESS.search(line)
        if found:
            return found[0]
    raise AssertionError("the page did not start: " + "".join(said))


def run_study_folder(study: Path, *options: str) -> str:
    """Run a study as a person does; return what was said."""
    return cd38rd_command("run", study, *options)


def cd38rd_command(command: str, study: Path, *options: str) -> str:
    """Do to a study what `cd38rd COMMAND STUDY` does; return what was said."""
    words = [sys.executable, "-m", "pipeline.cli", command, str(study), *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def until(page: Page, condition: str, argument: object = None, seconds: float = 60.0) -> None:
    """Wait until a function of the page returns true; the page's own policy lets no other way work."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition, argument):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {condition} {argument or ''}")
        page.wait_for_timeout(25)


def wait_for_tube(page: Page, name: str | None = None) -> None:
    """Wait until a tube is on the bench: the named one, or any."""
    page.locator("#bench").wait_for()
    until(
        page,
        """name => document.getElementById('bench').getAttribute('aria-busy') === 'false'
             && (!name || document.getElementById('t-name').textContent === name)""",
        name,
    )


def wait_for_settled(page: Page) -> None:
    """Wait until the number on the bench is that of a run."""
    until(page, "() => document.querySelector('#n-now.differs:not(.waits)') !== null")


def press(page: Page, keys: Sequence[str]) -> None:
    """Press keys one after the other."""
    for key in keys:
        page.keyboard.press(key)
