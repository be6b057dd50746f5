"""The tables of a validation, in the order of the page: each column with its words, its unit and its cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from pipeline.assay.report import AssayReport
from pipeline.output.table import Cell, Column, Table, table_of
from pipeline.study.quantity_name import MOLECULES, PERCENT

HOURS = "h"


@dataclass(frozen=True, slots=True)
class AssayColumn:
    """A column: its name in files, a sentence on it, its unit, and its cell from the facts of a row."""

    name: str
    words: str
    unit: str
    cell: Callable[[Any], Cell]

    @property
    def headline(self) -> str:
        """The name in words, with its unit."""
        name = self.name.removesuffix("_percent").replace("_", " ")
        return f"{name} ({self.unit})" if self.unit else name


@dataclass(frozen=True, slots=True)
class AssayTable:
    """A table of the validation.

    Attributes
    ----------
    name
        Of its files: `precision.csv`.
    title, source
        Heading, and the document whose order it follows.
    rows
        Function that yields the facts of each row from a report.
    """

    name: str
    title: str
    source: str
    columns: tuple[AssayColumn, ...]
    rows: Callable[[AssayReport], Iterable[Any]]

    def table(self, report: AssayReport) -> Table:
        """Return the table of a report; without rows where the data do not allow it."""
        columns = tuple(Column(column.name, column.cell) for column in self.columns)
        return table_of(columns, self.rows(report))


def _of(path: str) -> Callable[[Any], Cell]:
    """Return the cell at the path of an attribute of the second of a pair."""
    get = attrgetter(path)
    return lambda pair: get(pair[1])


def _judged(path: str) -> Callable[[Any], Cell]:
    """Return the cell at the path of an attribute of the judged result, the first of a pair."""
    get = attrgetter(path)
    return lambda pair: get(pair[0])


def _about(words: str) -> AssayColumn:
    return AssayColumn("about", words, "", _judged("about"))


def _number(name: str, words: str, unit: str = "", path: str = "") -> AssayColumn:
    return AssayColumn(name, words, unit, _of(path or name))


def _with_interval(name: str, words: str, unit: str = "") -> tuple[AssayColumn, AssayColumn, AssayColumn]:
    """Return the columns of a number and of the ends of its 95 % interval."""
    low, high = (f"{end} end of its 95 % interval." for end in ("Lower", "Upper"))
    return _number(name, words, unit), _number(f"{name}_low", low, unit), _number(f"{name}_high", high, unit)


def _alone(results: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each judged result with its statistic."""
    return ((result, result.statistic) for result in results)


def _each(results: Iterable[Any], parts: str) -> Iterator[tuple[Any, Any]]:
    """Yield each judged result with each part of its statistic."""
    return ((result, part) for result in results for part in getattr(result.statistic, parts))


def _summary(report: AssayReport) -> Iterator[tuple[Cell, ...]]:
    for judged in report.judged:
        yield (
            judged.experiment.value,
            judged.about,
            judged.support.value,
            judged.says,
            judged.goal_percent,
        )
    for lacking in report.not_judged:
        yield lacking.experiment.value, lacking.about, "not judged", lacking.reason, None
    for sample, reason in report.left_out:
        yield "left out", sample, "not judged", reason, None


def _at(index: int) -> Callable[[Any], Cell]:
    return lambda row: row[index]


