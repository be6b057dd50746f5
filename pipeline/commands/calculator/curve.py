"""`cd38rd curve`: from the typed numbers to the printed curve, and to a file."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from calibration.beads.kits import BeadKit, BeadKitError, bead_kit
from calibration.curve.acceptance_limits import CurveVerdict
from calibration.curve.fit import PARAMETERS, CurveModel
from calibration.curve.standard_curve import StandardCurveError
from pipeline.beads.typed_medians import CellMedian, TypedMedians, blank_first, typed_curve
from pipeline.commands.calculator.numbers import typed_number, typed_numbers
from pipeline.commands.calculator.printed import curve_text
from pipeline.commands.calculator.sheet import CurveSheet, read_curve_sheet
from pipeline.commands.calculator.table import write_curve
from pipeline.commands.exit_status import ExitStatus, RunSummary
from pipeline.study.cells.bead_values import as_levels
from pipeline.study.errors import UsageError
from pipeline.study.sheets.kit_words import KIT_SPELLINGS
from pipeline.study.wording import enumerate_words, same_word


@dataclass(frozen=True, slots=True)
class CurveTyped:
    """The options as they were typed; "" for an option that was not."""

    sheet: Path | None = None
    levels: str = ""
    medians: str = ""
    blank: str = ""
    cells: str = ""
    background: str = ""
    kit: str = "quantibrite_pe"
    f_p: str = ""
    f_p_cv: str = ""
    lot_cv: str = ""
    model: str = "loglog"
    out: Path | None = None


def calculate(typed: CurveTyped) -> RunSummary:
    """Fit the curve, convert the cells, and write a file if one is wanted.

    Raises
    ------
    UsageError
        If a text is no number or may be two numbers, or if the options contradict each other.
    """
    medians = _typed(typed)
    try:
        result = typed_curve(medians)
    except (StandardCurveError, BeadKitError) as error:
        raise UsageError(str(error)) from error
    text = curve_text(result)
    if typed.out is not None:
        write_curve(typed.out, result)
        text += f"\n\nWrote {typed.out}."
    rejected = result.curve.verdict is CurveVerdict.REJECT
    return RunSummary(ExitStatus.SOME_FAILED if rejected else ExitStatus.ALL_QUANTIFIED, text)


def _typed(typed: CurveTyped) -> TypedMedians:
    sheet = _sheet(typed)
    kit = _kit(typed.kit)
    if typed.model not in PARAMETERS:
        raise UsageError(f"--model: found {typed.model!r}, expected {enumerate_words(PARAMETERS)}")
    _must_rise(sheet.levels)
    medians, levels = blank_first(
        sheet.medians, sheet.levels, typed_number(typed.blank, "--blank") if typed.blank else None
    )
    background = typed_number(typed.background, "--background") if typed.background else 0.0
    cells = tuple(CellMedian(c.name, c.median, c.control or background) for c in sheet.cells)
    entered = {
        name: _within(text, f"--{name.replace('_', '-')}", *ends)
        for name, text, ends in (
            ("f_p", typed.f_p, (0.01, 100.0)),
            ("f_p_cv", typed.f_p_cv, (0.0, 1.0)),
            ("lot_cv", typed.lot_cv, (0.0, 1.0)),
        )
        if text
    }
    names = {"f_p": "f_p_ratio"}
    facts = {names.get(name, name): value for name, value in entered.items()}
    return TypedMedians(medians, levels, kit, model=CurveModel(typed.model), cells=cells, **facts)


def _sheet(typed: CurveTyped) -> CurveSheet:
    if typed.sheet is not None:
        if typed.levels or typed.medians or typed.cells:
            raise UsageError("found a sheet and --levels, --medians or --cells, expected one or the other")
        return read_curve_sheet(typed.sheet)
    if not typed.levels or not typed.medians:
        raise UsageError(
            "found no sheet and not both --levels and --medians, expected a sheet, or both lists, as in: "
            'cd38rd curve --levels "474; 5359; 23843; 62336" --medians "512; 5300; 24100; 63900"'
        )
    levels = typed_numbers(typed.levels, "--levels", _rising(typed.levels))
    medians = typed_numbers(typed.medians, "--medians", len(levels))
    cells = typed_numbers(typed.cells, "--cells") if typed.cells else ()
    return CurveSheet(
        levels, medians, tuple(CellMedian(str(n), cell) for n, cell in enumerate(cells, start=1))
    )


def _rising(text: str) -> int | None:
    """Return the number of levels if single commas or blanks split them and they rise; else None."""
    items = text.replace(",", " ").split()
    plain = all(item.isdecimal() and (item == "0" or not item.startswith("0")) for item in items)
    numbers = [int(item) for item in items] if plain else []
    rises = len(numbers) > 1 and all(dim < bright for dim, bright in pairwise(numbers))
    return len(numbers) if rises else None


def _must_rise(levels: tuple[float, ...]) -> None:
    from pydantic_core import PydanticCustomError

    try:
        as_levels("; ".join(f"{level:.10f}".rstrip("0").rstrip(".") for level in levels))
    except PydanticCustomError as error:
        words = error.context or {}
        raise UsageError(f"levels: expected {words['expected']}. {words['hint']}") from error


def _kit(text: str) -> BeadKit:
    spelled = {same_word(word): name for word, name in KIT_SPELLINGS}
    try:
        return bead_kit(spelled.get(same_word(text), text))
    except BeadKitError as error:
        raise UsageError(f"--kit: {error}") from error


def _within(text: str, name: str, low: float, high: float) -> float:
    value = typed_number(text, name)
    if not low <= value <= high:
        raise UsageError(f"{name}: found {text}, expected a number from {low:g} to {high:g}")
    return value
