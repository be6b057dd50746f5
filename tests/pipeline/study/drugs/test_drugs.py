"""What people type for a drug: brands, codes, other scripts, regimens, slips; and what each of them means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.study.drugs import Meaning, is_drug, read_drug
from pipeline.study.drugs.amounts import LABELLED_AMOUNTS, amount_doubt, bears_out
from pipeline.study.drugs.vocabulary import AGENTS

DARATUMUMAB = (
    "daratumumab", " Daratumumab ", "DARATUMUMAB", "Darzalex", "DARZALEX®", "Darzalex™", "Darzalex (R)", "Darzalex(TM)",
    "Darzalex Faspro", "Darzalex-Faspro", "DARZALEX FASPRO®", "Darzalex/Faspro", "Darzalex‑Faspro", "Dara", "DARA", "dara sc",
    "Dara (SC)", "Dara s.c.", "Dara, IV", "Daratumumab i.v.", "daratumumab subcutaneous", "Daratumumab SubQ", "Dara s. c.",
    "daratumumab-fihj", "daratumumab-abcx", "Daratumumab and hyaluronidase-fihj", "daratumumab + hyaluronidase",
    "daratumumab/rHuPH20", "JNJ-54767414", "JNJ54767414", "jnj 54767414", "JNJ–54767414", "HuMax-CD38", "HuMaxCD38", "HUMAX CD38",
    "Dаrаtumumаb", "DΑRΑ", "Ⅾarzalex", "𝐃arzalex", "Ｄａｒａ", "Dar\u00adza\u200blex", "\u202eDarzalex", "Darzalex\u00a0SC", "даратумумаб",
    "Дарзалекс", "ΔΑΡΑ", "daratumumabum", "Daratumumabe", "daratumumabi", "daratumumabas", "daratumúmab", "δαρατουμουμάμπη",
    "ダラツムマブ", "ダラザレックス", "达雷妥尤单抗", "다라투무맙", "Darzalex 1800 mg", "daratumumab 16 mg/kg", "Daratumumab C1D1",
    "Daratumumab (1st dose)", "daratumumab, cycle 3 day 1", "Dara monotherapy", "Daratumumab maintenance", "Darzquro",
    "ダラザレックス点滴静注", "ダラキューロ配合皮下注", "ダラツムマブ(遺伝子組換え)", "达雷妥尤单抗注射液", "達雷妥尤單抗", "다라투무맙 피하주사", "다라투무맙피하주사",
    "DaraSC", "DARA-IV", "daratumumabSC", "“Dara”", "Darzalex (daratumumab)",
)  # fmt: skip
OTHER_ANTIBODIES = {
    "isatuximab": ("Isatuximab", "Sarclisa®", "SARCLISA", "isatuximab-irfc", "SAR650984", "SAR-650984", "Isa", "ISA iv", "изатуксимаб",
                   "izatuksymab", "イサツキシマブ", "Isatuximabum"),
    "felzartamab": ("MOR202", "MOR-202", "MOR 03087", "TJ202", "Felzartamab"),
    "CM313": ("CM-313", "CM 313"), "SG301": ("SG-301",), "TNB-738": ("TNB738",), "ISB 1442": ("ISB-1442",),
    "XmAb968": ("Xmab-968",), "Y150": ("Y-150",),
    "mezagitamab": ("TAK-079", "TAK079", "tak 079", "mezagitamab SC"),
}  # fmt: skip
REGIMENS = {
    "daratumumab": (
        "DRd", "D-Rd", "D–Rd", "D−Rd", "D‑Rd", "D+Rd", "D/Rd", "D.Rd", "D_Rd", "D Rd", "drd", "DRD", "Rd-D", "Rd + Dara",
        "Dara-Rd", "DaraRd", "Dara/len/dex", "Dara + Len + Dex", "daratumumab, lenalidomide, dexamethasone",
        "daratumumab + lenalidomide", "Daratumumab with Revlimid", "DVMP", "D-VMP", "VMP-D", "VMP+dara", "DVd", "D-Vd", "DKd",
        "D-Kd", "Kd-Dara", "DPd", "D-Pd", "DPomDex", "Dara-Pom-d", "D-VTd", "DVTd", "Dara-VTd", "DaraCyBorD", "Dara-CyBorD",
        "D-VCd", "D-VRd", "DVRd", "D-RVd", "Dara-KRd", "DKRd", "D-R", "Dara-R", "Tec-Dara", "Tec-D", "Tal-D", "Dara-Ixa-dex", "D-IRd",
        "VenDd", "D-VenDex", "Ven-Dd", "SDd", "DTal", "DTec", "ダラツムマブ+レナリドミド", "DRd SC", "Dd", "Dara-d", "Dara-dex", "D&Rd", "Dara·Rd", "Darzalex/Velcade/dex", "Darzalex® + Kyprolis®", "дара-Rd",
    ),
    "isatuximab": ("サークリサ+Pd", "Isa-Pd", "IsaPd", "ISA-PD", "Isa–Kd", "IsaKd", "Isa-Kd", "Isa-VRd", "Isa-RVd", "IsaKRd", "Isa/pom/dex",
                   "Sarclisa + Pomalyst + dex", "Isa-Rd", "Isa-VCd"),
}  # fmt: skip
QUESTIONS = (
    "anti-CD38", "anti CD38 mAb", "αCD38", "CD38 antibody", "CD-38", "JNJ-5476741x", "JNJ-5476741", "JNJ-54767415", "Darzlex",
    "Darzalx", "Darazalex", "Dazalex", "Darza1ex", "Darzalec", "Dara?", "Darzalex ?", "DRd?", "Daratumumb", "Dartumumab",
    "daratumomab", "Daratamumab", "Dartaumumab", "Daratumumaabi", "daratumumab-free", "no daratumumab", "pre-daratumumab",
    "post dara", "dara stopped", "daratumumab not given", "daratumumab 0 mg", "Dara or Isa", "Dara+Isa", "Darzalex biosimilar",
    "D", "D-XYZ", "Dara-XYZ", "Isa-XY", "Isatuximb", "Isatuxmab", "Sarclissa", "Sarcliza", "SAR650985", "MOR203", "TAK-078",
    "felzartimab", "MAIA", "CASTOR", "IKEMA", "Dar", "dara/placebo?", "Darzalex vs placebo", "D-VRd lite",
    "未投与ダラツムマブ", "达雷妥尤单抗停药", "GMMG-HD7", "HD8", "IFM 2017-03", "LYRA", "EQUULEUS", "MASTER", "MIDAS", "GEM2017FIT",
    "MajesTEC-3", "SWOG S1803", "IVRd", "I-VRd", "IKd", "IKRd", "CM314", "VRd ± D", "VRd +/- dara", "(D)VRd", "Daratumumab/placebo", "GEN501", "DBd", "saratumumab", "aratumumab", "Xarzalex", "satuximab",
    "arclisa", "daratumumab x 4", "PI + dara", "Dara rechallenge",
)  # fmt: skip
OTHERS = {
    "lenalidomide": ("Revlimid®", "Rev", "len", "LENALIDOMID", "lenalidomida", "CC-5013", "ревлимид", "Rd", "KRd", "VRd", "RVd",
                     "IRd", "I-Rd", "Ixa-Rd", "IxaRd", "ERd", "Len-d", "LEN/DEX", "Rd maintenance"),
    "ixazomib": ("Ninlaro", "ixa", "MLN9708", "IRd", "IPd", "Ixa-Pd", "ICd"),
    "bortezomib": ("Velcade", "VELCADE®", "Bor", "PS-341", "Vd", "VTd", "VMP", "CyBorD", "VCd", "Vel/dex"),
    "carfilzomib": ("Kyprolis", "Kd", "K-dex", "KRd", "carfilzomib 56 mg"),
    "pomalidomide": ("Pomalyst", "Imnovid", "Pd", "pom-dex", "PVd"),
    "dexamethasone": ("Dex", "dexa", "Dexamethason", "Neofordex", "дексаметазон", "dexamethasone 40 mg"),
    "melphalan": ("Alkeran", "melphalan", "MP", "HDM"),
    "elotuzumab": ("Empliciti", "elo", "EloRd", "E-Pd"),
    "dacetuzumab": ("dacetuzumab",), "rituximab": ("rituximab", "MabThera"), "cetuximab": ("cetuximab",),
    "siltuximab": ("siltuximab",), "denosumab": ("Xgeva",), "tafasitamab": ("MOR208",), "ofatumumab": ("HuMax-CD20",),
    "isavuconazole": ("isavuconazole",), "darbepoetin": ("darbepoetin alfa",), "chemotherapy": ("DCEP", "D-PACE", "VTD-PACE", "DT-PACE"),
    "teclistamab": ("Tecvayli", "JNJ-64007957"), "CAR T cells": ("CAR-T",),
}  # fmt: skip


@pytest.mark.parametrize("typed", DARATUMUMAB)
def test_a_name_that_surely_means_daratumumab_is_read_so(typed):
    reading = read_drug(typed)
    assert reading.meaning in (Meaning.NAMED, Meaning.READ)
    assert reading.agents == ("daratumumab",)
    assert is_drug(typed, "daratumumab")
    assert is_drug("daratumumab", typed)
    assert not is_drug(typed, "isatuximab")


@pytest.mark.parametrize(("drug", "typed"), [(d, n) for d, names in OTHER_ANTIBODIES.items() for n in names])
def test_a_name_of_another_antibody_against_cd38_is_read_as_that(drug, typed):
    assert read_drug(typed).agents == (drug,)
    assert is_drug(typed, drug)
    assert not is_drug(typed, "daratumumab")


@pytest.mark.parametrize(("drug", "typed"), [(d, n) for d, names in REGIMENS.items() for n in names])
def test_a_regimen_contains_its_antibody(drug, typed):
    reading = read_drug(typed)
    assert (reading.meaning, reading.antibody) == (Meaning.CONTAINS, drug)
    assert is_drug(typed, drug)


@pytest.mark.parametrize("typed", QUESTIONS)
def test_what_is_only_near_an_antibody_against_cd38_is_a_question(typed):
    reading = read_drug(typed)
    assert reading.meaning is Meaning.QUESTION
    assert reading.antibody in {agent.name for agent in AGENTS if agent.against_cd38}
    assert not is_drug(typed, "daratumumab")


@pytest.mark.parametrize(("drug", "typed"), [(d, n) for d, names in OTHERS.items() for n in names])
def test_another_drug_of_myeloma_is_plainly_another_one(drug, typed):
    reading = read_drug(typed)
    assert reading.meaning is Meaning.OTHER
    assert drug in reading.agents
    assert not is_drug(typed, "daratumumab; isatuximab; felzartamab")


@pytest.mark.parametrize(
    "typed", ["Fludarabinex", "other", "study drug", "doxycycline", "D-penicillamine", "iodine"]
)
def test_a_drug_near_nothing_is_unknown(typed):
    assert read_drug(typed).meaning is Meaning.UNKNOWN


@pytest.mark.parametrize(
    "typed", ["islatravir", "dasatinib", "Dasatinib 100 mg", "Moxifloxacin", "darinavir", "Enalapril"]
)
def test_the_end_of_a_name_tells_another_kind_of_drug(typed):
    reading = read_drug(typed)
    assert (reading.meaning, reading.antibody) == (Meaning.OTHER, "")


@pytest.mark.parametrize("typed", ["isatinib", "daratinib", "darzavir", "daratumycin"])
def test_the_end_of_a_name_excuses_no_beginning_that_only_an_antibody_has(typed):
    assert read_drug(typed).meaning is Meaning.QUESTION


@pytest.mark.parametrize(
    "typed",
    ["Daratumumab (Zyklus 3)", "Dara Erhaltung", "dara given", "HLX15", "CT-P44", "Daratumumab-Injektion"],
)
def test_german_words_of_a_dose_and_names_of_biosimilars_are_no_question(typed):
    assert read_drug(typed).meaning is Meaning.READ


@pytest.mark.parametrize(("typed", "route"), [("Darzalex Faspro", "SC"), ("Dara s.c.", "SC"), ("Darzalex IV", "IV"), ("Dara", ""),
                                              ("daratumumab and hyaluronidase-fihj", "SC"), ("Isa i.v.", "IV")])  # fmt: skip
def test_a_name_may_tell_the_route(typed, route):
    assert read_drug(typed).route == route


def test_every_name_of_the_vocabulary_is_read_as_its_own_drug():
    for agent in AGENTS:
        for name in (agent.name, *filter(None, (name.strip() for name in agent.names.split(";")))):
            assert read_drug(name).agents == (agent.name,), name


@given(st.text(max_size=40))
def test_any_text_is_read_as_something(text):
    assert read_drug(text).meaning in Meaning


@given(st.sampled_from(["daratumumab", "darzalex", "isatuximab", "sarclisa"]), st.data())
def test_one_slip_of_a_letter_is_never_another_drug_in_silence(name, data):
    at = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    for slip in (
        name[:at] + name[at + 1 :],
        name[:at] + letter + name[at:],
        name[:at] + letter + name[at + 1 :],
    ):
        assert read_drug(slip).antibody, slip


@pytest.mark.parametrize("weight", [None, 38, 75, 112.5, 160])
@pytest.mark.parametrize(
    ("drug", "dose", "unit", "route"),
    [("daratumumab", 16, "mg/kg", "IV"), ("daratumumab", 8, "mg/kg", "IV"), ("daratumumab", 16, "mg/kg", ""),
     ("daratumumab", 1800, "mg", "SC"), ("daratumumab", 1800, "mg", ""), ("daratumumab", 1200, "mg", "SC"),
     ("isatuximab", 10, "mg/kg", "IV"), ("isatuximab", 20, "mg/kg", "IV"), ("isatuximab", 1400, "mg", "SC"),
     ("felzartamab", 16, "mg/kg", "IV"), ("mezagitamab", 300, "mg", "SC"), ("daratumumab", 16, "", "IV")],
)  # fmt: skip
def test_doses_that_are_given_raise_no_doubt(drug, dose, unit, route, weight):
    assert amount_doubt(drug, dose, unit, route, weight) is None


@pytest.mark.parametrize("weight", [38.0, 52.5, 75.0, 98.0, 160.0])
@pytest.mark.parametrize("per_kg", [8.0, 16.0])
def test_an_amount_in_mg_that_is_the_labelled_one_for_the_weight_raises_no_doubt(weight, per_kg):
    assert amount_doubt("daratumumab", round(per_kg * weight), "mg", "IV", weight) is None
    assert bears_out("daratumumab", round(per_kg * weight), "mg", "IV", weight)


@pytest.mark.parametrize(("dose", "unit", "route"), [(25, "mg", ""), (1.3, "mg", "SC"), (4, "mg", ""), (300, "mg", ""), (40, "mg", ""),
                                                     (None, "", ""), (16, "", "IV"), (1800, "mg", "IV"), (0, "mg/kg", "IV")])  # fmt: skip
def test_the_amount_of_another_drug_of_a_regimen_is_not_the_antibodys(dose, unit, route):
    assert not bears_out("daratumumab", dose, unit, route)


def test_the_years_of_the_first_doses_are_those_of_the_trials():
    years = {name: amounts.first_given for name, amounts in LABELLED_AMOUNTS.items()}
    assert years == {"daratumumab": 2008, "isatuximab": 2010, "felzartamab": 2011, "mezagitamab": 2014}
