"""A tube without a matrix: the quantified dye's own light is found from the FMO and taken off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.fcs import read_fcs
from pipeline.simulate import simulate_study
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study
from pipeline.tube.control import Control
from pipeline.tube.dye_spill import SPILL_SOURCE, estimated_spillover, without_dye_spill
from pipeline.tube.reading import Tube, read_tube


def study_of(folder: Path, scenario: str, seed: int = 3) -> Study:
    study, _ = read_study(simulate_study(folder, patients=2, events=30_000, seed=seed, scenario=scenario))
    assert study is not None
    return study


def tubes_of(study: Study, index: int) -> tuple[Tube, Tube]:
    sample = study.samples[index]
    panel = study.panel(sample.panel)
    return read_tube(study.folder / sample.fcs_file, panel), read_tube(study.folder / sample.fmo_file, panel)


@pytest.fixture(scope="module")
def bright(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tube, Tube]:
    """P02 of seed 3 has about 116,000 free CD38 a cell."""
    return tubes_of(study_of(tmp_path_factory.mktemp("bright"), "no_matrix"), 1)


def test_the_dyes_spillover_is_the_one_that_a_matrix_would_hold(
    bright: tuple[Tube, Tube], tmp_path: Path
) -> None:
    with_matrix = study_of(tmp_path, "plain")
    file = read_fcs(with_matrix.folder / with_matrix.samples[1].fcs_file, channels=())
    assert file.spillover is not None
    true = dict(
        zip(
            file.spillover.channels, file.spillover.values[file.spillover.channels.index("PE-A")], strict=True
        )
    )
    found = estimated_spillover(*bright)
    assert found is not None
    for channel, fraction in zip(found.channels, found.values[-1], strict=True):
        assert fraction == pytest.approx(true[channel], abs=0.02), channel


def test_nothing_but_the_quantified_dye_is_taken_off(bright: tuple[Tube, Tube]) -> None:
    found = estimated_spillover(*bright)
    assert found is not None
    np.testing.assert_array_equal(found.values[:-1], np.eye(len(found.channels))[:-1])


def test_it_is_said_in_the_notes_and_the_flag_stays(bright: tuple[Tube, Tube]) -> None:
    tube, control = bright
    cleaned, _ = without_dye_spill(tube, Control("FMO", control))
    assert any(SPILL_SOURCE in note for note in cleaned.notes)
    assert "SPILL_MISSING" in cleaned.flags
    np.testing.assert_array_equal(cleaned.quantified, tube.quantified)


def test_without_a_control_the_tube_stays_as_it_is(bright: tuple[Tube, Tube]) -> None:
    tube, _ = bright
    assert without_dye_spill(tube, Control())[0] is tube


def test_a_tube_with_its_own_matrix_is_left_alone(tmp_path: Path) -> None:
    tube, control = tubes_of(study_of(tmp_path, "plain"), 1)
    assert without_dye_spill(tube, Control("FMO", control))[0] is tube


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 5, 10])
def test_spilled_light_that_leaves_the_controls_gates_is_found_as_well(tmp_path: Path, seed: int) -> None:
    """Of P02, spilled light moves most cells out of the gates of the control; the true fraction is 0.25 to 0.26."""
    study, _ = read_study(
        simulate_study(tmp_path, patients=2, events=60_000, seed=seed, scenario="no_matrix")
    )
    assert study is not None
    found = estimated_spillover(*tubes_of(study, 1))
    assert found is not None
    assert found.values[-1][found.channels.index("PerCP-Cy5-5-A")] == pytest.approx(0.26, abs=0.03)


def test_a_control_with_other_cells_says_nothing_of_the_dyes_spillover(
    bright: tuple[Tube, Tube], tmp_path: Path
) -> None:
    tube, _ = bright
    rare = study_of(tmp_path, "rare")
    sample = rare.samples[0]
    panel = rare.panel(sample.panel)
    other = read_tube(rare.folder / sample.fmo_file, panel, spillover=None)
    assert estimated_spillover(tube, other) is None
