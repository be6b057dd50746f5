"""A program behind the page that hangs, is killed or comes back; files that others change meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.page_client import TUBES, Client
from helpers.page_server import (
    CHROMIUM,
    DESK,
    chromium,
    press,
    run_study_folder,
    served,
    until,
    wait_for_tube,
)
from helpers.rewritten import edit_sheet
from pipeline.commands.shell import in_quotes

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
STOP = getattr(signal, "SIGSTOP", None)
TROUBLE = "() => !document.getElementById('trouble').hidden"
QUIET = "() => document.getElementById('trouble').hidden"
TOAST = "words => document.getElementById('toast').textContent.includes(words)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def study(two_tubes_run: Path, tmp_path: Path) -> Path:
    shutil.copytree(two_tubes_run, tmp_path / "my study")
    return tmp_path / "my study"


def open_review(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport=DESK).new_page()
    page.goto(address)
    wait_for_tube(page)
    page.fill("#who", "AB")
    page.locator("#who").press("Enter")
    page.locator("#bench").focus()
    return page


@pytest.mark.skipif(STOP is None, reason="this system cannot hold a process")
def test_a_program_that_hangs_is_announced_and_what_was_asked_for_is_saved_when_it_goes_on(
    browser: Browser, study: Path
) -> None:
    with served(study) as one:
        page = open_review(browser, one.address)
        name = page.locator("#t-name").inner_text()
        os.kill(one.process.pid, STOP)
        try:
            press(page, ["a"])
            until(page, TROUBLE, seconds=12)
            said = page.locator("#trouble").inner_text()
            assert "does not answer" in said
            assert f"“{name} accepted” is not saved yet" in said
            assert f"start “cd38rd review {in_quotes(study)}” again" in said
            assert page.locator("#b-accept").is_disabled()
            assert "accepted, saved" not in page.locator("#said").inner_text()
        finally:
            os.kill(one.process.pid, signal.SIGCONT)
        until(page, QUIET, seconds=20)
        until(page, "() => !document.getElementById('b-accept').disabled")
        assert Client(one, enters=False).get("/api/tubes").status_code == 403
        row = page.locator(f"#tubes li[data-id='{name}']")
        assert row.get_attribute("data-state") == "decided"
        assert "accept" in (study / "review.csv").read_text("utf-8-sig")
        page.context.close()


@pytest.mark.skipif(STOP is None, reason="this system cannot hold a process")
def test_a_decision_that_a_killed_program_never_answered_is_said_to_be_lost_and_the_page_goes_on_by_itself(
    browser: Browser, study: Path
) -> None:
    with served(study) as one:
        page = open_review(browser, one.address)
        first = page.locator("#t-name").inner_text()
        press(page, ["a"])
        until(page, "name => document.getElementById('t-name').textContent !== name", first)
        wait_for_tube(page)
        name = page.locator("#t-name").inner_text()
        os.kill(one.process.pid, STOP)
        press(page, ["a"])
        until(page, TROUBLE, seconds=12)
        one.process.kill()
        one.process.wait(20)
        port = one.origin.rpartition(":")[2]
        with served(study, f"--port={port}") as other:
            until(page, "() => document.getElementById('trouble').textContent.includes('no longer let in')")
            entered = page.context.new_page()
            entered.goto(other.address)  # as the browser does that the program opens
            wait_for_tube(entered)
            until(page, QUIET, seconds=20)
            until(page, TOAST, f"{name} accepted: it was not saved. Do it again.")
            states = {tube: Client.tube(client_of(page, other), tube)["decision"]["state"] for tube in TUBES}
            assert states == {first: "decided", name: "open"}
            press(page, ["a"])
            until(
                page,
                "words => document.getElementById('said').textContent.includes(words)",
                f"{name} accepted, saved",
            )
        page.context.close()


def client_of(page: Page, one: object) -> Client:
    """Return a client that was let in as the page was."""
    client = Client(one, enters=False)  # type: ignore[arg-type]
    for cookie in page.context.cookies():
        client.http.cookies.set(cookie["name"], cookie["value"])
    return client


@pytest.mark.parametrize("stage", ["files", "sheets", "check", "run", "report", "sign"])
def test_every_stage_says_that_the_program_has_ended_and_with_which_command_it_starts(
    browser: Browser, study: Path, stage: str
) -> None:
    with served(study, command="open") as one:
        page = browser.new_context(viewport=DESK).new_page()
        one.let_in(page, f"/{stage}")
        assert page.locator("#trouble").is_hidden()
        one.process.kill()
        one.process.wait(20)
        until(page, TROUBLE, seconds=12)
        said = page.locator("#trouble").inner_text()
        assert "does not answer" in said
        assert f"start “cd38rd open {in_quotes(study)}” again" in said
        page.context.close()


def test_results_that_are_removed_are_said_to_be_gone_and_those_made_again_are_loaded(
    browser: Browser, study: Path
) -> None:
    with served(study) as one:
        page = open_review(browser, one.address)
        shown = page.locator("#n-before .rd").inner_text()
        shutil.move(study / "results", study.parent / "away")
        until(
            page, "() => document.getElementById('trouble').textContent.includes('The results were removed')"
        )
        assert "until the study is run again" in page.locator("#trouble").inner_text()
        assert page.locator("#n-before .rd").inner_text() == shown
        press(page, ["a"])
        until(page, TOAST, "the results were removed")
        assert not (study / "review.csv").exists()
        edit_sheet(
            study, "panels", lambda row: row | {"f_p_ratio": "0.5"} if row["marker"] == "CD38" else row
        )
        run_study_folder(study, "--quiet")
        until(page, TOAST, "The study was run again meanwhile: 2 tubes with another result")
        until(page, QUIET)
        until(page, "was => document.querySelector('#n-before .rd').textContent !== was", shown)
        press(page, ["a"])
        until(page, "() => document.getElementById('said').textContent.includes('accepted, saved')")
        page.context.close()


def test_a_tube_that_has_no_result_any_more_leaves_the_list_and_the_bench(
    browser: Browser, study: Path
) -> None:
    with served(study) as one:
        page = open_review(browser, one.address)
        name = page.locator("#t-name").inner_text()
        kept = next(tube for tube in TUBES if tube != name)
        edit_sheet(study, "samples", lambda row: row if row["sample_id"] == kept else None)
        run_study_folder(study, "--quiet")
        until(page, TOAST, f"1 tube without a result now ({name})")
        wait_for_tube(page, kept)
        assert page.locator("#tubes li").count() == 1
        page.context.close()


def test_a_title_typed_above_review_csv_is_said_with_what_to_do_and_forgotten_when_it_is_gone(
    browser: Browser, study: Path
) -> None:
    with served(study) as one:
        page = open_review(browser, one.address)
        press(page, ["a"])
        until(page, "() => document.getElementById('said').textContent.includes('accepted, saved')")
        path = study / "review.csv"
        kept = path.read_bytes()
        path.write_bytes(b"Review of June\n" + kept)
        until(page, "() => document.getElementById('trouble').textContent.includes('Review of June')")
        said = page.locator("#trouble").inner_text()
        assert "Delete the row above them, save the file, and decide again" in said
        path.write_bytes(kept)
        until(page, QUIET)
        press(page, ["a"])
        until(page, "() => document.getElementById('decided-count').textContent === '2 decided'")
        page.context.close()


def test_review_csv_that_another_program_holds_is_not_written_and_the_page_says_what_to_do(
    browser: Browser, study: Path
) -> None:
    path = study / "review.csv"
    path.write_text("sample_id,gate,value,set_by,reason,set_at,verdict,polygon\n", "utf-8")
    if shutil.which("chattr") is None or subprocess.run(["chattr", "+i", path], check=False).returncode:
        pytest.skip("no file can be held here")
    with served(study) as one:
        page = open_review(browser, one.address)
        try:
            press(page, ["a"])
            until(page, TOAST, "not saved, and nothing is changed. review.csv cannot be written")
            assert "open in Excel: close it there, and do it again" in page.locator("#toast").inner_text()
            assert page.locator("#decided-count").inner_text() == "0 decided"
        finally:
            subprocess.run(["chattr", "-i", path], check=True)
        press(page, ["a"])
        until(page, "() => document.getElementById('said').textContent.includes('accepted, saved')")
        page.context.close()
