"""The visits as they are drawn, and the marks that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from calibration.density.receptor_density import QUANTIFIED, RdStatus
from calibration.density.result import known_to_exceed
from pipeline.output.figures.style.palette import INK, RESPONSE_LOOK, ResponseLook
from pipeline.output.figures.style.ticks import count
from pipeline.output.figures.svg.chart import Box, KeyEntry, Scale
from pipeline.output.figures.svg.elements import element, pixels, safe
from pipeline.output.figures.svg.labels import boxes_along
from pipeline.output.figures.svg.marks import mark, outline
from pipeline.patients.visits import Visit
from pipeline.study.cells.choices import RESPONSES
from pipeline.washout.observations.rows import SHORTEST_WASHOUT_WEEKS

EXTRAPOLATED_FILL: Final = "#e3e7ec"
RADIUS: Final = 3.0
_ARROW: Final = 13.0
_HIT: Final = 6.0
_MOST_NAMED_TUBES: Final = 4


@dataclass(frozen=True, slots=True)
class DrawnVisit:
    """A visit as it is drawn; `y` is the limit where the receptor density is censored (`side` −1 or 1).

    `extrapolated`: a number above the top bead, that rests on a linear detector.
    """

    x: float
    y: float
    low: float
    high: float
    side: int
    label: str
    response: str
    extrapolated: bool = False
    samples: tuple[str, ...] = ()
    visit: str = ""

    @property
    def look(self) -> ResponseLook:
        """Return the shape and colours of its best response."""
        return RESPONSE_LOOK.get(self.response, RESPONSE_LOOK[""])

    @property
    def face(self) -> str:
        """Return the fill: white beyond a limit, pale where extrapolated."""
        return "#fff" if self.side else EXTRAPOLATED_FILL if self.extrapolated else self.look.fill

    @property
    def words(self) -> str:
        """Return the tooltip of the point: tubes, patient, weeks, density with its interval, response."""
        tubes = ", ".join(self.samples[:_MOST_NAMED_TUBES])
        more = len(self.samples) - _MOST_NAMED_TUBES
        tubes += f" and {more} more" if more > 0 else ""
        who = f"patient {self.label}" + (f", {self.visit}" if self.visit else "")
        value = f"{ {-1: 'below ', 0: '', 1: 'above '}[self.side] }{_rounded(self.y)} molecules per cell"
        if self.side == 0:
            value += f", interval {_rounded(self.low)} to {_rounded(self.high)}"
        value += ", extrapolated above the top bead" if self.extrapolated else ""
        parts = (tubes, who, f"{self.x:.1f} weeks", value, self.response)
        return " · ".join(part for part in parts if part)


def drawable(visits: Sequence[Visit], responses: Mapping[str, str]) -> tuple[DrawnVisit, ...]:
    """Return the visits that have a washout and a receptor density or a limit, as points in their order."""
    return tuple(point for visit in visits if (point := _point(visit, responses.get(visit.patient_id, ""))))


def drawn_point(point: DrawnVisit, x: Scale, y: Scale, href: str) -> str:
    """Return a point with its interval or arrow and its words; it leads to `href`, unless that is empty."""
    at_x, at_y, look = x.position(point.x), y.position(point.y), point.look
    line: dict[str, str | float] = {"stroke": look.ink, "stroke_width": 0.9, "fill": "none"}
    parts = [element("title", safe(point.words))]
    if point.side == 0:
        ends = _interval(point, y)
        way = f"M{pixels(at_x)} {pixels(ends[1])}V{pixels(ends[0])}"
        if point.low < y.low:  # the interval goes on below the frame
            way += _chevron(at_x, ends[0])
        parts.append(element("path", d=way, **line))
    else:
        tip = at_y - point.side * _ARROW
        parts.append(element("path", d=f"M{pixels(at_x)} {pixels(at_y)}V{pixels(tip)}", **line))
        head = "up" if point.side > 0 else "down"
        parts.append(mark(head, at_x, tip, 2.0, fill=look.ink))
    parts.append(mark(look.shape, at_x, at_y, RADIUS, fill=point.face, stroke=look.ink, stroke_width=0.9))
    parts.append(element("circle", cx=at_x, cy=at_y, r=_HIT, class_="hit"))
    if href:
        return element("a", *parts, class_="spot", href=href)
    return element("g", *parts, class_="spot")


def drawn_cloud(points: Sequence[DrawnVisit], x: Scale, y: Scale) -> str:
    """Return very many points, without intervals, arrows and words: a path for each look."""
    groups: dict[tuple[ResponseLook, str], list[str]] = {}
    for point in points:
        d = outline(point.look.shape, round(x.position(point.x), 1), round(y.position(point.y), 1), 1.5)
        groups.setdefault((point.look, point.face), []).append(d)
    return "".join(
        element("path", d="".join(shapes), fill=face, stroke=look.ink, stroke_width=0.4)
        for (look, face), shapes in groups.items()
    )


def room_of(point: DrawnVisit, x: Scale, y: Scale) -> list[Box]:
    """Return the boxes that a point covers: its mark, and its interval or arrow."""
    at_x, at_y = x.position(point.x), y.position(point.y)
    ends = _interval(point, y) if point.side == 0 else (at_y, at_y - point.side * (_ARROW + 2))
    square = (at_x - RADIUS - 1, at_y - RADIUS - 1, at_x + RADIUS + 1, at_y + RADIUS + 1)
    return [square, *boxes_along([(at_x, ends[0]), (at_x, ends[1])])]


def _interval(point: DrawnVisit, y: Scale) -> tuple[float, float]:
    """Return where an interval ends, within the frame."""
    return y.position(max(point.low, y.low)), y.position(min(max(point.high, y.low), y.high))


def _chevron(x: float, y: float) -> str:
    """Return the sign that an interval goes on below."""
    return f"M{pixels(x - 2)} {pixels(y - 3)}L{pixels(x)} {pixels(y)}L{pixels(x + 2)} {pixels(y - 3)}"


def _rounded(value: float) -> str:
    return count(float(f"{value:.3g}"))


def _point(visit: Visit, response: str) -> DrawnVisit | None:
    receptor = visit.receptor
    if visit.washout_weeks is None or visit.washout_weeks < 0 or receptor.status not in QUANTIFIED:
        return None
    side = {RdStatus.BELOW_LLOQ: -1, RdStatus.ABOVE_ULOQ: 1}.get(receptor.status, 0)
    y = {-1: receptor.lloq, 0: receptor.rd, 1: known_to_exceed(receptor)}[side]
    if y is None or not y > 0:
        return None
    x = max(visit.washout_weeks, SHORTEST_WASHOUT_WEEKS)
    low, high = (receptor.rd_low or 0.0, receptor.rd_high or y) if side == 0 else (y, y)
    beyond = receptor.status is RdStatus.ABOVE_ULOQ_EXTRAPOLATED
    return DrawnVisit(
        x, y, low, high, side, visit.patient_id, response, beyond, visit.sample_ids, visit.visit
    )


def point_key(points: Sequence[DrawnVisit]) -> list[KeyEntry]:
    """Name the shapes that occur."""
    responses = {point.response for point in points}
    rows = [(name, RESPONSE_LOOK[name]) for name in RESPONSES if name in responses]
    if "" in responses:
        rows.append(("response not known" if rows else "patient", RESPONSE_LOOK[""]))
    entries = [
        KeyEntry(mark(look.shape, 0, 0, 3, fill=look.fill, stroke=look.ink, stroke_width=0.9), words)
        for words, look in rows
    ]
    if any(point.side for point in points):
        entries.append(KeyEntry(_circle("#fff"), "open, with arrow: beyond a limit"))
    if any(point.extrapolated for point in points):
        entries.append(KeyEntry(_circle(EXTRAPOLATED_FILL), "pale: above the top bead, extrapolated"))
    return entries


def _circle(fill: str) -> str:
    return mark("circle", 0, 0, 3, fill=fill, stroke=INK, stroke_width=0.9)
