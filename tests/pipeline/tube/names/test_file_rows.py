"""A file under the names of its panel's rows: what is one row, what is none, and what cannot be told."""

from __future__ import annotations

import numpy as np
import pytest

from gating.events.compensation import SpilloverMatrix, UnusableSpilloverError
from pipeline.study.study import Panel, PanelChannel
from pipeline.tube.names.channels import ChannelsError
from pipeline.tube.names.rows import FileRows, matrix_for_control, on_rows, row_named, rows_of_file

PANEL = Panel(
    "P",
    (
        PanelChannel(("PE-A", "YG585-A"), "cd38"),
        PanelChannel(("PE-Cy7-A", "PE-A-7"), "cd138"),
        PanelChannel(("FSC-A",), "fsc_area"),
    ),
)


def rows_of(*channels: str) -> FileRows:
    return rows_of_file(PANEL, channels, ("",) * len(channels), where="tube.fcs")


def matrix_of(*channels: str, values: object = None) -> SpilloverMatrix:
    n = len(channels)
    spill = np.eye(n) + 0.1 * np.arange(n * n).reshape(n, n) * (1 - np.eye(n)) / n**2
    return SpilloverMatrix(channels, spill if values is None else np.asarray(values), "by hand")


def test_each_channel_goes_under_its_row_and_others_keep_their_names() -> None:
    rows = rows_of("FSC-A", "yg585 a", "PE-A-7", "BV786-A")
    assert [rows.row_of(name) for name in rows.channels] == ["FSC-A", "PE-A", "PE-Cy7-A", "BV786-A"]
    assert [rows.name_of(row) for row in rows.row_names] == ["yg585 a", "PE-A-7", "FSC-A"]
    assert rows.notes == ("channel yg585 a was taken for PE-A",)
    assert rows.quantified == "yg585 a"


@pytest.mark.parametrize("second", ["YG585-A", "yg585_a"])
def test_a_file_with_two_of_a_rows_names_is_refused(second: str) -> None:
    with pytest.raises(ChannelsError, match=f'tube.fcs: has "PE-A" and "{second}", which the panel "P"'):
        rows_of("FSC-A", "PE-A", "PE-A-7", second)


def test_two_channels_that_are_spelt_as_the_row_are_refused_where_none_has_its_name() -> None:
    with pytest.raises(ChannelsError, match='has "pe-a" and "PE A"'):
        rows_of("FSC-A", "pe-a", "PE-Cy7-A", "PE A")


def test_the_exact_name_goes_before_one_that_is_spelt_so() -> None:
    assert rows_of("FSC-A", "pe_a", "PE-A", "PE-Cy7-A").quantified == "PE-A"


def test_two_rows_on_one_channel_are_refused() -> None:
    panel = Panel("P", (PanelChannel(("PE-A",), "cd38"), PanelChannel(("PE A",), "cd138")))
    with pytest.raises(ChannelsError, match='PE-A is "PE-A" and "PE A"'):
        rows_of_file(panel, ("PE-A",), ("",), where="tube.fcs")


def test_a_matrix_may_use_the_files_names_or_any_name_of_a_row() -> None:
    rows = rows_of("FSC-A", "YG585-A", "PE-A-7", "BV786-A")
    for names in (("YG585-A", "PE-A-7", "BV786-A"), ("PE-A", "PE-Cy7-A", "bv786 a")):
        assert on_rows(matrix_of(*names), rows).channels == ("PE-A", "PE-Cy7-A", "BV786-A")
    with pytest.raises(UnusableSpilloverError, match="names a channel twice"):
        on_rows(matrix_of("PE-A", "YG585-A"), rows)


def test_a_name_of_no_row_stays_as_it_is() -> None:
    assert [row_named(PANEL, name) for name in ("yg585-a", "cd138", "PE-A-7")] == [
        "PE-A",
        "cd138",
        "PE-Cy7-A",
    ]


def test_a_controls_detector_of_another_name_is_told_by_its_light() -> None:
    matrix = matrix_of("PE-A", "PE-Cy7-A", "V1", "V2")
    rows = rows_of("FSC-A", "YG585-A", "PE-A-7", "x", "y")
    own = SpilloverMatrix(
        ("y", "PE-A-7", "x", "YG585-A"), matrix.values[np.ix_([3, 1, 2, 0], [3, 1, 2, 0])], "own"
    )
    found = matrix_for_control(matrix, rows, own)
    assert found.channels == ("PE-A", "PE-Cy7-A", "x", "y")
    np.testing.assert_array_equal(found.values, matrix.values)


@pytest.mark.parametrize("light", [np.eye(4), np.eye(4) + 0.3 * (1 - np.eye(4))])
def test_a_controls_detector_that_could_be_either_is_not_guessed(light: np.ndarray) -> None:
    rows = rows_of("FSC-A", "YG585-A", "PE-A-7", "x", "y")
    own = matrix_of("YG585-A", "PE-A-7", "x", "y", values=light)
    with pytest.raises(ChannelsError, match='lacks "V1" and "V2" of the tube\'s matrix'):
        matrix_for_control(matrix_of("PE-A", "PE-Cy7-A", "V1", "V2"), rows, own)
