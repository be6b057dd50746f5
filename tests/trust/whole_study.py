"""A study of two patients in which nearly every column is filled, and nothing is wrong."""

from __future__ import annotations

from helpers.builders import Sheets, good_sheets


def whole_sheets() -> Sheets:
    """Return the sheets; their files are those of `helpers.builders.write_files`."""
    sheets = good_sheets()
    sheets["samples"] = [
        ["sample_id", "patient_id", "collected_on", "fcs_file", "panel", "beads", "visit", "fmo_file", "tissue",
         "collected_time", "remark", "serum_washed_out_ug_ml", "serum_study_drug_ug_ml"],
        ["S1", "P1", "2024-05-31", "fcs/S1.fcs", "MM", "QB1", "baseline", "fcs/S1_FMO.fcs", "marrow",
         "09:15", "fine", "<0.2", "0"],
        ["S2", "P2", "2024-05-31", "fcs/S2.fcs", "MM", "QB1", "baseline", None, "marrow", "09:30", "", "0.4", "0"],
    ]  # fmt: skip
    sheets["panels"][0] += ["fluorochrome", "f_p_ratio_sd", "host"]
    for row in sheets["panels"][1:]:
        row.extend([None] * (len(sheets["panels"][0]) - len(row)))
    sheets["panels"][4][-3:] = ["PE", "0.05", "mouse"]
    sheets["beads"] = [
        ["beads", "fcs_file", "kit", "lot", "channel", "levels", "acquired_on", "assigned_cv"],
        ["QB1", "fcs/beads.fcs", "quantibrite_pe", "96597", "PE-A", "638; 6930; 31008; 67601", "2024-05-31", "0.05"],
    ]  # fmt: skip
    sheets["doses"] = [
        ["patient_id", "given_on", "drug", "dose", "unit", "route", "serum_trough_ug_ml", "given_time"],
        ["P1", "2023-11-02", "daratumumab", "16", "mg/kg", "IV", "320", "13:30"],
        ["P2", "2023-12-15", "Daratumumab", "1800", "mg", "SC", "", ""],
    ]
    sheets["patients"] = [
        ["patient_id", "best_response", "evaluable", "treatment_start", "progressed_on", "last_assessed_on",
         "next_therapy_on", "last_contact_on", "discontinued_on", "discontinuation_reason", "dexamethasone_on", "age",
         "sex", "weight_kg", "albumin_g_l", "heavy_chain", "ecog", "iss_stage", "cytogenetic_risk", "prior_lines",
         "refractory_to", "exposure_weeks", "teae_grade", "infusion_reaction", "infusions", "infusions_interrupted",
         "serum_ug_ml", "last_line_refractory", "cytogenetics", "ada_before", "ada_on_treatment", "related_grade"],
        ["P1", "PR", "yes", "2024-06-10", "2024-12-10", "2024-12-10", "2024-12-20", "2025-03-01", "2024-12-12",
         "progression", "2024-07-01", "68", "female", "72.5", "38", "IgG", "1", "II", "high", "5", "daratumumab", "26.4",
         "2", "no", "12", "0", "0.4", "yes", "del17p; t(4;14)", "no", "none", "1"],
        ["P2", "SD", "yes", "2024-06-11", "2024-09-10", "2024-09-10", "", "2025-03-01", "2024-09-11", "progression", "",
         "71", "male", "80", "41", "IgA", "0", "I", "standard", "3", "daratumumab", "13", "1", "no", "6", "1", "0.2",
         "no", "none", "no", "none", "0"],
    ]  # fmt: skip
    sheets["settings"] = [
        ["name", "value"],
        ["washed_out_drug", "daratumumab"],
        ["study_drug", "isatuximab"],
        ["month_days", "30.4375"],
        ["cycle_days", "28"],
        ["low_cell_cut", "5000"],
        ["seed", "1"],
        ["own_columns", "no"],
    ]
    sheets["gates"] = [
        ["sample_id", "gate", "value", "set_by", "reason", "set_at"],
        ["S1", "cd138", "850", "AB", "valley hidden", "2024-06-03"],
    ]
    sheets["statements"] = [
        ["statement", "n_patients", "source"],
        ["Disease control in 1/2 = 50.0 %", "2", "abstract"],
    ]
    return sheets
