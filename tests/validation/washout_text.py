"""The validation tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from validation.washout import Found, RepeatedFound

_HEAD = """## Receptor density against washout

Seed {seed}, {studies} simulated studies a row. True slope {slope:.4f} dex per doubling (x 2.27) unless the row says "no association".

- **bias**: mean bias of the reported slope, ± its standard error, in % of the true slope (in dex where that
  is 0). Goal: 3 % at most.
- **of the median**: the same of the median slope. The slope's distribution is skewed to the steep side, so
  mean and median cannot both be right.
- **likelihood**: mean and median bias of the slope of highest likelihood, printed beside.
- **LLOQ/2**: mean bias of least squares with half the limit in place of each censored value. The program never
  does this; the column shows why.
- **coverage**: how often the printed 95 % interval contains the true slope; beside it plain chi-squared.
- **M0 type I**: how often the permutation p is at most 0.05 where there is no association (4 times as
  many studies).
- **estimable**: studies with at least 3 measured values; the others are refused with that reason.

{columns}
"""

_COLUMNS = (
    "n",
    "truth",
    "estimable",
    "bias",
    "of the median",
    "likelihood",
    "of the median",
    "LLOQ/2",
    "coverage",
    "chi-squared",
    "M0 type I",
)

_REPEATED_HEAD = """
### Patients with 1 to 4 samples each

Truth: random intercept SD {between} dex, scatter {within} dex; washouts of a patient within half a doubling of each
other, or anywhere. M1: the line; its interval is the profile likelihood scaled to the jackknife of patients. Random
intercept: the line printed beside it; its interval is by profile likelihood with t of patients (every fifth study). Goal: 93 to
97 %.

| patients | washouts of a patient | censored | M1: studies | bias | coverage | random intercept: studies | bias | coverage |
|---|---|---|---|---|---|---|---|---|
"""


def as_markdown(found: Sequence[Found], repeats: Sequence[RepeatedFound], seed: int) -> str:
    """Return the whole section, ending in a newline."""
    from validation.washout import TRUE_SLOPE

    head = _HEAD.format(
        seed=seed,
        studies=found[0].studies,
        slope=TRUE_SLOPE,
        columns="| " + " | ".join(_COLUMNS) + " |\n" + "|---" * len(_COLUMNS) + "|",
    )
    text = head + "".join(_row(row) for row in found)
    if repeats:
        first = repeats[0].truth
        text += _REPEATED_HEAD.format(between=first.between, within=first.within)
        text += "".join(_repeated_row(row) for row in repeats)
    return text


def _row(row: Found) -> str:
    unit = "%" if row.truth.slope else "dex"
    digits = 1 if row.truth.slope else 4
    others = (row.median_bias, row.likely_bias, row.likely_median_bias, row.substitution_bias)
    shown = [f"{row.mean_bias:+.{digits}f} ± {row.standard_error:.{digits}f} {unit}"]
    shown += [f"{bias:+.{digits}f} {unit}" for bias in others]
    error = " " if row.type_one is None else f"{row.type_one:.1f} %"
    cells = [str(row.truth.n), row.truth.name, f"{row.estimable}/{row.studies}", *shown]
    return "| " + " | ".join([*cells, f"{row.coverage:.1f} %", f"{row.plain_coverage:.1f} %", error]) + " |\n"


def _repeated_row(row: RepeatedFound) -> str:
    cells = [
        str(row.truth.patients),
        "alike" if row.truth.alike else "anywhere",
        f"{row.truth.left:.0%}",
        str(row.told),
        f"{row.bias:+.1f} %",
        f"{row.coverage:.1f} %",
        str(row.mixed_told),
        f"{row.mixed_bias:+.1f} %",
        f"{row.mixed_coverage:.1f} %",
    ]
    return "| " + " | ".join(cells) + " |\n"
