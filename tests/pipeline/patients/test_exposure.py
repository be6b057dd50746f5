from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from pydantic_core import PydanticCustomError

from pipeline.patients.exposure import exposures, response_clocks
from pipeline.study.cells import as_time
from pipeline.study.drugs import is_drug
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Sample, Study

COLLECTED = date(2024, 5, 31)


def study(*doses, patients=(), collected=COLLECTED, **settings):
    """One tube of P1; a dose is (days before collection, drug) or a Dose."""
    rows = [
        given if isinstance(given, Dose) else Dose("P1", COLLECTED - timedelta(days=given[0]), given[1])
        for given in doses
    ]
    sample = Sample("S1", "P1", collected, "fcs/S1.fcs", "MM", "QB1")
    return Study(Path(), (sample,), (), (), tuple(rows), tuple(patients), Settings(**settings))


def exposure(*doses, **rest):
    known = study(*doses, **rest)
    return exposures(known, response_clocks(known))["S1"]


def test_washout_runs_from_the_last_dose_to_collection_in_days_over_seven():
    found = exposure((100, "daratumumab"), (45, "daratumumab"), (73, "daratumumab"))
    assert found.last_dose_on == COLLECTED - timedelta(days=45)
    assert found.washout_weeks == pytest.approx(45 / 7)
    assert found.n_doses == 3
    assert found.flags == ()


def test_the_two_clocks_differ():
    found = exposure((70, "daratumumab"), (-7, "isatuximab"), (-14, "isatuximab"))
    assert found.washout_weeks == 10
    assert found.response_washout_weeks == 11
    assert found.first_study_drug_on == COLLECTED + timedelta(days=7)


def test_a_dose_after_collection_does_not_count_and_is_flagged():
    found = exposure((30, "daratumumab"), (-3, "daratumumab"), (-10, "daratumumab"))
    assert found.last_dose_on == COLLECTED - timedelta(days=30)
    assert found.n_doses == 1
    assert found.flags == ("DOSE_AFTER_SAMPLE",)
    assert found.notes == ("2 doses after collection, the first on 2024-06-03",)


def test_a_dose_on_the_day_of_collection_counts_as_after_it_and_is_said():
    found = exposure((28, "daratumumab"), (0, "daratumumab"))
    assert found.washout_weeks == 4
    assert found.n_doses == 1
    assert found.flags == ("DOSE_ON_SAMPLE_DAY",)
    assert "it counts as after the sample" in found.notes[0]
    only = exposure((0, "daratumumab"))
    assert only.washout_weeks is None
    assert only.flags == ("SAMPLE_BEFORE_FIRST_DOSE", "DOSE_ON_SAMPLE_DAY")


@pytest.mark.parametrize(("given", "weeks"), [(time(8, 30), 0), (time(9, 30), 4), (None, 4)])
def test_times_of_day_say_whether_a_dose_came_before_the_marrow(given, weeks):
    typed = study(
        (28, "daratumumab"), Dose("P1", COLLECTED, "daratumumab", given_time=given), (0, "isatuximab")
    )
    typed = replace(typed, samples=tuple(replace(row, collected_time=time(9, 0)) for row in typed.samples))
    found = exposures(typed, response_clocks(typed))["S1"]
    assert found.washout_weeks == weeks
    assert found.flags == ("DOSE_ON_SAMPLE_DAY",)


def test_a_trough_of_the_day_of_collection_was_measured_before_it():
    found = exposure((28, "daratumumab"), Dose("P1", COLLECTED, "daratumumab", serum_trough_ug_ml=3.5))
    assert (found.serum_ug_ml, found.serum_on) == (3.5, COLLECTED)


@pytest.mark.parametrize("drug", ["Sarclisa", "MOR202", "Isa-Kd"])
def test_another_antibody_against_cd38_since_the_last_dose_is_flagged(drug):
    assert exposure((90, "daratumumab"), (30, drug), study_drug="belantamab").flags == (
        "OTHER_ANTI_CD38_SINCE",
    )
    assert exposure((90, "daratumumab"), (120, drug), study_drug="belantamab").flags == ()
    assert exposure((90, "daratumumab"), (30, "teclistamab"), study_drug="belantamab").flags == ()


def test_no_dose_is_no_washout_and_not_zero():
    found = exposure((30, "isatuximab"))
    assert found.last_dose_on is None
    assert found.washout_weeks is None
    assert found.response_washout_weeks is None
    assert found.flags == ("NO_DOSES", "STUDY_DRUG_BEFORE_SAMPLE")


def test_a_tube_collected_before_the_first_dose_has_no_washout():
    found = exposure((-5, "daratumumab"))
    assert found.washout_weeks is None
    assert found.n_doses == 0
    assert found.flags == ("SAMPLE_BEFORE_FIRST_DOSE",)


