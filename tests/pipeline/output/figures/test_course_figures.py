"""R6 and R7: the swimmer plot and the survival curves, in the report, as PDF and in the workbook."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import openpyxl
import pytest
from lxml import etree

from helpers.synthetic_result import changed
from pipeline.output.figures import write_figures
from pipeline.output.figures.paper.drawing import figure_of
from pipeline.output.figures.survival import survival_picture
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, file_of, in_page
from pipeline.output.figures.swimmer import MOST_BARS, swimmer_picture, swimmer_pictures, swimmers
from pipeline.output.figures.washout import washout_picture
from pipeline.output.report.page import report_html
from pipeline.output.workbook import workbook_sheets, write_workbook
from pipeline.response.follow_up import follow_up
from pipeline.study.settings import Settings
from pipeline.study.study import Patient

START = date(2024, 3, 4)


def day(days):
    return START + timedelta(days)


def course(name, treated, **more):
    return follow_up(Patient(name, "SD", discontinued_on=day(treated), **more), START)


def texts_of(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_the_longest_treated_comes_first_and_who_has_no_time_has_no_bar():
    courses = [course("P1", 20), course("P2", 90), follow_up(Patient("P3"), START), course("P4", 90)]
    assert [shown.patient_id for shown in swimmers(courses)] == ["P2", "P4", "P1"]


def test_a_bar_has_name_response_events_and_reason():
    courses = (
        course("P1", 90, progressed_on=day(88), died_on=day(200), discontinuation_reason="progression"),
        course("P2", 60, dexamethasone_on=day(57), discontinuation_reason="withdrawn, " * 10),
        follow_up(Patient("P3", "MR", last_contact_on=day(30)), START),
    )
    words = texts_of(swimmer_picture(courses, 30).content)
    assert {"P1", "SD", "MR", "death", "dexamethasone added", "still treated when last seen"} <= set(words)
    assert {"progression", "on treatment"} <= set(words)
    assert any(word.startswith("withdrawn") and word.endswith("…") for word in words)


def test_many_patients_are_spread_over_pages():
    courses = [course(f"P{k:03}", 10 + k) for k in range(2 * MOST_BARS + 1)]
    assert len(list(swimmer_pictures(courses, 30))) == 3
    assert list(swimmer_pictures([], 30)) == []


def test_the_survival_figure_prints_medians_and_numbers_at_risk():
    courses = [
        course(f"P{k}", 30 * k, progressed_on=day(30 * k), last_contact_on=day(300)) for k in range(1, 7)
    ]
    words = texts_of(survival_picture(courses, 30).content)
    assert "6 events in 6 patients" in words
    assert any(word.startswith("median 3.5 months") for word in words)
    assert any(word.startswith("median not reached") for word in words)
    assert {"at risk", "PFS", "OS"} <= set(words)


def test_curves_without_a_single_time_are_empty_axes():
    assert "PFS" not in texts_of(survival_picture([follow_up(Patient("P"), None)], 30).content)


@pytest.mark.slow
def test_both_are_written_as_pdf_with_the_same_bytes_and_go_with_their_data(followed, study_result, tmp_path):
    bare = changed(followed, results=(), calibrations=())
    write_figures(tmp_path, bare)
    first = {name: (tmp_path / name).read_bytes() for name in ("swimmer.pdf", "survival.pdf")}
    write_figures(tmp_path, bare)
    assert first == {name: (tmp_path / name).read_bytes() for name in first}
    write_figures(tmp_path, changed(study_result, results=(), calibrations=()))
    assert not (tmp_path / "swimmer.pdf").exists()


def test_the_report_shows_courses_survival_landmark_and_what_cannot_be(followed):
    page = report_html(followed)
    assert "Course of each patient" in page
    assert "Brookmeyer–Crowley" in page
    assert "This is no effect of dexamethasone." in page
    assert "Immortal time" in page
    assert "no k/n with n up to 32 is 26.4 %" in page
    assert "<b>on drug</b>" not in page
    assert "30.4375 days" in page


def test_the_workbook_has_every_table(followed, tmp_path):
    write_workbook(tmp_path / "rd.xlsx", workbook_sheets(followed))
    pages = openpyxl.load_workbook(tmp_path / "rd.xlsx")
    found = {cell.value for page in pages for column in ("A", "B") for cell in page[column]}
    titles = (
        "Patients before the study drug",
        "Survival",
        "Disease control by dexamethasone: not its effect",
        "Survival from the landmark of 8 weeks",
        "Exposure, safety and serum",
        "typed, but impossible",
        "Odds of disease control, logistic regression",
    )
    assert set(titles) <= found
    assert "statements!A2" in found
    assert "age >= 65 years" in found


HOSTILE = "\"><script>alert(1)</script>&'< 🧪 \x01 مريض " + "long " * 30


def test_hostile_names_stay_text_in_every_chart(followed):
    courses = (
        course(HOSTILE, 90, discontinuation_reason=HOSTILE),
        follow_up(Patient("P3", "MR", last_contact_on=day(30)), START),
    )
    visits = [
        replace(visit, patient_id=HOSTILE, visit=HOSTILE, sample_ids=(HOSTILE,)) for visit in followed.visits
    ]
    links = {HOSTILE: "#tube-1"}
    pictures = (
        swimmer_picture(courses, 30),
        washout_picture(visits, {}, Settings(), None, HOSTILE, links=links),
        washout_picture(visits, {}, Settings(), None, HOSTILE, mm=ONE_COLUMN, links=links),
    )
    for picture in pictures:
        for written in (file_of(picture, HOSTILE), in_page(picture, HOSTILE, name=HOSTILE, links=True)):
            root = etree.fromstring(written.encode())
            assert not [element for element in root.iter() if "script" in str(element.tag)]
            assert HOSTILE[:20] in "".join(root.itertext())
        figure_of(picture)


def test_one_visit_and_none_are_drawn(followed):
    (visit,) = [visit for visit in followed.visits if visit.patient_id == "P05"]
    one = washout_picture([visit], {}, Settings(), links={"P05-S1": "#tube-5"})
    assert 'href="#tube-5"' in one.content
    assert "P05" in texts_of(one.content)
    none = washout_picture([], {}, Settings(), mm=ONE_COLUMN)
    assert texts_of(none.content) == ["no patient has both a washout and a receptor density"]


def test_an_interval_that_goes_on_below_the_frame_says_so(followed):
    (visit,) = [visit for visit in followed.visits if visit.patient_id == "P05"]
    whole = washout_picture([visit], {}, Settings()).content
    beyond = replace(visit, receptor=replace(visit.receptor, rd_low=0.001))
    cut = washout_picture([beyond], {}, Settings()).content
    stroke = re.compile(r'<path d="(M[^"]+)" stroke="#00527f" stroke-width="0.9" fill="none"/>')
    assert [way.count("M") for way in stroke.findall(whole)] == [1]
    assert [way.count("M") for way in stroke.findall(cut)] == [2]  # a chevron at the edge
