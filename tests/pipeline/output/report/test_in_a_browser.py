"""The report as people use it: in a browser, with a pointer, on a phone, printed, without a script."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.assembly.study_result import StudyResult
from pipeline.output.report.bead_page import bead_page_html
from pipeline.output.report.page import report_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@pytest.fixture(scope="module")
def report(study_result: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("browser") / "report.html"
    path.write_text(report_html(study_result), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, report: str) -> Iterator[Page]:
    """The report on a desk, with every complaint of the browser taken down."""
    complaints: list[str] = []
    opened = browser.new_page(viewport=DESK)
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(report)
    yield opened
    opened.close()
    assert complaints == []


def shown(page: Page) -> list[str]:
    """Return the samples of the rows that are shown, in order."""
    rows = page.locator("#rd tbody tr:visible td:first-child")
    return [words.strip() for words in rows.all_inner_texts()]


def test_the_filter_counts_and_says_when_nothing_is_found(page: Page) -> None:
    every = shown(page)
    assert page.locator("#rd-count").inner_text() == f"{len(every)} tubes"
    page.fill("#filter", "p01-s1|p05-s1")
    assert shown(page) == ["P01-S1", "P05-S1"]
    assert page.locator("#rd-count").inner_text() == f"2 of {len(every)} tubes"
    page.fill("#filter", "P05 LOW_GATE")
    assert shown(page) == ["P05-S1"]
    page.fill("#filter", "/p0[12]-s1/")
    assert shown(page) == ["P01-S1", "P02-S1"]
    page.fill("#filter", r"/^P0[12]\S\D\d/i")
    assert shown(page) == ["P01-S1", "P02-S1"]
    page.fill("#filter", "no such tube")
    assert page.locator("#rd-nothing").is_visible()
    page.fill("#filter", "/(/")
    assert shown(page) == []


def test_buttons_show_the_tubes_of_a_status(page: Page) -> None:
    page.click("#rd-tools button[data-status=BELOW_LLOQ]")
    statuses = page.locator("#rd tbody tr:visible").evaluate_all(
        "rows => rows.map((row) => row.dataset.status)"
    )
    assert set(statuses) == {"BELOW_LLOQ"}
    page.click("#rd-tools button[data-status=FAILED]")
    statuses = page.locator("#rd tbody tr:visible").evaluate_all(
        "rows => rows.map((row) => row.dataset.status)"
    )
    assert set(statuses) == {"BELOW_LLOQ", "FAILED"}


def test_densities_sort_as_numbers_and_unknown_ones_come_last(page: Page, study_result: StudyResult) -> None:
    values = {result.sample_id: result.receptor.rd for result in study_result.results}
    for descending in (False, True):
        page.click("#rd thead th:nth-child(4) button")
        order = [values[sample] for sample in shown(page) if values[sample] is not None]
        assert order == sorted(order, reverse=descending)
        assert values[shown(page)[-1]] is None


def test_a_second_column_sorts_what_the_first_leaves_equal(page: Page) -> None:
    page.click("#rd thead th:nth-child(3) button")
    page.locator("#rd thead th:nth-child(1) button").click(modifiers=["Shift"])
    rows = page.locator("#rd tbody tr:visible").evaluate_all(
        "rows => rows.map((row) => [row.cells[2].textContent.trim(), row.cells[0].textContent.trim()])"
    )
    assert rows == sorted(rows)
    assert page.locator("#rd thead th[aria-sort]").count() == 2


def test_csv_holds_the_rows_and_columns_that_are_shown(page: Page, tmp_path: Path) -> None:
    page.fill("#filter", "p05-s1")
    page.click("#rd-tools details summary")
    page.click("#rd-tools input[data-column=LLOQ]")
    page.click("#rd-tools input[data-column=Cells]")
    with page.expect_download() as download:
        page.click("#rd-csv")
    download.value.save_as(tmp_path / "rows.csv")
    head, row = (tmp_path / "rows.csv").read_text("utf-8-sig").splitlines()
    assert "LLOQ" in head
    assert "Cells" not in head
    assert row.startswith("P05-S1,")


def test_the_name_of_a_column_stands_right_beside_its_box(page: Page) -> None:
    page.click("#rd-tools details summary")
    boxes = page.locator("#rd-tools input[data-column]")
    widths = boxes.evaluate_all("boxes => boxes.map((box) => box.getBoundingClientRect().width)")
    assert len(widths) > 5
    assert max(widths) < 30


def test_the_head_of_the_table_stays_in_sight(page: Page) -> None:
    page.evaluate("document.querySelector('#rd tbody tr:nth-child(6)').scrollIntoView()")
    head = page.locator("#rd thead th").first.bounding_box()
    assert head is not None
    assert 0 <= head["y"] < 5


def test_a_link_leads_to_a_card_and_opens_it(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details.card').forEach((card) => { card.open = false; })")
    page.click("#rd tbody tr:nth-child(2) a")
    page.wait_for_timeout(100)
    assert page.locator("#tube-2").evaluate("card => card.open")


def test_the_pointer_over_a_picture_reads_values_and_events(page: Page) -> None:
    page.evaluate("document.getElementById('tube-5').open = true")
    for plot, unit in (("svg.plot:has(image)", "event"), ("svg.plot:not(:has(image))", "event")):
        picture = page.locator(f"#tube-5 .panels {plot}").first
        picture.scroll_into_view_if_needed()
        for _ in range(2):  # the first look starts the decoding of the picture
            picture.hover(force=True)
            page.wait_for_timeout(150)
            page.mouse.move(2, 2)
        picture.hover(force=True)
        words = page.locator(".tip").inner_text()
        assert unit in words
        assert re.match(r"\S+ [−\d.,]+", words)


def test_counts_of_bins_of_other_widths_are_told_apart(page: Page) -> None:
    words = page.evaluate(
        """() => {
             const card = document.getElementById('tube-5');
             card.open = true;
             const plot = card.querySelector('svg.plot[data-control]');
             plot.scrollIntoView({block: 'center'});
             const [bins, read] = [plot.dataset.counts.split(' ').length, []];
             for (const share of [1, 0.5]) {
               plot.dataset.control = Array(bins * share).fill('7').join(' ');
               const box = plot.getBoundingClientRect();
               const at = {clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true};
               plot.dispatchEvent(new PointerEvent('pointermove', at));
               read.push(document.querySelector('.tip').textContent);
             }
             return read;
           }"""
    )
    assert words[0].endswith(" 7")
    assert words[1].endswith(" 7 in a bin 2 × as wide")


def test_the_pointer_over_a_point_reads_density_interval_tube_patient_and_weeks(page: Page) -> None:
    point = page.locator("#washout .broad a.spot[href='#tube-5']")
    point.hover()
    words = page.locator(".tip").inner_text()
    assert words.startswith("P05-S1 · patient P05")
    assert re.search(r"\d weeks · 31,400 molecules per cell, interval [\d,]+ to [\d,]+", words)
    page.mouse.move(2, 2)
    assert not page.locator(".tip").is_visible()


def test_a_click_on_a_point_opens_its_tube(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details.card').forEach((card) => { card.open = false; })")
    page.locator("#washout .broad a.spot[href='#tube-5']").click()
    page.wait_for_timeout(100)
    assert page.url.endswith("#tube-5")
    assert page.locator("#tube-5").evaluate("card => card.open")


def test_a_keyboard_goes_from_point_to_point_and_opens_a_tube(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details.card').forEach((card) => { card.open = false; })")
    points = page.locator("#washout .broad a.spot")
    stops = points.evaluate_all("points => points.filter((point) => point.tabIndex === 0).length")
    assert (points.count() > 3, stops) == (True, 1)
    page.locator("#washout .broad a.spot[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    words = page.locator(".tip").inner_text()
    assert words == points.nth(1).get_attribute("aria-label")
    target = points.nth(1).get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert page.locator(str(target)).evaluate("card => card.open")
    page.keyboard.press("Escape")
    assert not page.locator(".tip").is_visible()


def test_on_a_phone_the_narrow_chart_is_shown(browser: Browser, report: str) -> None:
    opened = browser.new_page(viewport=PHONE)
    opened.goto(report)
    assert opened.locator("#washout svg.narrow").is_visible()
    assert not opened.locator("#washout svg.broad").is_visible()
    opened.close()


FIGURES = {
    "#washout figure": ("rd_washout", "median patient"),
    "#tube-5 figure.gates": ("gating_P05-S1", "keeps"),
    "#tube-5 .split figure": ("cd38_P05-S1", "molecules per cell"),
    "#beads figure": ("beads_", "Standard curve"),
}


@pytest.mark.parametrize("place", FIGURES)
def test_a_figure_is_saved_as_svg_that_stands_alone_and_as_png(
    page: Page, tmp_path: Path, place: str
) -> None:
    from lxml import etree
    from PIL import Image

    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    saved = {}
    for kind in ("SVG", "PNG"):
        with page.expect_download() as download:
            page.locator(f"{place} .take button[data-kind={kind}]").first.click()
        saved[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[kind])
    name, words = FIGURES[place]
    assert saved["SVG"].name.startswith(name)
    assert saved["SVG"].suffix == ".svg"
    root = etree.fromstring(saved["SVG"].read_bytes())
    text = saved["SVG"].read_text("utf-8")
    assert words in text
    assert ".pic text" in text
    assert 'href="#' not in text
    assert ("<title>P05-S1 · patient P05" in text) == (name == "rd_washout")
    picture = Image.open(saved["PNG"]).convert("RGB")
    scale = picture.width / float(root.get("width"))
    assert scale >= 2.9
    assert picture.height == pytest.approx(scale * float(root.get("height")), abs=2)
    assert len(picture.resize((200, 100)).getcolors(20_000) or ()) > 20  # it is drawn, not blank


def test_the_page_of_bead_runs_has_pictures_that_are_read_and_saved(
    browser: Browser, study_result: StudyResult, tmp_path: Path
) -> None:
    path = tmp_path / "calibration.html"
    path.write_text(bead_page_html(study_result.study, study_result.calibrations), encoding="utf-8")
    complaints: list[str] = []
    opened = browser.new_page(viewport=DESK)
    opened.on("console", lambda message: complaints.append(message.text))
    opened.goto(path.as_uri())
    opened.locator("#beads-1 .charts svg:nth-child(2) .spot").nth(1).hover()
    assert opened.locator(".tip").inner_text().startswith("bead 2 · median")
    opened.locator("#beads-1 .charts svg.plot").first.hover()
    assert "event" in opened.locator(".tip").inner_text()
    with opened.expect_download() as download:
        opened.locator("#beads-1 .take button[data-kind=SVG]").first.click()
    assert download.value.suggested_filename == f"beads_{study_result.calibrations[0].beads}.svg"
    assert complaints == []
    opened.close()


def test_nobody_is_shut_out_by_colours_names_or_order(page: Page) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("viewport", [DESK, PHONE])
def test_text_is_large_enough_and_nothing_scrolls_sideways(
    browser: Browser, report: str, viewport: dict
) -> None:
    opened = browser.new_page(viewport=viewport)
    opened.goto(report)
    opened.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert opened.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    smallest = opened.evaluate(
        """() => [...document.querySelectorAll('.pic text')].filter((text) => text.checkVisibility()).map((text) => {
             const svg = text.ownerSVGElement.closest('.pic');
             return parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a;
           }).reduce((least, size) => Math.min(least, size), 99)"""
    )
    assert smallest >= 9
    opened.close()


def test_printed_every_card_is_open(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("document.querySelectorAll('details.card').forEach((card) => { card.open = false; })")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.card:not([open])").count() == 0
    assert len(page.pdf()) > 10_000


def test_printed_each_tube_has_a_page_and_nothing_is_cut(page: Page) -> None:
    page.set_viewport_size({"width": 718, "height": 1047})  # A4 without margins of 1 cm, at 96 dots an inch
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    heights = page.locator("details.card").evaluate_all("cards => cards.map((card) => card.offsetHeight)")
    assert max(heights) <= 1047
    assert page.evaluate("document.documentElement.scrollWidth") <= 718


def test_without_a_script_all_rows_and_pictures_are_there(
    browser: Browser, report: str, study_result: StudyResult
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=DESK)
    opened = context.new_page()
    opened.goto(report)
    assert opened.locator("#rd tbody tr").count() == len(study_result.results)
    assert not opened.locator("#rd-tools").is_visible()
    assert opened.locator(".panels svg").count() > 0
    assert opened.locator("#washout .broad a.spot title").count() > 3
    assert opened.locator(".take").count() == 0
    context.close()
