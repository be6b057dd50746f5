"""What a careful person says of a typed cell: written apart from the program, from the words of docs/study.md alone."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import StrEnum

Value = str | float | None


class Kind(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    WHOLE = "whole number"
    DAY = "day"
    TIME = "time of day"
    CHOICE = "choice"
    YES_NO = "yes or no"
    NEW_NAME = "name of the row"
    REFERENCE = "name from another sheet"
    FILE = "file"
    LEVELS = "levels"
    DRUG = "drug"
    CONCENTRATION = "concentration"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column as its words in docs/study.md say it; a low or high value is beyond what can be."""

    kind: Kind
    low: float = -math.inf
    high: float = math.inf
    required: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed text, and what is to be said of it.

    Attributes
    ----------
    is_fault
        It must be named. None: it may be refused or accepted.
    value
        What it means where it is accepted; None where any reading will do.
    """

    fault: str
    text: str
    is_fault: bool | None
    value: Value = None


def _n(low: float, high: float, required: bool = False) -> Column:
    return Column(Kind.NUMBER, low, high, required)


def _w(low: float, high: float) -> Column:
    return Column(Kind.WHOLE, low, high)


_NAME, _REF, _MUST = Column(Kind.NEW_NAME, required=True), Column(Kind.REFERENCE, required=True), True
_DAY, _YES_NO, _TEXT, _CHOICE = Column(Kind.DAY), Column(Kind.YES_NO), Column(Kind.TEXT), Column(Kind.CHOICE)

COLUMNS: dict[str, dict[str, Column]] = {
    "samples": {
        "sample_id": _NAME, "patient_id": Column(Kind.NEW_NAME, required=_MUST), "panel": _REF, "beads": _REF,
        "collected_on": Column(Kind.DAY, required=_MUST), "fcs_file": Column(Kind.FILE, required=_MUST),
        "visit": _TEXT, "fmo_file": Column(Kind.FILE), "tissue": _CHOICE, "collected_time": Column(Kind.TIME),
        "remark": _TEXT, "serum_washed_out_ug_ml": Column(Kind.CONCENTRATION),
        "serum_study_drug_ug_ml": Column(Kind.CONCENTRATION),
    },
    "panels": {
        "role": Column(Kind.CHOICE, required=_MUST), "target": _CHOICE, "marker": _TEXT, "f_p_ratio": _n(0.01, 100),
        "clone": _TEXT, "competes_with_drug": _YES_NO, "fluorochrome": _TEXT, "f_p_ratio_sd": _n(0, 100), "host": _TEXT,
    },
    "beads": {
        "fcs_file": Column(Kind.FILE, required=_MUST), "kit": Column(Kind.CHOICE, required=_MUST),
        "lot": Column(Kind.TEXT, required=_MUST), "levels": Column(Kind.LEVELS, required=_MUST), "acquired_on": _DAY,
        "assigned_cv": _n(0, 1),
    },
    "doses": {
        "patient_id": _REF, "given_on": Column(Kind.DAY, required=_MUST), "drug": Column(Kind.DRUG, required=_MUST),
        "dose": _n(0, 1e6), "unit": _CHOICE, "route": _CHOICE, "serum_trough_ug_ml": _n(0, 1e5),
        "given_time": Column(Kind.TIME),
    },
    "patients": {
        "patient_id": _NAME, "best_response": _CHOICE, "evaluable": _YES_NO, "treatment_start": _DAY,
        "progressed_on": _DAY, "last_assessed_on": _DAY, "next_therapy_on": _DAY, "last_contact_on": _DAY,
        "discontinued_on": _DAY, "discontinuation_reason": _TEXT, "dexamethasone_on": _DAY, "age": _n(0, 130),
        "sex": _CHOICE, "weight_kg": _n(1, 500), "albumin_g_l": _n(1, 100), "heavy_chain": _TEXT, "ecog": _w(0, 5),
        "prior_lines": _w(0, 99), "exposure_weeks": _n(0, 5200), "teae_grade": _w(0, 5), "infusion_reaction": _YES_NO,
        "infusions": _w(0, 1000), "infusions_interrupted": _w(0, 1000), "serum_ug_ml": _n(0, 1e5),
        "last_line_refractory": _YES_NO, "ada_before": _YES_NO, "ada_on_treatment": _CHOICE, "related_grade": _w(0, 5),
    },
    "settings": {"name": Column(Kind.REFERENCE, required=_MUST)},
    "gates": {
        "sample_id": _REF, "gate": _REF, "value": _n(-math.inf, math.inf, required=_MUST),
        "set_by": Column(Kind.TEXT, required=_MUST), "reason": Column(Kind.TEXT, required=_MUST), "set_at": _TEXT,
    },
    "statements": {"statement": Column(Kind.TEXT, required=_MUST), "n_patients": _w(1, 1_000_000), "source": _TEXT},
}  # fmt: skip

SETTINGS = {
    "washed_out_drug": Column(Kind.DRUG), "study_drug": Column(Kind.DRUG), "month_days": _n(28, 31),
    "cycle_days": _w(1, 366), "low_cell_cut": _n(0, 1e9), "seed": _w(0, 2**32 - 1), "own_columns": _YES_NO,
}  # fmt: skip
"""Settings of the study, by what their value is."""

_HOSTILE = (
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "x" * 5_000,
    "a\u202eb",
    "{{7*7}}",
    "'; drop table",
    "%s%n",
)
_NO_NUMBER = (
    "abc", "12 kg", "nan", "inf", "-inf", "1e400", "1.2.3", "--5", "0x10", "½", "1;2", "1/2", "~5", "five", "5?", "O",
    "1 234,5,6", "١٢x", "#REF!", "1e", "+-1",
)  # fmt: skip
_NO_DAY = (
    "2024-13-01", "2024-02-30", "2023-02-29", "2024-00-10", "2024-01-00", "05/06/2024", "yesterday", "2024", "May 2024",
    "31-31-2024", "2024-5", "0000-00-00", "24-05-31x", "unknown", "?", "2024-05-31T25:00", "20245-01-01",
)  # fmt: skip
_FAR_DAYS = ("1899-12-30", "1900-01-01", "2199-01-01", "9999-12-31", "1024-05-31")
_NO_TIME = ("25:00", "12:60", "noon", "-1:00", "12.5.6", "9 o'clock", "99", "::")
_NO_FILE = (
    "fcs/none.fcs",
    "../S1.fcs",
    "/etc/passwd",
    "fcs",
    "C:\\S1.fcs",
    "~/S1.fcs",
    "fcs/S1.fcs#2",
    "fcs/S1",
    ".",
)
_NO_LEVELS = (
    "abc", "638; 6930; x; 67601", "31008; 638; 6930; 67601", "638; 638; 31008; 67601", "-1; 6930; 31008; 67601",
    "638", "nan; 1; 2; 3", "638; 6930; 31008; inf", ";;;", "638 6930 31008 67601",
)  # fmt: skip
_NO_DRUG = ("daratumumad", "Darzalx", "?", "dara or isa", "-", "16")
_ALIKE_DRUG = "dаrаtumumab"  # two letters are Cyrillic: it may be read as the drug that it looks like
_NO_CONCENTRATION = ("abc", "<", "<<1", "-1", "<-1", "1-2", "nan", "0.4 mg/mL x", "<x")
_LISTED = {
    Kind.TIME: ("no time", _NO_TIME),
    Kind.FILE: ("no such file", _NO_FILE),
    Kind.LEVELS: ("no levels", _NO_LEVELS),
    Kind.CONCENTRATION: ("no concentration", _NO_CONCENTRATION),
    Kind.YES_NO: ("no yes or no", ("maybe", "2", "ja", "nope", "yes!", "?")),
    Kind.NEW_NAME: (
        "a name that names no file",
        ("a/b", "../x", "CON", ".x", "x" * 200, "a:b", "a\\b", "a*b"),
    ),
}
"""What is wrong in each cell of a kind, whatever stood there before."""
_LOOKS_ALIKE = str.maketrans("PSMQB", "РЅМQВ")


def _numbers(column: Column, draw: random.Random) -> list[Typed]:
    found = [Typed("no number", text, True) for text in _NO_NUMBER]
    if math.isfinite(column.low):
        found.append(Typed("below what can be", f"{column.low - draw.choice((0.5, 1, 7)):g}", True))
    if math.isfinite(column.high):
        found.append(
            Typed("above what can be", f"{column.high * draw.choice((1.01, 10, 1e6)) + 1:.0f}", True)
        )
    if column.kind is Kind.WHOLE:
        found += [Typed("no whole number", text, True) for text in ("2.5", "1,5", "0.1")]
    low, high = max(column.low, 0), min(column.high, 900)
    amount = (
        round(draw.uniform(low, high), 2) if column.kind is Kind.NUMBER else draw.randint(int(low), int(high))
    )
    for text in (f"{amount}", f"{amount}".replace(".", ","), f" {amount} ", f"+{amount}", f"{amount}e0"):
        found.append(Typed("another number", text, None, float(amount)))
    found.append(Typed("a number in two readings", "1,234", None, 1.234))
    found.append(Typed("digits of another script", "١٢", None, 12.0))
    return found


def _days() -> list[Typed]:
    found = [Typed("no day", text, True) for text in _NO_DAY]
    found += [Typed("a day that cannot be", text, True) for text in _FAR_DAYS]
    other = (("2024-06-15", "2024-06-15"), ("2024-6-5", "2024-06-05"), ("13.06.2024", "2024-06-13"))
    return found + [Typed("another day", text, None, value) for text, value in other]


def typed_faults(column: Column, before: str, draw: random.Random) -> list[Typed]:
    """Return what people type wrongly into a cell of a column that held `before`."""
    kind = column.kind
    found = [Typed("empty", "", True)] if column.required else []
    if kind in _LISTED:
        fault, texts = _LISTED[kind]
        return [*found, *(Typed(fault, text, True) for text in texts)]
    if kind in (Kind.NUMBER, Kind.WHOLE):
        return found + _numbers(column, draw)
    if kind is Kind.DAY:
        return found + _days()
    if kind is Kind.CHOICE:
        words = ("xyzzy", f"{before or 'none'}_7", "123", "???", f"not {before or 'known'}")
        return [*found, *(Typed("no such choice", text, True) for text in words)]
    if kind is Kind.DRUG:
        wrong = (Typed("no such drug", text, True) for text in _NO_DRUG)
        return [*found, *wrong, Typed("a drug in other letters", _ALIKE_DRUG, None)]
    if kind is Kind.REFERENCE:
        names = (
            "NOPE",
            f"{before}x",
            f"x{before}",
            before.swapcase() + "_",
            before.translate(_LOOKS_ALIKE) + "Р",
        )
        return [*found, *(Typed("a name that is nowhere", text, True) for text in names)]
    return [*found, *(Typed("hostile text", text, None) for text in _HOSTILE)]
