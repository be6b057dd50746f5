"""Who can use the page: every stage at each width, the list with its filters, a tube's history, polygons without a mouse."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.page_client import TUBES, Client
from helpers.page_server import (
    CHROMIUM,
    DESK,
    PHONE,
    Served,
    chromium,
    press,
    served,
    until,
    wait_for_settled,
    wait_for_tube,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
ONE, TWO = TUBES
STAGES = ("files", "sheets", "check", "run", "report", "review", "sign")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def study(two_tubes_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("access") / "study"
    shutil.copytree(two_tubes_run, folder)
    return folder


@pytest.fixture(scope="module")
def page_server(study: Path) -> Iterator[Served]:
    with served(study, command="open") as one:
        yield one


@pytest.fixture(scope="module")
def client(page_server: Served) -> Client:
    return Client(page_server)


@pytest.fixture(scope="module")
def page(browser: Browser, page_server: Served, client: Client) -> Iterator[Page]:
    """A browser that is let in with the cookie of the client: the address opens the page once."""
    context = browser.new_context(viewport=DESK)
    ((name, value),) = client.http.cookies.items()
    context.add_cookies([{"name": name, "value": value, "url": page_server.origin}])
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def open_review(page: Page, page_server: Served, name: str) -> None:
    page.goto(f"{page_server.origin}/review#{name}")
    page.reload()
    wait_for_tube(page, name)


def names_in_list(page: Page) -> list[str]:
    rows = page.locator("#tubes li:not([hidden])")
    return list(rows.evaluate_all("all => all.map((one) => one.dataset.id)"))


def verdicts_in(folder: Path) -> dict[str, str]:
    with (folder / "review.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["sample_id"]: row["verdict"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_free_of_barriers_and_does_not_scroll_sideways(
    page: Page, page_server: Served, stage: str, viewport: dict[str, int]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size(viewport)
    page.goto(f"{page_server.origin}/{stage}")
    page.locator("h1, #bench[aria-busy=false]").first.wait_for()
    page.wait_for_timeout(300)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    page.set_viewport_size(DESK)


def test_the_list_is_filtered_by_words_verdict_decision_flag_panel_and_day(
    page: Page, page_server: Served, client: Client
) -> None:
    open_review(page, page_server, ONE)
    page.locator("#filters summary").click()
    rows = {name: client.tube(name) for name in TUBES}
    verdicts = {name: rows[name]["verdict"] for name in TUBES}
    assert verdicts[ONE] != verdicts[TWO]
    assert names_in_list(page) == [row["sample_id"] for row in client.get("/api/tubes").json()]
    for box, choice, wanted in (
        ("#f-verdict", verdicts[TWO], [TWO]),
        ("#f-panel", rows[ONE]["panel"], [*TUBES]),
        ("#f-day", rows[ONE]["day"], [name for name in TUBES if rows[name]["day"] == rows[ONE]["day"]]),
        (
            "#f-flag",
            rows[TWO]["flags"][0],
            [name for name in TUBES if rows[TWO]["flags"][0] in rows[name]["flags"]],
        ),
        ("#f-state", "open", [*TUBES]),
        ("#f-state", "signed", []),
    ):
        page.select_option(box, choice)
        assert sorted(names_in_list(page)) == sorted(wanted), (box, choice)
        assert page.locator("#list-nothing").is_visible() == (not wanted)
        page.click("#f-clear")
    page.fill("#f-words", rows[TWO]["patient_id"])
    assert names_in_list(page) == [TWO]
    page.click("#f-clear")
    assert sorted(names_in_list(page)) == sorted(TUBES)
    page.locator("#filters summary").click()


def test_a_question_by_keyboard_stands_in_the_history_of_its_row_and_in_review_csv(
    page: Page, page_server: Served, study: Path
) -> None:
    open_review(page, page_server, TWO)
    page.fill("#who", "Zoë")
    page.locator("#who").press("Escape")
    press(page, ["q"])
    page.keyboard.type("is this the clone?")
    page.keyboard.press("Enter")
    until(page, "() => document.getElementById('said').textContent.includes('asked, saved')")
    open_review(page, page_server, TWO)
    assert page.locator("#decision").inner_text().startswith("asked by Zoë")
    row = page.locator("#history tbody tr").first
    assert row.locator("td").nth(1).inner_text() == "Zoë"
    assert "is this the clone?" in row.inner_text()
    assert page.locator("#trace > svg").count() == 1
    press(page, ["s"])
    until(page, "() => document.getElementById('said').textContent.includes('Decide first')")
    assert verdicts_in(study) == {TWO: "ask"}


def corners(page: Page) -> int:
    return page.locator("#handles .handle.vertex").count()


def test_corners_are_added_and_removed_by_key_and_by_button(page: Page, page_server: Served) -> None:
    open_review(page, page_server, ONE)
    press(page, ["7", "d"])
    wait_for_settled(page)
    n, cells = corners(page), page.locator("#n-now td.n").inner_text()
    page.locator("#handles .handle.vertex").first.focus()
    press(page, ["Insert"])
    until(page, "n => document.querySelectorAll('#handles .handle.vertex').length === n", n + 1)
    wait_for_settled(page)
    assert page.locator("#n-now td.n").inner_text() == cells, "a corner on an edge changes no cell"
    page.locator("#handles .handle.vertex").nth(1).focus()
    press(page, ["Delete"])
    until(page, "n => document.querySelectorAll('#handles .handle.vertex').length === n", n)
    page.click("#b-corner")
    until(page, "n => document.querySelectorAll('#handles .handle.vertex').length === n", n + 1)
    for left in range(n, 2, -1):
        page.click("#b-no-corner")
        until(page, "n => document.querySelectorAll('#handles .handle.vertex').length === n", left)
    assert page.locator("#b-no-corner").is_disabled(), "three corners are a polygon, two are none"
    page.locator("#b-reset").click()
    assert page.locator("#b-corner").is_hidden()


def test_a_drag_that_is_given_up_leaves_the_gate_and_the_density_as_they_were(
    page: Page, page_server: Served
) -> None:
    open_review(page, page_server, ONE)
    press(page, ["7"])
    handle, number = page.locator("#handles .handle.line").first, page.locator("#n-now")
    before = (handle.get_attribute("aria-valuenow"), number.inner_text())
    box = handle.locator(".dot").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.locator("#n-now.differs").wait_for()
    press(page, ["Escape"])
    page.mouse.move(x + 60, y, steps=2)
    page.mouse.up()
    until(page, "() => !document.getElementById('n-now').classList.contains('differs')")
    page.wait_for_timeout(500)  # an answer that is still on its way changes nothing
    assert (handle.get_attribute("aria-valuenow"), number.inner_text()) == before
    assert page.locator("#b-change").is_disabled()


def test_a_tube_in_hand_can_be_signed_while_the_next_one_is_still_on_its_way(
    page: Page, page_server: Served
) -> None:
    open_review(page, page_server, ONE)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"**/api/tubes/{TWO}", hold)
    page.fill("#who", "AB")
    page.locator("#who").press("Escape")
    press(page, ["n"])  # asks for the next tube, which does not come
    open_review(page, page_server, ONE)
    press(page, ["a"])
    until(page, "() => document.getElementById('said').textContent.includes('accepted, saved')")
    page.locator(f"#tubes li[data-id='{ONE}'] button").click()
    wait_for_tube(page, ONE)
    page.locator("#b-sign").click()
    page.locator("#ask-title:has-text('Sign')").wait_for()
    press(page, ["Escape"])
    for route in held:
        route.continue_()
    page.unroute(f"**/api/tubes/{TWO}")


@pytest.mark.parametrize("words", ["5,000", "-12,000,000", "5.000,5", "1e", "", "five"])
def test_what_is_no_number_or_may_be_two_moves_no_gate_and_is_no_density(
    page: Page, page_server: Served, words: str
) -> None:
    open_review(page, page_server, ONE)
    press(page, ["7"])
    before = page.locator("#handles .handle.chosen").get_attribute("aria-valuetext")
    page.fill("#v-x", words)
    page.locator("#v-x").press("Enter")
    until(page, "() => document.getElementById('said').textContent.includes('nothing between thousands')")
    assert page.locator("#handles .handle.chosen").get_attribute("aria-valuetext") == before
    page.fill("#look-mfi", words)
    assert page.input_value("#look-abc") == ""
    page.fill("#v-x", "5000,5")  # a decimal comma is one number alone
    page.locator("#v-x").press("Enter")
    wait_for_settled(page)
    assert page.locator("#handles .handle.chosen").get_attribute("aria-valuetext") == "5000.5"
    page.click("#b-reset")


def test_the_page_does_not_move_under_a_gate_that_is_dragged(page: Page, page_server: Served) -> None:
    open_review(page, page_server, ONE)
    press(page, ["7"])
    page.set_viewport_size({"width": 1280, "height": 560})  # the lower end of the line is below the edge
    page.evaluate("document.getElementById('bench').scrollTo(0, 30)")
    box = page.locator("#handles .handle.line .dot").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up()
    wait_for_settled(page)
    assert page.evaluate("document.getElementById('bench').scrollTop") == 30
    page.set_viewport_size(DESK)
    page.click("#b-reset")


def test_a_polygon_is_drawn_over_time_and_cuts_it(page: Page, page_server: Served) -> None:
    open_review(page, page_server, ONE)
    press(page, ["1"])
    number = page.locator("#n-now .rd").inner_text()
    page.click("#b-polygon")
    wait_for_settled(page)
    assert page.locator("#n-now .rd").inner_text() == number, "a box around every event"
    assert corners(page) == 4
    assert "Time" in page.locator("#picture .axis").first.text_content()  # type: ignore[operator]
    before = page.locator("#n-now td.n").inner_text()
    for k in (1, 2):  # both right corners to the middle: half of the acquisition
        page.locator("#handles .handle.vertex").nth(k).focus()
        press(page, ["Shift+ArrowLeft"] * 10)
    until(page, "n => document.querySelector('#n-now td.n').textContent !== n", before)
    wait_for_settled(page)
    cells = int(page.locator("#n-now td.n").inner_text().replace(",", ""))
    assert 0.3 < cells / int(before.replace(",", "")) < 0.8
    page.click("#b-reset")
