"""A patient's change from visit to visit: compared where it can be, against what the assay alone can do."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from calibration.density.result import RdStatus
from pipeline.patients.patient_rd import PatientRd, SharedError
from pipeline.washout.within.change import ChangeKind, Exceeds, changes_of, why_not_compared

DOSE = date(2024, 1, 1)


def visit(weeks, rd, patient="P1", name=None, **more):
    told = {"status": RdStatus.OK, "lloq": 1000.0, "uloq": 80_000.0, "rd_log_sd": 0.05, **more}
    day = DOSE + timedelta(weeks=weeks)
    return PatientRd(patient, name or f"week {weeks}", float(weeks), rd, collected_on=day, **told)


def below(weeks, patient="P1", **more):
    return visit(weeks, None, patient, status=RdStatus.BELOW_LLOQ, **{"rd_log_sd": None, **more})


def test_two_visits_give_their_fold_with_the_error_of_both():
    (change,) = changes_of([visit(8, 4000.0), visit(24, 12_000.0)])
    assert (change.kind, change.whole, change.exceeds) == (ChangeKind.MEASURED, True, Exceeds.UP)
    reach = 1.959964 * 0.05 * np.sqrt(2)
    assert change.fold == pytest.approx(3.0)
    assert [change.low, change.high] == pytest.approx([3 * 10**-reach, 3 * 10**reach])
    assert change.least_fold == pytest.approx(10**reach)


@pytest.mark.parametrize(
    ("last", "exceeds"), [(4000 * 1.3, Exceeds.NO), (4000 / 1.3, Exceeds.NO), (4000 / 1.5, Exceeds.DOWN)]
)
def test_a_change_that_the_assay_alone_can_give_does_not_exceed_it(last, exceeds):
    (change,) = changes_of([visit(8, 4000.0), visit(24, last)])
    assert change.exceeds is exceeds


def test_an_error_that_both_visits_share_cancels():
    lot = (SharedError("lot A", 0.04),)
    shared = changes_of([visit(8, 4000.0, shared=lot), visit(24, 8000.0, shared=lot)])[0]
    other = changes_of(
        [visit(8, 4000.0, shared=lot), visit(24, 8000.0, shared=(SharedError("lot B", 0.04),))]
    )[0]
    assert np.log10(shared.least_fold) == pytest.approx(1.959964 * 0.03 * np.sqrt(2))
    assert np.log10(other.least_fold) == pytest.approx(1.959964 * 0.05 * np.sqrt(2))
    assert dict(other.shared) == {"lot A": -0.04, "lot B": 0.04}
    assert shared.shared == ()


@pytest.mark.parametrize(
    ("rows", "kind", "fold", "exceeds"),
    [
        ([below(8), visit(24, 9000.0)], ChangeKind.AT_LEAST, 9.0, Exceeds.UP),
        ([below(8), visit(24, 1100.0)], ChangeKind.AT_LEAST, 1.1, Exceeds.NOT_KNOWN),
        ([visit(8, 9000.0), below(24)], ChangeKind.AT_MOST, 1 / 9, Exceeds.DOWN),
        ([below(8), below(24)], ChangeKind.NOT_KNOWN, None, Exceeds.NOT_KNOWN),
        (
            [visit(8, 9000.0), visit(24, None, status=RdStatus.ABOVE_ULOQ, rd_low=320_000.0)],
            ChangeKind.AT_LEAST,
            320 / 9,
            Exceeds.UP,
        ),
    ],
)
def test_beyond_a_limit_a_change_is_at_least_or_at_most_so_large(rows, kind, fold, exceeds):
    (change,) = changes_of(rows)
    assert (change.kind, change.exceeds, change.low) == (kind, exceeds, None)
    assert change.fold == (None if fold is None else pytest.approx(fold))


def test_three_visits_give_each_step_and_the_whole():
    steps = changes_of([visit(24, 8000.0), visit(8, 4000.0), visit(50, 20_000.0)])
    assert [(one.first_weeks, one.last_weeks, one.whole) for one in steps] == [
        (8.0, 24.0, False),
        (24.0, 50.0, False),
        (8.0, 50.0, True),
    ]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"beads_kit": "qsc"}, "tissue, kit, clone, dye or cytometer differ"),
        ({"tissue": "blood"}, "tissue, kit, clone, dye or cytometer differ"),
        ({"instrument": "B"}, "tissue, kit, clone, dye or cytometer differ"),
        ({"clone": "HB7"}, "tissue, kit, clone, dye or cytometer differ"),
    ],
)
def test_visits_measured_in_another_way_are_not_compared_and_say_so(other, reason):
    usual = {"beads_kit": "quantibrite_pe", "instrument": "A", "clone": "HIT2"}
    rows = [visit(8, 4000.0, **usual), visit(24, 8000.0, **(usual | other))]
    assert changes_of(rows) == ()
    assert why_not_compared(rows, rows) == (("P1", reason),)


def test_visits_with_a_dose_between_them_are_not_compared():
    again = replace(visit(24, 8000.0), weeks=3.0)
    rows = [visit(8, 4000.0), again]
    assert changes_of(rows) == ()
    assert why_not_compared(rows, rows) == (("P1", "a dose lies between the visits"),)


def test_a_visit_that_the_models_leave_out_is_named_as_the_reason():
    rows = [visit(8, 4000.0), visit(24, 8000.0)]
    assert why_not_compared(rows, rows[:1]) == (("P1", "a visit is not in the models"),)


def test_visits_without_a_typed_visit_are_told_apart_by_their_day():
    rows = [replace(row, visit="") for row in (visit(8, 4000.0), visit(24, 8000.0))]
    assert why_not_compared(rows, rows[:1]) == (("P1", "a visit is not in the models"),)


def test_a_visit_without_a_density_or_a_day_is_no_visit_to_compare():
    silent = visit(24, None, status=RdStatus.LOW_EVENTS)
    undated = replace(visit(30, 9000.0), collected_on=None)
    assert changes_of([visit(8, 4000.0), silent, undated]) == ()
    assert why_not_compared([visit(8, 4000.0), silent], []) == ()
