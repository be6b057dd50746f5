"""Integers beyond $PnR: light where $PnR is too small, marks where an instrument writes some, else unclear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helpers.fcs_bytes import FcsBytes
from pipeline.fcs import FcsFile, read_fcs
from pipeline.study.study import Panel, PanelChannel
from pipeline.tube.reading import read_tube

CHANNELS = ("FSC-A", "FITC-A", "PE-A")
PANEL = Panel(
    "P",
    (
        PanelChannel(("FSC-A",), "fsc_area"),
        PanelChannel(("FITC-A",), "cd138", "positive"),
        PanelChannel(("PE-A",), "cd38"),
    ),
)


@pytest.fixture
def light() -> np.ndarray:
    draw = np.random.default_rng(5)
    size = draw.normal(100_000, 8_000, 4000)
    return np.stack([size, *draw.lognormal(9, 1, (2, 4000))], axis=1).round().astype(int)


def write(folder: Path, rows: np.ndarray, told: int, bits: int = 32) -> Path:
    keywords = {f"$P{n}N": name for n, name in enumerate(CHANNELS, 1)}
    content = FcsBytes(rows.tolist(), (bits,) * 3, (told,) * 3, keywords=keywords).build()
    (folder / "tube.fcs").write_bytes(content)
    return folder / "tube.fcs"


def codes(file: FcsFile) -> list[str]:
    return [repair.code for repair in file.repairs]


@pytest.mark.parametrize("told", [4096, 16_384, 65_536])
def test_light_beyond_the_range_is_read_whole_and_named(tmp_path, light, told):
    path = write(tmp_path, light, told)
    file = read_fcs(path)
    assert [file.raw(name).tolist() for name in CHANNELS] == light.T.tolist()
    assert codes(file) == ["HIGH_BITS_LIGHT"]
    tube = read_tube(path, PANEL)
    assert "RANGE_TOO_SMALL" in [repair.code for repair in tube.repairs]
    assert tube.quantified_top == np.inf


@pytest.mark.parametrize("marks", [[1], [3], [16, 48], [1, 2, 4, 8]])
def test_marks_of_every_event_are_masked_as_is_usual(tmp_path, light, marks):
    rows = light % 1024
    marked = rows + 1024 * np.resize(marks, len(rows))[:, None]
    file = read_fcs(write(tmp_path, marked, 1024, 16))
    assert [file.raw(name).tolist() for name in CHANNELS] == rows.T.tolist()
    assert codes(file) == ["HIGH_BITS"]


def test_marks_of_some_events_are_masked_and_flagged(tmp_path):
    rows = np.random.default_rng(2).lognormal(4, 1, (4000, 3)).round().astype(int).clip(0, 1023)
    marked = rows + 1024 * (np.arange(4000) % 3 == 0)[:, None]
    file = read_fcs(write(tmp_path, marked, 1024, 16))
    assert [file.raw(name).tolist() for name in CHANNELS] == rows.T.tolist()
    assert codes(file) == ["HIGH_BITS_UNCLEAR"]
