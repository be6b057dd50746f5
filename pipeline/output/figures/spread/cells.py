"""The cells of each tube about their median, a row per tube, in order of washout."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from calibration.density.result import quotable_density
from calibration.distribution.result import CellDistribution
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.style.palette import BLUE, GREY, INK
from pipeline.output.figures.style.ticks import count, rounded_text
from pipeline.output.figures.svg.chart import SIZE, SMALL, Scale, bottom_axis, bottom_label
from pipeline.output.figures.svg.elements import element, pixels, safe, text
from pipeline.output.figures.svg.letters import fitted, wrapped_lines
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, Picture, print_points
from pipeline.output.result_tables import SampleFacts, sample_facts

MOST_TUBES_ON_A_PAGE: Final = 60
"""Most tubes on a page: with more, names would overlap."""
MOST_CELLS_PAGES: Final = 10
_PITCH, _BAR = 10.0, 5.0


@dataclass(frozen=True, slots=True)
class CellRow:
    """A tube as drawn. A percentile is None where only a limit is known."""

    name: str
    weeks: float | None
    p10: float | None
    p25: float | None
    p75: float | None
    p90: float | None
    median: float | None
    low_percent: float | None
    lloq: float | None
    modes: int

    @property
    def words(self) -> str:
        """The tooltip of the row."""
        shown = [f"P{p} {rounded_text(v)}" for p, v in ((10, self.p10), (25, self.p25)) if v is not None]
        shown += [f"median {rounded_text(self.median)}"] if self.median is not None else []
        shown += [f"P{p} {rounded_text(v)}" for p, v in ((75, self.p75), (90, self.p90)) if v is not None]
        groups = f"{self.modes} groups of brightness" if self.modes > 1 else ""
        weeks = "washout not known" if self.weeks is None else f"{self.weeks:.1f} weeks"
        return " · ".join(part for part in (self.name, weeks, *shown, groups) if part)


def cell_rows(study_result: StudyResult) -> tuple[CellRow, ...]:
    """Return the tubes whose cells have a distribution, the shortest washout first, unknown ones last."""
    rows = [
        _row(tube, tube.result.distribution)
        for tube in sample_facts(study_result)
        if tube.result.distribution is not None
    ]
    return tuple(sorted(rows, key=lambda row: (row.weeks is None, row.weeks or 0.0, row.name)))


def cell_pictures(
    rows: Sequence[CellRow], cut: float, name: str, *, mm: float = TWO_COLUMNS
) -> Iterator[Picture]:
    """Yield the pages: `MOST_TUBES_ON_A_PAGE` tubes each, `MOST_CELLS_PAGES` at most.

    Parameters
    ----------
    rows
        Tubes in the order of drawing.
    cut
        Below it cells are low, molecules per cell.
    name
        Of the axis.
    mm
        Width on paper.
    """
    scale = _scale(rows, cut)
    for first in range(0, min(len(rows), MOST_TUBES_ON_A_PAGE * MOST_CELLS_PAGES), MOST_TUBES_ON_A_PAGE):
        yield _page(rows[first : first + MOST_TUBES_ON_A_PAGE], scale, cut, name, mm)


def _row(tube: SampleFacts, cells: CellDistribution) -> CellRow:
    p10, p25, p75, p90 = (percentile.value for percentile in cells.percentiles)
    weeks = tube.exposure.washout_weeks if tube.exposure else None
    low, receptor = cells.below_cut.percent, tube.receptor
    median = quotable_density(receptor)
    modes = cells.modes.at_least if cells.modes else 1
    return CellRow(tube.sample.sample_id, weeks, p10, p25, p75, p90, median, low, receptor.lloq, modes)


def _scale(rows: Sequence[CellRow], cut: float) -> tuple[float, float]:
    shown = [value for row in rows for value in (row.p10, row.p90, row.median, row.lloq) if value]
    shown = [value for value in shown if value > 0]
    return min([cut, *shown]) / 2, max([cut, *shown]) * 1.6


def _page(rows: Sequence[CellRow], ends: tuple[float, float], cut: float, name: str, mm: float) -> Picture:
    wide, narrow = print_points(mm), mm < (ONE_COLUMN + TWO_COLUMNS) / 2
    names, weeks, share = (46.0, 72.0, 30.0) if narrow else (84.0, 116.0, 52.0)
    top = 20.0
    bottom = top + _PITCH * len(rows) + 2
    x = Scale(*ends, weeks + 8, wide - share, logarithmic=True)
    decades = range(math.ceil(math.log10(ends[0])), math.floor(math.log10(ends[1])) + 1)
    ticks = [(10.0**k, count(10.0**k)) for k in decades]
    grid = "".join(f"M{pixels(x.position(tick))} {pixels(top)}V{pixels(bottom)}" for tick, _ in ticks)
    cut_x = x.position(cut)
    parts = [
        text("weeks", weeks, top - 6, class_="e small greytext"),
        text("low" if narrow else "low cells", wide - 6, top - 6, class_="e small greytext"),
        element("path", d=grid, class_="grid"),
        element("path", d=f"M{pixels(cut_x)} {pixels(top)}V{pixels(bottom)}", class_="cut"),
    ]
    for index, row in enumerate(rows):
        parts.append(_drawn(row, x, (names, weeks, wide - 6), top + _PITCH * (index + 0.5) + 1))
    parts.append(bottom_axis(x, bottom, ticks))
    words = (
        f"{name}; bar: P25 to P75, line: P10 to P90, dot: median, broken line: low cells, below {count(cut)}"
    )
    words += "; *: more than one group of brightness" if any(row.modes > 1 for row in rows) else ""
    lines = wrapped_lines(words, SIZE, wide - 8)
    for k, line in enumerate(lines):
        parts.append(bottom_label(line, Scale(0, 1, 4, wide - 4), bottom + 21 + 9 * k))
    return Picture("".join(parts), wide, bottom + 18 + 9 * len(lines), is_chart=True)


def _drawn(row: CellRow, x: Scale, columns: tuple[float, float, float], y: float) -> str:
    names, weeks, share = columns
    parts = [element("title", safe(row.words))]
    left = x.start if row.p10 is None else x.position(row.p10)
    right = x.end if row.p90 is None else x.position(row.p90)
    if row.p90 is not None or row.p10 is not None:
        look: dict[str, str | float] = {"stroke": GREY, "stroke_width": 0.9}
        dashes = None if row.p10 is not None and row.p90 is not None else "2 1.5"
        parts.append(
            element("path", d=f"M{pixels(left)} {pixels(y)}H{pixels(right)}", **look, stroke_dasharray=dashes)
        )
    if row.p25 is not None and row.p75 is not None:
        start, end = x.position(row.p25), x.position(row.p75)
        box = {"x": start, "y": y - _BAR / 2, "width": max(end - start, 0.4), "height": _BAR}
        parts.append(element("rect", **box, fill=BLUE, fill_opacity=0.45))
    if row.median is not None and row.median > x.low:
        parts.append(element("circle", cx=x.position(row.median), cy=y, r=1.7, fill=INK))
    base = y + 0.36 * SMALL
    weeks_words = "–" if row.weeks is None else f"{row.weeks:.1f}"
    low = "–" if row.low_percent is None else f"{row.low_percent:.0f} %"
    groups = " *" if row.modes > 1 else ""
    return element("g", *parts, class_="spot") + "".join((
        text(fitted(row.name, SMALL, names - 4), names, base, class_="e small"),
        text(weeks_words, weeks, base, class_="e small greytext"),
        text(low + groups, share, base, class_="e small greytext"),
    ))  # fmt: skip
