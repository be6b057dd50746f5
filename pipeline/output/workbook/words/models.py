"""The words of the columns about models and response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.output.workbook.formats import (
    BRIGHTNESS,
    COUNT,
    FOLD_FORMAT,
    ONE_DECIMAL,
    P_VALUE,
    PERCENT_FORMAT,
    SHARE_FORMAT,
    WEEKS_FORMAT,
)
from pipeline.output.workbook.words.column import ColumnWords
from pipeline.study.quantity_name import MOLECULES
from pipeline.washout.goodness import CONTRADICTED

MODEL_WORDS: Final[Mapping[str, ColumnWords]] = {
    "estimate": ColumnWords("Estimate", "What was estimated, in words.", width=44),
    "estimate_code": ColumnWords("Name in washout.json", "The estimate's name there."),
    "low": ColumnWords(
        "95 % from", "Lower end of the 95 % interval, in the unit of the value; of a range, the least."
    ),
    "high": ColumnWords(
        "95 % to", "Upper end of the 95 % interval, in the unit of the value; of a range, the most."
    ),
    "p": ColumnWords("p", "Two-sided p value.", "", P_VALUE),
    "n": ColumnWords("n", "Rows, visits or patients that the number rests on.", "", COUNT),
    "method": ColumnWords("Method", "How it was estimated.", width=90),
    "interval_method": ColumnWords("Method of the interval", "How its interval was made.", width=60),
    "density": ColumnWords(
        "Density to reach", "Free {marker} that the patients should have.", MOLECULES, BRIGHTNESS
    ),
    "share": ColumnWords("Part of the patients", "That has this density by then.", "0 to 1", SHARE_FORMAT),
    "weeks": ColumnWords(
        "Weeks",
        "Weeks since the last dose of {drug}; empty: cannot be estimated. Words where it is over 10 years.",
        "weeks",
        WEEKS_FORMAT,
    ),
    "choice": ColumnWords("Choice", "What is done differently from the line that is reported.", width=44),
    "rows": ColumnWords("Rows", "Visits in the line.", "", COUNT),
    "patients": ColumnWords("Patients", "Patients in the line.", "", COUNT),
    "measured": ColumnWords("Measured", "Visits with a density that was measured.", "", COUNT),
    "changed": ColumnWords("Changed", "Visits that the choice leaves out or counts otherwise.", "", COUNT),
    "fold": ColumnWords(
        "Fold per doubling", "Of the median density, per doubling of washout.", "fold", FOLD_FORMAT
    ),
    "fold_low": ColumnWords("Fold, 95 % from", "Lower end of its 95 % interval.", "fold", FOLD_FORMAT),
    "fold_high": ColumnWords("Fold, 95 % to", "Upper end of its 95 % interval.", "fold", FOLD_FORMAT),
    "slope_dex": ColumnWords("Slope", "log10 of the fold.", "dex per doubling", SHARE_FORMAT),
    "caution": ColumnWords("Caution", "In which direction the choice itself errs.", width=36),
    "aicc": ColumnWords("AICc", "Lower is better, on the same rows.", "", ONE_DECIMAL),
    "parameters": ColumnWords(
        "Parameters", "Number of parameters that are fitted to the data.", "", ONE_DECIMAL
    ),
    "misfit_p": ColumnWords(
        "Fit, p",
        f"p of the test that the residuals have no trend over the weeks; below {CONTRADICTED:g} the rows "
        "contradict the model. Empty: not looked at.",
        "",
        P_VALUE,
    ),
    "misfit_words": ColumnWords("Fit, in words", "What that p says.", width=40),
    "serum_low": ColumnWords("Serum, 95 % from", "Lower end of its 95 % interval.", "µg/mL", FOLD_FORMAT),
    "serum_high": ColumnWords("Serum, 95 % to", "Upper end of its 95 % interval.", "µg/mL", FOLD_FORMAT),
    "reason": ColumnWords("Why", "Why it is so: preferred, refused, or only a limit.", width=60),
}
RESPONSE_WORDS: Final[Mapping[str, ColumnWords]] = {
    "outcome": ColumnWords("Outcome", "What the density is set against.", width=26),
    "measure": ColumnWords(
        "Number", "What is given: a ratio, an area, a cut, or how well a cut separates patients.", width=44
    ),
    "value": ColumnWords("Value", "In the unit of the row; empty: not given.", "", FOLD_FORMAT),
    "in_others": ColumnWords(
        "In other patients",
        "The value to expect in other patients than those in whom it was found.",
        "",
        SHARE_FORMAT,
    ),
    "in_others_low": ColumnWords(
        "In other patients, 95 % from", "Lower end of its 95 % interval.", "", SHARE_FORMAT
    ),
    "in_others_high": ColumnWords(
        "In other patients, 95 % to", "Upper end of its 95 % interval.", "", SHARE_FORMAT
    ),
    "group": ColumnWords("Group", "The patients counted.", width=36),
    "k": ColumnWords("k", "Patients (or events) of the group with it.", "", COUNT),
    "percent": ColumnWords("Percent", "100 · k / n.", "%", PERCENT_FORMAT),
    "comparison": ColumnWords("Comparison", "The groups or the covariate compared.", width=40),
    "ratio_of": ColumnWords("Ratio of", "Odds, or hazards."),
    "ratio": ColumnWords(
        "Ratio", "Odds ratio or hazard ratio: of the first to the second group, or per step.", "", FOLD_FORMAT
    ),
    "median_months": ColumnWords("Median survival", "Empty: not reached.", "months", WEEKS_FORMAT),
    "preferred": ColumnWords("Preferred", "yes: the model that is reported first."),
    "first": ColumnWords("First group", "k/n of the first group."),
    "second": ColumnWords("Second group", "k/n of the second group."),
    "strength": ColumnWords("How strong", "How weak or strong the evidence is.", width=50),
    "events": ColumnWords("Events", "Patients with the outcome.", "", COUNT),
    "z": ColumnWords("z", "Statistic of the test.", "", SHARE_FORMAT),
    "exact_p": ColumnWords("Exact p", "p over all orders of the patients.", "", P_VALUE),
    "per": ColumnWords("Per", "Step of the covariate that the odds ratio is for.", width=30),
    "row": ColumnWords("Quantity", "What is described.", width=36),
    "median": ColumnWords("Median", "In the unit of the row.", "", WEEKS_FORMAT),
    "endpoint": ColumnWords("Endpoint", "PFS or OS."),
    "not_known": ColumnWords("Not known", "Patients whose end is not known.", "", COUNT),
    "rule": ColumnWords("Rule of censoring", "A rule other than the usual one.", width=50),
    "patients_moved": ColumnWords("Patients moved", "Patients whose time changes by this rule.", "", COUNT),
}
