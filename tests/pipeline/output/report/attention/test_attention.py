"""What to look at first: one line per cause, a few lines for any study, and each tube that failed once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from calibration.curve.standard_curve import CurveVerdict
from calibration.density.receptor_density import RdStatus, ReceptorDensity
from calibration.flags import CalibrationFlag
from gating.gates.steps import GateFlag
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import Note, StudyResult
from pipeline.checks.flags import CheckFlag, ExposureFlag
from pipeline.cli import main
from pipeline.output.flag_words.all_flags import FLAGS
from pipeline.output.report import report_html
from pipeline.output.report.attention import Attention, AttentionItem, attention
from pipeline.output.report.attention.items import MOST_LINES
from pipeline.quantification.result import SampleFlag, SampleResult
from pipeline.simulate import simulate_study
from pipeline.study.faults import Fault, Severity

Row = Callable[[SampleResult, int], SampleResult]


def study_of(study_result: StudyResult, n: int, row: Row, **changes: object) -> StudyResult:
    """Return a study of n sound tubes of n patients, each changed by `row`; without notes, faults or warnings."""
    sound = next(r for r in study_result.results if r.receptor.status is RdStatus.OK and not r.flags)
    bare = replace(sound, pictures=(), histogram=None)
    typed = study_result.study.samples[0]
    names = [f"T{k:03}" for k in range(n)]
    samples = tuple(replace(typed, sample_id=name, patient_id=f"patient {name}") for name in names)
    results = tuple(row(replace(bare, sample_id=name), k) for k, name in enumerate(names))
    study = replace(study_result.study, samples=samples, doses=(), patients=())
    nothing = {"faults": (), "notes": (), "calibrations": study_result.calibrations[:1], "response": None}
    changed_to = {**nothing, "exposures": {}, "washout": None, **changes}
    return changed(study_result, study=study, results=results, **changed_to)


def as_it_is(result: SampleResult, _: int) -> SampleResult:
    return result


def failing(reason: Callable[[int], str]) -> Row:
    def row(result: SampleResult, k: int) -> SampleResult:
        return replace(
            result, receptor=ReceptorDensity(RdStatus.FAILED, 0), note=reason(k), flags=("NO_TIME",)
        )

    return row


def flagged(*flags: str, every: int = 1) -> Row:
    return lambda result, k: replace(result, flags=flags) if k % every == 0 else result


def tubes(item: AttentionItem) -> list[str]:
    return [link.text for link in (*item.first, *item.more)]


def everything(found: Attention) -> list[AttentionItem]:
    return [*found.lines, *found.folded]


def aged(names: Sequence[str]) -> tuple[Fault, ...]:
    """Return what the check says of each tube whose beads are too old, as a study gets it."""
    return tuple(
        Fault(
            f"samples!F{k + 2}", f'beads "B1" {25 + k % 3} hours from the tube (tube T, beads B)',
            "beads within 24 hours", severity=Severity.WARNING, flag=CheckFlag.BEADS_AGED, sample_ids=(name,),
        )
        for k, name in enumerate(names)
    )  # fmt: skip


def test_a_check_finding_and_the_flag_that_says_the_same_are_one_line(study_result: StudyResult):
    names = [f"T{k:03}" for k in range(0, 200, 2)]
    study = study_of(study_result, 200, flagged(CheckFlag.BEADS_AGED, every=2), faults=aged(names))
    found = attention(study, {f"sample:{name}": f"tube-{name}" for name in names})
    (line,) = everything(found)
    assert (line.code, line.count) == ("BEADS_AGED", "100 of 200 tubes (100 patients)")
    assert tubes(line) == names
    assert len(line.first) == 6
    assert line.first[0].anchor == "tube-T000"
    words = FLAGS[CheckFlag.BEADS_AGED]
    assert line.effect.casefold() == f"{words.effect}.".casefold()
    assert line.action.casefold() == f"{words.action}.".casefold()
    assert line.messages[0].startswith("samples!F2: found beads")  # one of its kind, and where the others are
    assert "88 more" in line.messages[1]
    assert len(line.messages) == 2


def test_of_a_large_study_with_every_flag_twelve_lines_are_shown_and_none_is_lost(study_result: StudyResult):
    flags = list(FLAGS)
    rows = [tuple(flags[k % len(flags)] for k in (k, k + 7, k + 31)) for k in range(200)]
    notes = tuple(Note("samples", f"sentence {chr(65 + k)}") for k in range(9))
    study = study_of(
        study_result, 200, lambda r, k: replace(r, flags=rows[k]), notes=notes, faults=aged(["T003"])
    )
    found = attention(study, {})
    assert len(found.lines) + bool(found.folded) == MOST_LINES == 12
    codes = [item.code for item in everything(found) if item.code]
    assert sorted(codes) == sorted(flags)
    html = report_html(study)
    first = html[html.index('id="first"') : html.index('id="densities"')]
    lines = first.replace('<ul class="items">', "", 1).split('<ul class="items">')[0]
    assert lines.count("<li class=") - lines.count("<ul>") <= 12


def test_the_worst_comes_first(study_result: StudyResult):
    kinds: Sequence[Row] = (
        failing(lambda k: f"T{k}.fcs: DATA is {k} bytes short"),
        flagged(GateFlag.NO_TIME),
        flagged(GateFlag.LOW_GATE_CONFIDENCE),
        flagged(CalibrationFlag.FEW_EVENTS_20_49),
    )
    study = study_of(study_result, 40, lambda r, k: kinds[k % 4](r, k), notes=(Note("samples", "a note"),))
    found = everything(attention(study, {}))
    assert [item.level for item in found] == ["severe", "severe", "warn", "info", "info"]
    assert [item.code for item in found] == ["", "FEW_EVENTS_20_49", "LOW_GATE_CONFIDENCE", "", "NO_TIME"]
    assert found[0].title == "T0.fcs: DATA is 0 bytes short."


def test_where_every_tube_fails_of_one_cause_there_is_one_line_and_each_tube_once(study_result: StudyResult):
    study = study_of(
        study_result, 60, failing(lambda k: f"fcs/T{k}.fcs: DATA is {k + 1} bytes shorter than $TOT")
    )
    (line,) = everything(attention(study, {}))
    assert (line.level, line.count) == ("severe", "60 of 60 tubes (60 patients), the others alike")
    assert len(tubes(line)) == len(set(tubes(line))) == 60
    assert "NO_TIME" not in str(
        attention(study, {})
    )  # flags of a tube that failed are no causes of their own


def test_a_failed_tube_stands_once_though_a_check_found_it_too(study_result: StudyResult):
    reason = '"T001.fcs" without channel "PE-A"'
    study = study_of(
        study_result, 3, lambda r, k: failing(lambda _: reason)(r, k) if k == 1 else r,
        faults=(Fault("samples!D3", reason, "the panel's channels", severity=Severity.TUBE, sample_ids=("T001",)),),
    )  # fmt: skip
    (line,) = everything(attention(study, {}))
    assert tubes(line) == ["T001"]
    assert line.messages == (
        'samples!D3: found "T001.fcs" without channel "PE-A", expected the panel\'s channels',
    )


def test_a_fact_that_a_check_warns_of_is_shown_and_not_folded(study_result: StudyResult):
    told = Fault(
        "samples!B2", 'no dose of daratumumab for patient "T000"', "a dose", severity=Severity.WARNING,
        flag=ExposureFlag.NO_DOSES, sample_ids=("T000",),
    )  # fmt: skip
    rows = flagged(ExposureFlag.NO_DOSES)
    found = attention(study_of(study_result, 9, rows, faults=(told,)), {})
    (line,) = found.lines
    assert (line.level, line.code, line.count) == ("warn", "NO_DOSES", "9 of 9 tubes (9 patients)")
    assert found.folded == ()
    assert attention(study_of(study_result, 9, rows), {}).lines == ()


def test_failures_of_several_kinds_are_several_lines_and_never_more_than_twelve(study_result: StudyResult):
    letters = "abcdefghijklmnopqrst"
    study = study_of(study_result, 200, failing(lambda k: f"the file lacks part {letters[k % 20] * 3}"))
    found = attention(study, {})
    assert len(everything(found)) == 20
    assert len(found.lines) + bool(found.folded) == 12
    assert sum(len(tubes(item)) for item in everything(found)) == 200


def test_a_rejected_bead_run_and_its_tubes_are_one_line_that_says_why(study_result: StudyResult):
    run = study_result.calibrations[0]
    text = "r² 0.91 (rejected below 0.98)"
    checks = (replace(run.curve.checks[0], verdict=CurveVerdict.REJECT, text=text),)
    rejected = replace(run, curve=replace(run.curve, verdict=CurveVerdict.REJECT, checks=checks))

    def row(result: SampleResult, _: int) -> SampleResult:
        notes = (f"The standard curve is rejected: {text}",)
        receptor = ReceptorDensity(
            RdStatus.NO_CURVE, 200, notes=notes, flags=(CalibrationFlag.CURVE_REJECTED,)
        )
        return replace(result, receptor=receptor)

    study = study_of(study_result, 30, row, calibrations=(rejected,))
    samples = tuple(replace(sample, bead_run=run.bead_run) for sample in study.study.samples)
    places = {("beads", run.bead_run, "levels"): "beads!F2"}
    fault = Fault("beads!F2", "level 26062 above 533", "1.15 to 30 times that", severity=Severity.WARNING)
    study = replace(study, study=replace(study.study, samples=samples, places=places), faults=(fault,))
    (line,) = everything(attention(study, {"beads:B1": "beads-1"}))
    assert (line.level, line.count) == ("severe", "30 of 30 tubes (30 patients)")
    assert line.title == f"No usable standard curve: {text}."
    assert line.messages == ("beads!F2: found level 26062 above 533, expected 1.15 to 30 times that",)
    assert [link.anchor for link in line.bead_runs] == ["beads-1"]
    html = report_html(study)
    first = html[html.index('id="first"') : html.index('id="densities"')]
    assert text in re.sub(r"<[^>]+>", "", first)


def test_a_curve_with_a_warning_is_one_line_with_its_bead_run_and_its_tubes(study_result: StudyResult):
    warned = study_result.calibrations[1]
    study = study_of(study_result, 5, flagged(CalibrationFlag.CURVE_WARN), calibrations=(warned,))
    (line,) = everything(attention(study, {}))
    assert (line.code, line.count) == ("CURVE_WARN", "5 of 5 tubes (5 patients)")
    assert [link.text for link in line.bead_runs] == [warned.bead_run]
    assert line.messages[0].startswith("B2: largest back-calculated error")


def test_a_defect_of_the_program_is_one_line_that_asks_to_report_it(study_result: StudyResult):
    def row(result: SampleResult, k: int) -> SampleResult:
        failed = failing(lambda k: f"ValueError {k}")(result, k)
        return replace(failed, flags=(SampleFlag.PROGRAM_DEFECT,))

    (line,) = everything(attention(study_of(study_result, 4, row), {}))
    assert "log.txt" in line.action


def test_warnings_of_a_sheet_are_joined_by_cause_and_lead_to_their_tubes(study_result: StudyResult):
    study = study_of(study_result, 5, as_it_is)
    places = {("samples", f"T{k:03}", "remark"): f"samples!L{k + 2}" for k in range(5)}
    typed = [Fault(f"samples!L{k + 2}", f'"a{k}"', "a remark", severity=Severity.WARNING) for k in range(5)]
    study = replace(study, study=replace(study.study, places=places), faults=tuple(typed))
    (line,) = everything(attention(study, {}))
    assert (line.level, line.count) == ("warn", "5 of 5 tubes (5 patients), the others alike")
    assert line.title == 'samples!L2: found "a0", expected a remark.'
    assert line.messages == ("In samples!L2, samples!L3, samples!L4, samples!L5, samples!L6",)


def test_where_nothing_is_wrong_the_page_says_that_nothing_needs_attention(study_result: StudyResult):
    sound = study_of(study_result, 20, as_it_is)
    assert everything(attention(sound, {})) == []
    assert "Nothing needs attention" in report_html(sound)
    noted = study_of(study_result, 20, flagged(GateFlag.NO_VIABILITY))  # a fact that holds for all
    found = attention(noted, {})
    assert (found.lines, found.asks, len(found.folded)) == ((), 0, 1)
    assert "Nothing needs attention" in report_html(noted)
    doubtful = study_of(study_result, 20, flagged(GateFlag.LOW_GATE_CONFIDENCE, every=20))
    assert "Nothing needs attention" not in report_html(doubtful)


def test_one_tube_alone_is_spoken_of_as_one(study_result: StudyResult):
    (line,) = attention(study_of(study_result, 1, flagged(GateFlag.LOW_GATE_CONFIDENCE)), {}).lines
    assert line.count == "1 of 1 tube (1 patient)"


@pytest.mark.slow
def test_beads_of_another_hour_are_one_line_in_the_report_of_a_run(tmp_path: Path):
    study = simulate_study(tmp_path, patients=5, events=3_000, seed=3)
    settings = study / "settings.csv"
    settings.write_text(
        "name,value\nbead_age_accept_hours,0.01\nbead_age_reject_hours,5000\n", encoding="utf-8"
    )
    with pytest.raises(SystemExit):
        main(["run", str(study), "--workers", "1", "--quiet", "--no-figures"])
    html = (study / "results" / "report.html").read_text("utf-8")
    first = html[html.index('id="first"') : html.index('id="densities"')]
    assert first.count('href="#flag-BEADS_AGED"') == 1
    assert first.count("hours from the tube") <= 2  # an example in the fold, not a line per cell


def test_names_as_people_type_them_are_shown_and_never_run(study_result: StudyResult):
    evil = '<img src=x onerror="alert(1)">😀 ' + "y" * 200
    study = study_of(study_result, 1, flagged(GateFlag.LOW_GATE_CONFIDENCE))
    samples = tuple(replace(sample, sample_id=evil, patient_id=evil) for sample in study.study.samples)
    results = tuple(replace(result, sample_id=evil) for result in study.results)
    named = changed(study, study=replace(study.study, samples=samples), results=results)
    told = Fault("samples!A2", f'"{evil}"', evil, severity=Severity.WARNING)
    html = report_html(replace(named, faults=(told,), notes=(Note(evil, evil),)))
    assert "<img" not in html
    first = html[html.index('id="first"') : html.index('id="densities"')]
    assert first.count("&lt;img") >= 3
