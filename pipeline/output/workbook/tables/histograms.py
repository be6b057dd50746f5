"""The sheet of histograms: each tube's quantified cells on the quantified channel, from the store."""

from __future__ import annotations

from typing import Final

from pipeline.assembly.study_result import StudyResult
from pipeline.output.table import Cell, Table
from pipeline.quantification.result import SampleResult
from pipeline.tube.histograms import CONTROL, STAINED, histogram_edges

MOST_BINS: Final = 100_000
"""Rows of the sheet; a tube has 192 at most. A sheet of Excel holds 1,048,576."""


def histogram_table(study_result: StudyResult) -> Table:
    """Return a row per tube and bin, without the empty bins before the first and after the last cell."""
    rows = [row for result in study_result.results for row in _rows(result)]
    return Table(("sample_id", "bin_from", "bin_to", "stained", "control"), tuple(rows))


def _rows(result: SampleResult) -> list[tuple[Cell, ...]]:
    if result.histogram is None:
        return []
    edges = histogram_edges(result.histogram).tolist()
    counts = dict(result.histogram.counts)
    stained, control = counts.get(STAINED), counts.get(CONTROL)
    filled = [k for k in range(len(edges) - 1) if any(bins[k] for bins in counts.values())]
    shown = range(filled[0], filled[-1] + 1) if filled else range(0)
    return [
        (
            result.sample_id,
            edges[k],
            edges[k + 1],
            stained[k] if stained else None,
            control[k] if control else None,
        )
        for k in shown
    ]
