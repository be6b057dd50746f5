"""Small pictures that stand within a line of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calibration.density.budget import BudgetTerm
from calibration.density.receptor_density import QUANTIFIED, ErrorTerm, RdStatus
from calibration.density.result import known_to_exceed, quotable_density
from pipeline.output.figures.style.palette import STATUS
from pipeline.output.figures.style.ticks import decade
from pipeline.quantification.result import SampleResult

_WIDTH, _HEIGHT = 132, 18
_BOX = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
SHADES: Mapping[BudgetTerm, str] = {
    BudgetTerm.STANDARD_CURVE: "#24405c",
    BudgetTerm.BEAD_MEDIANS: "#4f7aa3",
    BudgetTerm.TRANSFER: "#8fb3d6",
    BudgetTerm.LOT_ASSIGNMENT: "#6b4488",
    BudgetTerm.F_P_RATIO: "#b995d1",
    BudgetTerm.STAINED_CELLS: "#2d7a5f",
    BudgetTerm.CONTROL_CELLS: "#63a98d",
    BudgetTerm.BACKGROUND_MODEL: "#a9d3c1",
    BudgetTerm.CLONE_SPLIT: "#1b4d3b",
    BudgetTerm.BETWEEN_RUNS: "#d08a2e",
}
"""One colour per term in every tube: blue the beads, violet reagents, green the cells, orange the runs."""


@dataclass(frozen=True, slots=True)
class BarScale:
    """The common logarithmic axis of a table's bars, in molecules per cell."""

    low: float
    high: float

    def position(self, value: float) -> float:
        """Return where a value lies, in pixels, within the bar."""
        share = (math.log10(max(value, self.low)) - math.log10(self.low)) / math.log10(self.high / self.low)
        return 6 + (_WIDTH - 12) * min(max(share, 0.0), 1.0)


def bar_scale(results: Sequence[SampleResult]) -> BarScale:
    """Return an axis on which every density and limit of a study lies, from decade to decade."""
    quantified = [result.receptor for result in results if result.receptor.status in QUANTIFIED]
    measured = [value for r in quantified if quotable_density(r) is not None for value in (r.rd, r.rd_high)]
    limits = [
        r.lloq if r.status is RdStatus.BELOW_LLOQ else known_to_exceed(r)
        for r in quantified
        if quotable_density(r) is None
    ]
    values = [value for value in (*measured, *limits) if value is not None and value > 0]
    if not values:
        return BarScale(100.0, 1e6)
    floor = max(min(values), max(values) / 1e5)
    return BarScale(10.0 ** math.floor(math.log10(floor)), 10.0 ** math.ceil(math.log10(max(values) * 1.001)))


def interval_bar(result: SampleResult, scale: BarScale) -> str:
    """Return the density with its interval on the common axis as SVG; an arrow where it is beyond a limit."""
    receptor = result.receptor
    parts = [_grid(scale)]
    if receptor.status is RdStatus.BELOW_LLOQ and receptor.lloq:
        parts.append(_arrow(scale.position(receptor.lloq), -1, receptor.status))
    elif (bound := known_to_exceed(receptor)) is not None:
        parts.append(_arrow(scale.position(bound), 1, receptor.status))
    elif (rd := quotable_density(receptor)) is not None and rd > 0:
        parts.append(_interval(rd, receptor.rd_low or scale.low, receptor.rd_high or rd, scale))
    else:
        return ""
    return f'<svg class="bar" {_BOX} aria-hidden="true">{"".join(parts)}</svg>'


def axis_bar(scale: BarScale) -> str:
    """Return the axis that stands in the table's header."""
    first, last = round(math.log10(scale.low)), round(math.log10(scale.high))
    # The outermost labels end where the bar ends: a centred one would be cut there.
    anchors = {first: (0.0, "start"), last: (float(_WIDTH), "end")}
    texts = ""
    for k in range(first, last + 1):
        x, anchor = anchors.get(k, (scale.position(10.0**k), "middle"))
        texts += f'<text x="{x:.1f}" y="12" text-anchor="{anchor}">{decade(k)}</text>'
    return f'<svg class="bar axis" {_BOX}>{texts}</svg>'


def budget_bar(budget: Sequence[ErrorTerm]) -> str:
    """Return the shares of the variance as one bar, in the order of the terms; "" without shares."""
    total = math.fsum(term.share for term in budget)
    if total <= 0:
        return ""
    parts, left = [], 0.0
    for term in terms_in_order(budget):
        width = 100 * term.share / total
        parts.append(
            f'<rect x="{left:.2f}" y="0" width="{max(width - 0.4, 0):.2f}" height="10" '
            f'fill="{SHADES[term.name]}"/>'
        )
        left += width
    box = 'viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"'
    return f'<svg class="budget" {box}>{"".join(parts)}</svg>'


def terms_in_order(budget: Sequence[ErrorTerm]) -> list[ErrorTerm]:
    """Return terms in the order of `SHADES`, so that bar and legend are alike in every tube."""
    places = list(SHADES)
    return sorted(budget, key=lambda term: places.index(term.name))


def _grid(scale: BarScale) -> str:
    exponents = range(round(math.log10(scale.low)), round(math.log10(scale.high)) + 1)
    lines = "".join(f"M{scale.position(10.0**k):.1f} 1V{_HEIGHT - 1}" for k in exponents)
    return f'<path d="{lines}" stroke="#dfe3e8" fill="none"/>'


def _interval(rd: float, low: float, high: float, scale: BarScale) -> str:
    start, end, middle = scale.position(max(low, scale.low)), scale.position(high), scale.position(rd)
    y = _HEIGHT / 2
    return (
        f'<path d="M{start:.1f} {y}H{end:.1f}M{start:.1f} {y - 4}v8M{end:.1f} {y - 4}v8" '
        'stroke="#0072B2" stroke-width="1.6" fill="none"/>'
        f'<circle cx="{middle:.1f}" cy="{y}" r="2.8" fill="#003f66"/>'
    )


def _arrow(x: float, side: int, status: RdStatus) -> str:
    y, tip = _HEIGHT / 2, x + side * min(34.0, x - 3 if side < 0 else _WIDTH - 3 - x)
    head = f"M{tip + -side * 6:.1f} {y - 4}L{tip:.1f} {y}L{tip + -side * 6:.1f} {y + 4}"
    ink = STATUS[status].ink
    return (
        f'<path d="M{x:.1f} {y - 5}V{y + 5}M{x:.1f} {y}H{tip:.1f}{head}" '
        f'stroke="{ink}" stroke-width="1.6" fill="none"/>'
    )
