"""The cells of each tube about their median: percentiles, shares of dim cells, groups of brightness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from calibration.distribution.result import PERCENTILES, Beyond, CellDistribution, Percentile, ShareBelow
from pipeline.assembly.study_result import StudyResult
from pipeline.output.result_tables import SAMPLES, SampleFacts, sample_facts
from pipeline.output.table import Cell, Column, Table, table_of

SHARES: Final = (
    ("below_lloq", lambda cells: cells.below_lloq),
    ("below_cut", lambda cells: cells.below_cut),
)
"""The shares by the prefix of their columns."""

_FIRST: Final = ("sample_id", "patient_id", "visit", "status", "washout_weeks", "n_quantified")
_MEDIAN: Final = ("rd", "rd_low", "rd_high")


def _of(cell: Callable[[CellDistribution], Cell]) -> Callable[[SampleFacts], Cell]:
    """Return a cell of the distribution; empty where a tube has none."""
    return lambda tube: None if tube.result.distribution is None else cell(tube.result.distribution)


def _percentile(index: int, part: str) -> Callable[[SampleFacts], Cell]:
    def cell(cells: CellDistribution) -> Cell:
        value: float | None = getattr(cells.percentiles[index], part)
        return value

    return _of(cell)


def _share(get: Callable[[CellDistribution], ShareBelow], part: str) -> Callable[[SampleFacts], Cell]:
    def cell(cells: CellDistribution) -> Cell:
        value: float | None = getattr(get(cells), part)
        return value

    return _of(cell)


def _named(names: tuple[str, ...]) -> tuple[Column[SampleFacts], ...]:
    by_name = {column.name: column for column in SAMPLES}
    return tuple(by_name[name] for name in names)


def missing_numbers(tube: SampleFacts) -> str:
    """Return which numbers about a tube's cells are missing, and why; "" where none is missing.

    Examples
    --------
    `P10 < 1,140 (below the detection limit of a cell)`
    """
    cells = tube.result.distribution
    if cells is None:
        return f"no density: {tube.receptor.status.value}"
    parts = [
        _percentile_words(percentile)
        for percentile in cells.percentiles
        if percentile.beyond is not Beyond.NO
    ]
    parts += [
        f"share below {share.cut:,.6g}: {share.beyond.value}"
        for share in (cells.below_lloq, cells.below_cut)
        if share.beyond is not Beyond.NO
    ]
    parts += [] if cells.modes else ["modes: too few cells, or too many on the end of the scale"]
    return "; ".join(parts)


def _percentile_words(percentile: Percentile) -> str:
    sign = {Beyond.BELOW: "<", Beyond.ABOVE: ">"}.get(percentile.beyond)
    if sign is None or percentile.bound is None:
        return f"P{percentile.percent}: {percentile.beyond.value}"
    return f"P{percentile.percent} {sign} {percentile.bound:,.4g} ({percentile.beyond.value})"


DISTRIBUTIONS: Final[tuple[Column[SampleFacts], ...]] = (
    *_named(_FIRST),
    *(
        Column(f"p{percent}{end}", _percentile(index, part))
        for index, percent in enumerate(PERCENTILES)
        if percent < 50
        for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
    ),
    *_named(_MEDIAN),
    *(
        Column(f"p{percent}{end}", _percentile(index, part))
        for index, percent in enumerate(PERCENTILES)
        if percent > 50
        for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
    ),
    Column("lloq", lambda tube: tube.receptor.lloq),
    *(
        Column(f"{prefix}_percent{end}", _share(get, part))
        for prefix, get in SHARES[:1]
        for end, part in (("", "percent"), ("_low", "low"), ("_high", "high"))
    ),
    Column("low_cut", _of(lambda cells: cells.below_cut.cut)),
    *(
        Column(f"{prefix}_percent{end}", _share(get, part))
        for prefix, get in SHARES[1:]
        for end, part in (("", "percent"), ("_low", "low"), ("_high", "high"))
    ),
    Column("modes", _of(lambda cells: cells.modes.count if cells.modes else None)),
    Column("modes_at_least", _of(lambda cells: cells.modes.at_least if cells.modes else None)),
    Column("cell_limit", _of(lambda cells: cells.cell_limit)),
    Column("not_told", missing_numbers),
)
"""The columns of rd_distribution.csv."""

DISTRIBUTION_COLUMNS: Final = tuple(column.name for column in DISTRIBUTIONS)


def distribution_table(study_result: StudyResult) -> Table:
    """Return a row per tube, in the order of the samples sheet; empty cells where it has no density."""
    return table_of(DISTRIBUTIONS, sample_facts(study_result))
