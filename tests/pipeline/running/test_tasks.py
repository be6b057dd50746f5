"""What a tube's result depends on, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from calibration.flags import CalibrationFlag
from pipeline.beads.result import CalibrationResult
from pipeline.quantification.quantify import TubeTask
from pipeline.running.store import Store
from pipeline.running.tasks import tube_digest
from pipeline.study.settings import Settings
from pipeline.study.study import GateOverride, Panel, PanelChannel, Sample

SAMPLE = Sample("MM-01", "P1", date(2024, 5, 31), "fcs/a.fcs", "P", "QB", fmo_file="fcs/b.fcs")
PANEL = Panel("P", (PanelChannel(("PE-A",), "cd38", f_p_ratio=1.0),))
RUN = CalibrationResult("QB", "fcs/q.fcs", "quantibrite_pe", "1", "PE-A", (638.0, 6930.0), sha256="aa")
TASK = TubeTask(Path("study"), SAMPLE, PANEL, RUN, Settings().of_tubes, files_sha256=(("fcs/a.fcs", "11"),))


@pytest.mark.parametrize(
    "changed",
    [
        replace(TASK, files_sha256=(("fcs/a.fcs", "22"),)),
        replace(TASK, panel=Panel("P", (PanelChannel(("PE-A",), "cd38", f_p_ratio=1.1),))),
        replace(TASK, calibration=replace(RUN, levels=(638.0, 6931.0))),
        replace(TASK, settings=Settings(seed=7).of_tubes),
        replace(TASK, overrides=(GateOverride("MM-01", "cd138", 900.0, "me", "dim"),)),
        replace(TASK, failure="zero events"),
        replace(TASK, assigned_cv=0.1),
    ],
)
def test_what_decides_the_result_changes_the_digest(changed: TubeTask) -> None:
    assert tube_digest(changed) != tube_digest(TASK)


@pytest.mark.parametrize(
    "changed",
    [
        replace(TASK, folder=Path("elsewhere")),
        replace(TASK, sample=replace(SAMPLE, remark="thawed", visit="C2", collected_on=date(2024, 6, 1))),
        replace(
            TASK,
            settings=Settings(
                month_days=30.0, rd_cut=100_000.0, study_drug="other", kd_app_ug_ml=0.5
            ).of_tubes,
        ),
        replace(TASK, events_file=Path("events.parquet")),
        replace(TASK, flags=("BEADS_AGED",), notes=("beads of another day",)),
    ],
)
def test_dates_remarks_and_the_place_of_the_study_do_not(changed: TubeTask) -> None:
    assert tube_digest(changed) == tube_digest(TASK)


def test_a_flagged_bead_run_gives_the_same_digest_fresh_and_from_the_store(tmp_path: Path) -> None:
    fresh = replace(RUN, flags=(CalibrationFlag.BEADS_BRIGHTER_ELSEWHERE,))
    store = Store(tmp_path, CalibrationResult)
    store.save("QB", "digest", fresh)
    stored = store.find("QB", "digest")
    assert stored is not None
    assert tube_digest(replace(TASK, calibration=stored)) == tube_digest(replace(TASK, calibration=fresh))
