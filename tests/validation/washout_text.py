"""The validation tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from validation.washout import Found, Repeated

_HEAD = """## Receptor density against washout

Seed {seed}, {studies} simulated studies a row. True slope {slope:.4f} dex per doubling (x 2.27) unless the row says "no association".

- **bias of the mean**, **of the median**: of the maximum-likelihood slope, in % of the true slope (in dex
  where that is 0). With few measured values the slope is skewed to the steep side: its median is
  right and its mean too high.
- **less its bias**: mean bias of `slope_mean_unbiased`, printed beside the slope ({bias_studies} studies).
- **LLOQ/2**: mean bias of least squares with half the limit in place of each censored value. Never done;
  shown to tell why.
- **coverage**: how often the printed 95 % interval holds the true slope; beside it plain chi-squared.
- **M0 type I**: how often the permutation p is at most 0.05 where there is no association (4 times as
  many studies).
- **estimable**: studies with at least 3 measured values; the others are refused with that reason.

{columns}
"""

_COLUMNS = (
    "n",
    "truth",
    "estimable",
    "bias of the mean",
    "of the median",
    "less its bias",
    "LLOQ/2",
    "coverage",
    "chi-squared",
    "M0 type I",
)

_REPEATED_HEAD = """
### Patients with 1 to 4 samples each

The interval is the profile likelihood scaled to the jackknife of patients. Random intercept SD {between} dex,
scatter {within} dex. Washouts of a patient: within half a doubling of each other, or anywhere.

| patients | washouts of a patient | censored | studies with an interval | coverage |
|---|---|---|---|---|
"""


def as_markdown(found: Sequence[Found], repeats: Sequence[tuple[Repeated, float, int]], seed: int) -> str:
    """Return the whole page, ending in a newline."""
    from validation.washout import STUDIES_FOR_BIAS, TRUE_SLOPE

    studies = found[0].studies
    head = _HEAD.format(
        seed=seed,
        studies=studies,
        slope=TRUE_SLOPE,
        bias_studies=min(STUDIES_FOR_BIAS, studies),
        columns="| " + " | ".join(_COLUMNS) + " |\n" + "|---" * len(_COLUMNS) + "|",
    )
    text = head + "".join(_row(row) for row in found)
    if repeats:
        first = repeats[0][0]
        text += _REPEATED_HEAD.format(between=first.between, within=first.within)
        text += "".join(_repeated_row(*row) for row in repeats)
    return text


def _row(row: Found) -> str:
    unit = "%" if row.truth.slope else "dex"
    digits = 1 if row.truth.slope else 4
    biases = (row.mean_bias, row.median_bias, row.corrected_bias, row.substitution_bias)
    shown = [" " if bias is None else f"{bias:+.{digits}f} {unit}" for bias in biases]
    error = " " if row.type_one is None else f"{row.type_one:.1f} %"
    cells = [str(row.truth.n), row.truth.name, f"{row.estimable}/{row.studies}", *shown]
    return "| " + " | ".join([*cells, f"{row.coverage:.1f} %", f"{row.plain_coverage:.1f} %", error]) + " |\n"


def _repeated_row(truth: Repeated, coverage: float, n: int) -> str:
    alike = "alike" if truth.alike else "anywhere"
    return f"| {truth.patients} | {alike} | {truth.left:.0%} | {n} | {coverage:.1f} % |\n"
