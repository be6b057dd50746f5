"""What a letter reports beside response, from the columns that a person typed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from calibration.density.result import RdStatus
from helpers.response import tables_of
from pipeline.patients.patient_rd import PatientRd
from pipeline.response.letter.cytogenetics import abnormalities, is_high_risk, is_unclear
from pipeline.response.letter.refractoriness import refractory
from pipeline.response.letter.serum import serum_pairs, typed_serum_levels
from pipeline.study.cells.concentrations import Concentration, as_concentration
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Sample, Study

START = date(2024, 5, 31)


def letter_of(*patients: Patient, samples=(), rows=()):
    doses = tuple(Dose(patient.patient_id, START, "Isatuximab") for patient in patients)
    study = Study(Path(), tuple(samples), (), (), doses, patients, Settings())
    return tables_of(study, list(rows)).letter


def counts(letter, title: str) -> dict[str, tuple[int, int]]:
    part = next(part for part in letter.parts if part.title == title)
    return {row.name: (row.k, row.n) for row in part.rows if hasattr(row, "k")}


@pytest.mark.parametrize(
    ("typed", "classes"),
    [
        ("bortezomib; lenalidomide", "double"),
        ("Velcade, Revlimid, Darzalex", "double triple"),
        ("VRd; Sarclisa", "double triple"),
        ("PI; IMiD; anti-CD38", "double triple"),
        ("bortezomib + carfilzomib / pomalidomide and dara", "double triple quad"),
        ("V; bortezomib; carfilzomib; lenalidomide; pomalidomide", "double quad_without_cd38"),
        ("bort; carf; len; pom; isa", "double triple quad quad_without_cd38 penta"),
        ("dexamethasone; daratumumab", ""),
        ("none", ""),
    ],
)
def test_classes_are_counted_by_drugs_however_they_are_typed(typed: str, classes: str):
    names = ("double", "triple", "quad", "quad_without_cd38", "penta")
    assert [name for name in names if getattr(refractory(typed), name)] == classes.split()


def test_refractoriness_is_of_the_patients_whose_cell_is_typed():
    letter = letter_of(
        Patient("P1", refractory_to="bortezomib; lenalidomide; daratumumab", last_line_refractory=True),
        Patient("P2", refractory_to="none"),
        Patient("P3"),
        Patient("P4", refractory_to="bort; wonderdrug", last_line_refractory=False),
    )
    found = counts(letter, "Refractoriness by class")
    assert found["triple refractory: PI, IMiD, antibody against CD38"] == (1, 3)
    assert found["refractory to a PI"] == (2, 3)
    assert found["refractory to the last line"] == (1, 2)
    assert "In 1 of 3 patients a name is of no known drug" in letter.parts[0].rule


@pytest.mark.parametrize(
    ("typed", "found", "high"),
    [
        ("del17p; t(4;14)", {"del17p": True, "t(4;14)": True}, True),
        ("Del(17)(p13), t(4,14) negative", {"del17p": True, "t(4;14)": False}, True),
        ("17p-; 1q+", {"del17p": True, "gain 1q": True}, True),
        ("t(14;16) n.d.; t(4;14) neg", {"t(14;16)": None, "t(4;14)": False}, None),
        ("no del17p, no t(4;14), t(11;14)+", {"del17p": False, "t(4;14)": False, "t(11;14)": True}, False),
        ("normal karyotype", {}, False),
        ("none", {}, False),
        ("t 14;16", {"t(14;16)": True}, True),
        ("TP53 mutation", {"tp53 mutation": True}, False),
        ("high", {"high": True}, True),
    ],
)
def test_cytogenetics_are_read_as_labs_type_them(typed, found, high):
    assert abnormalities(typed) == found
    assert is_high_risk(found) is high


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("del17p 0%; t(4;14) 85 %", {"del17p": False, "t(4;14)": True}),
        ("del17p 0,0 %, t(14;16) 0/200", {"del17p": False, "t(14;16)": False}),
        ("negative for del17p, t(4;14), t(14;16)", {"del17p": False, "t(4;14)": False, "t(14;16)": False}),
        ("neither del17p nor t(4;14)", {"del17p": False, "t(4;14)": False}),
        ("no del17p and t(4;14)", {"del17p": False, "t(4;14)": False}),
        ("del17p and t(4;14) absent", {"del17p": False, "t(4;14)": False}),
        ("del17p and no t(4;14)", {"del17p": True, "t(4;14)": False}),
        ("t(4;14) absent and del17p", {"t(4;14)": False, "del17p": True}),
        ("del17p not seen; t(4;14) (-)", {"del17p": False, "t(4;14)": False}),
        ("1q normal; del(11q)", {"gain 1q": False, "del(11q)": True}),
        ("not high risk", {}),
        ("17p loss", {"del17p": True}),
    ],
)
def test_what_was_not_found_is_never_counted_as_found(typed, found):
    assert abnormalities(typed) == found
    assert not is_unclear(typed)


def test_a_list_that_can_be_read_in_two_ways_is_told_below_the_table():
    cells = ("del17p, t(4;14), t(14;16) negative", "t(4;14)", "del17p 12 %, t(4;14) neg")
    letter = letter_of(*(Patient(f"P{k}", cytogenetics=cell) for k, cell in enumerate(cells)))
    part = next(part for part in letter.parts if part.title == "Cytogenetics")
    assert "In 1 of 3 cells a name alone and one that was not found stand in one list" in part.rule


@pytest.mark.parametrize("typed", ["unknown", "n/a", "?", "n.d.", "not refractory to bortezomib", "triple"])
def test_a_refractory_cell_of_which_nothing_is_understood_counts_for_nobody(typed):
    letter = letter_of(Patient("P1", refractory_to=typed), Patient("P2", refractory_to="bort; len?"))
    assert counts(letter, "Refractoriness by class")["refractory to a PI"] == (1, 1)
    assert counts(letter, "Refractoriness by class")["refractory to an IMiD"] == (0, 1)
    assert "1 cell in which no drug and no class is understood" in letter.parts[0].rule


@pytest.mark.parametrize("typed", ["", "not done", "n.d.", "unknown", "failed", "n/a"])
def test_a_cell_that_says_that_nothing_was_determined_counts_for_nobody(typed):
    assert abnormalities(typed) is None


def test_high_risk_is_of_those_in_whom_it_was_determined():
    cells = ("del17p", "none", "t(4;14) n.d.", "not done", "gain 1q")
    letter = letter_of(*(Patient(f"P{k}", cytogenetics=cell) for k, cell in enumerate(cells)))
    found = counts(letter, "Cytogenetics")
    assert found["high risk: at least one of del17p, t(4;14), t(14;16)"] == (1, 3)
    assert found["t(4;14)"] == (0, 3)
    assert found["gain 1q"] == (1, 4)


def test_anti_drug_antibodies_are_of_the_tested():
    letter = letter_of(
        Patient("P1", ada_before=False, ada_on_treatment="transient"),
        Patient("P2", ada_before=True, ada_on_treatment="persistent"),
        Patient("P3", ada_on_treatment="none"),
        Patient("P4"),
    )
    assert counts(letter, "Anti-drug antibodies") == {
        "before the study drug": (1, 2),
        "on treatment": (2, 3),
        "on treatment, persistent": (1, 3),
        "on treatment, transient": (1, 3),
    }


def test_antibodies_of_an_unknown_course_are_neither_persistent_nor_not():
    courses = ("positive", "positive", "persistent", "none")
    letter = letter_of(*(Patient(f"P{k}", ada_on_treatment=course) for k, course in enumerate(courses)))
    assert counts(letter, "Anti-drug antibodies") == {
        "on treatment": (3, 4),
        "on treatment, persistent": (1, 2),
        "on treatment, transient": (0, 2),
    }


def test_who_is_still_treated_counts_only_once_the_months_are_over():
    def treated(name, days, stopped, response="SD"):
        end = START + timedelta(days)
        return Patient(name, best_response=response, treatment_start=START, last_contact_on=end,
                       discontinued_on=end if stopped else None)  # fmt: skip

    letter = letter_of(
        treated("P1", 30, True),
        treated("P2", 30, False),
        treated("P3", 100, False),
        treated("P4", 200, True, "PR"),
    )
    found = counts(letter, "Duration of treatment by best response")
    assert found["all: treated >= 3 months"] == (2, 3)
    assert found["all: treated >= 6 months"] == (1, 2)
    assert found["PR or better: treated >= 6 months"] == (1, 1)


def test_adverse_events_stand_by_grade_and_relation_where_the_relation_is_typed():
    patients = [Patient("P1", teae_grade=3, related_grade=0), Patient("P2", teae_grade=2, related_grade=2)]
    found = counts(letter_of(*patients), "Adverse events by grade and relation")
    assert found["adverse event, highest grade 3"] == (1, 2)
    assert found["related adverse event, highest grade 2"] == (1, 2)
    assert found["related adverse event of grade >= 3"] == (0, 2)
    assert all(
        part.title != "Adverse events by grade and relation"
        for part in letter_of(Patient("P1", teae_grade=3)).parts
    )


def test_disease_control_stands_by_each_definition_of_the_same_patients():
    letter = letter_of(
        Patient("P1", best_response="PR"),
        Patient("P2", best_response="MR"),
        Patient("P3", best_response="SD", disease_control_days=50),
        Patient("P4", best_response="SD", disease_control_days=90),
        Patient("P5", best_response="SD"),
        Patient("P6", best_response="PD"),
        Patient("P7", evaluable=True),
    )
    assert counts(letter, "Disease control by each definition") == {
        "PR or better (ORR)": (1, 7),
        "MR or better (clinical benefit)": (2, 7),
        "MR or better, or SD for at least 6 weeks": (4, 6),
        "MR or better, or SD for at least 8 weeks": (3, 6),
        "MR or better, or SD for at least 12 weeks": (3, 6),
        "MR or better, or SD for at least 16 weeks": (2, 6),
        "MR or better, or SD of any duration": (5, 7),
    }


def test_serum_levels_stand_by_visit_and_against_the_density_of_one_visit_per_patient():
    def sample(name, visit, level, other=None, tube="a"):
        return Sample(f"{name}{visit}{tube}", name, START, "x.fcs", "MM", "QB", visit,
                      serum_washed_out_ug_ml=level, serum_study_drug_ug_ml=other)  # fmt: skip

    samples, rows = [], []
    for k in range(6):
        level = Concentration(0.2, True) if k == 0 else Concentration(float(k))
        samples += [sample(f"P{k}", "baseline", level), sample(f"P{k}", "baseline", level, tube="b")]
        samples.append(sample(f"P{k}", "C2", None, Concentration(100.0 + k)))
        rows.append(PatientRd(f"P{k}", "baseline", 10.0, 90_000.0 - 9000 * k, RdStatus.OK, lloq=5000.0))
    letter = letter_of(*(Patient(f"P{k}") for k in range(6)), samples=samples, rows=rows)
    part = next(part for part in letter.parts if part.title == "Serum levels by visit")
    told = {row.name: str(row) for row in part.rows}
    assert told["serum daratumumab, baseline"] == "2.5 (0.2–5)"
    assert told["serum isatuximab, C2"] == "102 (100–105)"
    assert counts(letter, part.title)["serum daratumumab, baseline: below the limit, or none found"] == (1, 6)
    (link,) = letter.serum_and_density
    assert (link.n, link.tau_b) == (6, -1.0)


def test_without_the_columns_no_part_of_them_is_there():
    titles = [part.title for part in letter_of(Patient("P1"), Patient("P2")).parts]
    assert titles == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("<0.2", (0.2, True)),
        ("< 0,2", (0.2, True)),
        (0, (0.0, False)),
        ("3,5", (3.5, False)),
        ("≤1", (1.0, True)),
    ],
)
def test_a_concentration_is_a_number_or_a_limit(typed, found):
    level = as_concentration(typed)
    assert (level.value, level.is_below) == found


@pytest.mark.parametrize("typed", ["abc", "<0", "-1", ">5", "<", True, date(2024, 1, 2), "1e9"])
def test_anything_else_is_refused(typed):
    with pytest.raises(ValueError, match=r"\w"):
        as_concentration(typed)


def test_serum_goes_with_marrow_by_the_usual_kit_and_never_with_blood():
    samples, rows = [], []
    for k in range(6):
        name = f"P{k}"
        samples.append(Sample(name, name, START, "a.fcs", "MM", "B1", visit="baseline",
                              serum_washed_out_ug_ml=Concentration(float(10 - k))))  # fmt: skip
        facts = {"lloq": 1.0, "rd_log_sd": 0.06, "collected_on": START}
        rows.append(
            PatientRd(name, "baseline", 10.0, 10_000.0 * (k + 1), RdStatus.OK, beads_kit="q", **facts)
        )
        rows.append(
            PatientRd(
                name, "baseline", 10.0, 9_000.0 * (9 - k), RdStatus.OK, tissue="blood", beads_kit="q", **facts
            )
        )
        if k < 5:
            rows.append(
                PatientRd(name, "baseline", 10.0, 500.0 * (9 - k), RdStatus.OK, beads_kit="other", **facts)
            )
    letter = letter_of(*(Patient(f"P{k}") for k in range(6)), samples=samples, rows=rows)
    (link,) = letter.serum_and_density
    assert (link.n, link.tau_b) == (6, pytest.approx(-1.0))


@pytest.mark.parametrize("visits", [("baseline", "C4"), ("", "")])
def test_a_serum_level_goes_with_the_density_of_its_own_day_though_no_visit_is_typed(visits):
    days = (START, START + timedelta(weeks=12))
    samples, rows = [], []
    for visit, day, rd, level in zip(visits, days, (2_000.0, 90_000.0), (400.0, 3.0), strict=True):
        samples.append(Sample(f"S-{day}", "P1", day, "t.fcs", "panel", "run", visit=visit,
                              serum_washed_out_ug_ml=Concentration(level)))  # fmt: skip
        rows.append(
            PatientRd(
                "P1", visit, 4.0, rd, RdStatus.OK, lloq=500.0, uloq=2e5, collected_on=day, beads_kit="k"
            )
        )
    study = Study(Path(), tuple(reversed(samples)), (), (), (), (), Settings())
    levels = typed_serum_levels(study)
    assert [level.level.value for level in levels] == [3.0, 400.0]
    (pair,) = serum_pairs(levels, rows)
    assert (pair.serum.level.value, round(2**pair.log2_rd)) == (3.0, 90_000)
    assert {pair.log2_rd for pair in serum_pairs(levels[1:], rows)} == {
        serum_pairs(levels[1:], rows[:1])[0].log2_rd
    }


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("17p13 deletion", {"del17p": True}),
        ("loss of TP53", {"del17p": True}),
        ("p53 deletion; TP53 mutation", {"del17p": True, "tp53 mutation": True}),
        ("IGH-FGFR3", {"t(4;14)": True}),
        ("NSD2/IGH fusion", {"t(4;14)": True}),
        ("IGH::MAF neg", {"t(14;16)": False}),
        ("IGH::MAFB", {"t(14;20)": True}),
    ],
)
def test_a_deletion_or_fusion_named_by_its_gene_or_band_is_the_one_of_high_risk(typed, found):
    assert abnormalities(typed) == found


@pytest.mark.parametrize(
    "typed", ["possible del17p", "del17p unclear", "del17p: equivocal", "del17p suspected", "fraglich del17p"]
)
def test_a_doubtful_abnormality_is_neither_present_nor_absent(typed):
    assert abnormalities(typed) == {"del17p": None}
    assert is_high_risk(abnormalities(typed)) is None


@pytest.mark.parametrize(
    "typed", ["insufficient material", "kein Material", "no growth", "not assessable", "nicht auswertbar"]
)
def test_a_test_without_a_result_makes_nobody_low_risk(typed):
    assert abnormalities(typed) is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("del17p, not detected; t(4;14), not detected", {"del17p": False, "t(4;14)": False}),
        ("del17p 12%, below cutoff", {"del17p": False}),
        ("t(14;16), n.d., del17p", {"t(14;16)": None, "del17p": True}),
        ("del17p, rest negative", {"del17p": True}),
        ("del17p, neg for others", {"del17p": True}),
        ("46,XX[20]", {}),
    ],
)
def test_a_word_after_a_comma_belongs_to_the_name_before_it_where_it_stands_alone(typed, found):
    assert abnormalities(typed) == found


@pytest.mark.parametrize(
    "typed", ["everything but carfilzomib", "all except daratumumab", "IMiDs, ohne bortezomib"]
)
def test_a_drug_that_is_excepted_counts_in_no_class(typed):
    found = refractory(typed)
    assert found is None or (found.inhibitors == 0 and not found.anti_cd38)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("del17p nein; t(4;14) ja", {"del17p": False, "t(4;14)": True}),
        ("pas de del17p", {"del17p": False}),
        ("délétion 17p absente; sans t(4;14)", {"del17p": False, "t(4;14)": False}),
        ("sin del17p", {"del17p": False}),
        ("del17p N; t(4;14) Y", {"del17p": False, "t(4;14)": True}),
        ("Keine Hochrisiko-Aberrationen", {}),
        ("Hochrisiko", {"hochrisiko": True}),
        ("geen afwijkingen", {}),
    ],
)
def test_a_cell_in_another_language_says_the_same(typed, found):
    assert abnormalities(typed) == found


@pytest.mark.parametrize(
    "typed",
    ["unbekannt", "inconnu", "keine Angabe", "k.A.", "non fait", "nicht gemacht", "no hecho", "missing"],
)
def test_not_done_in_another_language_makes_nobody_low_risk(typed):
    assert abnormalities(typed) is None


@pytest.mark.parametrize("typed", ["yes", "1", "-", "abnormal", "see letter", "positive"])
def test_a_cell_that_names_no_abnormality_counts_for_nobody_and_is_told(typed):
    letter = letter_of(Patient("P1", cytogenetics=typed), Patient("P2", cytogenetics="del17p"))
    part = next(part for part in letter.parts if part.title == "Cytogenetics")
    assert counts(letter, "Cytogenetics")["del17p"] == (1, 1)
    assert "Not understood in full: 1 cell" in part.rule


@pytest.mark.parametrize(
    "typed", ["previously del17p", "del17p at diagnosis", "del17p t(4;14) neg", "del17p <5%"]
)
def test_a_name_beside_a_word_that_is_not_understood_is_neither_present_nor_absent(typed):
    assert abnormalities(typed)["del17p"] is None
    assert is_high_risk(abnormalities(typed)) is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("t(14;4)", {"t(4;14)": True}),
        ("4;14 pos; 14;16 neg", {"t(4;14)": True, "t(14;16)": False}),
        ("deletion of 17p not detected", {"del17p": False}),
        ("Deletion 17p", {"del17p": True}),
        ("17p: 60 %; t(4;14): 0 %", {"del17p": True, "t(4;14)": False}),
        ("monosomy 17", {"del17p": True}),
        ("del(17q)", {"del(17q)": True}),
        ("del(1q21)", {"del(1q21)": True}),
        ("46,XY,del(17)(p13)[5]/46,XY[15]", {"del17p": True}),
        ("45,X,-Y", {}),
        ("trisomies 3, 7, 9", {"trisomy 3": True, "trisomy 7": True, "trisomy 9": True}),
    ],
)
def test_an_abnormality_is_known_by_each_of_its_usual_names(typed, found):
    assert abnormalities(typed) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("t(4;14), t(14;16), del17p: all negative", {"t(4;14)": False, "t(14;16)": False, "del17p": False}),
        ("all negative: del17p, t(4;14)", {"del17p": False, "t(4;14)": False}),
        ("negative: del17p, t(4;14)", {"del17p": False, "t(4;14)": False}),
        ("del17p, all others negative", {"del17p": True}),
        ("all negative except del17p", {"del17p": True}),
        ("negativ außer del17p", {"del17p": True}),
        ("normal, sauf t(4;14)", {"t(4;14)": True}),
    ],
)
def test_a_word_for_all_counts_for_the_whole_list_and_an_exception_is_the_opposite(typed, found):
    assert abnormalities(typed) == found
    assert not is_unclear(typed)


@pytest.mark.parametrize(
    ("typed", "n_inhibitors", "n_immunomodulators", "anti_cd38"),
    [
        ("lenalidomide=1; bortezomib=0; daratumumab=1", 0, 1, True),
        ("len+, bort-, dara+", 0, 1, True),
        ("pas de bortezomib; lénalidomide", 0, 1, False),
        ("sin bortezomib; lenalidomida", 0, 1, False),
        ("responded to bortezomib; len", 0, 1, False),
        ("lenalidomide; bortezomib -> PR", 0, 1, False),
        ("lenalidomide; bortezomib exposed", 0, 1, False),
        ("PI: yes; IMiD: yes; CD38: no", 1, 1, False),
        ("2 PIs, IMiDs (2), CD38-Antikörper", 2, 2, True),
        ("Proteasominhibitor, IMiD", 1, 1, False),
        ("non réfractaire", 0, 0, False),
        ("ninguno", 0, 0, False),
    ],
)
def test_a_drug_counts_only_where_the_myeloma_is_refractory_to_it(
    typed, n_inhibitors, n_immunomodulators, anti_cd38
):
    found = refractory(typed)
    assert (found.inhibitors, found.immunomodulators) == (n_inhibitors, n_immunomodulators)
    assert found.anti_cd38 is anti_cd38


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ({"next_therapy_on": START + timedelta(60)}, ()),
        ({"discontinuation_reason": "progression"}, ()),
        ({"discontinued_on": START - timedelta(5)}, ()),
        ({"discontinuation_reason": "toxicity", "exposure_weeks": 8.0}, (False, False)),
        ({"progressed_on": START + timedelta(50)}, ()),
        ({"progressed_on": START + timedelta(120)}, (True,)),
        ({"progressed_on": START + timedelta(50), "died_on": START + timedelta(400)}, ()),
        ({"died_on": START + timedelta(120)}, (True, False)),
        ({}, (True, True)),
    ],
)
def test_whose_end_of_treatment_is_not_typed_is_not_treated_until_the_last_contact(typed: dict, known: tuple):
    contact = {} if "died_on" in typed else {"last_contact_on": START + timedelta(400)}
    letter = letter_of(Patient("P1", best_response="NE", treatment_start=START, **contact, **typed))
    rows = [part for part in letter.parts if part.title == "Duration of treatment by best response"]
    shares = [bool(row.k) for part in rows for row in part.rows if "months" in row.name and hasattr(row, "k")]
    assert tuple(shares) == known


def test_a_limit_among_the_serum_levels_makes_each_of_their_figures_an_upper_bound():
    levels = (Concentration(50.0, True), Concentration(0.2), Concentration(4.0))
    samples = [
        Sample(f"S{k}", f"P{k}", START, "x.fcs", "MM", "QB", "V1", serum_washed_out_ug_ml=level)
        for k, level in enumerate(levels)
    ]
    letter = letter_of(*(Patient(f"P{k}") for k in range(3)), samples=samples)
    part = next(part for part in letter.parts if part.title == "Serum levels by visit")
    assert str(part.rows[0]) == "4 (0.2–50)"
    assert "median, least and highest value are upper bounds" in part.rule


def test_several_levels_of_a_patient_in_one_row_have_no_interval():
    days = (("P1", 0), ("P1", 30), ("P2", 0))
    for visit, has_interval in (("", False), ("V1", True)):
        samples = [
            Sample(f"S{k}", name, START + timedelta(day), "x.fcs", "MM", "QB", visit,
                   serum_washed_out_ug_ml=Concentration(0.2, True))
            for k, (name, day) in enumerate(days)
        ]  # fmt: skip
        letter = letter_of(Patient("P1"), Patient("P2"), samples=samples)
        part = next(part for part in letter.parts if part.title == "Serum levels by visit")
        row = next(row for row in part.rows if hasattr(row, "k"))
        assert (row.k, row.n) == ((2, 2) if has_interval else (3, 3))
        assert (row.low is not None) is has_interval
    assert "without an interval" in part.rule
