"""Replicates become one visit; what must not be pooled is not."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest

from calibration.density.receptor_density import RdStatus
from calibration.density.result import PooledDensity
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.checks.flags import ExposureFlag
from pipeline.patients.flags import VisitFlag
from pipeline.patients.visits import Visit, dex_sd, patient_rd
from pipeline.study.cells.choices import RowReason
from pipeline.study.study import Dose
from pipeline.washout import washout_report
from pipeline.washout.observations.kept import kept_rows
from pipeline.washout.observations.selection import observed


def with_samples(study_result: StudyResult, **changes: dict[str, object]) -> StudyResult:
    samples = tuple(
        replace(sample, **changes.get(sample.sample_id, {})) for sample in study_result.study.samples
    )
    return changed(study_result, study=replace(study_result.study, samples=samples))


def visit_with(study_result: StudyResult, sample_id: str) -> Visit:
    return next(visit for visit in study_result.visits if sample_id in visit.sample_ids)


def test_replicates_of_a_visit_are_pooled_on_the_log_scale(study_result: StudyResult):
    replicates = with_samples(study_result, **{"P04-S1": {"patient_id": "P05"}})
    pooled = visit_with(replicates, "P05-S1")
    assert set(pooled.sample_ids) == {"P04-S1", "P05-S1"}
    assert math.isclose(pooled.receptor.rd, math.sqrt(9_800 * 31_400))
    assert pooled.receptor.n_pooled == 2


def test_another_tissue_or_kit_is_a_visit_of_its_own(study_result: StudyResult):
    blood = with_samples(study_result, **{"P04-S1": {"patient_id": "P05", "tissue": "blood"}})
    assert visit_with(blood, "P05-S1").sample_ids == ("P05-S1",)
    bead_runs = tuple(
        replace(run, kit="qsc") if run.name == "B2" else run for run in study_result.study.bead_runs
    )
    kits = changed(study_result, study=replace(study_result.study, bead_runs=bead_runs))
    kits = with_samples(
        kits, **{"P04-S1": {"patient_id": "P05", "bead_run": "B1"}, "P05-S1": {"bead_run": "B2"}}
    )
    assert visit_with(kits, "P05-S1").sample_ids == ("P05-S1",)
    assert visit_with(kits, "P05-S1").kit == "qsc"


def test_without_a_visit_name_the_day_tells_visits_apart(study_result: StudyResult):
    later = {
        "P04-S1": {"patient_id": "P05", "visit": "", "collected_on": date(2024, 6, 1)},
        "P05-S1": {"visit": ""},
    }
    assert visit_with(with_samples(study_result, **later), "P05-S1").sample_ids == ("P05-S1",)


def test_a_replicate_without_density_does_not_spoil_the_other(study_result: StudyResult):
    visit = visit_with(with_samples(study_result, **{"P09-S1": {"patient_id": "P05"}}), "P05-S1")
    assert math.isclose(visit.receptor.rd, 31_400)
    assert any("1 of 2 replicates" in note for note in visit.notes)


def test_the_models_get_the_measurement_error_of_the_interval(study_result: StudyResult):
    visit = visit_with(study_result, "P05-S1")
    row = patient_rd(visit)
    expected = math.log10(visit.receptor.rd_high / visit.receptor.rd_low) / (2 * 1.959964)
    assert math.isclose(row.rd_log_sd, expected)
    assert (row.status, row.beads_kit) == (RdStatus.OK.value, "quantibrite_pe")


def test_an_estimate_below_zero_has_no_log_sd(study_result: StudyResult):
    assert dex_sd(visit_with(study_result, "P02-S1").receptor) is None


def test_a_row_whose_interval_reaches_zero_is_the_worst_of_the_rows_and_not_a_middling_one(
    study_result: StudyResult,
):
    visit = visit_with(study_result, "P05-S1")
    worst = PooledDensity(RdStatus.OK, 2, 2, rd=27_650.0, rd_low=-26_035.0, rd_high=81_335.0, lloq=500.0)
    rows = [patient_rd(visit), patient_rd(replace(visit, patient_id="P99", receptor=worst))]
    assert rows[1].rd_log_sd == pytest.approx((81_335 + 26_035) / (2 * 1.959964 * 27_650 * math.log(10)))
    data, _ = observed(rows, study_result.study.settings)
    # what the rows share (lot, F:P, run) is taken out of each row's own error
    shared = sum(error.log_sd**2 for error in rows[1].shared)
    own = math.sqrt(rows[1].rd_log_sd ** 2 - shared)
    assert sorted(data.measurement_sd)[-1] == pytest.approx(own)
    assert own > 5 * rows[0].rd_log_sd


def test_replicates_that_contradict_each_other_are_left_out_of_the_models_and_named(
    study_result: StudyResult,
):
    far = with_samples(study_result, **{"P03-S1": {"patient_id": "P07", "bead_run": "B2"}})
    visit = visit_with(far, "P07-S1")
    assert (visit.receptor.status, visit.receptor.rd) == (RdStatus.REPLICATES_DISAGREE, None)
    assert VisitFlag.REPLICATES_DISAGREE in visit.flags
    data, _ = observed([patient_rd(one) for one in far.visits], far.study.settings)
    assert any("REPLICATES_DISAGREE" in note and "left out" in note for note in data.notes)
    assert data.n < data.n_given == 11
    tubes = {result.sample_id: result.receptor.rd for result in far.results}
    assert (tubes["P03-S1"], tubes["P07-S1"]) == (2_450.0, 151_000.0)


def test_blood_is_not_pooled_with_marrow_in_the_models(study_result: StudyResult):
    blood = with_samples(study_result, **{"P05-S1": {"tissue": "blood"}})
    assert patient_rd(visit_with(blood, "P05-S1")).tissue == "blood"
    assert patient_rd(visit_with(blood, "P04-S1")).tissue == "marrow"
    used = washout_report([patient_rd(visit) for visit in blood.visits], study_result.study.settings)
    assert any("tissues are not pooled" in note and "1 of blood left out" in note for note in used.notes)


def test_kit_clone_and_lyse_reagent_travel_with_every_density(tmp_path):
    from dataclasses import replace

    from helpers.builders import good_sheets, write_csvs, write_files
    from pipeline.study.reagents import reagents_of
    from pipeline.study.sheets.reading import read_study

    sheets = good_sheets() | {"settings": [["name", "value"], ["lyse_reagent", "ammonium chloride"]]}
    study, _ = read_study(write_csvs(write_files(tmp_path), sheets))
    told = reagents_of(study, study.samples[:1])
    run, dye = study.bead_run(study.samples[0].bead_run), study.panel(study.samples[0].panel).quantified
    assert (told.kit, told.lot, told.lyse_reagent) == (run.kit, run.lot, "ammonium chloride")
    assert (told.clone, told.fluorochrome) == (dye.clone, dye.fluorochrome)
    other = replace(run, name="other", lot="L2")
    two = replace(study, bead_runs=(*study.bead_runs, other))
    assert (
        reagents_of(two, (study.samples[0], replace(study.samples[0], bead_run="other"))).lot
        == f"{run.lot};L2"
    )


def with_a_late_tube(study_result: StudyResult) -> StudyResult:
    """Return P05-S1 and P04-S1 as one visit, whose P04-S1 was collected after the study drug."""
    first = next(s for s in study_result.study.samples if s.sample_id == "P05-S1").collected_on
    late = first + timedelta(21)
    given_on = first + timedelta(14)
    drug = study_result.study.settings.study_drug
    study = replace(study_result.study, doses=(*study_result.study.doses, Dose("P05", given_on, drug)))
    before = changed(study_result, study=study)
    return with_samples(before, **{"P04-S1": {"patient_id": "P05", "collected_on": late}})


def in_reverse(study_result: StudyResult) -> StudyResult:
    study = replace(study_result.study, samples=study_result.study.samples[::-1])
    return changed(study_result, study=study, results=study_result.results[::-1])


def test_a_visit_with_one_tube_under_the_study_drug_stays_out_in_any_order_of_the_rows(
    study_result: StudyResult,
):
    visit = visit_with(with_a_late_tube(study_result), "P05-S1")
    other = visit_with(in_reverse(with_a_late_tube(study_result)), "P05-S1")
    assert visit.sample_ids == other.sample_ids == ("P05-S1", "P04-S1")
    assert ExposureFlag.STUDY_DRUG_BEFORE_SAMPLE in visit.flags
    alone = visit_with(study_result, "P05-S1")
    for one in (visit, other):
        assert set(one.flags) == set(visit.flags)
        assert one.washout_weeks == alone.washout_weeks
        assert one.collected_on == alone.collected_on
        kept, left = kept_rows([patient_rd(one)], study_result.study.settings)
        assert not kept
        assert [row.reason for row in left] == [RowReason.STUDY_DRUG]


@pytest.mark.parametrize("competes", [True, False, None])
def test_the_models_are_told_whether_the_clone_of_a_visit_competes(study_result: StudyResult, competes):
    panels = tuple(
        replace(
            panel,
            channels=tuple(
                replace(channel, competes_with_drug=competes) if channel is panel.quantified else channel
                for channel in panel.channels
            ),
        )
        for panel in study_result.study.panels
    )
    result = changed(study_result, study=replace(study_result.study, panels=panels))
    assert patient_rd(visit_with(result, "P05-S1")).competes is competes
