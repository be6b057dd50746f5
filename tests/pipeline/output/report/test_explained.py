"""Words of the report lead to the glossary, and flags to what they mean and what to do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.flag_words.all_flags import FLAGS
from pipeline.output.legend.glossary import TERMS, sorted_terms
from pipeline.output.report.bead_page import bead_page_html
from pipeline.output.report.explained import flag_entries, linked
from pipeline.output.report.page import report_html

ASKED = (
    "RD", "ABC", "RD′", "LLOQ", "LoB", "LoD", "ULOQ", "FMO", "F:P", "MFI", "rCV", "dex", "sentinel", "anchor",
    "M0", "M1", "M2", "M3", "AICc", "Fieller", "PFS", "DCR",
)  # fmt: skip


@pytest.fixture(scope="module")
def html(study_result: StudyResult) -> str:
    return report_html(study_result)


def test_every_word_has_a_place_of_its_own_and_every_form_means_one():
    anchors = [term.anchor for term in TERMS]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"term-[a-z0-9-]+", anchor) for anchor in anchors)
    forms = [form for term in TERMS for form in (term.forms or (term.name,))]
    assert len(set(forms)) == len(forms)
    assert set(ASKED) <= {term.name for term in TERMS}
    assert all(term.text.endswith(".") or term.text.endswith("?") for term in TERMS)


def test_words_stand_in_the_order_of_the_alphabet():
    names = [term.name.casefold() for term in sorted_terms()]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("RD and RD′ differ", ["term-rd", "term-rd-prime"]),
        ("RD, then RD again", ["term-rd"]),
        ("below the LLOQ", ["term-lloq"]),
        ("tube RD_7 of BM1", []),
        ("GRD and RDs and LLOQs", []),
        ("file M1.fcs-M2", ["term-m1"]),
        ("plain words", []),
        ("the washout of a visit", []),
        ("", []),
    ],
)
def test_the_first_use_of_a_word_leads_to_the_glossary(text: str, places: list[str]):
    assert re.findall(r'href="#([\w-]+)"', str(linked(text))) == places
    assert re.sub(r"<[^>]+>", "", str(linked(text))) == text


@pytest.mark.parametrize(
    "evil", ['<script>alert("RD")</script>', "\"><img src=x>'LLOQ'", "&amp; ABC <", "`<b>`"]
)
def test_what_is_linked_is_escaped(evil: str):
    text = re.sub(r'</?(a( class="term" href="#[\w-]+" title="[^"<>]*")?|code)>', "", str(linked(evil)))
    assert not re.search(r"[<>\"']", text)


def test_commands_are_set_as_code():
    assert str(linked("see `cd38rd check`")) == "see <code>cd38rd check</code>"


def test_flags_of_the_study_are_open_and_the_others_folded(study_result: StudyResult, html: str):
    raised, others = flag_entries(study_result)
    assert {entry.code for entry in raised} == {"FEW_EVENTS_50_99", "LOW_GATE_CONFIDENCE", "CURVE_WARN"}
    assert sorted(entry.code for entry in (*raised, *others)) == sorted(map(str, FLAGS))
    legend = html[html.index('id="flags"') : html.index('id="glossary"')]
    first, folded = legend.split("<summary>All other flags")
    for part, entries in ((first, raised), (folded, others)):
        assert re.findall(r'id="flag-(\w+)"', part) == [entry.code for entry in entries]
    assert "To do" not in first  # the names of the three fields are those of the list
    assert (
        first.count("<dt>means</dt>")
        == first.count("<dt>to do</dt>")
        == first.count("<dt>comes from</dt>")
        == 3
    )


def test_every_flag_in_a_row_a_card_and_a_cause_leads_to_its_words(study_result: StudyResult):
    every = tuple(
        replace(result, flags=tuple(map(str, list(FLAGS)[k :: len(study_result.results)])))
        for k, result in enumerate(study_result.results)
    )
    page = report_html(changed(study_result, results=every))
    places = set(re.findall(r'id="(flag-\w+)"', page))
    for part in ("first", "densities", "tubes"):
        links = re.findall(
            r'href="#(flag-\w+)"', page.split(f'<section id="{part}">')[1].split("</section>")[0]
        )
        assert links
        assert set(links) <= places
    assert not re.findall(r'<abbr title="[^"]*">[A-Z_]{5,}', page)


def test_words_of_the_models_and_of_the_arithmetic_lead_to_the_glossary(html: str):
    card = next(part for part in html.split('<details class="card"') if "<h3>P05-S1</h3>" in part)
    for place in ("term-rd", "term-rd-prime", "term-lloq", "term-uloq", "term-fmo"):
        assert f'href="#{place}"' in card


def test_the_page_of_beads_has_the_words_too(study_result: StudyResult):
    page = bead_page_html(study_result.study, study_result.calibrations)
    links = set(re.findall(r'href="#([\w-]+)"', page))
    assert links <= set(re.findall(r'id="([\w-]+)"', page))
    assert "flag-CURVE_WARN" in links


def test_no_words_of_a_flag_name_a_setting_without_its_sheet():
    """A reader of the report may never have seen the settings: they are named with the place they stand in."""
    for flag, words in FLAGS.items():
        for text in (words.says, words.effect, words.cause, words.action):
            for name in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", text):
                assert "study.xlsx" in words.action or "study.xlsx" in words.cause, f"{flag}: {name}"
        assert not re.search(r"\b[a-z]+(?:_[a-z]+)+\b", f"{words.says} {words.effect}"), flag
