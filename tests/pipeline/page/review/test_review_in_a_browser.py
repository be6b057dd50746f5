"""The review as a person does it, in a browser: by keyboard, by mouse, with a finger, two at a time."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.page_server import (
    CHROMIUM,
    DESK,
    PHONE,
    Served,
    chromium,
    press,
    run_study_folder,
    served,
    until,
    wait_for_settled,
    wait_for_tube,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[4]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review") / "demo"
    shutil.copytree(ROOT / "fcs_samples" / "demo", folder, ignore=shutil.ignore_patterns("results"))
    run_study_folder(folder)
    return folder


@pytest.fixture(scope="module")
def page_server(study: Path) -> Iterator[Served]:
    with served(study) as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def reviewer(browser: Browser, page_server: Served) -> Iterator[BrowserContext]:
    """A browser that was let in; every page of it shares the cookie."""
    context = browser.new_context(viewport=DESK)
    opened = context.new_page()
    opened.goto(page_server.address)
    wait_for_tube(opened)
    opened.close()
    yield context
    context.close()


@pytest.fixture
def page(reviewer: BrowserContext, page_server: Served) -> Iterator[Page]:
    """The review on a desk, with every complaint of the browser taken down."""
    complaints: list[str] = []
    opened = reviewer.new_page()
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(f"{page_server.origin}/review")
    opened.evaluate("localStorage.clear()")
    opened.reload()
    wait_for_tube(opened)
    yield opened
    opened.close()
    assert [words for words in complaints if "409" not in words] == []


def look_at(page: Page, name: str) -> None:
    page.locator(f"#tubes li[data-id='{name}'] button").click()
    wait_for_tube(page, name)


def said(page: Page) -> str:
    return page.locator("#said").inner_text()


def rows_of(study: Path, name: str) -> list[dict[str, str]]:
    with (study / "review.csv").open(newline="", encoding="utf-8-sig") as file:
        return [row for row in csv.DictReader(file) if row["sample_id"] == name]


def stored_rd(study: Path, name: str) -> float:
    """Return the density of a tube as the run stored it, to all digits."""
    stored = json.loads((study / "results" / "store" / f"{name}.json").read_text("utf-8"))
    found: float = stored["result"]["receptor"]["rd"]
    return found


def name_reviewer(page: Page, name: str) -> None:
    page.fill("#who", name)
    page.locator("#who").press("Enter")
    page.locator("#who").blur()


def drag(page: Page, place: str, across: float, up: float) -> None:
    """Drag what is at a place of the page by so many pixels."""
    box = page.locator(place).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 9):
        page.mouse.move(x + across * part / 8, y - up * part / 8)
    page.mouse.up()


def saved(page: Page, words: str) -> None:
    until(page, "words => document.getElementById('said').textContent.includes(words)", words)


def test_a_tube_is_mended_by_keyboard_alone_and_the_run_gives_the_same_density(
    page: Page, study: Path
) -> None:
    name = "P07_BM1"
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    wait_for_tube(page, name)
    before = page.locator("#n-before .rd").inner_text()
    page.keyboard.press("7")
    assert page.locator("#handles .handle:focus").count() == 1
    handle = page.locator("#handles .handle:focus")
    start = float(str(handle.get_attribute("aria-valuenow")))
    press(page, ["Shift+ArrowRight"])
    once = float(str(handle.get_attribute("aria-valuenow")))
    press(page, ["Shift+ArrowRight"] * 4)  # faster than the pictures come
    press(page, ["Shift+ArrowLeft"] * 4)
    assert float(str(handle.get_attribute("aria-valuenow"))) == pytest.approx(once, rel=1e-4)
    assert once > start
    press(page, ["ArrowRight"] * 3)
    wait_for_settled(page)
    assert "cells" in said(page)
    shown = page.locator("#n-now").get_attribute("data-rd")
    assert shown is not None
    press(page, ["c"])
    page.keyboard.type("AB")
    page.keyboard.press("Enter")
    page.locator("#ask-title:has-text('Save the moved gates')").wait_for()
    page.keyboard.type("valley hidden by debris")
    page.keyboard.press("Enter")
    saved(page, f"{name} changed, saved")
    (row,) = rows_of(study, name)
    assert (row["set_by"], row["reason"], row["verdict"]) == ("AB", "valley hidden by debris", "change")
    run_study_folder(study)
    assert stored_rd(study, name) == float(shown)
    assert page.locator("#n-before .rd").inner_text() != "" != before
    assert "not saved" not in page.locator("#tubes").inner_text()


def test_by_mouse_a_line_and_a_corner_are_dragged_undone_compared_and_run_again(
    page: Page, study: Path
) -> None:
    shown: dict[str, str] = {}
    look_at(page, "P06_BM1")
    before = page.locator("#n-now .rd").inner_text()
    page.locator("#strip button[data-step=second_anchor]").click()
    drag(page, "#handles .handle.line .dot", 60, 0)
    wait_for_settled(page)
    moved = page.locator("#n-now .rd").inner_text()
    assert "As in a run. Not saved yet." in page.locator("#moved").inner_text()
    assert moved.split()[0] != before
    page.click("#b-undo")
    assert page.locator("#n-now .rd").inner_text() == before
    page.click("#b-redo")
    wait_for_settled(page)
    assert page.locator("#n-now .rd").inner_text() == moved
    page.click("#b-before")
    assert page.locator("#b-before").get_attribute("aria-pressed") == "true"
    assert page.locator("#handles .handle").count() == 0
    page.click("#b-before")
    page.click("#b-reset")
    assert page.locator("#n-now .rd").inner_text() == before
    assert page.locator("#b-change").is_disabled()

    page.locator("#strip button[data-step=plasma_cells]").click()
    page.click("#b-polygon")
    wait_for_settled(page)
    corners = page.locator("#handles .handle.vertex")
    n_corners = corners.count()
    assert n_corners >= 4
    straight = page.locator("#handles path.edge").get_attribute("d")
    assert str(straight).count("L") == n_corners - 1, "from corner to corner, straight on the axes"
    drag(page, "#handles .handle.vertex >> nth=0", 70, 40)
    page.wait_for_timeout(100)
    wait_for_settled(page)
    page.locator("#handles .handle.vertex").nth(1).focus()
    page.keyboard.press("Delete")
    until(page, "n => document.querySelectorAll('#handles .handle.vertex').length === n", n_corners - 1)
    wait_for_settled(page)
    shown["P06_BM1"] = str(page.locator("#n-now").get_attribute("data-rd"))
    name_reviewer(page, "CD")
    page.click("#b-change")
    page.fill("#ask input[name=reason]", "doublets, beside the cells")
    page.click("#ask-yes")
    saved(page, "P06_BM1 changed, saved")
    (row,) = rows_of(study, "P06_BM1")
    assert row["gate"] == "plasma_cells"
    assert row["polygon"].count(";") == n_corners - 2
    assert row["polygon"].count("(asinh ") == 2

    look_at(page, "P04_BM1")
    page.locator("#strip button[data-step=debris]").click()
    page.fill("#v-x", "31000")
    page.locator("#v-x").press("Enter")
    wait_for_settled(page)
    page.locator("#strip button[data-step=margins]").click()
    assert page.locator("#others").is_hidden()
    look_at(page, "P05_BM1")
    page.locator("#strip button[data-step=aberrant]").click()
    assert "would leave out: move its thresholds" in page.locator("#stage-note").inner_text()
    page.select_option("#o-gate", label="cd117")
    page.fill("#o-value", "700")
    page.locator("#o-value").press("Enter")
    wait_for_settled(page)
    assert page.locator("#n-now.differs").count() == 1
    page.click("#b-reset")
    look_at(page, "P04_BM1")
    wait_for_settled(page)
    shown["P04_BM1"] = str(page.locator("#n-now").get_attribute("data-rd"))
    page.click("#b-change")
    page.fill("#ask input[name=reason]", "debris")
    page.click("#ask-yes")
    saved(page, "P04_BM1 changed, saved")

    page.click("#b-run")
    page.click("#ask-yes")
    page.locator("#ask-title:has-text('What the run changed')").wait_for(timeout=120_000)
    assert {"P06_BM1", "P04_BM1"} <= set(page.locator("#ask-body tbody th").all_inner_texts())
    page.keyboard.press("Escape")
    assert {name: stored_rd(study, name) for name in shown} == {name: float(rd) for name, rd in shown.items()}
    page.reload()
    wait_for_tube(page, "P04_BM1")
    assert "changed by CD" in page.locator("#decision").inner_text()
    assert page.locator("#b-change").is_disabled()
    press(page, ["s"])
    page.click("#ask-yes")
    saved(page, "signed by CD, saved")
    assert "Signed by CD (reviewed and approved)" in page.locator("#decision").inner_text()
    press(page, ["s"])
    page.fill("#ask input[name=who]", "EF")
    page.click("#ask-yes")
    saved(page, "counter-signed by EF, saved")


def test_the_same_gate_is_tried_on_the_tubes_of_the_panel_and_day_and_saved_where_it_is_ticked(
    page: Page, study: Path
) -> None:
    look_at(page, "P01_BM1")
    name_reviewer(page, "AB")
    page.keyboard.press("7")
    press(page, ["ArrowRight"] * 3)
    wait_for_settled(page)
    press(page, ["t"])
    page.locator("#ask-title:has-text('The same gates on')").wait_for(timeout=60_000)
    boxes = page.locator("#ask-body input[type=checkbox]")
    named = page.locator("#ask-body tbody th").all_inner_texts()
    assert len(named) > 5
    for k in range(1, boxes.count()):
        boxes.nth(k).uncheck()
    page.fill("#ask input[name=reason]", "the same valley")
    page.click("#ask-yes")
    saved(page, "1 tube changed, saved")
    assert [row["reason"] for row in rows_of(study, named[0])] == ["the same valley"]
    assert page.locator("#tubes li[data-id=P01_BM1] .unsaved").count() == 1
    page.reload()  # what is not saved is kept by the browser
    wait_for_tube(page, "P01_BM1")
    wait_for_settled(page)
    page.click("#b-reset")


def test_the_quantified_cells_are_seen_on_any_two_channels_and_cd38_has_no_handle(page: Page) -> None:
    look_at(page, "P02_BM1")
    press(page, ["g"])
    page.locator("#bg-picture > svg").wait_for()
    channels = page.locator("#bg-x option").all_inner_texts()
    cd38 = next(name for name in channels if "CD38" in name)
    page.select_option("#bg-y", label=cd38)
    page.locator("#bg-picture svg text", has_text="CD38").first.wait_for()
    assert page.locator("#bg-picture .handle").count() == 0
    for k in range(1, page.locator("#strip button").count() + 1):
        page.keyboard.press(str(k))
        assert "CD38" not in " ".join(
            page.locator("#handles .handle").evaluate_all(
                "all => all.map((one) => one.getAttribute('aria-label'))"
            )
        ).replace(cd38, "CD38")


def test_two_reviewers_see_both_versions_and_a_program_that_is_gone_is_told(
    browser: Browser, study: Path, page: Page
) -> None:
    name = "P03_BM1"
    look_at(page, name)
    name_reviewer(page, "AB")
    page.locator("#bench").focus()
    press(page, ["r"])  # the question stays open while somebody else decides
    with served(study) as other:
        context = browser.new_context(viewport=DESK)
        theirs = context.new_page()
        theirs.goto(f"{other.address}")
        wait_for_tube(theirs)
        look_at(theirs, name)
        name_reviewer(theirs, "Zoë")
        press(theirs, ["r"])
        theirs.keyboard.type("clotted <b>sample</b>")
        theirs.keyboard.press("Enter")
        saved(theirs, f"{name} rejected, saved")
        page.fill("#ask input[name=reason]", "few cells")
        page.click("#ask-yes")
        page.locator("#ask-title:has-text('somebody else was faster')").wait_for()
        versions = page.locator(".version").all_inner_texts()
        assert "rejected by Zoë" in versions[0]
        assert "clotted <b>sample</b>" in versions[0]
        assert "rejected by AB: few cells" in versions[1].replace("\n", " ")
        assert [row["set_by"] for row in rows_of(study, name)] == ["Zoë"]
        page.click("#ask-yes")  # theirs counts
        page.locator("#decision", has_text="rejected by Zoë").wait_for()
        other.process.kill()
        other.process.wait(20)
        look = theirs.locator("#trouble")
        theirs.locator("#b-ask").click()
        theirs.keyboard.type("why?")
        theirs.keyboard.press("Enter")
        look.wait_for(timeout=20_000)
        assert "does not answer" in look.inner_text()
        assert "is saved" in look.inner_text()
        assert theirs.locator("#b-accept").is_disabled()
        context.close()


SMALL_TEXT = """() => {
  const small = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest('script, style, title, desc, noscript, [hidden]')) continue;
    if (!element.checkVisibility()) continue;
    const matrix = element.closest('svg') ? element.closest('text').getScreenCTM() : null;
    const size = parseFloat(getComputedStyle(element).fontSize) * (matrix ? Math.hypot(matrix.a, matrix.b) : 1);
    if (size < 11 - 0.01) small.push([node.textContent.trim(), size]);
  }
  return small;
}"""


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_nobody_is_shut_out_and_nothing_scrolls_sideways(page: Page, viewport: dict) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size(viewport)
    look_at(page, "P09_BM1")
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    page.locator("#bg-picture > svg").wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.evaluate(SMALL_TEXT) == []
    for ask in (None, "?"):
        if ask:
            press(page, [ask])
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")


def test_a_finger_drags_a_line(browser: Browser, study: Path) -> None:
    with served(study) as one:
        context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
        page = context.new_page()
        page.goto(one.address)
        wait_for_tube(page)
        page.locator("#tubes li[data-id='P10_BM1'] button").tap()
        wait_for_tube(page, "P10_BM1")
        page.locator("#strip button[data-step=plasma_cells]").tap()
        dot = page.locator("#handles .handle.line .dot").first
        dot.scroll_into_view_if_needed()
        box = dot.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        client = context.new_cdp_session(page)

        def touch(kind: str, *at: tuple[float, float]) -> None:
            points = [{"x": across, "y": down} for across, down in at]
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", (x, y))
        for k in range(1, 8):
            touch("touchMove", (x - 6 * k, y))
        touch("touchEnd")
        wait_for_settled(page)
        assert page.locator("#tubes li[data-id='P10_BM1'] .unsaved").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        context.close()


HOSTILE = '"><img src=x onerror="document.title=1">'
NAME = "P06&ltb&gt 'x'"


def rewritten(path: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Write the rows of a sheet again."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = change(list(csv.DictReader(file)))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_hostile_names_are_shown_and_do_nothing(browser: Browser, study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "<i>demo"
    shutil.copytree(study, folder, ignore=shutil.ignore_patterns("results", "review.csv", "audit.jsonl"))

    def samples(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        kept = [row for row in rows if row["patient_id"] in ("P06", "P07")]
        kept[0] |= {"sample_id": NAME, "remark": f"</script>{HOSTILE}"}
        return kept

    def panels(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [row | {"marker": HOSTILE} if row["role"] == "cd138" else row for row in rows]

    rewritten(folder / "samples.csv", samples)
    rewritten(folder / "panels.csv", panels)
    run_study_folder(folder)
    complaints: list[str] = []
    with served(folder) as one:
        context = browser.new_context(viewport=DESK)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(one.address)
        wait_for_tube(page)
        page.locator("#tubes button", has_text=NAME).click()
        wait_for_tube(page, NAME)
        assert "<img" in str(page.locator("#picture").text_content())
        name_reviewer(page, "<i>AB</i>")
        page.locator("#bench").focus()
        press(page, ["r"])
        page.keyboard.type("<img src=x onerror=alert(1)>")
        page.keyboard.press("Enter")
        saved(page, "rejected, saved")
        page.locator("#tubes button", has_text=NAME).click()
        wait_for_tube(page, NAME)
        assert "rejected by <i>AB</i>" in page.locator("#decision").inner_text()
        assert page.locator("#bench img").count() == 0
        assert page.title() != "1"
        assert complaints == []
        context.close()


def test_a_number_typed_in_either_unit_is_one_gate_and_back_gating_follows_it(page: Page) -> None:
    look_at(page, "P09_BM1")
    page.locator("#strip button[data-step=plasma_cells]").click()
    press(page, ["g"])
    page.locator("#bg-picture > svg").wait_for()
    page.fill("#v-x", "5000")
    page.locator("#v-x").press("Enter")
    wait_for_settled(page)
    handle = page.locator("#handles .handle.chosen")
    assert handle.get_attribute("aria-valuetext") == "5000"
    page.select_option("#v-unit", "axis")
    assert "asinh(value / " in page.locator("#v-unit option:checked").inner_text()
    axis = page.input_value("#v-x")
    rd = page.locator("#n-now").get_attribute("data-rd")
    page.locator("#v-x").press("Enter")  # as it stands: the gate stays where it is, to all digits
    wait_for_settled(page)
    assert handle.get_attribute("aria-valuetext") == "5000"
    page.fill("#v-x", str(float(axis) + 0.5))
    page.locator("#v-x").press("Enter")
    until(page, "rd => document.getElementById('n-now').dataset.rd !== rd", rd)
    wait_for_settled(page)
    cells = page.locator("#n-now td.n").inner_text().replace(",", "")
    back_gated = "n => document.querySelector('#bg-picture figcaption').textContent.replace(',', '').startsWith(n + ' quantified')"
    until(page, back_gated, cells)
    page.click("#b-reset")
    until(page, back_gated, page.locator("#n-before td.n").inner_text().replace(",", ""))
    page.select_option("#v-unit", "channel")


def test_molecules_are_those_of_the_tubes_own_beads(page: Page) -> None:
    said_of = {}
    for name in ("P04_BM1", "P04_BM2"):
        look_at(page, name)
        page.fill("#look-mfi", "5000")
        said_of[name] = page.input_value("#look-abc")
    assert said_of["P04_BM1"] != said_of["P04_BM2"] != ""
    look_at(page, "P04_BM1")
    assert page.input_value("#look-mfi") == "5000"
    assert page.input_value("#look-abc") == said_of["P04_BM1"]
    page.fill("#look-abc", said_of["P04_BM1"])
    assert float(page.input_value("#look-mfi")) == pytest.approx(5000, rel=0.001)
