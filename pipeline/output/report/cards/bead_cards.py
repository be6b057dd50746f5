"""The card of a bead run: its content for the template."""

from __future__ import annotations

from dataclasses import dataclass

from calibration.curve.acceptance_limits import BeadLimit
from calibration.curve.standard_curve import CurveVerdict, StandardCurve
from pipeline.beads.result import CalibrationResult
from pipeline.output.figures.beads import bead_pictures
from pipeline.output.figures.drift import drift_pictures
from pipeline.output.figures.style.palette import CURVE_VERDICT_LOOK, StatusStyle
from pipeline.output.figures.style.ticks import count
from pipeline.output.figures.svg.picture_page import side_by_side
from pipeline.output.flag_words.all_flags import heaviest, words_of_flag
from pipeline.output.flag_words.entry import FlagWords, Weight
from pipeline.output.report.cards.calculation import Pairs

MOST_OPEN_BEADS = 4
"""Up to this many bead runs every card is open; beyond, those that need a look."""


@dataclass(frozen=True, slots=True)
class BeadCard:
    """A bead run; `rows` are those of its table, `checks` verdict, look and text; `calm`: sound."""

    anchor: str
    name: str
    look: StatusStyle
    verdict: str
    curve: str
    facts: Pairs
    rows: tuple[tuple[str, ...], ...]
    checks: tuple[tuple[StatusStyle, str], ...]
    notes: tuple[str, ...]
    flags: tuple[tuple[str, FlagWords], ...]
    calm: bool
    svg: str
    drift_svg: str = ""


def bead_card(result: CalibrationResult, anchor: str, limit: BeadLimit) -> BeadCard:
    """Return the card of a bead run; `limit` is the study's, of the back-calculated error."""
    curve, peaks = result.curve, result.peaks
    verdict = curve.verdict if curve else CurveVerdict.REJECT
    notes = (result.note, *(peaks.notes if peaks else ()), *(curve.notes if curve else ()))
    return BeadCard(
        anchor=anchor,
        name=result.bead_run,
        look=CURVE_VERDICT_LOOK[verdict],
        verdict=CURVE_VERDICT_LOOK[verdict].words if curve else "no curve",
        curve=_curve_words(curve),
        facts=_bead_facts(result),
        rows=_bead_rows(result),
        checks=tuple(
            (CURVE_VERDICT_LOOK[check.verdict], check.text) for check in (curve.checks if curve else ())
        ),
        notes=tuple(dict.fromkeys(note for note in notes if note)),
        flags=tuple((flag, words_of_flag(flag)) for flag in result.flags),
        calm=verdict is CurveVerdict.ACCEPT and heaviest(result.flags) in (None, Weight.NOTED),
        svg=_svg(result, limit),
        drift_svg=side_by_side(
            drift_pictures(result.drift),
            f"Bead run {result.bead_run} against earlier ones",
            name=f"drift_{result.bead_run}",
            class_="charts",
        )
        if result.drift
        else "",
    )


def _svg(result: CalibrationResult, limit: BeadLimit) -> str:
    if result.histogram is None and result.curve is None:
        return ""
    words = f"Bead run {result.bead_run}: populations, curve, errors"
    return side_by_side(bead_pictures(result, limit), words, name=f"beads_{result.bead_run}", class_="charts")


def _curve_words(curve: StandardCurve | None) -> str:
    if curve is None:
        return ""
    return f"slope {curve.slope:.4f}, intercept {curve.intercept:.4f}, r² {curve.r2:.5f}"


def _bead_facts(result: CalibrationResult) -> Pairs:
    acquired, peaks = result.acquired, result.peaks
    pairs = (
        ("kit, lot", ", ".join(part for part in (result.kit, result.lot) if part)),
        ("channel", result.channel),
        ("file", result.fcs_file),
        ("instrument", " ".join(part for part in (acquired.instrument, acquired.serial) if part)),
        ("acquired", acquired.acquired_at),
        ("events, singlets", f"{count(result.n_events)}, {count(result.n_singlets)}"),
        ("in no population", count(peaks.n_unassigned) if peaks else ""),
        ("populations found by", peaks.method if peaks else ""),
        ("curve", result.curve.model if result.curve else ""),
        ("SHA-256", result.sha256[:16]),
    )
    return tuple((name, text) for name, text in pairs if text)


def _bead_rows(result: CalibrationResult) -> tuple[tuple[str, ...], ...]:
    """Return level, n, median, rCV, back-calculated error and use of each population."""
    peaks, curve = result.peaks, result.curve
    if peaks is None:
        return ()
    return tuple(
        (
            _level(result.levels, index),
            count(n),
            f"{median:,.1f}",
            _rcv(result.levels, index, rcv),
            _error(curve, index),
            _use(curve, index, saturated=saturated),
        )
        for index, (n, median, rcv, saturated) in enumerate(
            zip(peaks.n, peaks.medians, peaks.rcv, peaks.saturated, strict=True)
        )
    )


def _level(levels: tuple[float, ...], index: int) -> str:
    if index >= len(levels):
        return "–"
    return "blank" if levels[index] == 0 else count(levels[index])


def _rcv(levels: tuple[float, ...], index: int, rcv: float) -> str:
    """Return the rCV; a blank bead's median is near 0, so its ratio means nothing."""
    blank = index < len(levels) and levels[index] == 0
    return "–" if blank else f"{100 * rcv:.1f} %"


def _error(curve: StandardCurve | None, index: int) -> str:
    errors = curve.back_calculated_error if curve else ()
    value = errors[index] if index < len(errors) else None
    return "–" if value is None else f"{100 * value:+.1f} %".replace("-", "−")


def _use(curve: StandardCurve | None, index: int, *, saturated: bool) -> str:
    if saturated:
        return "dropped: end of scale"
    if curve is None or index >= len(curve.fitted):
        return "–"
    return "in the fit" if curve.fitted[index] else "not in the fit"
