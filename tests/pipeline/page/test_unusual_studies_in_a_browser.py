"""Studies out of the ordinary in a browser: rainbow beads, no control, gates of a person, hostile names, faulty sheets."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers import workspaces as fj
from helpers.page_client import ROOT
from helpers.page_server import (
    CHROMIUM,
    DESK,
    Served,
    chromium,
    press,
    run_study_folder,
    served,
    until,
    wait_for_settled,
    wait_for_tube,
)
from helpers.rewritten import edit_sheet
from pipeline.fcs import read_fcs
from validation.rainbow_beads import RAINBOW, rainbow_beside

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
CARRIED, BARE, TYPED, DRAWN, FLOWJO = "P01_BM1", "P03_BM1", "P05_BM1", "P06_BM1", "P06_BM1b"
HOSTILE = "P08 &ltb&gt'x' & שלום 🧬 " + "long " * 12 + "end"
ON_TIME = "Time × SSC-A: 1 -5000; 5 -5000; 5 50000; 1 30000000"
"""A polygon over time, one corner of it far above every picture."""
PANEL = '<i>p</i> "ü" 🔬'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)), restval="")
        writer.writeheader()
        writer.writerows(rows)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six tubes of one day of the demo: each is out of the ordinary in its own way."""
    folder = tmp_path_factory.mktemp("unusual") / "study"
    demo = ROOT / "fcs_samples" / "demo"
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns("results", "2024-06-03", "audit.jsonl"))
    named = (CARRIED, BARE, TYPED, DRAWN, FLOWJO, "P08_BM1")
    edit_sheet(folder, "samples", lambda row: row if row["sample_id"] in named else None)
    edit_sheet(folder, "panels", lambda row: row | {"panel": PANEL} if row["panel"] == "myeloma10" else None)
    beads = [row for row in rows_of(folder / "beads.csv") if row["beads"] == "QB_2024-02-05"]
    levels = ";".join(f"{level:g}" for level in RAINBOW)
    for seed, name in enumerate(("RB1", "RB2"), 9):
        rainbow_beside(folder / beads[0]["fcs_file"], folder / f"{name}.fcs", 1.0, seed)
        facts = {"kit": "rainbow", "lot": "R7", "channel": "PE-A", "levels": levels}
        carried = {"transfer_from": "RB1; QB_2024-02-05"} if name == "RB2" else {}
        beads.append({"beads": name, "fcs_file": f"{name}.fcs", **facts, **carried})
    write_rows(folder / "beads.csv", beads)
    gate = {"sample_id": TYPED, "gate": "cd138", "value": "900", "set_by": "<u>AB</u>", "reason": "debris"}
    write_rows(folder / "gates.csv", [gate])
    timed = {
        "sample_id": CARRIED,
        "gate": "time",
        "value": "",
        "set_by": "AB",
        "verdict": "change",
        "polygon": ON_TIME,
    }
    write_rows(folder / "review.csv", [timed])
    write_rows(folder / "samples.csv", [changed(row, {}) for row in rows_of(folder / "samples.csv")])
    run_study_folder(folder, "--quiet")
    (folder / "drawn").mkdir()
    shutil.copy(folder / "results" / "gates" / f"{DRAWN}.xml", folder / "drawn" / "ours.xml")
    (folder / "drawn" / "lab.wsp").write_bytes(workspace_of(folder))
    files = {DRAWN: ("drawn/ours.xml", "second_anchor"), FLOWJO: ("drawn/lab.wsp", "Cells/CD138+")}
    write_rows(folder / "samples.csv", [changed(row, files) for row in rows_of(folder / "samples.csv")])
    run_study_folder(folder, "--quiet")
    return folder


