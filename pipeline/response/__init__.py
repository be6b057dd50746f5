"""Response and disease control, by washout and by receptor density."""

from pipeline.response.patients import Count, ResponseCounts, count_responses
from pipeline.response.statistics.counts import Contrast, Proportion, Trend, contrast, proportion, trend
from pipeline.response.tables import ResponseTables, response_tables, tables_of_counts

__all__ = [
    "Contrast",
    "Count",
    "Proportion",
    "ResponseCounts",
    "ResponseTables",
    "Trend",
    "contrast",
    "count_responses",
    "proportion",
    "response_tables",
    "tables_of_counts",
    "trend",
]
