"""Colours, shapes and words of every status: each has its own shape and text, not only its own colour.

Hues are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which stay apart in the common colour
blindnesses; within a set they differ in lightness, so that they stay apart in greyscale.
"""

from __future__ import annotations

from dataclasses import dataclass

from calibration.curve.standard_curve import CurveVerdict
from calibration.density.receptor_density import RdStatus
from pipeline.study.response import Response

BLUE = "#0072B2"
VERMILLION = "#D55E00"
ORANGE = "#E69F00"
INK = "#1b1f24"
GREY = "#6b7280"
PALE_GREY = "#e5e8ec"
DENSITY_SHADES = (
    "#a3c0dd",
    "#90b1d5",
    "#7ba1cb",
    "#668fc0",
    "#517db3",
    "#3f6da5",
    "#305d96",
    "#234d86",
    "#173c73",
    "#0c2c60",
)


@dataclass(frozen=True, slots=True)
class StatusStyle:
    """How a status is shown: a symbol for text, background and ink of its badge, and words."""

    symbol: str
    fill: str
    ink: str
    words: str


STATUS = {
    RdStatus.OK: StatusStyle("●", "#d7efe4", "#0b4a33", "quantified"),
    RdStatus.BELOW_LLOQ: StatusStyle("▽", "#dce9f7", "#0d3b66", "below the lower limit of quantification"),
    RdStatus.ABOVE_ULOQ_EXTRAPOLATED: StatusStyle(
        "△", "#fdf1cf", "#5c4300", "above the top bead, extrapolated"
    ),
    RdStatus.ABOVE_ULOQ: StatusStyle("▲", "#f9dfae", "#5c3a00", "above the upper limit, right-censored"),
    RdStatus.LOW_EVENTS: StatusStyle("○", "#e9eaec", "#33383f", "too few cells to quantify"),
    RdStatus.NOT_QUANTIFIABLE: StatusStyle("◌", "#ece5d8", "#4a3a16", "known to no better than a CV of 30 %"),
    RdStatus.NO_BACKGROUND: StatusStyle("◇", "#f1e2ee", "#5a1e4b", "no control tube, so no background"),
    RdStatus.NO_CURVE: StatusStyle("◆", "#e3cbdd", "#4a1540", "no usable standard curve"),
    RdStatus.REPLICATES_DISAGREE: StatusStyle("≠", "#f6d9c9", "#5f2106", "replicates contradict each other"),
    RdStatus.FAILED: StatusStyle("✕", "#f7cfc4", "#6e1503", "failed"),
}

CURVE_VERDICT_LOOK = {
    CurveVerdict.ACCEPT: StatusStyle("✓", "#d7efe4", "#0b4a33", "accepted"),
    CurveVerdict.WARN: StatusStyle("!", "#fdf1cf", "#5c4300", "accepted with a warning"),
    CurveVerdict.REJECT: StatusStyle("✕", "#f7cfc4", "#6e1503", "rejected"),
}


@dataclass(frozen=True, slots=True)
class ResponseLook:
    """How a best response is drawn: its shape (of `svg/marks.py`), its fill, and the ink of thin lines."""

    shape: str
    fill: str
    ink: str


RESPONSE_LOOK: dict[str, ResponseLook] = {
    Response.SCR: ResponseLook("star", "#003f66", "#003f66"),
    Response.CR: ResponseLook("star", "#003f66", "#003f66"),
    Response.VGPR: ResponseLook("plus", BLUE, "#00527f"),
    Response.PR: ResponseLook("square", "#7cc4ee", "#2f7fae"),
    Response.MR: ResponseLook("diamond", "#f2e75c", "#857600"),
    Response.SD: ResponseLook("up", "#dd9300", "#9a6500"),
    Response.PD: ResponseLook("cross", "#8f3b00", "#8f3b00"),
    Response.NE: ResponseLook("bar", "#8b929c", "#5b6470"),
    "": ResponseLook("circle", BLUE, "#00527f"),
}
"""By best response, from blue (deep) over yellow to brown (progression); "" where no sheet tells it.

Each has a shape of its own; CR and sCR are one depth of response and look alike.
"""
