"""The text of `cd38rd curve`: line, beads, acceptance table and cells, 80 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from calibration.curve.acceptance_limits import CurveVerdict
from calibration.density.error_model import ASSUMED_RESIDUAL
from calibration.density.result import RdStatus
from pipeline.beads.typed_medians import CellAmount, TypedCurve, TypedMedians, recoveries

LINE_CHARACTERS = 80
"""Columns of the text. Convention: the narrowest usual terminal."""
MOST_WRITTEN_OUT = 1e10
"""Numbers from here on are written with a power of ten. Convention."""
LONGEST_NAME = 24
"""Most characters of a cell population's name. Convention."""


def curve_text(result: TypedCurve) -> str:
    """Return the whole text, in lines of at most 80 characters."""
    blocks = [_line(result), _beads(result), _acceptance(result), *_converted(result), *_sentences(result)]
    return "\n\n".join("\n".join(block) for block in blocks)


def _line(result: TypedCurve) -> list[str]:
    curve, typed = result.curve, result.typed
    n = sum(curve.fitted)
    lines = [
        f"{typed.kit.title}: {n} beads in the fit, verdict {curve.verdict.value}",
        f"  slope      {curve.slope:.4f}",
        f"  intercept  {curve.intercept:.4f}",
        f"  r²         {curve.r2:.5f}",
    ]
    lines += (
        [f"  scatter    {curve.residual_sd:.4f} dex, {curve.degrees_of_freedom} degrees of freedom"]
        if curve.degrees_of_freedom
        else []
    )
    lines.append(f"  log10({typed.kit.unit}) = slope · log10(median) + intercept")
    return lines


def _beads(result: TypedCurve) -> list[str]:
    curve = result.curve
    lines = [f"{'level':>14}{'median':>14}{'from the curve':>18}{'recovery':>12}"]
    for level, median, back in zip(curve.levels, curve.medians, recoveries(curve), strict=True):
        if back is None:
            lines.append(f"{amount_words(level):>14}{amount_words(median):>14}{'not in the fit':>18}")
        else:
            back_calculated = amount_words(level * back / 100)
            lines.append(
                f"{amount_words(level):>14}{amount_words(median):>14}{back_calculated:>18}{back:>10.1f} %"
            )
    return lines


def _acceptance(result: TypedCurve) -> list[str]:
    lines = ["Acceptance, by the rules of a run"]
    for check in result.curve.checks:
        lines += textwrap.wrap(
            check.text,
            LINE_CHARACTERS,
            initial_indent=f"  {check.verdict.value:<8}",
            subsequent_indent=" " * 10,
        )
    for note in result.curve.notes:
        lines += textwrap.wrap(note, LINE_CHARACTERS, initial_indent="  note    ", subsequent_indent=" " * 10)
    return lines


def _converted(result: TypedCurve) -> Iterator[list[str]]:
    typed = result.typed
    if typed.cells and not result.cells:
        rejected = result.curve.verdict is CurveVerdict.REJECT
        why = "The curve is rejected" if rejected else "The levels only rank the beads"
        yield [f"{why}: the cells are not converted."]
    if result.cells:
        unit = typed.unit
        head = f"{'cells':<{LONGEST_NAME}}{'median':>10}{unit:>16}{'95 % interval':>22}"
        yield [head, *(_cell(cell, result) for cell in result.cells)]


def _cell(cell: CellAmount, result: TypedCurve) -> str:
    name = cell.name if len(cell.name) < LONGEST_NAME else f"{cell.name[: LONGEST_NAME - 2]}…"
    interval = (
        ""
        if cell.low is None or cell.high is None
        else f"{amount_words(cell.low)} – {amount_words(cell.high)}"
    )
    shown = {
        RdStatus.BELOW_LLOQ: f"< {amount_words(result.limits.lloq)}",
        RdStatus.ABOVE_ULOQ: f"> {amount_words(result.limits.uloq)}",
    }.get(cell.status, amount_words(cell.amount))
    if cell.status in (RdStatus.BELOW_LLOQ, RdStatus.ABOVE_ULOQ):
        interval = f"estimate {amount_words(cell.amount)}"
    mark = "  *" if cell.status is RdStatus.ABOVE_ULOQ_EXTRAPOLATED else ""
    return f"{name:<{LONGEST_NAME}}{amount_words(cell.median):>10}{shown:>16}{interval:>22}{mark}"


def _sentences(result: TypedCurve) -> Iterator[list[str]]:
    """Yield sentences on what the numbers include and what they do not."""
    typed, limits = result.typed, result.limits
    sentences = [
        (
            f"Range of the beads: {amount_words(limits.lloq)} to {amount_words(limits.uloq)} {typed.unit}. "
            "The lower limit of quantification (LLOQ) is at least the dimmest bead; the scatter of the "
            "control's cells can raise it, but medians do not show that scatter."
        )
    ]
    if any(cell.status is RdStatus.ABOVE_ULOQ_EXTRAPOLATED for cell in result.cells):
        sentences.append("* above the brightest bead: the line is extrapolated.")
    if result.cells:
        sentences.append(_of_the_interval(typed))
        if not result.curve.degrees_of_freedom:
            sentences.append(
                "The curve has as many parameters as beads, so its scatter is not known, and "
                f"{ASSUMED_RESIDUAL} dex is assumed."
            )
    if result.cells:
        sentences.append(_of_the_background([cell.control for cell in typed.cells], typed.unit))
    if typed.in_kit_units and typed.kit.needs_f_p:
        sentences.append(
            f"These are {typed.kit.unit}, not ABC: ABC = {typed.kit.unit} / (F:P). Give the F:P of the "
            "antibody's lot with --f-p."
        )
    elif typed.in_kit_units:
        sentences.append(f"{typed.kit.title} beads are relative: these are no ABC.")
    elif result.curve.verdict is CurveVerdict.WARN and result.cells:
        sentences.append("The curve is used with a warning: see the table above.")
    lines = []
    for sentence in sentences:
        lines += textwrap.wrap(sentence, LINE_CHARACTERS)
    yield lines


def _of_the_interval(typed: TypedMedians) -> str:
    f_p = f", F:P ({100 * typed.f_p_cv:g} % CV)" if not typed.in_kit_units and typed.kit.needs_f_p else ""
    return (
        "The interval includes the scatter of the beads about the line and the error of the lot's values "
        f"({100 * typed.lot_cv:g} % CV){f_p}. It does not include the sampling of cells and beads (that "
        "needs the events), nor differences between days and runs."
    )


def amount_words(value: float) -> str:
    """Return a number with thousands separators and at least three significant figures.

    >>> [amount_words(v) for v in (62336.4, 71.64, 0.5)]
    ['62,336', '71.6', '0.5']
    """
    if abs(value) >= MOST_WRITTEN_OUT:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _of_the_background(controls: Sequence[float], unit: str) -> str:
    """Return whether the background is subtracted, and from which cells."""
    if not any(controls):
        return "No background is subtracted: give the control's median with --background."
    which = "" if all(controls) else ", where its median is given; from the other cells nothing is subtracted"
    return f"The background is subtracted: the {unit} of the control{which}."
