"""The report as people use it: in a browser, with a pointer, on a phone, printed, without a script."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.many_tubes import many_tubes
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.swimmer import MOST_BARS
from pipeline.output.report.bead_page import bead_page_html
from pipeline.output.report.page import report_html, write_report
from pipeline.output.report.record.head import title_of
from pipeline.response.follow_up import follow_up
from pipeline.study.settings import Settings
from pipeline.study.study import Patient

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
    page.fill("#filter", "/(/")
    assert shown(page) == []
    assert "Nothing found: /(/ is not a regular expression." in page.locator("#rd-nothing").inner_text()
    page.fill("#filter", "no such tube")
    nothing = page.locator("#rd-nothing").inner_text()
    assert nothing == "Nothing found: no tube fits the filter and the buttons."


def test_one_tube_is_counted_as_one(browser: Browser, study_result: StudyResult, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, many_tubes(study_result, 1))
    opened = browser.new_page(viewport=DESK)
    opened.goto(path.as_uri())
    assert opened.locator("#rd-count").inner_text() == "1 tube"
    opened.close()


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


def test_a_second_column_sorts_within_a_verdict_whatever_the_flags(page: Page) -> None:
    page.click("#rd thead th:nth-child(3) button")
    page.locator("#rd thead th:nth-child(1) button").click(modifiers=["Shift"])
    rows = page.locator("#rd tbody tr:visible").evaluate_all(
        "rows => rows.map((row) => [row.dataset.status, row.cells[0].textContent.trim(), row.cells[2].textContent])"
    )
    verdicts = page.locator("#rd-tools button[data-status]").evaluate_all(
        "buttons => buttons.map((button) => button.dataset.status)"
    )
    ordered = sorted(rows, key=lambda row: (verdicts.index(row[0]), row[1]))
    assert rows == ordered
    assert ordered != sorted(rows, key=lambda row: (verdicts.index(row[0]), row[2]))
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
    page.fill("#filter", "p07-s1")
    with page.expect_download() as download:
        page.click("#rd-csv")
    download.value.save_as(tmp_path / "rows.csv")
    row = (tmp_path / "rows.csv").read_text("utf-8-sig").splitlines()[1]
    assert ",151000," in row  # 151,000 is 151 where Excel has a decimal comma


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
    box = page.locator(".tip").bounding_box()
    assert box is not None
    assert box["width"] <= 400  # it hides no more of the plot than it must
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
    assert opened.locator("#washout svg.narrow[data-name=rd_washout]").is_visible()
    assert opened.locator("#washout svg.broad:visible").count() == 0
    for chart in opened.locator("svg.narrow:visible").all():
        box = chart.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= PHONE["width"]
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
    assert download.value.suggested_filename == f"beads_{study_result.calibrations[0].bead_run}.svg"
    assert complaints == []
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(opened)
    assert found.violations_count == 0, found.generate_report()
    opened.close()


def test_nobody_is_shut_out_by_colours_names_or_order(page: Page) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


SMALL_TEXT = """() => {
  const small = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest('script, style, title, desc, [hidden]')) continue;
    if (!element.checkVisibility()) continue;
    const matrix = element.closest('svg') ? element.closest('text').getScreenCTM() : null;
    const size = parseFloat(getComputedStyle(element).fontSize) * (matrix ? Math.hypot(matrix.a, matrix.b) : 1);
    if (size < (matrix ? 9 : 11) - 0.01) small.push([node.textContent.trim(), size]);
  }
  return small;
}"""
"""Every text below 11 px, in a chart below 9 px, as it stands on the screen."""


@pytest.mark.parametrize("viewport", [DESK, PHONE])
def test_text_is_large_enough_and_nothing_scrolls_sideways(
    browser: Browser, report: str, viewport: dict
) -> None:
    opened = browser.new_page(viewport=viewport)
    opened.goto(report)
    opened.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert opened.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert opened.evaluate(SMALL_TEXT) == []
    opened.close()


def test_on_a_phone_the_density_is_seen_and_nobody_is_shut_out(browser: Browser, report: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    opened = browser.new_page(viewport=PHONE)
    opened.goto(report)
    opened.locator("#rd-tools input[data-column]:not(:checked)").evaluate_all(
        "boxes => boxes.forEach((box) => box.click())"
    )
    opened.wait_for_timeout(200)
    assert opened.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for cell in ("#rd thead th:nth-child(4)", "#rd tbody tr:nth-child(3) td.rd"):
        box = opened.locator(cell).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    opened.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    found = Axe().run(opened)
    assert found.violations_count == 0, found.generate_report()
    opened.close()


def test_the_first_stops_of_the_keyboard_skip_to_the_answer_and_the_table(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    assert page.evaluate("document.activeElement.getBoundingClientRect().x") >= 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "filter"
    stops = page.evaluate(
        """() => [...document.querySelectorAll('a[href], button, input, summary, [tabindex="0"]')].filter(
             (one) => one.checkVisibility() && !document.getElementById('main').contains(one)).length"""
    )
    assert stops <= 15


def test_with_every_column_the_table_scrolls_inside_itself_and_keeps_its_head(page: Page) -> None:
    page.click("#rd-tools details summary")
    page.locator("#rd-tools input[data-column]:not(:checked)").evaluate_all(
        "boxes => boxes.forEach((box) => box.click())"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth") <= DESK["width"]
    assert page.evaluate("(() => { const box = document.getElementById('rd-box'); box.scrollTo(900, 500);"
                         "return box.scrollLeft > 0 && box.clientHeight <= innerHeight; })()")  # fmt: skip
    box, head = (page.locator(name).first.bounding_box() for name in ("#rd-box", "#rd thead th"))
    assert box is not None
    assert head is not None
    assert abs(head["y"] - box["y"]) < 3
    assert abs(head["x"] - box["x"]) < 3
    heads = page.locator("#rd thead th:visible").all_inner_texts()
    assert {"LLOQ", "Background", "Bead run", "r²", "Sentinels"} <= set(heads)
    page.locator("#rd-tools input[data-column]").evaluate_all(
        "boxes => boxes.filter((box) => !box.defaultChecked).forEach((box) => box.click())"
    )
    page.wait_for_timeout(200)
    assert page.locator("#rd-box.scrolls").count() == 0


def test_pictures_and_cards_show_the_tubes_that_the_table_shows(page: Page) -> None:
    every = page.locator(".contacts a:visible").count()
    page.fill("#filter", "p05-s1")
    assert page.locator(".contacts a:visible b").all_inner_texts() == ["P05-S1"]
    assert page.locator("#tubes details.card:visible h3").all_text_contents() == ["P05-S1"]
    assert "1 of 12 tubes" in page.locator("#tubes .filtered").inner_text()
    page.click("#first a[href='#tube-11']")  # a link to a tube that the filter hides shows it
    page.wait_for_timeout(100)
    assert page.locator("#tube-11").is_visible()
    page.fill("#filter", "")
    assert page.locator(".contacts a:visible").count() == every
    assert not page.locator("#tubes .filtered").is_visible()


def test_methods_and_items_are_copied_as_plain_text(browser: Browser, report: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.goto(report)
    copied = []
    for part in ("methods-text", "miflowcyt-items miflowcyt-reagents"):
        opened.click(f"button[data-copy='{part}']")
        opened.get_by_text("Copied.").first.wait_for()
        copied.append(opened.evaluate("navigator.clipboard.readText()"))
    assert copied[0].startswith("Samples and files. 12 tubes")
    assert "doi:10.2307/1907382" in copied[0]
    assert "<" not in copied[0]
    assert "cytometer\tLSRFortessa H123\tFCS files" in copied[1]
    assert "CD38\tHB7\tPE\tPE-A\t480 V" in copied[1]
    context.close()


NAMES = ('<b>"x"</b>', "it's & \\ 'so'", "😀" * 30, "A" * 150)


@pytest.mark.parametrize("name", NAMES, ids=("markup", "quotes", "emoji", "long"))
def test_names_of_any_kind_neither_break_the_page_nor_widen_it(
    browser: Browser, study_result: StudyResult, tmp_path: Path, name: str
) -> None:
    few = study_result.study.samples[:3]
    samples = tuple(replace(one, visit=name, patient_id=f"{name}{k}") for k, one in enumerate(few))
    settings = Settings(report_title=name, lab=name, operator=name, comment=name)
    study = replace(study_result.study, samples=samples, settings=settings)
    write_report(
        tmp_path / "report.html", changed(study_result, study=study, results=study_result.results[:3])
    )
    complaints: list[str] = []
    opened = browser.new_page(viewport=PHONE)
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto((tmp_path / "report.html").as_uri())
    assert opened.locator("h1").inner_text() == name
    assert opened.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert name in printed_margins(opened)
    assert complaints == []
    opened.close()


def printed_margins(page: Page) -> str:
    """Return what the margins of every printed page hold, as the browser understands it."""
    words = page.evaluate(
        """() => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
             .filter((rule) => rule instanceof CSSPageRule)
             .flatMap((rule) => [...rule.cssRules])
             .map((box) => `${box.name} ${box.style.content}`).join('\\n')"""
    )
    return re.sub(r"\\(.)", r"\1", words)


def test_printed_every_card_is_open(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("document.querySelectorAll('details.card').forEach((card) => { card.open = false; })")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.card:not([open])").count() == 0
    assert len(page.pdf()) > 10_000


FOLDS = ("All settings", "Libraries", "Files and their SHA-256", "Sample, files, acquisition")


def test_printed_folds_with_hashes_and_methods_are_open_with_a_script_and_without(
    browser: Browser, page: Page
) -> None:
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.printed:not([open])").count() == 0
    assert set(FOLDS) <= set(page.locator("details.printed > summary").all_inner_texts())
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(page.url.partition("#")[0])
    hashes = plain.locator("#about table.hashes td").first
    assert not hashes.is_visible()
    plain.emulate_media(media="print")
    assert hashes.is_visible()
    context.close()


CLOSED = (
    """folds => folds.filter((fold) => !fold.open && fold.checkVisibility()).map((fold) => fold.innerText)"""
)


def test_printed_no_fold_stays_closed_and_no_summary_ends_a_page(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details").evaluate_all(CLOSED) == []
    breaks = page.locator("details[open] > summary").evaluate_all(
        "ones => ones.map((one) => getComputedStyle(one).breakAfter)"
    )
    assert set(breaks) == {"avoid"}
    assert page.locator(".on-paper").is_visible()
    page.emulate_media(media="screen")
    assert not page.locator(".on-paper").is_visible()


def test_printed_each_tube_has_a_page_and_nothing_is_cut(page: Page) -> None:
    page.set_viewport_size({"width": 718, "height": 1013})  # A4 without its margins, at 96 dots an inch
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    heights = page.locator("details.card").evaluate_all("cards => cards.map((card) => card.offsetHeight)")
    assert max(heights) <= 1013
    heading, first = (page.locator(f"#tubes > {part}").first.bounding_box() for part in ("h2", ".card"))
    assert heading is not None
    assert first is not None
    assert first["y"] + first["height"] - heading["y"] <= 1013  # the heading does not cut the first tube
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    page.emulate_media(media="screen")
    page.locator("#rd-tools input[data-column]").evaluate_all(
        "boxes => boxes.forEach((box) => { if (!box.checked) box.click(); })"
    )
    page.wait_for_timeout(200)
    page.emulate_media(media="print")
    assert page.evaluate("document.getElementById('rd').offsetWidth") <= 718


def test_printed_no_row_of_a_table_is_cut_by_the_end_of_a_page(page: Page) -> None:
    page.emulate_media(media="print")
    breaks = page.locator("tbody tr").evaluate_all(
        "rows => rows.map((row) => getComputedStyle(row).breakInside)"
    )
    assert set(breaks) == {"avoid"}


def test_printed_a_heading_and_its_hint_stay_with_the_pictures_below(page: Page) -> None:
    page.emulate_media(media="print")
    hints = page.locator(":is(h2, h3) + .hint")
    breaks = hints.evaluate_all("hints => hints.map((hint) => getComputedStyle(hint).breakAfter)")
    assert len(breaks) >= 3
    assert set(breaks) == {"avoid"}


def test_printed_the_highest_figure_leaves_room_for_its_heading(
    browser: Browser, study_result: StudyResult, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    start, last = date(2024, 3, 4), date(2024, 9, 4)
    courses = tuple(
        follow_up(Patient(f"P{k:02}", "SD", discontinued_on=last), start) for k in range(MOST_BARS)
    )
    write_report(path, replace(study_result, courses=courses))
    opened = browser.new_page(viewport={"width": 718, "height": 1013})  # as above
    opened.goto(path.as_uri())
    opened.emulate_media(media="print")
    bars = opened.locator("svg[data-name=swimmer]:not(.narrow)")
    height = bars.bounding_box()["height"]
    opened.add_style_tag(content="svg { max-height: none !important; }")
    assert height < 1013 - 60 < bars.bounding_box()["height"]
    opened.close()


def test_printed_pages_are_numbered_named_and_no_more_than_needed(
    page: Page, study_result: StudyResult
) -> None:
    margins = printed_margins(page)
    assert "counter(page)" in margins
    assert "counter(pages)" in margins
    assert title_of(study_result.study) in margins
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True)))
    page.set_viewport_size({"width": 718, "height": 1013})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    heights = page.locator("details.card").evaluate_all("cards => cards.map((card) => card.offsetHeight)")
    words = page.locator("main").evaluate("main => main.offsetHeight") - sum(heights)
    assert len(heights) >= len(study_result.results)
    assert pages <= len(heights) + words / 1013 + 1  # each tube and bead run on its own page, the rest filled


def pages_of_headings(pdf: bytes) -> dict[str, list[int]]:
    """Return on which pages of a printed report, from 1, each heading stands, in the order of the pages."""
    every = re.findall(rb"(\d+) 0 obj\s*<<\s*/Type /Page\b(?!s)", pdf)
    leaves = [page for kids in re.findall(rb"/Kids \[([^\]]*)\]", pdf) for page in kids.split(b" 0 R")]
    order = [page.strip() for page in leaves if page.strip() in every]
    pages: dict[str, list[int]] = {}
    for title, page in re.findall(rb"/Title \(([^)]*)\)\s*/Dest \[(\d+) 0 R", pdf):
        pages.setdefault(title.decode("latin-1"), []).append(order.index(page) + 1)
    return pages


HIGHER = (0, 200, 400, 600, 800)
"""Pixels that stand on the page before the tubes, so that their heading comes to another height of a page."""


@pytest.mark.parametrize("above", HIGHER)
def test_printed_the_heading_of_the_tubes_stands_on_the_page_of_the_first_tube(
    page: Page, study_result: StudyResult, above: int
) -> None:
    page.evaluate(
        """(high) => document.getElementById('tubes').insertAdjacentHTML(
             'beforebegin', `<div style="height: ${high}px"></div>`)""",
        above,
    )
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    pages = pages_of_headings(page.pdf(prefer_css_page_size=True, outline=True, tagged=True))
    first = study_result.results[0].sample_id
    assert pages["Tubes"] == pages[first]
    assert pages["Bead runs"] == pages[study_result.calibrations[0].bead_run]


def test_printed_text_of_tables_is_no_smaller_than_nine_pixels(page: Page) -> None:
    page.emulate_media(media="print")
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('table, table *')].filter((one) => !one.closest('svg'))
             .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
    )
    assert smallest >= 9


MOST_BYTES, MOST_NODES = 8_000_000, 80_000
"""Of the report of 200 tubes."""


@pytest.fixture(scope="module")
def split(study_result: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a study whose 12 cards stand on pages of five."""
    path: Path = tmp_path_factory.mktemp("split") / "report.html"
    with pytest.MonkeyPatch.context() as changes:
        changes.setattr("pipeline.output.report.tube_pages.CARDS_ON_A_PAGE", 5)
        write_report(path, study_result)
    return path