def changed(row: Mapping[str, str], files: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return a row of the samples sheet as it is in this study."""
    made, name = {**row, "panel": PANEL}, row["sample_id"]
    drawn, population = files.get(name, ("", ""))
    made |= {"gates_file": drawn, "population": population}
    if name == CARRIED:
        made["beads"] = "RB2"
    if name == BARE:
        made |= {"fmo_file": "", "isotype_file": ""}
    if name == "P08_BM1":
        made["sample_id"] = HOSTILE
    return made


def workspace_of(folder: Path) -> bytes:
    """Return a FlowJo workspace with two gates drawn on a tube."""
    row = next(row for row in rows_of(folder / "samples.csv") if row["sample_id"] == FLOWJO)
    name, file = Path(row["fcs_file"]).name, read_fcs(folder / row["fcs_file"])
    assert file.spillover is not None
    corners = [(30_000.0, 1_000.0), (250_000.0, 1_000.0), (250_000.0, 200_000.0), (30_000.0, 200_000.0)]
    bright = fj.population("CD138+", fj.rectangle({"Comp-BV421-A": {"min": 2_000.0}}))
    cells = fj.population("Cells", fj.polygon(("FSC-A", "SSC-A"), corners), bright)
    axes = fj.matrix(file.spillover.channels, file.spillover.values)
    return fj.workspace(fj.sample(cells, shown=name, uri=f"file:/C:/lab/{name}", axes=axes))


@pytest.fixture(scope="module")
def page_server(study: Path) -> Iterator[Served]:
    with served(study) as one:
        yield one


@pytest.fixture(scope="module")
def review(browser: Browser, page_server: Served) -> Iterator[Page]:
    complaints: list[str] = []
    page = browser.new_context(viewport=DESK).new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(page_server.address)
    wait_for_tube(page)
    yield page
    page.context.close()
    assert complaints == []


def look_at(page: Page, name: str) -> None:
    page.evaluate(
        "name => [...document.querySelectorAll('#tubes li')].find((row) => row.dataset.id === name).firstElementChild.click()",
        name,
    )
    wait_for_tube(page, name)


def text_of(page: Page, place: str) -> str:
    return page.locator(place).inner_text()


def move_the_line(page: Page) -> None:
    """Take the plasma cells' gate in hand and nudge it; the number follows."""
    page.locator("#strip button[data-step=plasma_cells]").click()
    page.locator("#handles .handle").first.focus()
    press(page, ["Shift+ArrowRight"] * 2)
    wait_for_settled(page)


def test_a_tube_whose_curve_rainbow_beads_carried_over_says_so_and_is_moved_on_that_curve(
    review: Page,
) -> None:
    look_at(review, CARRIED)
    assert "CROSS_CALIBRATED" in text_of(review, "#t-flags")
    review.fill("#look-mfi", "5000")
    assert float(review.input_value("#look-abc")) > 100, "molecules by the carried curve"
    move_the_line(review)
    assert float(str(review.locator("#n-now").get_attribute("data-rd"))) > 0
    review.click("#b-reset")


def place_of(page: Page, channel: str) -> float:
    """Return where a corner of the polygon over time is, as typed below the picture."""
    return float(page.input_value("#v-x" if channel == "Time" else "#v-y"))


def slanted_edges(outline: str) -> list[float]:
    """Return where the slanted edges of an outline would cross a pixel height of 100, from the left."""
    points = [tuple(map(float, point.split())) for point in outline.strip("MZ").split("L")]
    return [
        x0 + (100 - y0) * (x1 - x0) / (y1 - y0)
        for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True)
        if abs(x0 - x1) > 1 and abs(y0 - y1) > 1
    ]


