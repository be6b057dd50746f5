"""A tube read for its panel: which matrix, which channels, what is said of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from gating import Events, SpilloverMatrix, compensate
from pipeline.fcs import write_fcs
from pipeline.study.errors import UserError
from pipeline.study.study import Panel, PanelChannel
from pipeline.tube.names.channels import ChannelsError
from pipeline.tube.reading import read_tube
from pipeline.tube.spillover_file import read_spillover

CHANNELS = ("FSC-A", "FITC-A", "PE-A")
PANEL = Panel(
    "P",
    (
        PanelChannel(("FSC-A",), "fsc_area"),
        PanelChannel(("FITC-A",), "cd138", "positive"),
        PanelChannel(("PE-A",), "cd38"),
    ),
)
MATRIX = "2,FITC-A,PE-A,1,0.2,0.05,1"


@pytest.fixture
def raw() -> np.ndarray:
    return np.random.default_rng(3).uniform(100, 90_000, (3, 500)).astype(np.float32)


def written(folder: Path, raw: np.ndarray, **keywords: str) -> Path:
    return write_fcs(
        folder / "tube.fcs", raw, CHANNELS, keywords={"$" + name: text for name, text in keywords.items()}
    )


def test_the_quantified_channel_is_not_among_the_events(tmp_path: Path, raw: np.ndarray) -> None:
    tube = read_tube(written(tmp_path, raw, SPILLOVER=MATRIX), PANEL)
    assert tube.events.channels == ("FSC-A", "FITC-A")
    assert [channel.role for channel in tube.panel.channels] == ["fsc_area", "cd138"]
    assert tube.quantified_channel == "PE-A"


def test_the_files_own_matrix_compensates_the_quantified_channel_too(tmp_path: Path, raw: np.ndarray) -> None:
    tube = read_tube(written(tmp_path, raw, SPILLOVER=MATRIX), PANEL)
    matrix = SpilloverMatrix(("FITC-A", "PE-A"), np.array([[1, 0.2], [0.05, 1]]), "by hand")
    expected = compensate(Events(raw, CHANNELS), matrix)
    np.testing.assert_array_equal(tube.quantified, expected.column("PE-A"))
    np.testing.assert_array_equal(tube.events.column("FITC-A"), expected.column("FITC-A"))
    assert tube.spillover is not None
    assert tube.spillover.digest == matrix.digest


@pytest.mark.parametrize(
    ("keyword", "words"),
    [
        ({}, "no usable spillover matrix"),
        ({"SPILLOVER": "2,FITC-A,PE-A,1,0,0,1"}, "identity"),
        ({"SPILLOVER": "2,FITC-A,PE-A,1,1,1,1"}, "singular"),
        ({"SPILLOVER": "2,FITC-A,APC-A,1,0.1,0,1"}, "does not have"),
    ],
)
def test_without_a_usable_matrix_the_tube_is_flagged(
    tmp_path: Path, raw: np.ndarray, keyword: dict[str, str], words: str
) -> None:
    tube = read_tube(written(tmp_path, raw, **keyword), PANEL)
    np.testing.assert_array_equal(tube.quantified, raw[2])
    said = " ".join((*tube.notes, *(repair.text for repair in tube.file.repairs)))
    assert "SPILL_MISSING" in tube.flags
    assert words in said


def test_a_matrix_named_by_the_study_replaces_the_files(tmp_path: Path, raw: np.ndarray) -> None:
    (tmp_path / "m.csv").write_text("FITC-A;PE-A\n1;0,5\n0;1\n", encoding="utf-8")
    named = read_spillover(tmp_path, "m.csv")
    tube = read_tube(written(tmp_path, raw, SPILLOVER=MATRIX), PANEL, spillover=named)
    np.testing.assert_allclose(tube.quantified, raw[2] - 0.5 * raw[1], rtol=1e-5, atol=0.05)
    assert tube.spillover is not None
    assert tube.spillover.source == "m.csv"


@pytest.mark.parametrize("text", ["", "FITC-A,PE-A\n1,1\n1,1\n", "FITC-A,PE-A\n1\n", "a,b\nx,y\n1,2\n"])
def test_an_unusable_matrix_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"m\.csv.*expected a CSV with channel names"):
        read_spillover(tmp_path, "m.csv")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")
@pytest.mark.timeout(20)
def test_a_pipe_in_the_place_of_the_matrix_is_named_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.csv")
    with pytest.raises(UserError, match=r"m\.csv: cannot be read \(.*a pipe or a device"):
        read_spillover(tmp_path, "m.csv")


def test_an_absent_channel_is_named_with_what_the_file_has(tmp_path: Path, raw: np.ndarray) -> None:
    panel = Panel("P", (*PANEL.channels, PanelChannel(("PE Cy7",), "cd19", marker="CD19")))
    with pytest.raises(ChannelsError, match=r"PE Cy7 \(cd19\).*FSC-A, FITC-A, PE-A"):
        read_tube(written(tmp_path, raw), panel)


def test_events_at_the_end_of_the_scale_are_known_before_compensation(
    tmp_path: Path, raw: np.ndarray
) -> None:
    raw[2, :7] = 262_143
    tube = read_tube(written(tmp_path, raw, SPILLOVER=MATRIX), PANEL)
    assert np.flatnonzero(tube.on_scale_end).tolist() == list(range(7))
