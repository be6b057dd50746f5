"""The report: complete, self-contained, safe, small enough, and the same each time."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from calibration.density.receptor_density import RdStatus
from helpers.response import tables_of
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import Note, StudyResult
from pipeline.output.report import report_html, write_report
from pipeline.output.report.record.head import changed_settings
from pipeline.study.settings import Settings

VOID = {"meta", "input", "br", "link", "img", "path", "rect", "circle", "use", "image", "wbr"}


class Reader(HTMLParser):
    """Collects ids, links, resources and text, and checks that elements nest."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"]] if found.get("id") else []
        self.links += [found["href"]] if tag == "a" and found.get("href") else []
        self.loads += [value or "" for name, value in attrs if name in ("src", "srcset") or tag == "link"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def html(study_result: StudyResult) -> str:
    return report_html(study_result)


def test_what_matters_comes_first(html: str):
    order = [html.index(mark) for mark in ('class="answer"', 'class="verdict"', 'id="washout"', 'id="first"',
                                           'id="densities"', 'id="gates"', 'id="response"', 'id="tubes"',
                                           'id="beads"', 'id="about"')]  # fmt: skip
    assert order == sorted(order)
    assert "12 tubes: 3 sound, 1 above the top bead, 1 above ULOQ, 3 below LLOQ, 1 to look at" in html
    assert "1 failed" in html


def test_every_link_leads_somewhere_in_the_page_and_no_id_is_there_twice(html: str):
    page = read(html)
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert page.links.count("#tube-5") >= 3  # contents, table, what to look at


def test_nothing_is_loaded_from_elsewhere(html: str):
    assert read(html).loads == []
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "default-src 'none'" in html
    assert "@import" not in html
    assert set(re.findall(r'href="(data:image/png|.)', html)) == {"#", "data:image/png"}
    assert set(re.findall(r'<image[^>]* href="(data:image/png|.)', html)) == {"data:image/png"}


def test_only_the_page_s_own_script_may_run(html: str):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy
    allowed = policy[1].split("script-src ")[1].split(";")[0]
    assert allowed == f"'sha256-{digest}'"
    assert not re.findall(r"<[^>]+ on[a-z]+=", html)


def test_what_people_typed_is_shown_and_never_run(study_result: StudyResult):
    evil = '<script>alert("x")</script>'
    sample = replace(study_result.study.samples[0], remark=evil, visit=evil)
    study = replace(study_result.study, samples=(sample, *study_result.study.samples[1:]))
    first = replace(study_result.results[0], note=evil)
    page = report_html(changed(study_result, study=study, results=(first,), notes=(Note(evil, evil),)))
    assert evil not in page
    assert page.count("<script>") == 1
    assert "&lt;script&gt;" in page


def test_each_tube_has_a_card_with_its_pictures(study_result: StudyResult, html: str):
    cards = html.split('<details class="card"')[1:]
    tubes = [card for card in cards if 'id="tube-' in card]
    assert len(tubes) == len(study_result.results)
    for result, card in zip(study_result.results, tubes, strict=True):
        assert result.sample_id in card
        assert card.count("<svg") >= (2 if result.pictures else 0)
        assert len(card.encode()) < 60_000


def test_a_failed_tube_says_why_in_its_card_and_at_the_top(html: str):
    reason = "DATA is 1,204 bytes shorter than $TOT says"
    assert html.count(reason) >= 2
    assert html.index(reason) < html.index('id="densities"')


def test_a_censored_density_is_never_quoted_as_a_number(html: str):
    row = next(part for part in html.split("<tr data-status=")[1:] if ">P02-S1</a>" in part)
    cells = re.sub(r"<[^>]+>", " ", row)
    assert "&lt; 950" in cells
    assert "est. −55" in cells


def test_the_report_says_what_free_cd38_is_and_what_the_data_cannot_tell(html: str):
    text = " ".join(html.split())
    assert "Daratumumab-competitive free CD38" in text
    assert text.count("between ABC and 2 × ABC") == 1
    assert "cross-sectional" in text
    assert "The line: each doubling of the washout multiplies" in text
    assert "6/12" in text


def test_the_same_outcome_gives_the_same_page(study_result: StudyResult, html: str, tmp_path: Path):
    write_report(tmp_path / "report.html", study_result)
    written = (tmp_path / "report.html").read_bytes()
    assert written == html.encode()
    assert b"\r" not in written


def test_a_study_with_nothing_but_failures_still_has_a_report(study_result: StudyResult):
    failed = tuple(result for result in study_result.results if result.receptor.status is RdStatus.FAILED)
    page = report_html(
        changed(
            study_result,
            results=failed,
            calibrations=(),
            exposures={},
            washout=None,
            response=None,
            provenance=None,
        )
    )
    read(page)
    assert "1 tube: 0 sound, 1 failed" in page


def test_signs_of_the_words_on_the_cut_are_those_of_print(study_result: StudyResult):
    assert study_result.response
    tables = replace(study_result.response, rd_words="2 of 7 patients in the groups (>= 150,000 or below).")
    page = report_html(changed(study_result, response=tables))
    assert "in the groups (≥ 150,000 or below)." in page


def test_where_no_response_is_typed_one_sentence_stands_in_place_of_tables(study_result: StudyResult):
    study = study_result.study
    untyped = tuple(replace(one, best_response="", evaluable=None) for one in study.patients)
    study = replace(study, patients=untyped)
    tables = tables_of(study, [])
    page = report_html(changed(study_result, study=study, response=tables))
    part = page.split('<section id="response">')[1].split("</section>")[0]
    assert "No response is known of the 12 patients" in part
    assert "<table" not in part
    assert "<li>" not in part


def test_pages_of_an_earlier_larger_study_are_removed(study_result: StudyResult, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("pipeline.output.report.tube_pages.CARDS_ON_A_PAGE", 5)
    write_report(tmp_path / "report.html", study_result)
    assert len(list((tmp_path / "report_tubes").iterdir())) == 3
    monkeypatch.undo()
    write_report(tmp_path / "report.html", study_result)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.slow
def test_every_tube_has_one_card_on_one_page_and_every_link_to_it_leads_there(
    study_result: StudyResult, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr("pipeline.output.report.tube_pages.CARDS_ON_A_PAGE", 5)
    write_report(tmp_path / "report.html", study_result)
    pages = {f"report_tubes/{path.name}": path for path in (tmp_path / "report_tubes").iterdir()}
    cards = [name for path in pages.values() for name in read(path.read_text("utf-8")).ids if "tube-" in name]
    assert sorted(cards) == sorted(f"tube-{k}" for k in range(1, 13))
    main = read((tmp_path / "report.html").read_text("utf-8"))
    assert {link[1:] for link in main.links if link.startswith("#")} <= set(main.ids)
    for link in (link for link in main.links if not link.startswith("#")):
        file, _, place = link.partition("#")
        assert place in ("", *read(pages[file].read_text("utf-8")).ids)


def test_in_a_large_study_only_what_needs_a_look_is_open(study_result: StudyResult):
    fine = next(
        result
        for result in study_result.results
        if result.receptor.status is RdStatus.OK and not result.flags
    )
    bare = replace(fine, pictures=(), histogram=None)
    failed = replace(
        next(r for r in study_result.results if r.receptor.status is RdStatus.FAILED), sample_id="bad"
    )
    typed = next(s for s in study_result.study.samples if s.sample_id == fine.sample_id)
    names = [f"T{k:03}" for k in range(60)]
    samples = tuple(replace(typed, sample_id=name) for name in (*names, "bad"))
    results = (*(replace(bare, sample_id=name) for name in names), failed)
    page = report_html(
        changed(study_result, study=replace(study_result.study, samples=samples), results=results)
    )
    cards = [card[:80] for card in page.split('<details class="card" id="')[1:] if card.startswith("tube-")]
    assert len(cards) == 61
    assert ["<h3>bad</h3>" in card for card in cards] == [" open>" in card for card in cards]
    assert "more</summary>" not in page
    few = replace(bare, flags=("FEW_EVENTS_50_99",))
    results = (*(replace(few, sample_id=name) for name in names), failed)
    page = report_html(
        changed(study_result, study=replace(study_result.study, samples=samples), results=results)
    )
    line = page[page.index("60 of 61 tubes") :].partition("</li>")[0]
    first, folded = line.split('<details class="more printed"><summary>and 54 more</summary>')
    assert re.findall(r">(T\d+)</a>", first) == names[:6]  # a long list of links is folded after six
    assert re.findall(r">(T\d+)</a>", folded.partition("</details>")[0]) == names[6:]


def test_only_settings_that_were_changed_are_named():
    assert changed_settings(Settings()) == ()
    assert changed_settings(Settings(rd_cut=1e5)) == (("rd_cut", "100000"),)


def test_of_very_many_tubes_the_least_sure_have_cards_and_no_link_leads_nowhere(
    study_result: StudyResult, monkeypatch
):
    monkeypatch.setattr("pipeline.output.report.page.MOST_CARDS", 2)
    monkeypatch.setattr("pipeline.output.report.page.MOST_CARDS_OF_MORE", 2)
    html = report_html(study_result)
    reader = read(html)
    n = len(study_result.results)
    assert html.count('<details class="card" id="tube-') == 2
    assert f"2 of {n} tubes are shown" in html
    assert {link[1:] for link in reader.links if link.startswith("#")} <= set(reader.ids)
    assert all(f">{result.sample_id}<" in html for result in study_result.results)


def test_an_odds_ratio_has_three_digits_at_most_below_a_hundred_and_no_decimals_above(
    study_result: StudyResult,
) -> None:
    response = study_result.response
    odds = replace(response.odds[0], ratio=293.83, low=12.34, high=1_234.5, note="")
    page = report_html(changed(study_result, response=replace(response, odds=(odds,))))
    assert "294 (95 % interval 12.3 to 1,234" in page
