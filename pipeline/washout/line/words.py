"""What people read instead of the names that the estimates of the line have in `washout.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pipeline.washout.censored.subject import EstimateKind


class WordsOfEstimate(NamedTuple):
    """The words of an estimate, and its kind if a sentence of the report asks for it."""

    words: str
    kind: EstimateKind = EstimateKind.OTHER


LINE_WORDS: Final[Mapping[str, WordsOfEstimate]] = {
    "slope_per_doubling": WordsOfEstimate("Slope per doubling of the washout", EstimateKind.SLOPE),
    "fold_per_doubling": WordsOfEstimate("Fold per doubling of the washout", EstimateKind.FOLD),
    "intercept": WordsOfEstimate("Intercept of the line, at 1 week"),
    "median_rd_at_1_week": WordsOfEstimate("Median density at 1 week by the line"),
    "sigma": WordsOfEstimate("Scatter between patients"),
    "slope_maximum_likelihood": WordsOfEstimate("Slope of maximum likelihood, with its bias from few rows"),
    "slope_varying_scatter": WordsOfEstimate(
        "Slope where the scatter may change with weeks", EstimateKind.SLOPE_WITH_VARYING_SCATTER
    ),
    "slope_without_doubts": WordsOfEstimate("Slope without the rows that bend the line"),
}
"""The estimates of the line by the names that they have in `washout.json`."""
