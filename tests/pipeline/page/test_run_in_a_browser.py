"""A run as a person follows it in the browser: how fast, how long still, what failed, stopped and taken up again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.page_server import CHROMIUM, DESK, chromium, served, until
from pipeline.simulate import simulate_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
DAMAGED = "P01_BM1"
"""The first tube of the study."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of so many tubes that a person can stop its run, with one file that breaks off."""
    folder = simulate_study(tmp_path / "study", patients=120, events=10_000, seed=5)
    tube = next(folder.rglob(f"{DAMAGED}.fcs"))
    tube.write_bytes(tube.read_bytes()[:3000])
    return folder


def pace(page: Page) -> str:
    return str(page.evaluate("document.getElementById('pace')?.textContent ?? ''"))


def done_of(words: str) -> tuple[int, int]:
    found = re.search(r": (\d+) of (\d+) tubes", words)
    assert found, words
    return int(found[1]), int(found[2])


def test_a_run_shows_its_pace_and_failures_is_stopped_and_goes_on_where_it_was(
    browser: Browser, study: Path
) -> None:
    complaints: list[str] = []
    with served(study, "--idle=10", command="open") as one:
        page = browser.new_context(viewport=DESK).new_page()
        page.on("console", lambda message: complaints.append(message.text))
        one.let_in(page, "/run")
        page.click("text=Run the study")
        until(
            page,
            "() => /[0-9.]+ tubes a minute, about .+ left/.test(document.getElementById('pace')?.textContent)",
        )
        until(page, "name => document.getElementById('failures').textContent.includes(name)", DAMAGED)
        assert page.locator("#failures-title").is_visible()
        assert f"cd38rd run {study}" in page.locator("#job code").inner_text()
        page.reload()  # whoever comes back sees the same run
        before, total = done_of(pace(page))
        assert 0 < before < total
        page.click("#job button:has-text('Stop')")
        page.locator("#job", has_text="was stopped; every finished tube is kept").wait_for(timeout=60_000)
        stored = {path.stem for path in (study / "results" / "store").glob("*.json")}
        assert len(stored) < total - 1
        page.click("text=Run the study")
        until(page, "() => / of [0-9]+ tubes/.test(document.getElementById('pace')?.textContent ?? '')")
        again, same = done_of(pace(page))
        kept = len(stored - {DAMAGED})  # a tube that failed is always tried again
        assert (again >= kept, same) == (True, total), "the tubes that were done are not gated again"
        page.locator("#job", has_text="The run is done").wait_for(timeout=180_000)
        assert DAMAGED in page.locator("#failures").inner_text()
        assert len(page.locator("#failures").inner_text()) > len(f"{DAMAGED}: FAILED"), "with the reason"
        assert stored <= {path.stem for path in (study / "results" / "store").glob("*.json")}
        page.click("text=Go on to the report")
        page.locator("#counts", has_text=f"{total} tubes").wait_for()
        assert complaints == []
        page.context.close()


def test_a_run_that_is_stopped_twice_ends_at_once_and_leaves_no_process(
    browser: Browser, study: Path
) -> None:
    with served(study, command="open") as one:
        page = browser.new_context(viewport=DESK).new_page()
        one.let_in(page, "/run")
        page.click("text=Run the study")
        page.click("#job button:has-text('Stop')")
        page.locator("#job").wait_for()
        if page.locator("button:has-text('Stop at once')").count():
            page.click("button:has-text('Stop at once')")
        page.locator("#job", has_text="Run the study").wait_for(timeout=30_000)
        assert page.locator("#job").get_attribute("data-state") in ("stopped", "failed")
        page.context.close()