def test_of_200_tubes_the_page_is_light_and_the_plot_stands_in_the_first_screen(
    browser: Browser, study_result: StudyResult, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    write_report(path, many_tubes(study_result, 200))
    assert path.stat().st_size <= MOST_BYTES
    assert not (path.parent / "report_tubes").exists()
    opened = browser.new_page(viewport=DESK)
    opened.goto(path.as_uri())
    assert opened.evaluate("document.querySelectorAll('*').length") <= MOST_NODES
    box = opened.locator("#washout svg").first.bounding_box()
    assert box is not None
    assert box["y"] + 0.6 * box["height"] <= DESK["height"]
    assert opened.locator("details.card").count() >= 200
    opened.fill("#filter", "/q00[0-4]\\d/")
    assert opened.locator("#rd-count").inner_text() == "50 of 200 tubes"
    opened.close()


def test_cards_that_do_not_fit_stand_on_pages_of_their_own_that_every_link_reaches(
    browser: Browser, split: Path
) -> None:
    pages = sorted((split.parent / "report_tubes").glob("*.html"))
    assert [one.name for one in pages] == ["page_1.html", "page_2.html", "page_3.html"]
    complaints: list[str] = []
    opened = browser.new_page(viewport=DESK)
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(split.as_uri())
    assert opened.locator("#rd tbody tr").count() == 12
    assert opened.locator("#tubes details.card").count() == 0
    assert opened.locator(".contacts a").count() == 11
    opened.fill("#filter", "p12-s1")
    opened.click("#rd tbody tr:visible a")
    opened.wait_for_url("**/page_3.html#tube-12")
    card = opened.locator("#tube-12")
    assert card.evaluate("card => card.open")
    assert "P12-S1" in card.text_content()
    opened.go_back()
    opened.wait_for_url("**/report.html")
    opened.go_forward()
    opened.click("nav a[href='../report.html']")
    opened.wait_for_url("**/report.html")
    assert complaints == []
    opened.close()


def test_a_page_of_tubes_shuts_nobody_out_and_works_without_a_script(browser: Browser, split: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    last = (split.parent / "report_tubes" / "page_3.html").as_uri()
    opened = browser.new_page(viewport=DESK)
    opened.goto(last)
    found = Axe().run(opened)
    assert found.violations_count == 0, found.generate_report()
    opened.close()
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    plain = context.new_page()
    plain.goto(split.as_uri())
    plain.click("#rd tbody tr:nth-child(12) a")
    plain.click("li#tube-12 a")
    plain.wait_for_url("**/page_3.html#tube-12")
    assert plain.locator(".panels svg").count() > 0
    context.close()


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
