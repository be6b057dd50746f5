"""One rule says which tubes are one visit: what is pooled and what tells the scatter between runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pipeline.assembly.study_result import StudyResult
from pipeline.patients.between_runs import replicates
from pipeline.patients.same_visit import VisitKey, tubes_by_visit


def test_every_tube_is_in_one_visit_and_the_visits_of_the_result_are_these(study_result: StudyResult):
    visits = tubes_by_visit(study_result.study, study_result.results)
    listed = [tuple(tube.sample_id for tube in tubes) for tubes in visits.values()]
    assert listed == [visit.sample_ids for visit in study_result.visits]
    assert sum(map(len, listed)) == len(study_result.results)


def test_the_replicates_of_a_visit_are_tubes_of_that_visit(study_result: StudyResult):
    pooled = [set(visit.sample_ids) for visit in study_result.visits]
    for runs in replicates(study_result.study, study_result.results):
        assert {tube.sample_id for tubes in runs for tube in tubes} <= next(
            names for names in pooled if runs[0][0].sample_id in names
        )


def test_a_visit_without_a_name_is_named_by_its_day(study_result: StudyResult):
    first = replace(study_result.study.samples[0], visit="", collected_on=date(2024, 5, 31))
    study = replace(study_result.study, samples=(first,))
    (key,) = tubes_by_visit(study, study_result.results[:1])
    assert key == VisitKey(first.patient_id, "2024-05-31", first.tissue, study.unit_run(first.beads).kit)
