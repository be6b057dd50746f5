"""One verdict of a row: the same in the card, the table, the contact sheet and every count."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.density.receptor_density import NUMBERED, QUANTIFIED, RdStatus
from calibration.flags import CalibrationFlag
from gating.gates.steps import GateFlag
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.checks.flags import CheckFlag
from pipeline.output.flag_words.all_flags import FLAGS, words_of_flag
from pipeline.output.flag_words.entry import Weight
from pipeline.output.legend.tube_verdict import (
    TUBE_VERDICT_LOOK,
    WORDS_AFTER_A_NUMBER,
    TubeVerdict,
    verdict_counts,
    verdict_of,
)
from pipeline.output.report import report_html
from pipeline.output.report.words import verdict_line
from pipeline.quantification.result import SampleFlag, is_failed

FLAG_LISTS = st.lists(st.sampled_from(sorted(FLAGS)), max_size=4)


@pytest.mark.parametrize(
    ("status", "flags", "verdict"),
    [
        (RdStatus.OK, (), TubeVerdict.SOUND),
        (RdStatus.OK, (GateFlag.NO_TIME,), TubeVerdict.SOUND),
        (RdStatus.OK, (CalibrationFlag.FEW_EVENTS_20_49,), TubeVerdict.UNRELIABLE),
        (RdStatus.BELOW_LLOQ, (CalibrationFlag.FEW_EVENTS_20_49,), TubeVerdict.UNRELIABLE),
        (RdStatus.OK, (GateFlag.LOW_GATE_CONFIDENCE, GateFlag.NO_TIME), TubeVerdict.LOOK),
        (
            RdStatus.OK,
            (GateFlag.LOW_GATE_CONFIDENCE, CalibrationFlag.FEW_EVENTS_20_49),
            TubeVerdict.UNRELIABLE,
        ),
        (RdStatus.BELOW_LLOQ, (), TubeVerdict.BELOW_LLOQ),
        (RdStatus.ABOVE_ULOQ_EXTRAPOLATED, (), TubeVerdict.ABOVE_TOP_BEAD),
        (RdStatus.ABOVE_ULOQ, (), TubeVerdict.ABOVE_ULOQ),
        (RdStatus.NOT_QUANTIFIABLE, (), TubeVerdict.UNRELIABLE),
        (RdStatus.LOW_EVENTS, (GateFlag.LOW_GATE_CONFIDENCE,), TubeVerdict.NO_DENSITY),
        (RdStatus.NO_BACKGROUND, (), TubeVerdict.NO_DENSITY),
        (RdStatus.NO_BACKGROUND, (CheckFlag.CONTROL_UNUSABLE,), TubeVerdict.FAILED),
        (RdStatus.NO_BACKGROUND, (SampleFlag.CONTROL_BRIGHT,), TubeVerdict.FAILED),
        (RdStatus.NO_CURVE, (), TubeVerdict.FAILED),
        (RdStatus.FAILED, (GateFlag.LOW_GATE_CONFIDENCE,), TubeVerdict.FAILED),
        (RdStatus.REPLICATES_DISAGREE, (), TubeVerdict.UNRELIABLE),
    ],
)
def test_a_row_has_one_verdict(status: RdStatus, flags: tuple[str, ...], verdict: TubeVerdict):
    assert verdict_of(status, flags) is verdict


@pytest.mark.slow
@given(status=st.sampled_from(sorted(QUANTIFIED)), flags=FLAG_LISTS)
def test_nothing_is_called_sound_or_a_limit_beside_a_flag_that_doubts_it(status: RdStatus, flags: list[str]):
    weights = {words_of_flag(flag).weight for flag in flags}
    verdict = verdict_of(status, flags)
    assert (verdict is TubeVerdict.UNRELIABLE) == (Weight.UNRELIABLE in weights)
    assert (verdict is TubeVerdict.LOOK) == (Weight.LOOK in weights and Weight.UNRELIABLE not in weights)
    if verdict is TubeVerdict.SOUND:
        assert status is RdStatus.OK


def test_a_flag_that_is_not_known_asks_for_a_look():
    assert verdict_of(RdStatus.OK, ["OF_ANOTHER_VERSION"]) is TubeVerdict.LOOK


def test_every_flag_that_says_not_reliable_weighs_so():
    said = [flag for flag, words in FLAGS.items() if "not reliabl" in words.says]
    assert said
    assert all(FLAGS[flag].weight is Weight.UNRELIABLE for flag in said)


def test_every_verdict_has_a_look_and_words_of_its_own():
    assert set(TUBE_VERDICT_LOOK) == set(WORDS_AFTER_A_NUMBER) == set(TubeVerdict)
    assert len({look.symbol for look in TUBE_VERDICT_LOOK.values()}) == len(TubeVerdict)


def test_failed_is_what_the_run_ends_with_status_3_for(study_result: StudyResult):
    for result in study_result.results:
        verdict = verdict_of(result.receptor.status, result.flags)
        assert (verdict is TubeVerdict.FAILED) == is_failed(result)


@given(st.lists(st.sampled_from(TubeVerdict), max_size=30))
def test_every_tube_is_in_one_count(verdicts: list[TubeVerdict]):
    line = verdict_counts(verdicts)
    numbers = [int(n) for n in re.findall(r"(?:: |, )(\d+)", line)]
    assert sum(numbers) == len(verdicts)


def test_card_table_contact_sheet_and_counts_of_a_report_say_the_same(study_result: StudyResult):
    few = tuple(
        replace(result, flags=(CalibrationFlag.FEW_EVENTS_20_49,)) if result.sample_id == "P06-S1" else result
        for result in study_result.results
    )
    study = changed(study_result, results=few)
    html = report_html(study)
    card = next(part for part in html.split('<details class="card"') if "<h3>P06-S1</h3>" in part)
    head, body = card.partition("</summary>")[::2]
    row = next(part for part in html.split("<tr data-status=")[1:] if ">P06-S1</a>" in part).partition(
        "</tr>"
    )[0]
    contact = next(
        part for part in html.split('<div class="contacts">')[1].split("<a ") if "<b>P06-S1</b>" in part
    )
    for part in (head, row, contact):
        assert "Not reliable" in part
        assert not re.search(r">(<i>.</i>)?(OK|Sound)<", part)
    assert "not reliably quantifiable" in body
    badges = re.findall(r'<h3>[^<]*</h3><span class="badge (v-\w+)"', html)
    in_table = re.findall(r'<td data-text="[^"]*"><span class="badge (v-\w+)"', html)
    assert Counter(badges) == Counter(in_table)
    counted = {verdict: badges.count(f"v-{verdict.name.lower()}") for verdict in TubeVerdict}
    line = verdict_line(study)
    assert all(f"{n} {WORDS_AFTER_A_NUMBER[verdict]}" in line for verdict, n in counted.items() if n)
    assert "1 not reliable" in line
    assert line in html


def test_a_density_above_the_top_bead_says_so_under_any_verdict(study_result: StudyResult):
    assert RdStatus.ABOVE_ULOQ_EXTRAPOLATED in NUMBERED
    looked = tuple(replace(result, flags=(GateFlag.LOW_GATE_CONFIDENCE,)) for result in study_result.results)
    for results in (study_result.results, looked):
        html = report_html(changed(study_result, results=results))
        row = next(part for part in html.split("<tr data-status=")[1:] if ">P07-S1</a>" in part)
        assert "above the top bead" in row.partition("</tr>")[0].lower()
        card = next(part for part in html.split('<details class="card"') if "<h3>P07-S1</h3>" in part)
        assert "above the top bead" in card.partition("</summary>")[0].lower()
