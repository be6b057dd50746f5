"""Which repairs of a file are flagged in its row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.fcs import write_fcs
from pipeline.fcs.repairs import OF_THE_MATRIX, USUAL_REPAIRS, RepairCode
from pipeline.quantification.quantify import _repairs
from pipeline.study.study import Panel, PanelChannel
from pipeline.tube.reading import read_tube

PANEL = Panel(
    "P",
    (
        PanelChannel(("FSC-A",), "fsc_area"),
        PanelChannel(("FITC-A",), "cd138", "positive"),
        PanelChannel(("PE-A",), "cd38"),
    ),
)


@pytest.mark.parametrize("compensated", [True, False])
def test_a_fault_of_the_matrix_matters_unless_the_events_are_compensated_already(tmp_path: Path, compensated):
    values = np.random.default_rng(3).uniform(100, 90_000, (3, 500)).astype(np.float32)
    singular = {"$SPILLOVER": "2,FITC-A,PE-A,1,1,1,1"}
    path = write_fcs(tmp_path / "tube.fcs", values, ("FSC-A", "FITC-A", "PE-A"), keywords=singular)
    tube = read_tube(path, replace(PANEL, compensated=compensated))
    assert [repair.code for repair in tube.repairs] == [RepairCode.SPILL_UNUSABLE]
    assert len(_repairs(tube)) == (0 if compensated else 1)


def test_every_repair_of_the_spillover_matrix_counts_as_one():
    assert {code for code in RepairCode if code.name.startswith("SPILL_")} == OF_THE_MATRIX
    assert RepairCode.TRUNCATED not in OF_THE_MATRIX | USUAL_REPAIRS
