"""The assay's validation on experiments with a known truth: a few of those of docs/validation.md."""

from __future__ import annotations

import pytest

from validation.assay import agreement_row, limits_row, section


@pytest.mark.slow
def test_the_section_is_written_with_every_table():
    text = section(20, 3, map)
    assert text.startswith("## The assay itself")
    assert text.count("|---") > 15


def test_the_interval_of_the_mean_ratio_and_the_slope_hold_the_truth():
    _, _, slope, intercept, dim, ratio = agreement_row((12, 120, 6))
    assert all(
        0.9 <= float(str(share).split(" ")[0]) / 100 <= 1.0 for share in (slope, intercept, dim, ratio)
    )


def test_five_percent_of_blanks_lie_above_the_lob_and_of_dim_results_below_it():
    _, above, below = limits_row((60, 200, 5))
    assert all(4.0 <= float(str(share).split(" ")[0]) <= 7.5 for share in (above, below))
