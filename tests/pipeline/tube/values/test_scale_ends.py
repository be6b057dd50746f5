"""A tube whose $PnR is not the end of its detectors' scales is read right, and its repairs say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helpers.fcs_bytes import FcsBytes
from pipeline.fcs import write_fcs
from pipeline.study.study import Panel, PanelChannel
from pipeline.tube.reading import Tube, read_tube

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
def raw() -> np.ndarray:
    return np.random.default_rng(3).lognormal(8, 1, (3, 5000)).astype(np.float32)


def tube(folder: Path, raw: np.ndarray, told: str = "262144") -> Tube:
    path = write_fcs(folder / "tube.fcs", raw, CHANNELS, keywords={f"$P{n}R": "262144" for n in (1, 2, 3)})
    content = path.read_bytes()
    for n in (1, 2, 3):
        content = content.replace(f"$P{n}R|262144|".encode(), f"$P{n}R|{told}|".encode())
    path.write_bytes(content)
    return read_tube(path, PANEL)


def said(tube: Tube) -> str:
    return " ".join(repair.text for repair in tube.repairs)


def test_a_sound_tube_needs_no_repair(tmp_path: Path, raw: np.ndarray) -> None:
    found = tube(tmp_path, raw)
    assert found.repairs == ()
    assert found.quantified_top == 262_143


def test_values_beyond_the_range_prove_it_wrong(tmp_path: Path, raw: np.ndarray) -> None:
    found = tube(tmp_path, raw, "001024")
    n = np.count_nonzero(raw[2] > 1.001 * 1023)
    assert f"PE-A {n:,} events above 1,023" in said(found)
    assert found.quantified_top == np.inf
    assert not found.on_scale_end.any()


@pytest.mark.parametrize("told", ["1e+308", "1e+039", "3.4e38", "2e+019"])
def test_a_range_that_no_detector_has_is_none(tmp_path: Path, raw: np.ndarray, told: str) -> None:
    found = tube(tmp_path, raw, told)
    assert "larger than any detector's scale" in said(found)
    assert found.quantified_top == np.inf


@pytest.mark.parametrize("told", ["262144", "1e+308", "001024"])
def test_a_pile_of_equal_values_is_the_end_whatever_the_file_says(
    tmp_path: Path, raw: np.ndarray, told: str
) -> None:
    raw[2] = np.minimum(raw[2], 4000)
    found = tube(tmp_path, raw, told)
    assert found.quantified_top == 4000
    assert found.on_scale_end.sum() == np.count_nonzero(raw[2] >= 0.999 * 4000)
    assert "PE-A" in said(found)


def test_a_floor_above_zero_is_named_and_one_at_zero_is_usual(tmp_path: Path, raw: np.ndarray) -> None:
    raw[2] = np.maximum(raw[2], 2000)
    assert f"PE-A {np.count_nonzero(raw[2] == 2000):,} events at 2,000" in said(tube(tmp_path, raw))
    raw[2] = np.where(raw[2] > 2000, raw[2], 0)
    assert tube(tmp_path, raw).repairs == ()


@pytest.mark.parametrize("name", ["Time", "HDR-T", "Time (sec)", "Clock"])
@pytest.mark.parametrize("told", ["262144", "1000"])
def test_time_has_no_scale_whatever_its_name(tmp_path: Path, raw: np.ndarray, name: str, told: str) -> None:
    times = np.minimum(np.arange(5000, dtype=np.float32), 4900)
    path = tmp_path / "tube.fcs"
    write_fcs(path, np.vstack([raw, times]), (*CHANNELS, name), keywords={"$P4R": told, "$TIMESTEP": "1"})
    panel = Panel("P", (*PANEL.channels, PanelChannel((name,), "time")))
    assert read_tube(path, panel).scale_repairs == ()


def test_the_lowest_channel_of_a_log_amplifier_is_its_own_floor(tmp_path: Path) -> None:
    levels = np.random.default_rng(1).integers(-300, 900, (2000, 3)).clip(0)
    content = FcsBytes(
        rows=levels.tolist(), bits=(16, 16, 16), ranges=(1024, 1024, 1024),
        keywords={f"$P{n}N": name for n, name in enumerate(CHANNELS, 1)} | {f"$P{n}E": "4,1" for n in (1, 2, 3)},
    ).build()  # fmt: skip
    (tmp_path / "log.fcs").write_bytes(content)
    assert read_tube(tmp_path / "log.fcs", PANEL).scale_repairs == ()
