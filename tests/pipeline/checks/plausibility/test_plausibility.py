"""Typed values against each other and against what can be: refused where they cannot be, warned of where they may."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from helpers.builders import good_sheets, with_cells, write_csvs, write_files, write_tube
from pipeline.checks import check_folder
from pipeline.checks.plausibility.days import days_that_cannot_be
from pipeline.patients.exposure import exposures, response_clocks
from pipeline.study.faults import Fault, Severity

DOSES = [
    ["patient_id", "given_on", "drug", "dose", "unit", "route", "serum_trough_ug_ml"],
    ["P1", "2023-11-02", "daratumumab", "16", "mg/kg", "IV", None],
    ["P1", "2023-11-09", "daratumumab", "16", "mg/kg", "IV", "320"],
    ["P2", "2023-12-15", "Daratumumab", "1800", "mg", "SC", None],
    ["P1", "2024-06-10", "isatuximab", "10", "mg/kg", "IV", None],
]
PATIENTS = [
    ["patient_id", "treatment_start", "progressed_on", "died_on", "last_contact_on", "discontinued_on", "dexamethasone_on",
     "age", "weight_kg", "albumin_g_l", "iss_stage", "cytogenetic_risk", "heavy_chain", "disease_control_days",
     "exposure_weeks", "infusions", "infusions_interrupted", "serum_ug_ml", "prior_lines"],
    ["P1", "2024-06-10", "2024-09-01", "2025-02-01", "2025-02-01", "2024-09-02", None,
     "68", "72.5", "38", "II", "high", "IgG", "61", "12", "12", "0", "0.4", "5"],
    ["P2", "2024-06-12", None, None, "2025-03-01", None, None,
     "55", "81", "41", "III", "standard", "IgA", "120", None, "8", "1", None, None],
]  # fmt: skip
GATES = [["sample_id", "gate", "value", "set_by", "reason"], ["S1", "cd138", "850", "AB", "valley hidden"]]


def sheets(cells: dict[str, object] | None = None) -> dict[str, list[list[object]]]:
    whole = good_sheets() | {
        "doses": DOSES,
        "patients": PATIENTS,
        "gates": GATES,
        "settings": [["name", "value"]],
    }
    whole["panels"] = [[*row, *extra] for row, extra in zip(whole["panels"], [
        ["fluorochrome", "f_p_ratio_sd"], *[[None, None]] * (len(whole["panels"]) - 1)], strict=True)]  # fmt: skip
    whole["beads"] = [[*row, *extra] for row, extra in zip(whole["beads"], [
        ["assigned_cv", "ranges", "acquired_on"], [None, None, None]], strict=True)]  # fmt: skip
    return with_cells(whole, {"samples!H3": "fcs/S2_FMO.fcs", **(cells or {})})


def faults_of(folder, cells: dict[str, object] | None = None) -> list[Fault]:
    write_files(folder)
    write_tube(folder / "fcs" / "S2_FMO.fcs")
    return list(check_folder(write_csvs(folder, sheets(cells)))[1])


def setting(name: str, value: str) -> dict[str, object]:
    return {"settings!A2": name, "settings!B2": value}


def dose(amount: str, unit: str, route: str, drug: str = "daratumumab") -> dict[str, object]:
    return {"doses!C3": drug, "doses!D3": amount, "doses!E3": unit, "doses!F3": route}


ALL_IN_MG = {f"doses!{column}{row}": text for row in (2, 3) for column, text in (("D", "1100"), ("E", "mg"))}
"""The doses of P1 in mg: 16 mg/kg for 68 kg, which are 150 lb."""

REFUSED = [
    # amounts
    (dose("1800", "mg/kg", "SC"), "doses!D3", "Is the unit mg?"),
    (dose("1600", "mg/kg", "IV"), "doses!D3", "1600 mg/kg IV"),
    (dose("45000", "mg/kg", ""), "doses!D3", "16 mg/kg IV"),
    (dose("160", "mg/kg", "IV"), "doses!D3", "Is the unit mg?"),
    (dose("16", "mg", "IV"), "doses!D3", "Is the unit mg/kg?"),
    (dose("8", "mg", ""), "doses!D3", "Is the unit mg/kg?"),
    (dose("16", "mg", "SC"), "doses!D3", "Is the unit mg/kg, and the route IV?"),
    (dose("18000", "mg", "SC"), "doses!D3", "1200 or 1800 mg SC"),
    (dose("18000", "mg", "IV"), "doses!D3", "With 72.5 kg it is 248 mg/kg"),
    (dose("1.800", "mg", "SC"), "doses!D3", "Is it 1800 mg?"),
    (dose("0", "mg/kg", "IV"), "doses!D3", "delete the row"),
    (dose("0", "", ""), "doses!D3", "leave the cell empty"),
    (dose("0,0", "mg", "SC", "Darzalex Faspro"), "doses!D3", "a dose that was given"),
    (dose("0", "mg", "", "lenalidomide"), "doses!D3", "a dose that was given"),
    (dose("1800", "mg/kg", "", "Darzalex®"), "doses!D3", "Is the unit mg?"),
    (dose("10", "mg", "IV", "Sarclisa"), "doses!D3", "Is the unit mg/kg?"),
    (dose("100", "mg/kg", "IV", "isatuximab"), "doses!D3", "10 or 20 mg/kg IV"),
    (dose("160", "mg/kg", "IV", "MOR202"), "doses!D3", "4 or 8 or 16 mg/kg IV"),
    (dose("30", "", "IV"), "doses!D3", "Type its unit"),
    (dose("60", "", ""), "doses!D3", "Type its unit"),
    (dose("45000", "", "IV"), "doses!D3", "16 mg/kg IV"),
    (dose("16", "", "SC"), "doses!D3", "without a unit SC"),
    # drugs
    (dose("25", "mg", "", "DRd"), "doses!C3", 'Did you mean "daratumumab"?'),
    (dose("", "", "", "Dara-Vd"), "doses!C3", "with no dose"),
    (dose("1.3", "mg", "SC", "DVd"), "doses!C3", "another drug"),
    (dose("4", "mg", "", "Isa-Pd"), "doses!C3", 'Did you mean "isatuximab"?'),
    (dose("16", "mg/kg", "IV", "anti-CD38"), "doses!C3", 'Did you mean "daratumumab"?'),
    (dose("16", "mg/kg", "IV", "Darzlex"), "doses!C3", 'Did you mean "daratumumab"?'),
    (setting("washed_out_drug", "Darzlex"), "settings!B2", 'Did you mean "daratumumab"?'),
    (setting("washed_out_drug", "DRd"), "settings!B2", 'Did you mean "daratumumab"?'),
    (setting("study_drug", "anti-CD38"), "settings!B2", "the name of one drug"),
    # days
    ({"doses!B3": "1900-11-09"}, "doses!B3", "first given to a person in 2008"),
    ({"doses!B3": "1923-11-09"}, "doses!B3", "a day of 2008 or later"),
    ({"doses!B3": "2007-12-31"}, "doses!B3", "Is the year right?"),
    ({"doses!B3": "2007-05-01", "doses!C3": "DRd"}, "doses!B3", "first given to a person in 2008"),
    ({"doses!B5": "2009-06-10"}, "doses!B5", "first given to a person in 2010"),
    ({"doses!B3": "1923-02-11", "doses!C3": "melphalan", "doses!D3": ""}, "doses!B3", "no drug of myeloma before 1958"),
    ({"doses!B3": "2199-11-09"}, "doses!B3", "a day that is not in the future"),
    ({"samples!C2": "2142-05-31"}, "samples!C2", "a day that is not in the future"),
    ({"samples!C2": "1900-05-31"}, "samples!C2", "no FCS files before 1984"),
    ({"beads!I2": "2124-05-31"}, "beads!I2", "a day that is not in the future"),
    ({"beads!I2": "1924-05-31"}, "beads!I2", "no FCS files before 1984"),
    ({"patients!D2": "2199-01-01"}, "patients!D2", "a day that is not in the future"),
    ({"patients!E3": "2199-01-01"}, "patients!E3", "a day that is not in the future"),
    ({"patients!B2": "1900-06-10"}, "patients!B2", "isatuximab was first given to a person in 2010"),
    ({"patients!C2": "1924-09-01"}, "patients!C2", "no drug of myeloma before 1958"),
    ({"patients!E2": "2025-02-02"}, "patients!E2", "after the death on 2025-02-01"),
    ({"patients!G2": "2025-03-01"}, "patients!G2", "after the death on 2025-02-01"),
    ({"doses!B5": "2025-06-10"}, "doses!B5", "patients!D2 has the day of death"),
    ({"patients!H2": "12"}, "doses!B2", None),
    ({"doses!B3": "1961-11-09", "doses!C3": "melphalan", "doses!D3": "", "patients!H2": "50"}, "doses!B3", "about 1974"),
    # patients
    ({"patients!I2": "1,234"}, "patients!I2", "1,234 is 1.234"),
    ({"patients!I2": "7.25"}, "patients!I2", "7.25 kg"),
    ({"patients!J2": "3.8"}, "patients!J2", "3.8 g/dL are 38 g/L"),
    ({"patients!J3": "4,1"}, "patients!J3", "Is it in g/dL?"),
    ({"patients!H2": "0"}, "patients!H2", "Leave it empty if it is not known"),
    ({"patients!R2": "40000"}, "patients!R2", "ng/mL"),
    ({"doses!G3": "32000"}, "doses!G3", "ng/mL"),
    ({"patients!Q2": "50"}, "patients!Q2", "50 of 12 infusions"),
    ({"patients!N2": "36525"}, "patients!N2", "15 years"),
    ({"patients!O2": "5200"}, "patients!O2", "15 years"),
    ({"patients!K2": "IV"}, "patients!K2", "I, II or III"),
    ({"patients!K2": "4"}, "patients!K2", "I, II or III"),
    ({"patients!K2": "R-ISS IV"}, "patients!K2", "I, II or III"),
    ({"patients!K2": "0"}, "patients!K2", "I, II or III"),
    ({"patients!K3": "2"}, "patients!K3", 'patients!K2 has "II"'),
    ({"patients!K3": "Stage II"}, "patients!K3", "one spelling everywhere"),
    ({"patients!L3": "High"}, "patients!L3", 'patients!L2 has "high"'),
    ({"patients!M3": "igg"}, "patients!M3", 'patients!M2 has "IgG"'),
    # conjugates, lots, settings, gates
    ({"panels!F5": "100"}, "panels!F5", "near 1 for kits of 1:1 conjugates"),
    ({"panels!F5": "0.01"}, "panels!F5", "an F:P from 0.5 to 2"),
    ({"panels!F5": "12", "panels!I5": "R-PE"}, "panels!F5", "an F:P from 0.5 to 2"),
    ({"panels!F5": "80", "panels!I5": "FITC", "beads!C2": "mesf"}, "panels!F5", "an F:P from 0.3 to 12"),
    ({"panels!J5": "50"}, "panels!J5", "Is it in percent?"),
    ({"beads!F2": "0.638; 6.93; 31.008; 67.6011"}, "beads!F2", "a factor of ten or a thousand"),
    ({"beads!F2": "638; 6930; 31008; 1e300"}, "beads!F2", "35,000 to 140,000"),
    ({"beads!F2": "1e-300; 6930; 31008; 67601"}, "beads!F2", "levels from 1e-300"),
    ({"beads!F2": "638; 6930; 31008; 67601000"}, "beads!F2", "35,000 to 140,000"),
    ({"beads!F2": "1; 2; 3e12", "beads!C2": "custom", "panels!F5": ""}, "beads!F2", "a factor of ten"),
    ({"beads!G2": "1"}, "beads!G2", "1 % is 0.01"),
    ({"beads!G2": "0.5"}, "beads!G2", "Is it in percent?"),
    ({"beads!H2": "1e10-2e10; 3e10-4e10; 5e10-6e10; 7e10-8e10"}, "beads!H2", "on the channel's scale"),
    (setting("lot_assignment_cv", "1"), "settings!B2", "1 % is 0.01"),
    ({"beads!G2": "0.0005"}, "beads!G2", "at least 0.001"),
    ({"beads!G2": "0"}, "beads!G2", "Leave it empty"),
    ({"beads!H2": "-820--450; -400--300; -200--100; -50--1"}, "beads!H2", "-820 to -450 for the level 638"),
    ({"beads!H2": "-820--450; 5200-8900; 24000-39000; 52000-80000"}, "beads!H2", "a minus sign too many"),
    ({"beads!H2": "820-450; 5200-8900; 24000-39000; 52000-80000"}, "beads!H2", "its end is not above its beginning"),
    (setting("f_p_cv", "0,9"), "settings!B2", "as a fraction"),
    (setting("lab_lloq", "1000000"), "settings!B2", "below the brightest bead"),
    (setting("kd_app_ug_ml", "5000"), "settings!B2", "Is it in nM? 1 nM of an antibody is 0.15 µg/mL."),
    (setting("kd_app_high_ug_ml", "250"), "settings!B2", "0.02 to 5 µg/mL"),
    (setting("kd_app_low_ug_ml", "0.0001"), "settings!B2", "0.02 to 5 µg/mL"),
    (setting("kd_app_low_ug_ml", "0.7"), "settings!B2", "kd_app_low_ug_ml not above kd_app_high_ug_ml"),
    (setting("sentinel_nk_usual", "12"), "settings!B2", "Is it in thousands"),
    (setting("sentinel_plasma_cell_usual", "1e9"), "settings!B2", "300 to 1,000,000 molecules per cell"),
    (setting("lab_lloq", "67601"), "settings!B2", "66,275.5 molecules per cell"),
    ({"gates!C2": "1e308"}, "gates!C2", "on the channel's scale"),
    ({"gates!C2": "-1e300"}, "gates!C2", "on the channel's scale"),
    ({"gates!C2": "1e15"}, "gates!C2", "on the channel's scale"),
]  # fmt: skip

WARNED = [
    (dose("16", "", "IV"), "doses!D3", "Only mg/kg is possible"),
    (dose("16", "", ""), "doses!D3", "16 without a unit"),
    (dose("1800", "", "SC", "Darzalex"), "doses!D3", "Only mg is possible"),
    (dose("1160", "", "IV"), "doses!D3", "Only mg is possible"),
    (dose("10", "", "IV", "Sarclisa"), "doses!D3", "Only mg/kg is possible"),
    (dose("20", "", "", "lenalidomide"), None, ""),
    (dose("30", "mg/kg", "IV"), "doses!D3", "No trial gave more than 24 mg/kg"),
    (dose("0.16", "mg/kg", "IV"), "doses!D3", "decimal point"),
    (dose("1.6", "mg/kg", "IV"), "doses!D3", "No trial gave it"),
    (dose("10", "mg/kg", "IV"), "doses!D3", "is it another drug's dose"),
    (dose("8", "mg/kg", "IV"), None, ""),
    (dose("15.2", "mg/kg", "IV"), None, ""),
    (dose("1.6", "mg/kg", "SC"), "doses!D3", "is the route IV?"),
    (dose("16", "mg/kg", "SC"), "doses!D3", "is the route IV?"),
    (dose("1800", "mg", "IV"), "doses!D3", "is the route SC?"),
    (dose("180", "mg", "SC"), "doses!D3", "Is a digit misplaced?"),
    (dose("1600", "mg", "SC"), "doses!D3", "Is a digit misplaced?"),
    (dose("60", "mg", "IV"), "doses!D3", "Is the unit mg/kg"),
    (dose("1740", "mg", "IV"), None, ""),
    (dose("1800", "mg", "IV", "Darzalex Faspro"), "doses!F3", "SC, as the drug says"),
    (dose("16", "mg/kg", "IV", "Darzalex®"), "doses!C3", "is read as daratumumab"),
    (dose("16", "mg/kg", "IV", "JNJ-54767414"), "doses!C3", "is read as daratumumab"),
    (dose("16", "mg/kg", "IV", "DRd"), "doses!C3", "counted as its dose, since the amount is"),
    (dose("1800", "mg", "SC", "D-VMP"), "doses!C3", "contains daratumumab"),
    (dose("10", "mg/kg", "IV", "Isa-Kd"), "doses!C3", "contains isatuximab"),
    (dose("16", "mg/kg", "IV", "MOR202"), "doses!C3", "an antibody against CD38 that neither setting names"),
    (dose("300", "mg", "SC", "TAK-079"), "doses!C3", "which is mezagitamab"),
    (dose("5", "mg", "", "Fludarabinex"), "doses!C3", "counts as another drug"),
    ({**setting("study_drug", "Darzalex"), "doses!C5": "Darzalex"}, "settings!B2", "two drugs"),
    (setting("washed_out_drug", "Sarclisa"), "settings!B2", "two drugs"),
    ({"doses!B3": "2023-11-02"}, "doses!B3", "32 mg/kg of daratumumab in 2 rows of one day (2023-11-02)"),
    ({"doses!B3": "2023-11-02", "doses!C3": "Darzalex"}, "doses!B3", "pasted twice"),
    ({"doses!B2": "2015-11-02"}, "doses!B3", "8.0 years after the dose"),
    ({"doses!B4": "2013-12-15"}, "samples!C3", "10.5 years after the last daratumumab"),
    ({"samples!C2": "2025-05-31"}, "samples!C2", "after the death"),
    ({"patients!F2": "2025-02-03"}, "patients!F2", "after the death"),
    ({"patients!E2": "2024-08-01"}, "patients!E2", "before progressed_on 2024-09-01"),
    ({"patients!H3": "17"}, "patients!H3", "an age from 18 to 105 years"),
    ({"patients!H2": "110"}, "patients!H2", "an age from 18 to 105 years"),
    ({"patients!I2": "30"}, "patients!I2", "a weight from 35 to 200 kg"),
    ({"patients!I2": "250"}, "patients!I2", "Is it in pounds?"),
    ({"patients!I2": "180"}, "patients!I2", "Is it in pounds? 180 lb are 82 kg."),
    (ALL_IN_MG | {"patients!I2": "150"}, "patients!I2", "with 150 lb they are 16.2 mg/kg"),
    ({"patients!P2": "100"}, "patients!P2", "at most 85 infusions in 12 weeks"),
    ({"patients!P2": "0"}, "patients!P2", "infusions in 12 weeks on treatment"),
    ({"patients!O2": "84"}, "patients!O2", "an end before the patient's death (2025-02-01)"),
    ({"patients!O2": "224", "patients!D2": "", "patients!F2": "2024-09-02"}, "patients!O2", "about 12 weeks"),
    ({"patients!N3": "5000", "patients!B3": "2024-06-12"}, "patients!N3", "an end before today"),
    ({"patients!T1": "teae_grade", "patients!T2": "2", "patients!U1": "related_grade", "patients!U2": "3"}, "patients!U2",
     "at most the highest grade of all events"),
    ({"patients!T1": "teae_grade", "patients!T3": "5"}, "patients!T3", "the day of death in died_on"),
    ({"patients!T1": "related_grade", "patients!T3": "5"}, "patients!T3", "the day of death in died_on"),
    ({"patients!T1": "ecog", "patients!T2": "4"}, "patients!T2", "0 to 3 in a study"),
    ({"samples!I1": "serum_washed_out_ug_ml", "samples!I2": "3000"}, "samples!I2", "at most 1.5e+03 µg/mL in serum"),
    (setting("kd_app_ug_ml", "1.7"), "settings!B2", "from 0.1 to 0.64 µg/mL, the ends of what it may be"),
    (setting("kd_app_ug_ml", "25"), "settings!B2", "Is it in nM?"),
    (setting("sentinel_b_precursor_usual", "100"), "settings!B2", "in thousands"),
    (setting("uloq_extrapolation", "1000"), "settings!B2", "1 to 10 times the top bead"),
    (setting("curve_r2_reject", "0.5"), "settings!B2", "0.9 to 1 r²"),
    (setting("bead_steady_reject", "1"), "settings!B2", "0 to 0.4 fraction"),
    (setting("rd_cut", "1"), "settings!B2", "200 to 1,000,000 molecules per cell"),
    (setting("cycle_days", "7"), "settings!B2", "14 to 42 days"),
    (setting("dexamethasone_landmark_weeks", "56"), "settings!B2", "1 to 26 weeks"),
    (setting("lot_assignment_cv", "0"), "settings!B2", "0.001 to 1 fraction"),
    ({"patients!J2": "12"}, "patients!J2", "serum albumin from 15 to 60 g/L"),
    ({"patients!J2": "68"}, "patients!J2", "serum albumin from 15 to 60 g/L"),
    ({"patients!R2": "400"}, "patients!R2", "214 days after the last dose"),
    ({"doses!G3": "3200"}, "doses!G3", "at most 1.5e+03 µg/mL as a trough"),
    ({"doses!G3": "0.32"}, "doses!G3", "Is it in mg/mL?"),
    ({"patients!S2": "70"}, "patients!S2", "at most 20 prior lines"),
    ({"patients!P2": "800"}, "patients!P2", "at most 300 infusions"),
    ({"patients!N2": "6100"}, "patients!N2", "15 years"),
    ({"patients!K2": "early"}, "patients!K2", "a stage of its own"),
    ({"panels!F5": "0.3"}, "panels!F5", "an F:P from 0.5 to 2"),
    ({"panels!F5": "5"}, "panels!F5", "an F:P from 0.5 to 2"),
    ({"panels!F5": "20", "panels!I5": "FITC", "beads!C2": "mesf"}, "panels!F5", "an F:P from 0.3 to 12"),
    ({"panels!J5": "0.7"}, "panels!J5", "well below the F:P"),
    ({"panels!D6": "negative"}, "panels!D6", "Plasma cells carry it"),
    ({"beads!F2": "63.8; 6930; 31008; 67601"}, "beads!F2", "level 6930 above 63.8"),
    ({"beads!F2": "638; 6930; 67601; 68008"}, "beads!F2", "level 68008 above 67601"),
    ({"beads!G2": "0.3"}, "beads!G2", "as a fraction"),
    ({"beads!H2": "1-2; 3-4; 5-6; 1000000-2000000"}, "beads!H2", "No cell or bead lies there"),
    ({"gates!C2": "1000000"}, "gates!C2", "No cell or bead lies there"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("cells", "where", "said"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_a_value_that_cannot_be_is_refused_by_its_cell(tmp_path, cells, where, said):
    errors = [fault for fault in faults_of(tmp_path, cells) if fault.severity is Severity.ERROR]
    assert [fault.where for fault in errors] == ([where] if said is not None else [])
    assert said is None or said in str(errors[0])


@pytest.mark.parametrize(("cells", "where", "said"), WARNED, ids=[str(case[0]) for case in WARNED])
def test_a_value_that_may_be_is_warned_of_by_its_cell(tmp_path, cells, where, said):
    faults = faults_of(tmp_path, cells)
    assert [str(fault) for fault in faults if fault.severity is Severity.ERROR] == []
    if where is None:
        return
    assert where in [fault.where for fault in faults]
    assert any(said in str(fault) for fault in faults if fault.where == where)


SOUND = [
    {"beads!F2": "0; 638; 6930; 31008; 67601", "beads!H2": "-90--5; 450-820; 5200-8900; 24000-39000; 52000-80000"},
    {"beads!G2": "0.05", "beads!H2": "-10-820; 5200-8900; 24000-39000; 52000-80000"},
    {},
    *(dose("8", "mg/kg", "IV") | {"doses!B3": "2023-11-03", "doses!D2": "8", "patients!I2": w} for w in ("38", "72,5", "160")),
    dose("8", "mg/kg", "IV") | {"doses!B3": "2023-11-02", "doses!D2": "8"},
    dose("1800", "mg", "SC"),
    dose("1800", "mg", ""),
    dose("1160", "mg", "IV"),
    dose("580", "mg", "IV"),
    ALL_IN_MG | {"patients!I2": "68"},
    ALL_IN_MG | {"patients!I2": "137"},
    dose("", "", ""),
    dose("25", "mg", "", "Revlimid"),
    dose("", "", "", "VRd"),
    *({"patients!H2": age, "patients!H3": age} for age in ("18", "42", "77", "100")),
    *({"patients!I2": weight} for weight in ("38", "52.5", "98", "160")),
    *({"patients!J2": albumin} for albumin in ("18", "25,5", "52")),
    *({"doses!G3": trough} for trough in ("0", "4", "90")),
    {"doses!G3": "0.3", "doses!B2": "2023-10-02"},
    dose("25", "mg", "", "Revlimid") | {"doses!G3": "0.3"},
    {"patients!S2": "16"},
    *({"patients!P2": n, "patients!Q2": "1"} for n in ("1", "30", "80")),
    *({"panels!F5": ratio} for ratio in ("0.85", "0.95", "1", "1,2", "1.6")),
    {"panels!F5": "4.6", "panels!I5": "FITC", "beads!C2": "mesf"},
    {"panels!F5": "1.02", "panels!J5": "0.05"},
    {"beads!F2": "474; 5359; 23843; 62336"},
    {"beads!F2": "1500; 8000; 30000; 76000"},
    {"beads!G2": "0.1"},
    {"beads!H2": "450-820; 5200-8900; 24000-39000; 52000-80000"},
    setting("lab_lloq", "5000"),
    setting("sentinel_nk_usual", "0"),
    setting("sentinel_nk_usual", "5000"),
    setting("kd_app_ug_ml", "0.5"),
    setting("between_run_cv", "0"),
    setting("cycle_days", "21"),
    setting("curve_error_reject", "0.25"),
    {"patients!O2": "12", "patients!F2": "2024-09-02"},
    {"patients!T1": "teae_grade", "patients!T2": "3", "patients!U1": "related_grade", "patients!U2": "3"},
    {"patients!T1": "teae_grade", "patients!T2": "5"},
    {"samples!I1": "serum_washed_out_ug_ml", "samples!I2": "<0.2"},
    setting("washed_out_drug", "Darzalex"),
    setting("washed_out_drug", "DARZALEX®; Dara; trial drug"),
    setting("between_run_cv", "0.2"),
    {"patients!K2": "unknown"},
    {"patients!K2": "R2-ISS IV"},
    {"patients!K2": "2", "patients!K3": "3"},
    {"patients!R2": "40", "patients!B2": "2024-01-20", "doses!B5": "2024-01-20"},
    {"patients!D2": "", "patients!C2": ""},
    {"gates!C2": "-350"},
    {"gates!C2": "200000"},
    {"doses!B2": "2020-01-01", "doses!B3": "2020-01-08"},
]  # fmt: skip


@pytest.mark.parametrize("cells", SOUND, ids=str)
def test_sensible_values_raise_no_finding(tmp_path, cells):
    assert [str(fault) for fault in faults_of(tmp_path, cells)] == []


def test_patients_who_are_all_heavy_have_weights_in_pounds(tmp_path):
    more = {f"patients!{column}{row}": text for row, name in ((4, "P3"), (5, "P4"))
            for column, text in (("A", name), ("I", "150"))}  # fmt: skip
    heavy = faults_of(tmp_path, {"patients!I2": "150", "patients!I3": "140", **more})
    assert any("150 kg, the median of 4 patients" in str(fault) for fault in heavy)
    usual = faults_of(tmp_path, {"patients!I2": "72", "patients!I3": "80", **more})
    assert not any("pounds" in str(fault) for fault in usual)


def test_days_are_held_against_today_with_a_day_of_slack(tmp_path):
    write_files(tmp_path)
    write_tube(tmp_path / "fcs" / "S2_FMO.fcs")
    study, _ = check_folder(write_csvs(tmp_path, sheets()))
    last = date(2025, 3, 1)
    assert list(days_that_cannot_be(study, last)) == []
    assert list(days_that_cannot_be(study, last - timedelta(1))) == []
    assert [finding.fault.where for finding in days_that_cannot_be(study, last - timedelta(2))] == [
        "patients!E3"
    ]


def test_an_adverse_event_that_is_death_is_warned_of_unless_the_day_of_death_is_known(tmp_path):
    events = [["patient_id", "grade", "related"], ["P1", "5", "no"], ["P2", "4", "no"], ["P2", "5", "yes"]]
    write_files(tmp_path)
    write_tube(tmp_path / "fcs" / "S2_FMO.fcs")
    _, faults = check_folder(write_csvs(tmp_path, sheets() | {"adverse_events": events}))
    assert [fault.where for fault in faults if "which is death" in str(fault)] == ["adverse_events!B4"]


def test_one_slip_in_all_rows_is_one_fault(tmp_path):
    cells = {
        f"doses!{column}{row}": value
        for row in (2, 3, 4)
        for column, value in (("D", "16"), ("E", "mg"), ("F", "IV"))
    }
    errors = [fault for fault in faults_of(tmp_path, cells) if fault.severity is Severity.ERROR]
    assert [fault.where for fault in errors] == ["doses!D2"]
    assert "and so in 2 more rows" in str(errors[0])


def test_a_cd138_negative_population_that_is_no_plasma_cell_may_be_wanted(tmp_path):
    cells = {"panels!D6": "negative", **setting("population_name", "NK cells"), "gates!A2": None}
    said = [str(fault) for fault in faults_of(tmp_path, cells) if fault.where == "panels!D6"]
    assert said == []


@pytest.mark.parametrize(
    "drug", ["Darzalex®", "DRd", "Darzalex-Faspro", "JNJ-54767414", "D–VMP", "Dаrа", "Dara/len/dex"]
)
def test_the_last_dose_counts_by_whatever_name_and_is_shown_as_typed(tmp_path, drug):
    write_files(tmp_path)
    write_tube(tmp_path / "fcs" / "S2_FMO.fcs")
    cells = {"doses!C3": drug, "doses!B3": "2024-02-11"}
    study, _ = check_folder(write_csvs(tmp_path, sheets(cells)))
    found = exposures(study, response_clocks(study))["S1"]
    assert found.last_dose_on == date(2024, 2, 11)
    assert (found.n_doses, found.intervening) == (2, ())
    assert study.doses[1].drug == drug


def test_a_setting_that_lists_a_spelling_is_asked_nothing(tmp_path):
    cells = {**setting("washed_out_drug", "daratumumab; Darzlex"), "doses!C3": "Darzlex"}
    assert faults_of(tmp_path, cells) == []


def test_unknown_drugs_are_said_once(tmp_path):
    cells = {"doses!C2": "Zzyx", "doses!C3": "Qwerty", "doses!D3": "", "doses!D2": ""}
    said = [str(fault) for fault in faults_of(tmp_path, cells) if "not known" in str(fault)]
    sentence = 'doses!C2: "Zzyx" and "Qwerty" are not known, and count as other drugs than daratumumab or isatuximab. '
    assert said == [sentence + "Is one of them such a drug? Then type its usual name."]


@pytest.mark.parametrize(
    "drug", ["dasatinib", "Dasatinib 100 mg", "Letermovir", "Isavuconazol", "Moxifloxacin"]
)
def test_a_drug_whose_name_tells_another_kind_is_no_alarm(tmp_path, drug):
    assert faults_of(tmp_path, {"doses!C5": drug, "doses!D5": ""}) == []


def test_a_setting_of_another_kind_is_still_told_from_its_slips(tmp_path):
    cells = {**setting("study_drug", "dasatinib"), "doses!C5": "dasatinb", "doses!D5": ""}
    (found,) = [fault for fault in faults_of(tmp_path, cells) if fault.where == "doses!C5"]
    assert found.hint == 'Did you mean "dasatinib"?'


@pytest.mark.parametrize("typed", ["Dara not given", "Daratumumab nicht gegeben", "no dara"])
def test_a_drug_that_was_perhaps_not_given_says_what_to_do_in_both_cases(tmp_path, typed):
    (found,) = [
        fault for fault in faults_of(tmp_path, dose("16", "mg/kg", "IV", typed)) if fault.where == "doses!C3"
    ]
    assert found.hint.endswith("If it was given, type that alone; if not, delete the row.")


@pytest.mark.parametrize("levels", ["63.8; 693; 3100.8; 6760.1", "6380; 69300; 310080; 676010"])
def test_levels_that_are_all_ten_times_too_large_or_small_are_refused(tmp_path, levels):
    (found,) = [fault for fault in faults_of(tmp_path, {"beads!F2": levels}) if fault.where == "beads!F2"]
    assert found.severity is Severity.ERROR


def test_a_lot_with_two_sets_of_levels_is_named_in_both_cells(tmp_path):
    write_files(tmp_path)
    write_tube(tmp_path / "fcs" / "again.fcs")
    whole = sheets()
    first = whole["beads"][1]
    whole["beads"].append(
        ["again", "fcs/again.fcs", *first[2:5], str(first[5]).replace("67601", "67610"), *first[6:]]
    )
    said = [
        str(fault) for fault in check_folder(write_csvs(tmp_path, with_cells(whole, {"samples!H3": None})))[1]
    ]
    (line,) = [line for line in said if "for the lot" in line]
    assert line.startswith("beads!F3: found 67,610 for the lot")
    assert "where beads!F2 has 67,601, expected the same levels for one lot" in line


@pytest.mark.parametrize("day", ["1923-11-02", "2132-11-02"])
def test_a_day_that_cannot_be_makes_no_pause_beside_it(tmp_path, day):
    assert [fault.where for fault in faults_of(tmp_path, {"doses!B2": day}) if "years" in fault.found] == []


def test_a_day_that_cannot_be_is_not_held_against_the_last_contact_too(tmp_path):
    faults = faults_of(tmp_path, {"patients!G3": "2199-01-01"})
    assert [fault.where for fault in faults] == ["patients!G3"]


@pytest.mark.parametrize("dye", ["FITC", "APC", "PE-Cy7", "PE-CF594", "BV421", "Alexa Fluor 647"])
def test_beads_of_pe_do_not_calibrate_another_dye(tmp_path, dye):
    column = chr(ord("A") + sheets()["panels"][0].index("fluorochrome"))
    (fault,) = [f for f in faults_of(tmp_path, {f"panels!{column}5": dye}) if f.where == f"panels!{column}5"]
    assert (fault.severity, fault.found) == (Severity.ERROR, f'"{dye}"')
    assert "the dye of the beads (BD QuantiBRITE PE)" in fault.expected


@pytest.mark.parametrize("dye", ["PE", "R-PE", "R-Phycoerythrin", "pe", "PE (BD)", "house conjugate", None])
def test_the_dye_of_the_beads_in_any_spelling_is_no_fault(tmp_path, dye):
    column = chr(ord("A") + sheets()["panels"][0].index("fluorochrome"))
    assert not [f for f in faults_of(tmp_path, {f"panels!{column}5": dye}) if f.where == f"panels!{column}5"]


def refractory(folder, typed: str) -> list[Fault]:
    whole = sheets()
    whole["patients"] = [
        [*row, extra] for row, extra in zip(whole["patients"], ["refractory_to", typed, None], strict=True)
    ]
    write_files(folder)
    write_tube(folder / "fcs" / "S2_FMO.fcs")
    return [f for f in check_folder(write_csvs(folder, whole))[1] if "does not count as refractory" in f.hint]


@pytest.mark.parametrize("typed", ["lenalidomide; daratumumb", "Darzlex", "KRd, Dara-XY", "MAIA"])
def test_a_word_near_an_antibody_in_refractory_to_is_asked_about(tmp_path, typed):
    (fault,) = refractory(tmp_path, typed)
    assert fault.severity is Severity.WARNING
    assert '"daratumumab"?' in fault.expected


@pytest.mark.parametrize(
    "typed", ["dara; len", "Darzalex/Revlimid", "anti-CD38", "not daratumumab", "VRd", "none", "dara?"]
)
def test_a_sure_name_a_class_or_a_denial_in_refractory_to_is_no_question(tmp_path, typed):
    assert refractory(tmp_path, typed) == []
