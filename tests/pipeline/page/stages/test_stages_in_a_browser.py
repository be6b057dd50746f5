"""The pages of the stages as a person has them open: sheets that are saved elsewhere, a run meanwhile, a program that ends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.page_client import TUBES, Client
from helpers.page_server import CHROMIUM, DESK, chromium, run_study_folder, served, until, wait_for_tube
from helpers.rewritten import edit_sheet
from pipeline.page.stages.watching import sheets_now

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def study(two_tubes_run: Path, tmp_path: Path) -> Path:
    shutil.copytree(two_tubes_run, tmp_path / "study")
    return tmp_path / "study"


def with_day(folder: Path, day: str, second: int) -> None:
    """Save the samples sheet with a day of the first tube, at a second of the clock."""
    edit_sheet(
        folder, "samples", lambda row: row | {"collected_on": day} if row["sample_id"] == TUBES[0] else row
    )
    os.utime(folder / "samples.csv", (second, second))


def test_the_page_sheets_follows_two_saves_within_a_second_and_who_has_them_open(
    browser: Browser, study: Path
) -> None:
    second = 1_800_000_000
    with_day(study, "yesterday", second)
    with served(study, command="open") as one:
        page = browser.new_context(viewport=DESK, timezone_id="Asia/Tokyo").new_page()
        one.let_in(page, "/sheets")
        until(page, "() => document.getElementById('saved').textContent.includes('17:00')")
        assert page.locator("#saved").inner_text() == "Saved 2027-01-15 17:00."
        assert "yesterday" in page.locator("#causes").inner_text()
        with_day(study, "the day before", second)
        until(page, "() => document.getElementById('causes').textContent.includes('the day before')")
        (study / ".~lock.samples.csv#").write_text("", "utf-8")
        until(page, "() => document.getElementById('saved').textContent.includes('has them open')")
        with_day(study, "2024-06-03", second)
        until(page, "() => document.getElementById('counted').textContent === 'Nothing is left to fill in'")
        page.context.close()


def test_two_saves_within_a_second_are_two_versions(study: Path) -> None:
    with_day(study, "2024-06-03", 1_800_000_000)
    first = sheets_now(study).version
    assert sheets_now(study).version == first
    os.utime(study / "samples.csv", ns=(1_800_000_000_500_000_000, 1_800_000_000_500_000_000))
    assert sheets_now(study).version != first


def test_the_page_sign_signs_no_number_of_a_run_that_came_after_it_was_opened(
    browser: Browser, study: Path
) -> None:
    name, other = TUBES
    with served(study, command="open") as one:
        client = Client(one)
        page = browser.new_context(viewport=DESK).new_page()
        with served(study, command="open") as second:
            page.goto(second.address)
            assert all(client.decide(tube, "accept").status_code == 200 for tube in TUBES)
            page.goto(f"{second.origin}/sign")
            assert "CD38 molecules per cell" in page.locator("thead").inner_text()
            edit_sheet(
                study,
                "panels",
                lambda row: row | {"f_p_ratio": "0.5"} if row["marker"] == "CD38" else row,
            )
            run_study_folder(study, "--quiet")
            page.fill("input[name=who]", "AB")
            page.check("#all")
            page.click("button[value=sign]")
            until(page, "() => document.querySelectorAll('#refusals li').length === 2")
            refused = page.locator("#refusals").inner_text()
            assert "it was run again after you opened it" in refused
            assert [client.tube(tube)["decision"]["signed_by"] for tube in (name, other)] == ["", ""]
            page.reload()
            page.fill("input[name=who]", "AB")
            page.check("#all")
            page.click("button[value=sign]")
            page.locator("#said", has_text="2 signed, 0 counter-signed").wait_for()
        page.context.close()


def test_a_trouble_leaves_the_decisions_on_the_screen(browser: Browser, study: Path) -> None:
    with served(study) as one:
        page = browser.new_context(viewport=DESK).new_page()
        page.goto(one.address)
        wait_for_tube(page)
        one.process.kill()
        one.process.wait(20)
        page.locator("#tubes button").last.click()
        page.locator("#trouble").wait_for()
        page.locator("#trouble", has_text="does not answer").wait_for()
        box = page.locator(".decide").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= DESK["height"]
        assert page.evaluate("document.documentElement.scrollHeight") <= DESK["height"]
        page.context.close()


def test_a_printed_review_shows_the_decision_and_no_buttons(browser: Browser, study: Path) -> None:
    with served(study) as one:
        page = browser.new_context(viewport=DESK).new_page()
        page.goto(one.address)
        wait_for_tube(page)
        page.emulate_media(media="print")
        assert page.locator("#decision").is_visible()
        assert page.locator("#n-now").is_visible()
        assert page.locator("button:visible").count() == page.locator("#strip button").count()
        assert page.locator("#who").is_hidden()
        page.goto(f"{one.origin}/sign")
        assert page.locator("tbody tr").first.is_visible()
        assert page.locator("button:visible").count() == 0
        page.context.close()


def test_an_interval_has_the_digits_of_the_report(browser: Browser, study: Path) -> None:
    name = TUBES[1]
    with served(study) as one:
        page = browser.new_context(viewport=DESK).new_page()
        page.goto(one.address)
        wait_for_tube(page)
        page.locator(f"#tubes li[data-id='{name}'] button").click()
        wait_for_tube(page, name)
        shown = page.locator("#n-before .ci").inner_text()
        page.goto(f"{one.origin}/report")
        assert page.locator("#densities tr", has_text=name).locator("td").nth(2).inner_text() == shown
    assert shown in (study / "results" / "report.html").read_text("utf-8")
