"""R4: which density stands for a patient, who is in no group and why, and what doubt does to the groups."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.density.result import RdStatus
from helpers.response import counts_of, tables_of
from pipeline.checks.flags import ExposureFlag
from pipeline.output.json_files import response_json
from pipeline.patients.exposure import ResponseClock
from pipeline.patients.patient_rd import PatientRd
from pipeline.response.rd_visit import LeftOut, rd_side, rd_visits, reference_kit
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Study

START = date(2024, 5, 31)
LAST = START - timedelta(200)
CLOCKS = {"P": ResponseClock("P", LAST, START, 200)}


def marrow(rd=20_000.0, at=-7, visit="baseline", status=RdStatus.OK, patient="P", **rest):
    on = None if at is None else START + timedelta(at)
    told = {"beads_kit": "quantibrite_pe", "rd_log_sd": 0.04, "collected_on": on, **rest}
    return PatientRd(patient, visit, 28.0, rd, status, lloq=1000.0, uloq=67_601.0, **told)


def study(*patients, doses=(), **given_settings):
    return Study(Path(), (), (), (), tuple(doses), patients, Settings(**given_settings))


def chosen(*rows, clocks=CLOCKS, patient=None):
    return rd_visits(["P"], rows, clocks, study(patient or Patient("P")))["P"]


def test_the_last_marrow_between_the_two_drugs_stands_for_the_patient():
    early, late = marrow(at=-60, visit="screening"), marrow(at=0)
    failed = marrow(None, 0, "again", RdStatus.FAILED)
    after = marrow(at=1, visit="week 1")
    assert chosen(early, late, failed, after).row == late
    assert chosen(early, failed, after).row == early


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], LeftOut.NO_RD),
        ([marrow(None, status=RdStatus.LOW_EVENTS)], LeftOut.NO_RD),
        ([marrow(tissue="blood")], LeftOut.BLOOD),
        ([marrow(), marrow(patient="Q"), marrow(beads_kit="qsc", at=-1)], LeftOut.NO),
        ([marrow(patient="Q"), marrow(patient="R"), marrow(beads_kit="qsc", at=-1)], LeftOut.OTHER_KIT),
        ([marrow(at=1)], LeftOut.AFTER_START),
        ([marrow(at=-200)], LeftOut.BEFORE_LAST_DOSE),
        ([marrow(at=-400)], LeftOut.BEFORE_LAST_DOSE),
        ([marrow(at=-199)], LeftOut.NO),
        ([marrow(140_000.0, visit="a"), marrow(160_000.0, visit="b", status=RdStatus.ABOVE_ULOQ_EXTRAPOLATED)],
         LeftOut.BOTH_SIDES),
    ],
)  # fmt: skip
def test_who_has_no_density_that_counts_has_a_reason(rows, reason):
    found = chosen(*rows)
    assert found.left_out is reason
    assert (found.row is None) == (reason is not LeftOut.NO)


@pytest.mark.parametrize(("rd", "rd_low"), [(900_000.0, 450_000.0), (9_000.0, 4_000.0)])
def test_a_density_that_is_known_too_poorly_is_in_no_group_however_far_from_the_cut(rd, rd_low):
    """Its errors make it so, not its brightness: to keep those far from the cut would choose by density."""
    found = chosen(marrow(rd, status="NOT_QUANTIFIABLE", rd_low=rd_low))
    assert (found.row, found.left_out) == (None, LeftOut.NO_RD)
    assert chosen(marrow(rd, status="NOT_QUANTIFIABLE"), marrow(at=-60, visit="screening")).row is not None


def test_blood_of_a_later_day_does_not_take_the_marrows_place():
    bright = marrow(210_000.0, -7, status=RdStatus.ABOVE_ULOQ_EXTRAPOLATED)
    blood = marrow(21_000.0, -7, tissue="blood")
    later = marrow(21_000.0, -1, tissue="blood")
    for rows in ((bright, blood, later), (later, blood, bright), (blood, bright, later)):
        assert chosen(*rows).row == bright
        assert chosen(*rows).side == "above"


def test_the_start_is_the_earlier_of_the_first_dose_and_the_typed_day():
    between = marrow(at=-2)
    typed_earlier = Patient("P", treatment_start=START - timedelta(5))
    assert chosen(between, patient=typed_earlier).left_out is LeftOut.AFTER_START
    typed_only = Patient("P", treatment_start=START)
    no_dose = {"P": ResponseClock("P", LAST)}
    assert chosen(marrow(at=3), clocks=no_dose, patient=typed_only).left_out is LeftOut.AFTER_START


def test_without_a_first_day_of_treatment_only_a_single_day_counts():
    none = {"P": ResponseClock("P")}
    assert chosen(marrow(at=5), clocks=none).row is not None
    assert chosen(marrow(at=5), marrow(at=9, visit="b"), clocks=none).left_out is LeftOut.NO_FIRST_DAY


def test_two_marrows_of_a_day_on_one_side_count_whatever_the_order():
    one, other = marrow(20_000.0, visit="a"), marrow(40_000.0, visit="b")
    assert chosen(one, other) == chosen(other, one)
    assert chosen(one, other).row == one


ROWS = st.lists(
    st.builds(
        marrow,
        rd=st.sampled_from([800.0, 20_000.0, 140_000.0, 210_000.0]),
        at=st.sampled_from([-300, -200, -30, -7, 0, 4]),
        visit=st.sampled_from(["a", "b", "c"]),
        status=st.sampled_from([RdStatus.OK, RdStatus.BELOW_LLOQ, RdStatus.ABOVE_ULOQ, RdStatus.FAILED]),
        patient=st.sampled_from(["P", "Q", "R"]),
        tissue=st.sampled_from(["marrow", "blood"]),
        beads_kit=st.sampled_from(["quantibrite_pe", "qsc"]),
    ),
    max_size=12,
    unique_by=lambda row: (row.patient_id, row.visit, row.collected_on, row.tissue, row.beads_kit),
)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(rows=ROWS, data=st.data())
def test_the_order_of_the_rows_changes_nothing(rows, data):
    patients = [Patient(name, "SD", disease_control_days=40 + 20 * k) for k, name in enumerate("PQR")]
    doses = [Dose(name, START, "isatuximab") for name in "PQR"] + [
        Dose(name, LAST, "daratumumab") for name in "PQR"
    ]
    shuffled = data.draw(st.permutations(rows))
    known = study(*patients, doses=doses)
    assert json.dumps(response_json(tables_of(known, rows))) == json.dumps(
        response_json(tables_of(known, shuffled))
    )


def test_the_reference_kit_is_that_of_most_marrows_and_the_first_by_name_of_several():
    assert reference_kit([marrow(beads_kit="qsc"), marrow(beads_kit="abc"), marrow(beads_kit="qsc")]) == "qsc"
    assert reference_kit([marrow(beads_kit="qsc"), marrow(beads_kit="abc")]) == "abc"
    assert reference_kit([marrow(beads_kit="abc", tissue="blood"), marrow(beads_kit="qsc")]) == "qsc"
    assert reference_kit([]) == ""


@pytest.mark.parametrize(
    "other", [{"competes": False}, {"competes": False, "clone": "HB7"}, {"clone": "HIT2"}, {"fluorochrome": "APC"}]
)  # fmt: skip
def test_densities_of_another_clone_or_dye_are_not_held_against_the_same_cut(other):
    """A clone that does not compete with the drug binds all CD38: 200,000 of it are not 200,000 free sites."""
    usual = {"competes": True, "clone": "HB7", "fluorochrome": "PE"}
    of_others = [marrow(patient=name, **usual) for name in "QR"]
    found = chosen(*of_others, marrow(200_000.0, **{**usual, **other}))
    assert (found.row, found.left_out) == (None, LeftOut.OTHER_CLONE)
    assert chosen(*of_others, marrow(**{**usual, **other}), marrow(at=-60, **usual)).row is not None


@pytest.mark.parametrize("same", [{"clone": "hb7"}, {"clone": "", "competes": None, "fluorochrome": ""}])
def test_a_clone_that_is_spelled_otherwise_or_not_named_is_the_usual_one(same):
    usual = {"competes": True, "clone": "HB7", "fluorochrome": "PE"}
    of_others = [marrow(patient=name, **usual) for name in "QR"]
    assert chosen(*of_others, marrow(**{**usual, **same})).left_out is LeftOut.NO


def test_where_as_many_marrows_show_all_sites_the_free_ones_count():
    free, whole = marrow(competes=True), marrow(patient="Q", competes=False)
    assert chosen(free, whole).row == free
    assert chosen(free, whole, replace(whole, patient_id="R")).left_out is LeftOut.OTHER_CLONE


def doubtful_study():
    """Two surely above (1 controlled), three surely below (1), two 1.9 SD from the cut, one between."""
    rows = [
        *(marrow(rd, patient=f"A{k}") for k, rd in enumerate((400_000.0, 300_000.0))),
        *(marrow(rd, patient=f"B{k}") for k, rd in enumerate((20_000.0, 30_000.0, 40_000.0))),
        marrow(178_700.0, patient="C0"), marrow(125_900.0, patient="C1"),
        marrow(None, status=RdStatus.ABOVE_ULOQ, patient="D0"),
    ]  # fmt: skip
    controlled = {"A0", "B0", "C0", "C1"}
    patients = [Patient(row.patient_id, "MR" if row.patient_id in controlled else "PD") for row in rows]
    doses = [Dose(row.patient_id, START, "isatuximab") for row in rows]
    return study(*patients, doses=doses), rows


def test_intervals_that_contain_the_cut_are_counted_and_the_groups_are_told_both_ways():
    known, rows = doubtful_study()
    tables = tables_of(known, rows)
    assert [(row.k, row.n) for row in tables.by_rd] == [(2, 3), (2, 4)]
    assert (tables.rd_contained.k, tables.rd_contained.n) == (2, 7)
    best, worst = tables.rd_moved
    assert [(part.k, part.n) for part in (best.first, best.second)] == [(3, 4), (1, 4)]
    assert [(part.k, part.n) for part in (worst.first, worst.second)] == [(1, 3), (3, 5)]
    assert "2 of 7 patients" in tables.rd_words
    assert "one letter on 32 patients" in tables.rd_words
    assert [(group.reason, group.patients) for group in tables.rd_left_out] == [
        ("limit of quantification on the other side of the cut", ("D0",))
    ]


def test_where_no_interval_contains_the_cut_no_patient_is_moved():
    known, rows = doubtful_study()
    sure = [replace(row, rd=400_000.0, status=RdStatus.OK, rd_log_sd=0.02) for row in rows]
    tables = tables_of(known, sure)
    assert (tables.rd_contained.k, tables.rd_moved) == (0, ())


@pytest.mark.parametrize("log_sd", [None, math.inf])
def test_a_density_without_an_interval_is_doubtful(log_sd):
    known, rows = doubtful_study()
    tables = tables_of(known, [replace(row, rd_log_sd=log_sd) for row in rows])
    assert tables.rd_contained.k == 7


def test_who_is_left_out_is_named_and_counted_once():
    patients = [Patient(name, "MR") for name in ("P1", "P2", "P3")]
    doses = [Dose(name, START, "isatuximab") for name in ("P1", "P2", "P3")]
    rows = [marrow(patient="P1"), marrow(patient="P2", tissue="blood"), marrow(patient="P3", at=2)]
    counts = counts_of(study(*patients, doses=doses), rows)
    assert {(group.reason, group.patients) for group in counts.left_out} == {
        (LeftOut.BLOOD, ("P2",)), (LeftOut.AFTER_START, ("P3",))}  # fmt: skip
    assert {(count.name, count.n) for count in counts.outside if count.n} >= {
        (LeftOut.BLOOD, 1), (LeftOut.AFTER_START, 1)}  # fmt: skip


def test_a_marrow_drawn_after_the_first_infusion_of_its_day_does_not_count():
    before = marrow(at=-7, visit="screening")
    after = marrow(180_000.0, at=0, flags=(ExposureFlag.STUDY_DRUG_BEFORE_SAMPLE,))
    assert chosen(before, after).row == before
    assert chosen(after).left_out is LeftOut.AFTER_START
    assert chosen(before, replace(after, flags=())).row == replace(after, flags=())


@pytest.mark.parametrize(
    ("cut", "below", "measured"),
    [(999.0, "between", "above"), (1000.0, "below", "above"), (1001.0, "below", "below")],
)
def test_an_lloq_or_a_density_of_exactly_the_cut_has_its_side(cut, below, measured):
    under_lloq = marrow(10.0, status=RdStatus.BELOW_LLOQ)  # its LLOQ is 1,000
    assert [rd_side(row, cut) for row in (under_lloq, marrow(1000.0))] == [below, measured]