def test_a_polygon_over_time_is_drawn_where_it_cuts_and_its_corner_beyond_the_picture_stays_there(
    review: Page,
) -> None:
    look_at(review, CARRIED)
    press(review, ["1"])
    assert review.locator("#picture .words").text_content() == "keeps what lies inside"
    left = float(str(review.locator("#picture svg.plot").get_attribute("x")))
    down = float(str(review.locator("#picture svg.plot").get_attribute("y")))
    edges = review.locator("#handles path.edge").get_attribute("d")
    gate = review.locator("#picture svg.plot path.gate").get_attribute("d")
    (drawn,) = slanted_edges(str(edges))
    (cut,) = slanted_edges(
        "L".join(
            f"{float(x) + left} {float(y) + down}"
            for x, y in (point.split() for point in str(gate).strip("M").split("L"))
        )
    )
    assert drawn == pytest.approx(cut, abs=1), "the line in hand is the gate that counts"
    assert "beyond" in str(review.locator("#handles .handle.vertex").nth(3).get_attribute("class"))
    assert "dashed ring lies beyond the picture" in text_of(review, "#stage-note")
    corner = review.locator("#handles .handle.vertex").nth(3)
    corner.focus()
    assert (place_of(review, "Time"), place_of(review, "SSC-A")) == (1, 30_000_000)
    press(review, ["ArrowRight", "ArrowUp"])
    assert place_of(review, "Time") > 1
    assert place_of(review, "SSC-A") == 30_000_000, "moved along time alone"
    wait_for_settled(review)
    box = corner.locator(".dot").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2 + 3
    review.mouse.move(x, y)
    review.mouse.down()
    review.mouse.move(x + 20, y, steps=4)
    review.mouse.up()
    wait_for_settled(review)
    assert place_of(review, "Time") > 1.2
    assert place_of(review, "SSC-A") == 30_000_000, "dragged along the edge of the picture"
    press(review, ["ArrowDown"])
    assert place_of(review, "SSC-A") < 1_000_000, "moved into the picture, it comes in from its edge"
    wait_for_settled(review)
    review.click("#b-reset")


def test_a_tube_without_a_control_has_no_density_and_its_gates_can_still_be_moved(review: Page) -> None:
    look_at(review, BARE)
    assert "no background" in text_of(review, "#n-before .st").lower()
    assert review.locator("#histogram > svg").count() == 1
    cells = text_of(review, "#n-before td.n")
    move_the_line(review)
    assert text_of(review, "#n-now td.n") != cells
    assert "no background" in text_of(review, "#n-now .st").lower()
    review.click("#b-reset")


def test_a_gate_of_the_sheet_is_said_to_be_set_by_a_person_and_has_no_handle(review: Page) -> None:
    look_at(review, TYPED)
    review.locator("#strip button[data-step=plasma_cells]").click()
    note = text_of(review, "#stage-note")
    assert "cd138 is set in the sheet gates by <u>AB</u> (debris): change or empty its row there" in note
    labels = review.locator("#handles .handle").evaluate_all(
        "all => all.map((one) => one.getAttribute('aria-label').toLowerCase())"
    )
    assert not [label for label in labels if "cd138" in label]
    assert "GATE_SET_BY_PERSON" in text_of(review, "#t-flags")


@pytest.mark.parametrize(("name", "file"), [(DRAWN, "ours.xml"), (FLOWJO, "lab.wsp")])
def test_gates_drawn_elsewhere_are_shown_as_a_persons_and_named_with_their_file(
    review: Page, name: str, file: str
) -> None:
    look_at(review, name)
    assert "GATES_FROM_FILE" in text_of(review, "#t-flags")
    notes = text_of(review, "#notes")
    assert f"gates of {name} gates.{file.rpartition('.')[2]}, population " in notes
    assert "replaced the automatic ones" in notes
    outlined = []
    for step in review.locator("#strip button").all():
        step.click()
        outlined.append(review.locator("#picture svg path.gate").count() > 0)
        shown = f"{step.inner_text()}: {text_of(review, '#stage-note')} {text_of(review, '#picture')}"
        assert "gate file" in shown or "person" in shown or "drawn" in shown, shown
        assert outlined[-1] or f"drawn in {name} gates" in shown, "a step without a picture says it in words"
    assert any(outlined), "a drawn gate is on its picture"