def test_two_doses_on_a_day_are_both_counted_and_flagged():
    found = exposure((30, "daratumumab"), (30, "daratumumab"))
    assert found.n_doses == 2
    assert found.flags == ("DOSE_TWICE_ON_A_DAY",)


def test_a_dose_counts_by_any_name_of_its_drug_and_by_synonyms_of_the_settings():
    assert exposure((30, " DARATUMUMAB ")).n_doses == 1
    assert exposure((30, "Darzalex")).n_doses == 1
    assert exposure((30, "daratumumab"), washed_out_drug="Darzalex").n_doses == 1
    assert exposure((30, "study drug A")).n_doses == 0
    assert exposure((30, "study drug A"), washed_out_drug="daratumumab; Study Drug A").n_doses == 1
    assert is_drug("daratumumab-hyaluronidase", "daratumumab")
    assert not is_drug("daratumumab-free", "daratumumab")


def test_what_was_typed_is_shown_and_a_brand_or_regimen_of_an_imid_is_one():
    found = exposure((60, "Darzalex®"), (30, "Revlimid"), (20, "KRd"), (10, "Velcade"))
    assert found.last_dose_on == COLLECTED - timedelta(days=60)
    assert found.intervening == ("Revlimid", "KRd", "Velcade")
    assert found.imid_since is True
    assert exposure((60, "Darzalex®"), (10, "Velcade")).imid_since is False


def test_a_patient_is_refractory_to_a_drug_by_any_of_its_names():
    for text in ("Darzalex; len", "Rd, Dara-Vd", "lenalidomide and Darzalex®"):
        assert exposure((60, "daratumumab"), patients=[Patient("P1", refractory_to=text)]).refractory, text
    other = exposure((60, "daratumumab"), patients=[Patient("P1", refractory_to="Sarclisa; IRd")])
    assert other.refractory is False


def test_another_patients_doses_do_not_count():
    assert exposure(Dose("P2", COLLECTED - timedelta(days=9), "daratumumab")).flags == ("NO_DOSES",)


def test_the_cumulative_dose_takes_the_weight_where_units_differ():
    doses = [
        Dose("P1", COLLECTED - timedelta(days=60), "daratumumab", 16.0, "mg/kg"),
        Dose("P1", COLLECTED - timedelta(days=30), "daratumumab", 1800.0, "mg", "SC"),
    ]
    weighed = exposure(*doses, patients=[Patient("P1", weight_kg=75)])
    assert weighed.cumulative_mg == pytest.approx(16 * 75 + 1800)
    assert weighed.cumulative_mg_per_kg == pytest.approx(16 + 24)
    unknown = exposure(*doses)
    assert unknown.cumulative_mg is None
    assert unknown.cumulative_mg_per_kg is None


def test_one_missing_amount_leaves_the_cumulative_dose_unknown():
    given = Dose("P1", COLLECTED - timedelta(days=60), "daratumumab", 16.0, "mg/kg")
    assert exposure(given).cumulative_mg_per_kg == 16
    assert exposure(given, (30, "daratumumab")).cumulative_mg_per_kg is None


def test_the_response_clock_ignores_doses_after_the_study_drug_began():
    clock = response_clocks(study((70, "daratumumab"), (20, "isatuximab"), (5, "daratumumab")))["P1"]
    assert clock.days == 50
    assert clock.weeks == pytest.approx(50 / 7)
    assert clock.note == "1 doses of the washed-out drug after the first of the study drug"


def test_every_patient_of_any_sheet_has_a_response_clock_or_a_reason():
    clocks = response_clocks(
        study(
            (70, "daratumumab"), Dose("P3", COLLECTED, "isatuximab"), patients=[Patient("P2"), Patient("P1")]
        )
    )
    assert list(clocks) == ["P2", "P1", "P3"]
    assert {clock.days for clock in clocks.values()} == {None}
    assert clocks["P1"].note == clocks["P2"].note == "no dose of the study drug"
    assert clocks["P3"].note == "no dose of the washed-out drug before the study drug"


def test_the_order_of_the_doses_sheet_does_not_matter():
    doses = [(100, "daratumumab"), (45, "daratumumab"), (-7, "isatuximab"), (73, "daratumumab")]
    assert exposure(*doses) == exposure(*reversed(doses))


def given(days, drug="daratumumab", route="", patient="P1"):
    """Doses so many days before collection."""
    return [Dose(patient, COLLECTED - timedelta(days=day), drug, route=route) for day in days]


def labelled(last=50, route="IV"):
    """Weekly x 8, every 2 weeks x 8, every 4 weeks x 3, the last so many days before collection."""
    gaps = [28] * 3 + [14] * 8 + [7] * 7
    return given([last + sum(gaps[:k]) for k in range(len(gaps) + 1)], route=route)


