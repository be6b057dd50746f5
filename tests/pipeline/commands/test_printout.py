"""What a person reads in the terminal when a run is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from calibration.density.receptor_density import RdStatus, ReceptorDensity
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import Note, StudyResult
from pipeline.commands.printout import MOST_TUBES_PRINTED, SHORT, failed_text, finished_text
from pipeline.output.result_tables import sample_flags
from pipeline.quantification.result import SampleResult


@pytest.fixture
def printed(study_result: StudyResult, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    return finished_text(study_result, Path("results/report.html"))


def row_of(printed: str, sample: str) -> str:
    return next(line for line in printed.splitlines() if line.strip().startswith(sample))


def test_every_status_has_a_short_word() -> None:
    assert set(SHORT) == set(RdStatus)
    assert max(map(len, SHORT.values())) <= 10


@pytest.mark.slow
def test_a_density_below_the_lloq_is_quoted_as_its_limit(printed: str) -> None:
    row = row_of(printed, "P02-S1")
    assert "< 950" in row
    assert "−55" not in row


def test_a_tube_with_a_flag_is_marked_and_the_flag_explained_once(printed: str) -> None:
    assert row_of(printed, "P05-S1").rstrip().endswith("!")
    assert printed.count("LOW_GATE_CONFIDENCE") == 1


def test_totals_stand_at_the_end_before_the_path(printed: str) -> None:
    *above, path = printed.splitlines()
    assert path == "Report: results/report.html"
    start = next(k for k, line in enumerate(above) if line.startswith("12 tubes: 3 sound"))
    totals = " ".join(" ".join(above[start:]).split())
    assert totals.endswith("failed")
    assert all(line.startswith("  ") for line in above[start + 1 :])


def test_no_line_is_wider_than_a_terminal_of_80_columns(study_result: StudyResult, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    note = Note("progression-free survival", "3 patients were last assessed before the last day. " * 4)
    text = finished_text(changed(study_result, notes=(note,)), Path("report.html"))
    assert "progression-free survival" in text
    assert max(map(len, text.splitlines())) <= 80


def with_tubes(study_result: StudyResult, tubes: Sequence[SampleResult]) -> StudyResult:
    first = study_result.study.samples[0]
    samples = tuple(replace(first, sample_id=tube.sample_id) for tube in tubes)
    study = replace(study_result.study, samples=samples)
    return changed(study_result, study=study, results=tuple(tubes), notes=())


def a_calm_tube(study_result: StudyResult) -> SampleResult:
    return next(
        result
        for result in study_result.results
        if result.receptor.status is RdStatus.OK and not sample_flags(result, None)
    )


def flagged(tube: SampleResult, name: str, flag: str) -> SampleResult:
    return replace(tube, sample_id=name, receptor=replace(tube.receptor, flags=(flag,)))


def test_a_density_that_is_not_reliable_is_not_called_ok(study_result: StudyResult) -> None:
    calm = a_calm_tube(study_result)
    tubes = [
        replace(calm, sample_id="calm"),
        flagged(calm, "few", "FEW_EVENTS_20_49"),
        flagged(calm, "odd", "LOW_GATE_CONFIDENCE"),
    ]
    text = finished_text(with_tubes(study_result, tubes), Path("report.html"))
    assert row_of(text, "calm").split()[1] == "OK"
    assert "not reliable" in row_of(text, "few")
    assert "look at it" in row_of(text, "odd")
    assert not {"OK"} & {*row_of(text, "few").split(), *row_of(text, "odd").split()}


def test_tubes_to_look_at_come_before_many_with_few_cells(study_result: StudyResult) -> None:
    calm = a_calm_tube(study_result)
    few = [flagged(calm, f"few{k}", "FEW_EVENTS_20_49") for k in range(60)]
    tubes = [*few, flagged(calm, "odd", "LOW_GATE_CONFIDENCE")]
    text = finished_text(with_tubes(study_result, tubes), Path("report.html"))
    assert row_of(text, "odd")


def test_of_many_tubes_those_to_look_at_have_a_row(study_result: StudyResult) -> None:
    calm = next(
        result
        for result in study_result.results
        if result.receptor.status is RdStatus.OK and not sample_flags(result, None)
    )
    failed = next(result for result in study_result.results if result.receptor.status is RdStatus.FAILED)
    many = (*(replace(calm, sample_id=f"calm{k}") for k in range(100)), replace(failed, sample_id="bad"))
    first = study_result.study.samples[0]
    study = replace(
        study_result.study, samples=tuple(replace(first, sample_id=tube.sample_id) for tube in many)
    )
    text = finished_text(changed(study_result, study=study, results=many, notes=()), Path("report.html"))
    assert "bad" in text
    assert f"… and {101 - MOST_TUBES_PRINTED} more tubes" in text
    assert sum(line.strip().startswith("calm") for line in text.splitlines()) == MOST_TUBES_PRINTED - 1


def test_tubes_that_failed_alike_are_one_line_with_the_reason_alone(study_result: StudyResult) -> None:
    typed = study_result.study.samples[0]

    def failing(name: str, reason: str) -> SampleResult:
        return SampleResult(name, ReceptorDensity(RdStatus.FAILED, 0, notes=("another note",)), note=reason)

    many = [failing(f"T{k:02}", f"fcs/T{k:02}.fcs: DATA is {k} bytes shorter than $TOT") for k in range(40)]
    other = failing("U1", "the file has no channel of the panel")
    study = replace(
        study_result.study,
        samples=tuple(replace(typed, sample_id=result.sample_id) for result in (*many, other)),
    )
    text = failed_text(changed(study_result, study=study, results=(*many, other)))
    first, alike, alone = text.splitlines()
    assert first == "41 of 41 samples failed:"
    assert alike.startswith("  T00, T01, ")
    assert alike.endswith(" and 28 more: fcs/T00.fcs: DATA is 0 bytes shorter than $TOT")
    assert alone == "  U1: the file has no channel of the panel"
