"""The page of a validation: what the data say of each goal, then every table, in one self-contained file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.assay.report import AssayReport
from pipeline.assay.support import Support
from pipeline.output.assay.tables import ASSAY_TABLES, AssayTable
from pipeline.output.report.environment import PICTURE_SCRIPTS, template_environment
from pipeline.output.table import Cell

_MARKS: Final = {Support.SUPPORTS: "✓", Support.CONTRADICTS: "✗", Support.OPEN: "?"}
_EMPTY: Final = "–"
_DIGITS: Final = 4
"""Significant digits of a number on the page. Convention: the files hold six."""


@dataclass(frozen=True, slots=True)
class _SupportRow:
    """A row of the table of goals, with what the data say of each."""

    mark: str
    experiment: str
    about: str
    support: str
    says: str


@dataclass(frozen=True, slots=True)
class _PageTable:
    """A table of the page; `heads` are (name, sentence)."""

    anchor: str
    title: str
    source: str
    heads: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]


def page_html(title: str, report: AssayReport) -> str:
    """Return the page as HTML; the same report gives the same text."""
    page = template_environment(PICTURE_SCRIPTS).get_template("validation_page.html.j2")
    judged = [
        _SupportRow(
            _MARKS[judged.support],
            _words(judged.experiment),
            judged.about,
            judged.support.value,
            judged.says,
        )
        for judged in report.judged
    ]
    lacking = [
        _SupportRow(_EMPTY, _words(refusal.experiment), refusal.about, "not judged", refusal.reason)
        for refusal in report.not_judged
    ]
    parts = [_part(spec, report) for spec in ASSAY_TABLES[1:]]
    return page.render(
        title=title,
        n_tubes=report.n_tubes,
        rows=(*judged, *lacking),
        left_out=report.left_out,
        parts=[part for part in parts if part.rows],
    )


def _words(experiment: str) -> str:
    return {"blank": "limits"}.get(experiment, experiment.replace("_", "-"))


def _part(spec: AssayTable, report: AssayReport) -> _PageTable:
    heads = tuple((column.headline, column.words) for column in spec.columns)
    rows = tuple(tuple(_text(cell) for cell in row) for row in spec.table(report).rows)
    return _PageTable(spec.name, spec.title, spec.source, heads, rows)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 10**_DIGITS else f"{cell:.{_DIGITS}g}"
    return str(cell)