def test_the_labelled_schedule_is_recognised_with_its_route():
    assert exposure(*labelled()).schedule == "QW x 8, Q2W x 8, Q4W x 3, IV"
    assert exposure(*labelled(route="SC")).schedule.endswith("Q4W x 3, SC")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([50], "single dose"),
        ([51, 50], "single dose"),
        ([92, 85, 79, 71, 64, 57, 50], "QW x 7"),
        ([99, 92, 85, 70, 63, 56], "QW x 6"),
        ([300, 250, 200, 160], "irregular x 4"),
        ([113, 92, 71, 50], "Q3W x 4"),
        ([190, 162, 106, 78, 50], "Q4W x 5"),
        ([78, 50], "Q4W x 2"),
    ],
)
def test_delays_and_split_doses_do_not_break_the_rhythm(days, expected):
    assert exposure(*given(days)).schedule == expected


def test_a_second_course_is_no_delay_of_the_first():
    weekly = [71, 64, 57, 50]
    assert exposure(*given([*(day + 350 for day in weekly), *weekly])).schedule == (
        "QW x 4, pause of 47 weeks, QW x 4"
    )
    assert exposure(*given([300, 57, 50])).schedule == "single dose, pause of 35 weeks, QW x 2"
    assert exposure(*given([300, 293, 50])).schedule == "QW x 2, pause of 35 weeks, single dose"


def test_a_change_of_route_is_said():
    doses = [*given([78], route="IV"), *given([50], route="SC")]
    assert exposure(*doses).schedule == "Q4W x 2, IV then SC"


def test_cycles_are_counted_from_doses_and_delays_delay_them():
    assert exposure(*labelled()).cycles == 9
    assert exposure(*given([85, 78, 71, 64])).cycles == 1
    assert exposure(*given([120, 90, 60])).cycles == 3
    assert exposure(*given([300, 30])).cycles == 2
    assert exposure(*given([85, 78, 71, 64, 57]), cycle_days=21).cycles == 2


def test_therapy_between_the_washed_out_drug_and_the_sample_is_listed():
    doses = [
        *given([50]),
        *given([60], "bortezomib"),
        *given([40, 30], "Pomalidomide"),
        *given([-5], "carfilzomib"),
    ]
    found = exposure(*doses)
    assert found.intervening == ("Pomalidomide",)
    assert found.imid_since is True
    assert exposure(*given([50]), *given([40], "bortezomib")).imid_since is False
    assert exposure(*given([40], "pomalidomide")).imid_since is None


@pytest.mark.parametrize(
    ("weeks", "n_cycles", "other", "expected"),
    [
        (6, 3, False, True),
        (5.9, 3, False, False),
        (12, 2, True, True),
        (12, 2, False, False),
        (11.9, 2, True, False),
        (40, 1, True, False),
    ],
)
def test_eligibility_is_the_letters(weeks, n_cycles, other, expected):
    """At least 3 cycles and 6 weeks, or at least 2 cycles with other therapy and 12 weeks."""
    last = round(weeks * 7)
    doses = given([last - 7 + 28 * k for k in range(n_cycles)][::-1])
    rest = given([last - 8], "bortezomib") if other else []
    found = exposure(*doses, *rest, *given([-7], "isatuximab"))
    assert found.eligible is expected
    assert f"{n_cycles} cycle" in found.eligibility


def test_without_the_study_drug_eligibility_cannot_be_told():
    found = exposure(*labelled())
    assert found.eligible is None
    assert "not known" in found.eligibility


def test_refractoriness_and_the_last_trough_come_from_the_sheets():
    doses = [
        Dose("P1", COLLECTED - timedelta(days=day), "daratumumab", 16.0, "mg/kg", "IV", trough)
        for day, trough in ((70, 310.0), (63, None), (-7, 500.0))
    ]
    found = exposure(*doses, patients=[Patient("P1", refractory_to="lenalidomide; Daratumumab")])
    assert found.refractory is True
    assert (found.serum_ug_ml, found.serum_on) == (310.0, COLLECTED - timedelta(days=70))
    assert exposure(*doses, patients=[Patient("P1", refractory_to="lenalidomide")]).refractory is False
    assert exposure(*doses, patients=[Patient("P1")]).refractory is None


def test_a_time_of_day_is_read_as_people_and_excel_write_it():
    for typed in ("14:30", "14.30", "14h30", "14:30:00", time(14, 30), 14.5 / 24):
        assert as_time(typed) == time(14, 30)
    for wrong in ("half past two", "25:00", "14"):
        with pytest.raises(PydanticCustomError):
            as_time(wrong)


def test_a_dose_on_the_day_of_the_first_dose_of_the_study_drug_counts_as_before_it() -> None:
    clock = response_clocks(study((20, "daratumumab"), (20, "isatuximab")))["P1"]
    assert clock.note == ""
