"""The words of the columns about bead runs, exposure, what limits the densities, notes and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.output.workbook.formats import (
    BRIGHTNESS,
    COUNT,
    FIT,
    FOLD_FORMAT,
    ONE_DECIMAL,
    WEEKS_FORMAT,
)
from pipeline.output.workbook.words.column import ColumnWords

_LIST: Final = "A list, dim to bright, split by ;"

BEAD_WORDS: Final[Mapping[str, ColumnWords]] = {
    "fcs_file": ColumnWords("FCS file", "Named after its bead run; the sheet beads has the file's own name."),
    "channel": ColumnWords("Channel", "The calibrated channel, as the file calls it."),
    "acquired_on": ColumnWords("Acquired on", "As the file says."),
    "instrument": ColumnWords("Cytometer", "As the file says."),
    "n_singlets": ColumnWords("Single beads", "Events that are single beads.", "events", COUNT),
    "peak_n": ColumnWords("Beads in each population", f"Events of each bead population. {_LIST}."),
    "peak_medians": ColumnWords("Median of each population", f"{_LIST}.", "MFI"),
    "peak_rcv_percent": ColumnWords("Robust CV of each population", f"0.7413 · IQR / median. {_LIST}.", "%"),
    "levels": ColumnWords("Assigned values", f"As typed, of the lot. {_LIST}.", "unit of the kit"),
    "fitted": ColumnWords("In the fit", f"Which populations are in the fit. {_LIST}."),
    "model": ColumnWords("Model", "The standard curve's, or a model of washout."),
    "residual_sd": ColumnWords("Scatter about the curve", "Residual SD.", "log10", FIT),
    "back_calculated_error_percent": ColumnWords(
        "Back-calculated error", f"(value from the curve − assigned) / assigned. {_LIST}.", "%"
    ),
    "verdict": ColumnWords("Verdict", "The worst of the curve's checks: accept, warn or reject."),
    "checks": ColumnWords("Checks", "Every check of the curve in words.", width=70),
}
EXPOSURE_WORDS: Final[Mapping[str, ColumnWords]] = {
    "first_study_drug_on": ColumnWords("First {study_drug} on", "First dose of {study_drug}."),
    "response_washout_weeks": ColumnWords(
        "Washout before {study_drug}",
        "From the last dose of {drug} to the first of {study_drug}.",
        "weeks",
        WEEKS_FORMAT,
    ),
    "n_doses": ColumnWords("Doses of {drug}", "Up to collection.", "doses", COUNT),
    "cumulative_mg": ColumnWords("Sum of doses", "Of {drug} up to collection.", "mg", COUNT),
    "cumulative_mg_per_kg": ColumnWords(
        "Sum of doses by weight", "Of {drug} up to collection.", "mg/kg", ONE_DECIMAL
    ),
    "schedule": ColumnWords("Schedule", "Doses by the days between them, and the route.", width=36),
    "cycles": ColumnWords("Cycles", "Begun up to collection.", "cycles", COUNT),
    "intervening": ColumnWords("Drugs since", "Other drugs after the last dose, up to collection.", width=30),
    "imid_since": ColumnWords("IMiD since", "Whether one of these is an immunomodulatory drug."),
    "eligible": ColumnWords(
        "Eligible", "By the rule of cycles and weeks, on the day of the first {study_drug}."
    ),
    "eligibility": ColumnWords("Why", "Why eligible or not.", width=40),
    "refractory": ColumnWords("Refractory to {drug}", "As typed in refractory_to."),
    "serum_ug_ml": ColumnWords(
        "Serum {drug}", "Last trough measured, or its level by the model.", "µg/mL", FOLD_FORMAT
    ),
    "serum_on": ColumnWords("Serum taken on", "Day of that trough."),
}
OTHER_WORDS: Final[Mapping[str, ColumnWords]] = {
    "remedy": ColumnWords("What would help", "What would narrow the intervals most."),
    "terms": ColumnWords("Sources of error", "The error that it would remove.", width=44),
    "share_percent": ColumnWords(
        "Part of the variance", "Mean over the densities of this study.", "%", ONE_DECIMAL
    ),
    "n_largest": ColumnWords(
        "Largest in", "Densities in which this is the largest part.", "densities", COUNT
    ),
    "fold_95": ColumnWords("Interval now", "Half of the 95 % interval, as a factor.", "fold", FOLD_FORMAT),
    "fold_95_without": ColumnWords(
        "Interval without it", "The same without this error.", "fold", FOLD_FORMAT
    ),
    "kind": ColumnWords("Kind", "What the line is."),
    "about": ColumnWords("About", "The cell, sample, bead run or table that it is about."),
    "note": ColumnWords("Note", "In words.", width=80),
    "name": ColumnWords("Name", "Name of the setting, library or file."),
    "value": ColumnWords("Value", "In the unit of its row, where it has one.", width=72),
    "sheet": ColumnWords("Sheet", "A sheet of this workbook."),
    "table": ColumnWords("Table", "What the line belongs to.", width=54),
    "entry": ColumnWords("Entry", "The status, flag, look or column that the line explains.", width=34),
    "unit": ColumnWords("Unit", "Unit of value, interval, median or range in this row."),
    "meaning": ColumnWords("Meaning", "In words.", width=90),
    "code": ColumnWords("Code name", "The column's name in the file beside it, for programs.", width=30),
    "file": ColumnWords("File", "File of results/ that has the column under its code name."),
    "bin_from": ColumnWords("Bin from", "Lower edge of the bin on the {marker} channel.", "MFI", BRIGHTNESS),
    "bin_to": ColumnWords("Bin to", "Upper edge of the bin.", "MFI", BRIGHTNESS),
    "stained": ColumnWords(
        "Stained tube", "Quantified cells of the stained tube in the bin.", "cells", COUNT
    ),
    "control": ColumnWords(
        "Control tube",
        "Cells of the control tube in the same gates; empty without a control.",
        "cells",
        COUNT,
    ),
}
