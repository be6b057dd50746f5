"""A study whose files tell wrong ranges, or hold odd values, gives the right numbers and says what was wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.fcs import read_fcs, write_fcs
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.result import SampleResult
from pipeline.running.tasks import bead_tasks, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.study.sheets.reading import read_study

pytestmark = pytest.mark.filterwarnings("ignore")
Change = Callable[[np.ndarray, tuple[str, ...]], np.ndarray]
KEPT = ("$SPILLOVER", "$TIMESTEP", "$CYT", "$CYTSN", "$DATE", "$BTIM", "$ETIM")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_study(tmp_path_factory.mktemp("ranges"), patients=1, events=8_000, seed=4)


@pytest.fixture
def folder(simulated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(simulated, tmp_path / "study"))


def rewritten(path: Path, told: str | None, change: Change) -> None:
    """Write a file again with other values, or another $PnR on every channel; None: the file's own."""
    file = read_fcs(path)
    voltages = {f"$P{n}V" for n in range(1, len(file.channels) + 1)}
    keywords = {key: text for key, text in file.keywords.items() if key in {*KEPT, *voltages}}
    keywords |= {
        f"$P{n}R": file.keywords[f"$P{n}R"] if told is None else told
        for n in range(1, len(file.channels) + 1)
    }
    write_fcs(
        path, change(file.events(), file.channels), file.channels, markers=file.markers, keywords=keywords
    )


def quantified(folder: Path) -> SampleResult:
    study, faults = read_study(folder)
    assert study is not None, faults
    runs = tuple(calibrate_bead_run(task) for task in bead_tasks(study, {}))
    (task,) = tube_tasks(study, runs, {})
    return quantify_tube(replace(task, extras=False))


@pytest.fixture(scope="module")
def right(simulated: Path) -> SampleResult:
    return quantified(simulated)


def unchanged(values: np.ndarray, channels: tuple[str, ...]) -> np.ndarray:
    return values


def sixteenfold(values: np.ndarray, channels: tuple[str, ...]) -> np.ndarray:
    times = channels.index("Time")
    bright = 16 * values
    bright[times] = values[times] / 0.01  # as it was stored: $TIMESTEP turned it into seconds
    return bright


@pytest.mark.parametrize(
    ("told", "change"),
    [("1024", unchanged), ("1", unchanged), (None, sixteenfold)],
    ids=["1024", "1", "x 16"],
)
def test_a_range_smaller_than_the_data_changes_no_density(
    folder: Path, right: SampleResult, told: str | None, change: Change
) -> None:
    for path in (folder / "fcs").rglob("*.fcs"):
        rewritten(path, told, change)
    found = quantified(folder)
    assert found.receptor.status == right.receptor.status
    assert found.receptor.rd == pytest.approx(right.receptor.rd, rel=0.02)
    assert found.n_viable_singlets == pytest.approx(right.n_viable_singlets, rel=0.02)
    assert {"REPAIRED_FILE", "REPAIRED_BEAD_FILE"} <= set(found.flags)
    assert "values lie beyond $PnR" in found.note
    assert any("values lie beyond $PnR" in text for text in found.repairs)


def test_sound_files_need_no_repair(right: SampleResult) -> None:
    assert not {"REPAIRED_FILE", "REPAIRED_BEAD_FILE", "VOLTAGE_UNKNOWN"} & set(right.flags)


def test_numbers_that_no_detector_gives_in_most_events_fail_the_tube_by_name(folder: Path) -> None:
    def huge(values: np.ndarray, channels: tuple[str, ...]) -> np.ndarray:
        values[channels.index("PE-A"), ::2] = 3e38
        return values

    study, _ = read_study(folder)
    assert study is not None
    rewritten(folder / study.samples[0].fcs_file, None, huge)
    found = quantified(folder)
    assert found.receptor.status == "FAILED"
    assert (
        "4000 of 8000 events hold no number, or one above 1.8e+19 that no detector gives, on PE-A"
        in found.note
    )


def test_cells_on_a_pile_below_the_range_are_known_only_to_exceed_it(
    folder: Path, right: SampleResult
) -> None:
    end = 0.5 * (right.receptor.median_mfi or 0.0)

    def clipped(values: np.ndarray, channels: tuple[str, ...]) -> np.ndarray:
        values[channels.index("PE-A")] = np.minimum(values[channels.index("PE-A")], end)
        return values

    study, _ = read_study(folder)
    assert study is not None
    rewritten(folder / study.samples[0].fcs_file, None, clipped)
    found = quantified(folder).receptor
    assert (found.status, found.rd) == ("ABOVE_ULOQ", None)
    assert found.rd_low is not None
    assert found.rd_low < (right.receptor.rd or 0.0)
