"""One rule says which tubes are one visit: what is pooled and what tells the scatter between runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pipeline.assembly.study_result import StudyResult
from pipeline.patients.between_runs import replicates
from pipeline.patients.same_visit import tubes_by_visit
from pipeline.study.study import Panel, PanelChannel


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
    assert key[:4] == (first.patient_id, "2024-05-31", first.tissue, study.unit_run(first.bead_run).kit)


def stained(study_result: StudyResult, **other: object) -> list[tuple[str, ...]]:
    """Return the visits of two tubes of one marrow whose panels differ in what is told of the CD38 antibody."""
    study = study_result.study
    usual = next(panel for panel in study.panels if panel.name == study.samples[0].panel)
    cd38 = replace(usual.quantified, clone="HB7", fluorochrome="PE", competes_with_drug=True)

    def panel(name: str, antibody: PanelChannel) -> Panel:
        rows = (antibody if row is usual.quantified else row for row in usual.channels)
        return replace(usual, name=name, channels=tuple(rows))

    one, two = (
        replace(
            study.samples[place],
            patient_id="P1",
            visit="baseline",
            bead_run="B1",
            tissue="marrow",
            panel=name,
        )
        for place, name in enumerate(("usual", "other"))
    )
    panels = (panel("usual", cd38), panel("other", replace(cd38, **other)))
    results = [replace(study_result.results[0], sample_id=sample.sample_id) for sample in (one, two)]
    visits = tubes_by_visit(replace(study, samples=(one, two), panels=panels), results)
    return [tuple(tube.sample_id for tube in tubes) for tubes in visits.values()]


@pytest.mark.parametrize(
    "other",
    [
        {"clone": "multi-epitope", "competes_with_drug": False},
        {"clone": "HIT2"},
        {"fluorochrome": "APC"},
        {"competes_with_drug": False},
    ],
)
def test_tubes_with_another_antibody_are_no_replicates(study_result: StudyResult, other):
    assert [len(tubes) for tubes in stained(study_result, **other)] == [1, 1]


@pytest.mark.parametrize("other", [{"clone": "hb7"}, {"clone": ""}, {"competes_with_drug": None}])
def test_what_a_panel_leaves_empty_is_no_other_antibody(study_result: StudyResult, other):
    assert [len(tubes) for tubes in stained(study_result, **other)] == [2]
