"""The words of the columns about cells of a tube, changes of a patient and tubes without a density."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from calibration.distribution.result import PERCENTILES
from pipeline.output.workbook.formats import BRIGHTNESS, COUNT, FOLD_FORMAT, PERCENT_FORMAT, WEEKS_FORMAT
from pipeline.output.workbook.words.column import ColumnWords
from pipeline.study.quantity_name import MOLECULES

_LOW, _HIGH = "Lower end of the 95 % interval", "Upper end of the 95 % interval"
_AS_MEASURED: Final = (
    "{percent} % of the cells have less {{marker}} than this, as measured: each cell's amount minus the "
    "control's median. A cell's own background and the noise of the cytometer are in it."
)

FURTHER_WORDS: Final[Mapping[str, ColumnWords]] = {
    **{
        f"p{percent}{end}": ColumnWords(
            f"P{percent}{head}",
            meaning.format(percent=percent),
            MOLECULES,
            BRIGHTNESS,
        )
        for percent in PERCENTILES
        for end, head, meaning in (
            (
                "",
                "",
                _AS_MEASURED,
            ),
            ("_low", ", 95 % from", f"{_LOW}."),
            ("_high", ", 95 % to", f"{_HIGH}."),
        )
    },
    "below_lloq_percent": ColumnWords(
        "Cells below LLOQ", "Share of the cells, as measured.", "%", PERCENT_FORMAT
    ),
    "below_lloq_percent_low": ColumnWords("Below LLOQ, 95 % from", f"{_LOW}.", "%", PERCENT_FORMAT),
    "below_lloq_percent_high": ColumnWords("Below LLOQ, 95 % to", f"{_HIGH}.", "%", PERCENT_FORMAT),
    "low_cut": ColumnWords(
        "Cut for low cells", "Setting low_cell_cut: cells below are low.", MOLECULES, BRIGHTNESS
    ),
    "below_cut_percent": ColumnWords(
        "Low cells", "Share of the cells below that cut, as measured.", "%", PERCENT_FORMAT
    ),
    "below_cut_percent_low": ColumnWords("Low cells, 95 % from", f"{_LOW}.", "%", PERCENT_FORMAT),
    "below_cut_percent_high": ColumnWords("Low cells, 95 % to", f"{_HIGH}.", "%", PERCENT_FORMAT),
    "modes": ColumnWords(
        "Groups of brightness",
        "The smallest number of modes that fits the cells at even odds; 2 or more: more than one group.",
        "",
        COUNT,
    ),
    "modes_at_least": ColumnWords(
        "Groups, at least",
        "Lower end of the 95 % interval. It has no upper end: a narrow group can always be missed.",
        "",
        COUNT,
    ),
    "cell_limit": ColumnWords(
        "What a cell can show",
        "95 % of the cells without the stain lie below it: a dimmer cell may have no {marker}.",
        MOLECULES,
        BRIGHTNESS,
    ),
    "not_told": ColumnWords("Not told", "Which of the values have no number, and why.", width=60),
    "first_visit": ColumnWords("Earlier visit", "As typed."),
    "last_visit": ColumnWords("Later visit", "As typed."),
    "first_weeks": ColumnWords("Earlier washout", "From the last dose of {drug}.", "weeks", WEEKS_FORMAT),
    "last_weeks": ColumnWords("Later washout", "From the same dose.", "weeks", WEEKS_FORMAT),
    "first_rd": ColumnWords("Earlier RD", "Empty where only a limit is known.", MOLECULES, BRIGHTNESS),
    "last_rd": ColumnWords("Later RD", "Empty where only a limit is known.", MOLECULES, BRIGHTNESS),
    "change_kind": ColumnWords(
        "Change is",
        "measured; at least or at most so large where a visit lies beyond a limit; or not known.",
    ),
    "change_fold": ColumnWords("Change", "Later over earlier density.", "fold", FOLD_FORMAT),
    "change_low": ColumnWords(
        "Change, 95 % from", "By the errors that the two visits do not share.", "fold", FOLD_FORMAT
    ),
    "change_high": ColumnWords("Change, 95 % to", f"{_HIGH}.", "fold", FOLD_FORMAT),
    "least_fold": ColumnWords(
        "Smallest change beyond the assay",
        "A smaller change, up or down, may be the error of the assay alone (95 %).",
        "fold",
        FOLD_FORMAT,
    ),
    "exceeds_assay": ColumnWords("Beyond the assay", "up, down or no; empty where a limit leaves it open."),
    "first_to_last": ColumnWords("First to last", "yes: from the first to the last visit of the patient."),
    "best_response": ColumnWords("Best response", "As typed."),
    "only_tube": ColumnWords(
        "Visit is lost", "yes: no other tube of this visit has a density, so it is in no analysis."
    ),
}
