"""How cells look: fills, inks and weights, each made once for a workbook."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from calibration.curve.standard_curve import CurveVerdict
from calibration.density.receptor_density import RdStatus
from pipeline.output.figures.style.palette import CURVE_VERDICT_LOOK, STATUS
from pipeline.output.legend.tube_verdict import TUBE_VERDICT_LOOK, TubeVerdict, verdict_of
from pipeline.output.workbook.formats import GENERAL

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet


@dataclass(frozen=True, slots=True)
class CellStyle:
    """How a cell looks; colours as RRGGBB, "" for none; `side`: `left`, `right`, "" as usual."""

    number_format: str = GENERAL
    fill: str = ""
    ink: str = ""
    bold: bool = False
    italic: bool = False
    wrap: bool = False
    centred: bool = False
    side: str = ""
    quoted: bool = False


HEADER_STYLE: Final = CellStyle(fill="24405C", ink="FFFFFF", bold=True, wrap=True, centred=True)
TYPED_HEADER: Final = CellStyle(fill="D9DCE1", ink="1B1F24", bold=True, wrap=True, centred=True)
RAW_INK: Final = "7F7F7F"

_FINE: Final = (RdStatus.OK.value, CurveVerdict.ACCEPT.value)
_PAINTED: Final = {
    name.value: CellStyle(fill=look.fill[1:].upper(), ink=look.ink[1:].upper(), bold=name.value not in _FINE)
    for name, look in (*STATUS.items(), *CURVE_VERDICT_LOOK.items())
}
_OF_TUBE: Final = {
    verdict.value: CellStyle(
        fill=look.fill[1:].upper(), ink=look.ink[1:].upper(), bold=verdict is not TubeVerdict.SOUND
    )
    for verdict, look in TUBE_VERDICT_LOOK.items()
}
_SAMPLES: Final = {
    "grey italics": CellStyle(ink=RAW_INK, italic=True),
    "grey header": TYPED_HEADER,
    "blue header": HEADER_STYLE,
    "coloured cell": _PAINTED[RdStatus.BELOW_LLOQ.value],
}
"""What the lines of the legend look like."""


@cache
def painted(value: str, *, wrap: bool) -> CellStyle:
    """Return the look of a status, a verdict or a line of the legend: told by colour and by weight."""
    look = _PAINTED.get(value) or _OF_TUBE.get(value) or _SAMPLES.get(value) or CellStyle()
    return replace(look, wrap=wrap)


@cache
def status_look(status: str, flags: str, verdict: str, *, wrap: bool) -> CellStyle:
    """Return the look of a row's status: that of the verdict where a flag makes the row not reliable.

    Parameters
    ----------
    flags
        The row's flags, split by `; `.
    verdict
        The row's verdict; "": its status and flags tell it.
    """
    verdict_value = (
        verdict or verdict_of(RdStatus(status), [flag for flag in flags.split("; ") if flag]).value
    )
    return painted(verdict_value if verdict_value == TubeVerdict.UNRELIABLE else status, wrap=wrap)


class Styles:
    """The styles of a workbook: each look is made once, since a study has many thousand cells."""

    def __init__(self, page: Worksheet) -> None:
        self._page = page
        self._styles: dict[CellStyle, Any] = {}

    def of(self, look: CellStyle) -> Any:
        """Return the style of a look, as a cell takes it."""
        if look not in self._styles:
            self._styles[look] = _style(self._page, look)
        return self._styles[look]


def _style(page: Worksheet, look: CellStyle) -> Any:
    from openpyxl.cell import Cell
    from openpyxl.styles import Alignment, Font, PatternFill

    cell = Cell(page, row=1, column=1)
    cell.number_format = look.number_format
    cell.font = Font(
        name="Calibri",
        size=11,
        bold=look.bold,
        italic=look.italic,
        color=f"FF{look.ink}" if look.ink else None,
    )
    if look.fill:
        cell.fill = PatternFill("solid", fgColor=f"FF{look.fill}")
    cell.alignment = Alignment(
        horizontal=look.side or None,
        vertical="center" if look.centred else "top",
        wrap_text=look.wrap,
        indent=1 if look.side == "right" else 0,
    )
    cell.quotePrefix = look.quoted
    return cell._style
