"""The words of the columns about tubes and visits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.output.workbook.formats import (
    BRIGHTNESS,
    COEFFICIENT,
    COUNT,
    FIT,
    ONE_DECIMAL,
    PERCENT_FORMAT,
    SHARE_FORMAT,
    WEEKS_FORMAT,
)
from pipeline.output.workbook.words.column import ColumnWords
from pipeline.study.quantity_name import MOLECULES

NOT_TO_AVERAGE: Final = (
    "An estimate below or beyond the limits, in grey italics: not to be quoted and not to be averaged with "
    "measured values."
)
_LOW, _HIGH = "Lower end of the 95 % interval", "Upper end of the 95 % interval"

TUBE_WORDS: Final[Mapping[str, ColumnWords]] = {
    "sample_id": ColumnWords("Sample", "Name of the tube, as typed."),
    "patient_id": ColumnWords("Patient", "Pseudonym of the patient, as typed."),
    "visit": ColumnWords("Visit", "Visit, as typed; tubes of one patient and visit are replicates."),
    "collected_on": ColumnWords("Collected on", "Day the marrow or blood was taken."),
    "tube_verdict": ColumnWords(
        "Verdict", "The one verdict of the tube or visit, from its status and flags, as in the report."
    ),
    "status": ColumnWords("Status", "How far the density can be used: see the statuses in the sheet Legend."),
    "reported": ColumnWords(
        "Reported {marker} RD",
        "The density as it may be quoted: a number, below a limit (<) or beyond one (>); – where there is "
        "none. Rounded to 3 digits.",
        MOLECULES,
    ),
    "rd_measured": ColumnWords(
        "{marker} RD",
        "Receptor density: median free {marker} per cell, background subtracted. Measured values only: the "
        "cell is empty where the density is only known to lie below or beyond a limit, so an average leaves "
        "such rows out.",
        MOLECULES,
        BRIGHTNESS,
    ),
    "rd_measured_low": ColumnWords("RD, 95 % from", f"{_LOW} of a measured density.", MOLECULES, BRIGHTNESS),
    "rd_measured_high": ColumnWords("RD, 95 % to", f"{_HIGH} of a measured density.", MOLECULES, BRIGHTNESS),
    "rd_raw": ColumnWords("Raw estimate", NOT_TO_AVERAGE, MOLECULES, BRIGHTNESS),
    "rd_raw_low": ColumnWords(
        "Raw estimate, 95 % from",
        "Lower end of the raw estimate's interval; of ABOVE_ULOQ, what the density is known to exceed.",
        MOLECULES,
        BRIGHTNESS,
    ),
    "rd_raw_high": ColumnWords(
        "Raw estimate, 95 % to", "Upper end of the raw estimate's interval.", MOLECULES, BRIGHTNESS
    ),
    "flags": ColumnWords("Flags", "What to look at: see the flags in the sheet Legend.", width=36),
    "short_note": ColumnWords(
        "Note",
        "The first sentences about the row. The sheet Notes has all of them, a row each.",
        width=48,
    ),
    "n_events": ColumnWords("Events", "Events in the FCS file.", "events", COUNT),
    "n_viable_singlets": ColumnWords(
        "Viable single cells",
        "Events that passed time, margins, debris, singlets and viability.",
        "events",
        COUNT,
    ),
    "n_quantified": ColumnWords(
        "Cells",
        "The quantified cells: the density and its interval rest on them.",
        "cells",
        COUNT,
    ),
    "n_plasma_cells": ColumnWords(
        "Gated cells", "The whole gated population (plasma cells).", "cells", COUNT
    ),
    "plasma_cell_percent": ColumnWords(
        "Gated cells, part", "The gated population in viable single cells.", "%", PERCENT_FORMAT
    ),
    "population": ColumnWords("Quantified population", "The part of the gated cells that was quantified."),
    "median_mfi": ColumnWords(
        "Median fluorescence",
        "Median of the quantified cells on the {marker} channel, compensated, linear.",
        "MFI",
        BRIGHTNESS,
    ),
    "background_mfi": ColumnWords(
        "Background fluorescence",
        "The same of the control tube's cells in the same gates.",
        "MFI",
        BRIGHTNESS,
    ),
    "background_kind": ColumnWords("Control", "FMO or isotype."),
    "abc": ColumnWords(
        "ABC",
        "Antibodies bound per cell: the median fluorescence on the standard curve.",
        MOLECULES,
        BRIGHTNESS,
    ),
    "background_abc": ColumnWords(
        "Background ABC", "The background fluorescence on the standard curve.", MOLECULES, BRIGHTNESS
    ),
    "gcv_percent": ColumnWords(
        "Geometric CV", "Of the density; empty where the interval reaches zero.", "%", ONE_DECIMAL
    ),
    "lloq": ColumnWords(
        "LLOQ",
        "Lower limit of quantification; empty where no density has a CV of 30 % or less.",
        MOLECULES,
        BRIGHTNESS,
    ),
    "uloq": ColumnWords("ULOQ", "Upper limit of quantification: the top bead.", MOLECULES, BRIGHTNESS),
    "beads": ColumnWords("Bead run", "Bead run, as typed."),
    "slope": ColumnWords(
        "Curve, slope", "Standard curve: log10 amount = slope · log10 MFI + intercept.", "", COEFFICIENT
    ),
    "intercept": ColumnWords("Curve, intercept", "Of the standard curve.", "log10", COEFFICIENT),
    "r2": ColumnWords("Curve, r²", "Of the standard curve.", "", FIT),
    "last_dose_on": ColumnWords("Last dose on", "Last dose of {drug} on or before collection."),
    "washout_weeks": ColumnWords(
        "Washout", "From the last dose of {drug} to collection.", "weeks", WEEKS_FORMAT
    ),
    "gating_confidence": ColumnWords(
        "Gating confidence", "0 (a guess) to 1 (clear); below 0.5 it is flagged.", "0 to 1", SHARE_FORMAT
    ),
    "reviewed_by": ColumnWords("Gates set by", "Who set a gate by hand, or the file of the gates."),
    "sentinel_reading": ColumnWords(
        "Sentinels' reading", "What the sentinels show about a low density on the plasma cells.", width=60
    ),
    "kit": ColumnWords("Bead kit", "Kit of the calibration beads."),
    "lot": ColumnWords("Bead lot", "Lot of the calibration beads."),
    "fluorochrome": ColumnWords("Dye", "Fluorochrome of the {marker} antibody."),
    "clone": ColumnWords("Clone", "Clone of the {marker} antibody."),
    "host": ColumnWords("Host", "Host species of the {marker} antibody."),
    "lyse_reagent": ColumnWords("Lyse reagent", "Setting lyse_reagent; not used."),
    "second_opinion_n": ColumnWords(
        "Second gating", "Cells that a second gating, made in another way, names.", "cells", COUNT
    ),
    "second_opinion_agreement": ColumnWords(
        "Second gating, agreement", "2 · both / (one + other).", "0 to 1", SHARE_FORMAT
    ),
    "between_run_cv_percent": ColumnWords(
        "Between-run CV in the interval", "The CV between runs that the interval includes.", "%", ONE_DECIMAL
    ),
    "between_run_from": ColumnWords("Between-run CV from", "Where that CV comes from.", width=30),
    "interval_lacks": ColumnWords(
        "Interval lacks", "Known errors that the interval does not include.", width=30
    ),
    "theta": ColumnWords(
        "Θ, held by the drug", "Part of {marker} that the drug occupies.", "0 to 1", SHARE_FORMAT
    ),
    "theta_low": ColumnWords("Θ, 95 % from", f"{_LOW} of Θ.", "0 to 1", SHARE_FORMAT),
    "theta_high": ColumnWords("Θ, 95 % to", f"{_HIGH} of Θ.", "0 to 1", SHARE_FORMAT),
    "theta_from": ColumnWords("Θ from", "What Θ is from: sentinels, measured drug level, PK model or none."),
    "total": ColumnWords(
        "Total {marker}",
        "{marker} per cell, free or occupied by the drug: RD / (1 − Θ). Empty where only a limit is known.",
        MOLECULES,
        BRIGHTNESS,
    ),
    "total_low": ColumnWords("Total, 95 % from", f"{_LOW} of the total.", MOLECULES, BRIGHTNESS),
    "total_high": ColumnWords("Total, 95 % to", f"{_HIGH} of the total.", MOLECULES, BRIGHTNESS),
    "total_note": ColumnWords("Note on the total", "Why a total is missing, or only a limit.", width=60),
    "theta_sentinels": ColumnWords("Θ by sentinels", "Θ by the sentinels alone.", "0 to 1", SHARE_FORMAT),
    "theta_sentinels_low": ColumnWords("Θ by sentinels, 95 % from", f"{_LOW}.", "0 to 1", SHARE_FORMAT),
    "theta_sentinels_high": ColumnWords("Θ by sentinels, 95 % to", f"{_HIGH}.", "0 to 1", SHARE_FORMAT),
    "sentinel_norm": ColumnWords(
        "Sentinels' norm",
        "What the sentinels are compared with: settings, or patients of this study without the drug.",
        width=30,
    ),
    "occupancy": ColumnWords(
        "Θ by drug level",
        "Θ by the drug in serum alone: measured troughs, or the doses.",
        "0 to 1",
        SHARE_FORMAT,
    ),
    "occupancy_low": ColumnWords("Θ by drug level, 95 % from", f"{_LOW}.", "0 to 1", SHARE_FORMAT),
    "occupancy_high": ColumnWords("Θ by drug level, 95 % to", f"{_HIGH}.", "0 to 1", SHARE_FORMAT),
    "n_samples": ColumnWords("Tubes", "Replicates of the visit.", "tubes", COUNT),
    "sample_ids": ColumnWords("Samples", "Names of the replicates.", width=30),
    "between_cv_percent": ColumnWords(
        "CV between replicates", "Geometric CV between the replicates of the visit.", "%", ONE_DECIMAL
    ),
    "tissue": ColumnWords("Tissue", "Marrow or blood: never pooled."),
    **{
        f"{code}_{end}": words
        for code, cells in (("sentinel_nk", "NK cells"), ("sentinel_b_precursor", "B precursors"))
        for end, words in (
            ("n", ColumnWords(cells, f"{cells} of the same tube.", "cells", COUNT)),
            (
                "reported",
                ColumnWords(
                    f"{cells}, reported RD", f"Free {{marker}} of {cells}, as it may be quoted.", MOLECULES
                ),
            ),
            (
                "measured",
                ColumnWords(
                    f"{cells}, RD", "The same where it is measured, else empty.", MOLECULES, BRIGHTNESS
                ),
            ),
            ("measured_low", ColumnWords(f"{cells}, 95 % from", f"{_LOW}.", MOLECULES, BRIGHTNESS)),
            ("measured_high", ColumnWords(f"{cells}, 95 % to", f"{_HIGH}.", MOLECULES, BRIGHTNESS)),
        )
    },
}
"""By the column's code: in CSV files where it has the same name there."""