def test_hostile_names_of_a_tube_and_a_panel_are_text_and_a_long_one_does_not_break_the_page(
    review: Page, page_server: Served
) -> None:
    look_at(review, HOSTILE)
    assert review.locator("#t-name").text_content() == HOSTILE
    assert PANEL in text_of(review, "#t-facts")
    assert review.evaluate("document.documentElement.scrollWidth") <= DESK["width"]
    review.fill("#who", "زيد 🔬")
    review.locator("#who").press("Enter")
    review.locator("#bench").focus()
    press(review, ["a"])
    until(review, "() => document.getElementById('said').textContent.includes('accepted, saved')")
    other = review.context.new_page()
    for stage in ("report", "sign"):
        other.goto(f"{page_server.origin}/{stage}")
        link = other.locator("tbody a", has_text="P08 ")
        assert link.inner_text() == " ".join(HOSTILE.split())
        assert other.evaluate("document.documentElement.scrollWidth") <= DESK["width"]
    link.click()
    wait_for_tube(other)
    assert other.locator("#t-name").text_content() == HOSTILE
    assert "accepted by زيد 🔬" in text_of(other, "#decision")
    other.close()


FOCUS = "() => document.activeElement?.name || document.activeElement?.id || document.activeElement?.tagName"


def test_the_question_of_a_signature_takes_the_focus_keeps_it_and_gives_it_back(review: Page) -> None:
    look_at(review, TYPED)
    review.fill("#who", "AB")
    review.locator("#who").press("Enter")
    review.locator("#bench").focus()
    press(review, ["a"])
    until(review, "() => document.getElementById('said').textContent.includes('accepted, saved')")
    look_at(review, TYPED)
    for keys in (True, False):
        review.locator("#b-sign").focus()
        if keys:
            press(review, ["Enter"])
        else:
            review.locator("#b-sign").click()
        review.locator("#ask-title:has-text('Sign')").wait_for()
        assert review.evaluate(FOCUS) == "who"
        visited = []
        for _ in range(7):
            press(review, ["Tab"])
            visited.append(
                review.evaluate(
                    "() => document.getElementById('ask').contains(document.activeElement) || document.activeElement === document.body"
                )
            )
        assert all(visited), "Tab stays in the question"
        press(review, ["Shift+Tab"])
        press(review, ["a", "n"])  # no command while a question is open
        assert text_of(review, "#t-name") == TYPED
        press(review, ["Escape"])
        until(review, "() => !document.getElementById('ask').open")
        assert review.evaluate(FOCUS) == "b-sign"
    assert "Signed" not in text_of(review, "#decision")


def test_faulty_sheets_are_shown_by_cause_each_with_its_cell(
    browser: Browser, study: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "faulty"
    shutil.copytree(study, folder, ignore=shutil.ignore_patterns("results", "review.csv", "audit.jsonl"))
    edit_sheet(folder, "samples", lambda row: row | {"collected_on": "yesterday", "tissue": "bonemarow"})
    edit_sheet(folder, "beads", lambda row: row | {"kit": "<img src=x>"} if row["beads"] == "RB1" else row)
    with served(folder, command="open") as one:
        page = browser.new_context(viewport=DESK).new_page()
        page.goto(one.address)
        for stage in ("sheets", "check"):
            page.goto(f"{one.origin}/{stage}")
            days = page.locator("#causes li", has_text="yesterday").first
            assert len(days.locator("code").all()) == 6, "one cause, six cells"
            assert days.locator("code").first.inner_text().startswith("samples!")
            assert "stops the run" in days.inner_text()
            assert "<img src=x>" in page.locator("#causes").inner_text()
            assert page.locator("#causes img").count() == 0
            order = page.locator("#causes > li").evaluate_all("all => all.map((one) => one.className)")
            assert order == sorted(order, key=["error", "tube", "warning"].index)
        page.context.close()