_SUMMARY = AssayTable(
    "summary",
    "What the data support",
    "CLSI H62",
    (
        AssayColumn("experiment", "Part of the validation.", "", _at(0)),
        AssayColumn("about", "Material, method or pair that it is of.", "", _at(1)),
        AssayColumn("verdict", "Whether the data meet the goal; never “compliant”.", "", _at(2)),
        AssayColumn("says", "The numbers, or why there are none.", "", _at(3)),
        AssayColumn("goal_percent", "What is allowed: as typed, else the default.", PERCENT, _at(4)),
    ),
    _summary,
)
_PRECISION = AssayTable(
    "precision",
    "Precision",
    "CLSI EP05-A3",
    (
        _about("Material; `all materials` and `replicates of patients` are given on the log scale."),
        AssayColumn("n", "Results.", "", _judged("statistic.n")),
        AssayColumn("mean", "Mean; on the log scale: geometric.", MOLECULES, _judged("statistic.mean")),
        _number("component", "Between methods, days, runs; of replicates; total.", "", "name"),
        _number("cv_percent", "Coefficient of variation; 0 where the variance is below zero.", PERCENT),
        _number("sd", "SD; on the log scale: of ln density."),
        _number("sd_low", "Lower end of its 95 % interval."),
        _number("sd_high", "Upper end of its 95 % interval."),
        _number("variance", "Unbiased estimate, so it may lie below zero: the data show no such scatter."),
        _number("freedom", "Degrees of freedom."),
        AssayColumn(
            "not_split", "Levels that these tubes cannot separate.", "",
            lambda pair: "; ".join(pair[0].statistic.left_out),
        ),
    ),
    lambda report: _each(report.precision, "components"),
)  # fmt: skip
_LINEARITY = AssayTable(
    "linearity",
    "Linearity",
    "CLSI EP06",
    (
        _about("Material, and the method where there are several."),
        _number("expected", "Expected level."),
        _number("n", "Tubes of the level."),
        _number("mean", "Mean of the level.", MOLECULES),
        _number("fitted", "Value of the straight line there.", MOLECULES),
        _number("deviation_percent", "Distance of the mean to the line.", PERCENT),
        _number("low", "Lower end of its 95 % interval.", PERCENT),
        _number("high", "Upper end of its 95 % interval.", PERCENT),
        AssayColumn("slope", "Slope of the line.", "", _judged("statistic.slope")),
        AssayColumn("intercept", "Value of the line at level 0.", MOLECULES, _judged("statistic.intercept")),
        AssayColumn("curved_p", "p of the quadratic term.", "", _judged("statistic.curved_p")),
    ),
    lambda report: _each(report.linearity, "levels"),
)
_LIMITS = AssayTable(
    "limits",
    "Limits",
    "CLSI EP17-A2",
    (
        _number("lob", "Limit of blank.", MOLECULES),
        _number("lod", "Limit of detection.", MOLECULES),
        _number("loq", "Limit of quantification: the lowest material that meets the goal.", MOLECULES),
        _number("n_blank", "Results of blanks."),
        _number("n_low", "Results of dim material."),
        _number("blank_mean", "Mean of the blanks.", MOLECULES),
        _number("blank_sd", "SD of the blanks.", MOLECULES),
        AssayColumn("goal_percent", "CV that the LoQ must meet.", PERCENT, _judged("goal_percent")),
        AssayColumn("notes", "What is missing.", "", lambda pair: "; ".join(pair[1].why)),
    ),
    lambda report: _alone(report.limits),
)
_LOW = AssayTable(
    "low_material",
    "Dim material",
    "CLSI EP17-A2",
    (
        _number("about", "Material.", "", "name"),
        _number("n", "Results."),
        _number("mean", "Mean of the results.", MOLECULES),
        _number("cv_percent", "Coefficient of variation.", PERCENT),
    ),
    lambda report: _each(report.limits, "low"),
)
_STABILITY = AssayTable(
    "stability",
    "Stability",
    "CLSI EP25-A",
    (
        _number("hours", "From draw to measurement.", HOURS),
        _number("n", "Materials."),
        _number("change_percent", "Change from the first time.", PERCENT),
        _number("low", "Lower end of its 95 % interval.", PERCENT),
        _number("high", "Upper end of its 95 % interval.", PERCENT),
        AssayColumn("per_day_percent", "Change a day.", PERCENT, _judged("statistic.per_day_percent")),
        AssayColumn(
            "stable_hours", "Shown to be stable up to here.", HOURS, _judged("statistic.stable_hours")
        ),
    ),
    lambda report: _each(report.stability, "points"),
)  # fmt: skip
_CARRY_OVER = AssayTable(
    "carry_over",
    "Carry-over",
    "CLSI H26-A2",
    (
        _about("Density or plasma cells counted, and the method."),
        _number("n_blocks", "Runs of bright tubes that dim ones follow."),
        _number("bright", "Mean of the bright tubes.", "", "high"),
        _number("first", "Mean of the dim tubes right after a bright one."),
        _number("dim", "Mean of the later dim tubes."),
        _number("carry_over_percent", "Of the gap between bright and dim.", PERCENT, "percent"),
        _number("low", "Lower end of its 95 % interval.", PERCENT),
        _number("high", "Upper end of its 95 % interval.", PERCENT, "high_end"),
    ),
    lambda report: _alone(report.carry_over),
)
_COMPARISON = AssayTable(
    "comparison",
    "Agreement of two ways",
    "CLSI EP09",
    (
        _about("The two ways: y against x."),
        _number("n", "Materials."),
        *_with_interval("slope", "Slope of the weighted Deming line."),
        *_with_interval("intercept", "Intercept of the line.", MOLECULES),
        *_with_interval("ratio", "Geometric mean of y over x."),
        _number("agree_low", "Lower limit of agreement: 95 % of ratios lie between the two."),
        _number("agree_high", "Upper limit of agreement."),
        _number("agree_low_end", "Lower end of the 95 % interval of the lower limit."),
        _number("agree_high_end", "Upper end of the 95 % interval of the upper limit."),
        *_with_interval("dimmest", "y over x by the line at the dimmest material."),
        *_with_interval("brightest", "y over x by the line at the brightest material."),
    ),
    lambda report: _alone(report.comparison),
)
_CONTROL = AssayTable(
    "control",
    "Control of each run",
    "Levey and Jennings",
    (
        _about("Material, and the method where there are several."),
        _number("run", "Bead run, and the tube."),
        _number("value", "Density of the control.", MOLECULES),
        _number("low", "Lower end of the range.", MOLECULES),
        _number("high", "Upper end of the range.", MOLECULES),
        _number("inside", "Whether it lies in the range; empty: there is none."),
        _number("range_from", "Where the range is from."),
    ),
    lambda report: ((result, run) for result in report.control for run in result.statistic),
)
_CURVES = AssayTable(
    "bead_runs",
    "Repeated beads",
    "CLSI H62",
    tuple(
        AssayColumn(name, words, unit, attrgetter(name))
        for name, words, unit in (
            ("instrument", "Cytometer of the bead runs.", ""),
            ("kit", "Bead kit.", ""),
            ("lot", "Lot of the beads.", ""),
            ("n_runs", "Bead runs.", ""),
            ("n_curves", "Runs with a curve of their own.", ""),
            ("slope_mean", "Mean slope of the curves.", ""),
            ("slope_sd", "SD of the slope between runs.", ""),
            ("gain_cv_percent", "CV between runs of the MFI at the middle level.", PERCENT),
            ("worst_error_percent", "Largest distance of a bead to its curve.", PERCENT),
            ("n_not_accepted", "Curves with a warning, or rejected.", ""),
        )
    ),
    lambda report: report.curves,
)  # fmt: skip

ASSAY_TABLES: Final[tuple[AssayTable, ...]] = (
    _SUMMARY,
    _PRECISION,
    _LINEARITY,
    _LIMITS,
    _LOW,
    _STABILITY,
    _CARRY_OVER,
    _COMPARISON,
    _CONTROL,
    _CURVES,
)
"""Every table of a validation, in the order of the page."""
