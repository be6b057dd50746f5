"""The line through the picture: the median patient, the band of that median and of the patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from calibration.numbers import Z_95, Floats
from pipeline.output.figures.svg.chart import Box, KeyEntry, Scale, clipped, polygon
from pipeline.output.figures.svg.elements import element, path
from pipeline.output.figures.svg.labels import boxes_along
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.recovery.fit import RecoveryFit

DrawnFit = WashoutFit | RecoveryFit

_PATIENTS, _MEDIAN = "#eaf2f8", "#bdd7eb"
_POINTS: Final = 60
_FAR: Final = 5.0
"""Heights of the frame beyond which a line is not followed."""


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """The line and its bands as drawn, where they leave the frame, and what names may not touch."""

    drawn: str
    leaves_above: float | None
    leaves_below: float | None
    taken: tuple[Box, ...]


def drawn_line(fit: DrawnFit, x: Scale, y: Scale, box: Box, *, contradicted: bool) -> DrawnLine:
    """Return the line with its two bands, cut at the frame."""
    weeks = np.geomspace(float(fit.data.weeks.min()), float(fit.data.weeks.max()), _POINTS)
    patients, median = patients_band(fit, weeks), fit.predict_interval(weeks)
    parts = [
        polygon(_at(weeks, low, x, y), _at(weeks, high, x, y), fill)
        for (low, high), fill in ((patients, _PATIENTS), (median, _MEDIAN))
    ]
    line = _at(weeks, fit.predict(weeks), x, y)
    parts.append(_stroke(line, contradicted=contradicted))
    visible = [(a, min(max(b, box[1]), box[3])) for a, b in line]
    lows, highs = np.minimum(patients[0], median[0]), np.maximum(patients[1], median[1])
    return DrawnLine(
        clipped("".join(parts), box),
        _middle_of(weeks[highs > y.high], x),
        _middle_of(weeks[lows < y.low], x),
        tuple(boxes_along(visible)),
    )


def patients_band(fit: DrawnFit, weeks: Floats) -> tuple[Any, Any]:
    """Return the densities between which 95 % of the patients lie by this fit, (n,) each."""
    if isinstance(fit, RecoveryFit):
        return fit.predict_patients(weeks)
    median, factor = fit.predict(weeks), 10 ** (Z_95 * fit.sigma)
    return median / factor, median * factor


def line_key(fit: DrawnFit, *, contradicted: bool) -> list[KeyEntry]:
    """Return the key's entries for the line and its two bands."""
    kind = "credible interval" if isinstance(fit, RecoveryFit) else "interval"
    line = "median patient" + (" (the points do not fit it)" if contradicted else "")
    return [
        KeyEntry(_stroke([(-7.0, 0.0), (7.0, 0.0)], contradicted=contradicted), line),
        KeyEntry(_patch(_MEDIAN), f"95 % {kind} of that median"),
        KeyEntry(_patch(_PATIENTS), "95 % of the patients"),
    ]


def _at(weeks: Floats, densities: Any, x: Scale, y: Scale) -> list[tuple[float, float]]:
    """Return places of a line; far beyond the frame they are brought near it."""
    high = abs(y.start - y.end)
    top, bottom = min(y.start, y.end) - _FAR * high, max(y.start, y.end) + _FAR * high
    values = np.maximum(np.asarray(densities, np.float64), np.finfo(np.float64).tiny).tolist()
    return [
        (x.position(week), min(max(y.position(value), top), bottom))
        for week, value in zip(weeks.tolist(), values, strict=True)
    ]


def _middle_of(weeks: Floats, x: Scale) -> float | None:
    return x.position(float(np.exp(np.log(weeks).mean()))) if weeks.size else None


def _stroke(line: list[tuple[float, float]], *, contradicted: bool) -> str:
    return path(line, class_="fit", stroke_dasharray="4 2.5" if contradicted else None)


def _patch(fill: str) -> str:
    return element("rect", x=-7, y=-2.5, width=14, height=5, fill=fill, stroke="#9fb8cc", stroke_width=0.3)
