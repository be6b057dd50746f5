"""The sheet Legend: statuses, flags and looks, and every column of every sheet in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from calibration.curve.standard_curve import CurveVerdict
from calibration.density.receptor_density import RdStatus
from pipeline.output.figures.style.palette import CURVE_VERDICT_LOOK, STATUS
from pipeline.output.flag_words.all_flags import FLAGS
from pipeline.output.table import Table
from pipeline.output.workbook.sheet import Sheet
from pipeline.study.wording import capitalized

_CSV_CODES: Final[Mapping[str, str]] = {
    "rd_measured": "rd",
    "rd_measured_low": "rd_low",
    "rd_measured_high": "rd_high",
    "rd_raw": "rd",
    "rd_raw_low": "rd_low",
    "rd_raw_high": "rd_high",
    "short_note": "note",
    **{
        f"{prefix}_measured{end}": f"{prefix}{code}"
        for prefix in ("sentinel_nk", "sentinel_b_precursor")
        for end, code in (("", "_rd"), ("_low", "_low"), ("_high", "_high"))
    },
}
"""Columns of the workbook that a CSV file has under another name, or with other rows."""

_ONLY_HERE: Final = ("reported", "tube_verdict", "sentinel_nk_reported", "sentinel_b_precursor_reported")

_SHOWN: Final[Mapping[RdStatus, str]] = {
    RdStatus.OK: "The number is given.",
    RdStatus.BELOW_LLOQ: "Reported as < LLOQ; the signed estimate stands under Raw estimate.",
    RdStatus.ABOVE_ULOQ_EXTRAPOLATED: "The number is given; the curve is extended.",
    RdStatus.ABOVE_ULOQ: "Reported as > what it is known to exceed; no number.",
    RdStatus.NOT_QUANTIFIABLE: "No number; the estimate stands under Raw estimate.",
    RdStatus.LOW_EVENTS: "No number.",
    RdStatus.NO_BACKGROUND: "ABC is given, the density is not.",
    RdStatus.NO_CURVE: "No number.",
    RdStatus.FAILED: "No number; the note says why.",
    RdStatus.REPLICATES_DISAGREE: "Of a visit: no number, in no analysis; its tubes keep their rows.",
}

CELL_LOOKS: Final[tuple[tuple[str, str], ...]] = (
    ("grey italics", "A raw estimate: not to be quoted and not to be averaged."),
    ("grey header", "A column that you typed. It stands as you typed it, yours too: look through them."),
    ("blue header", "A column of results. Point at it to read what it is."),
    (
        "coloured cell",
        "A status or verdict; if not OK, bold too. A status is sand-coloured where a flag says not reliable.",
    ),
    ("empty cell", "Not known, or not measured; never 0."),
    ("grouped columns", "Columns beyond those that are printed; the sign above them folds them away."),
)
"""Looks of cells, with their meaning."""


def legend_table(sheets: Sequence[Sheet]) -> Table:
    """Return the legend of these sheets, a row per status, look, column and flag."""
    rows = (
        *(
            ("status", "", s.value, "", f"{_sentence(look.words)} {_SHOWN[s]}", "", "")
            for s, look in STATUS.items()
        ),
        *(("verdict", "", v.value, "", _sentence(CURVE_VERDICT_LOOK[v].words), "", "") for v in CurveVerdict),
        *(("look", "", name, "", meaning, "", "") for name, meaning in CELL_LOOKS),
        *(row for sheet in sheets for row in _columns(sheet)),
        *(("flag", "", str(flag), "", _sentence(str(FLAGS[flag])), "", "") for flag in sorted(FLAGS)),
    )
    return Table(("kind", "sheet", "entry", "unit", "meaning", "code", "file"), rows)


def code_name(sheet: Sheet, code: str) -> str:
    """Return the name of a column in the CSV file beside its sheet; "" where there is none."""
    return "" if not sheet.file or code in _ONLY_HERE else _CSV_CODES.get(code, code)


def _columns(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    for code in sheet.table.columns:
        words, name = sheet.words(code), code_name(sheet, code)
        file = sheet.file if name else ""
        yield ("column", sheet.name, words.header, words.unit, words.meaning, name, file)


def _sentence(words: str) -> str:
    return f"{capitalized(words)}."
