"""Each file of a tube and of a bead run is opened once: no value can come from other bytes than the digest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.simulate import simulate_study

ROOT = Path(__file__).resolve().parents[3]

SCRIPT = """
import json, sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.quantification.quantify import quantify_tube
from pipeline.running.tasks import bead_tasks, input_hashes, tube_tasks
from pipeline.study.sheets.reading import read_study
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    study, _ = read_study(folder)
    hashes = input_hashes(study)
    runs = [calibrate_bead_run(task) for task in bead_tasks(study, hashes)]
    task = tube_tasks(study, runs, hashes, folder / "events")[0]
    first = quantify_tube(task)
    from gating.gates.gatingml import to_gatingml
    from pipeline.quantification.result import spillover_of
    (folder / "drawn.xml").write_bytes(to_gatingml(first.steps, spillover_of(first)))
    drawn = replace(task, sample=replace(task.sample, gates_file="drawn.xml", population="plasma_cells"))
    opened = Counter()
    def note(event, arguments):
        if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(str(folder)):
            if "r" in str(arguments[1]) or arguments[1] is None:
                opened[Path(arguments[0]).relative_to(folder).as_posix()] += 1
    sys.addaudithook(note)
    found = {}
    for name, work in (
        ("beads", lambda: calibrate_bead_run(bead_tasks(study, hashes)[0])),
        ("tube", lambda: quantify_tube(task)),
        ("drawn", lambda: quantify_tube(drawn)),
    ):
        opened.clear()
        result = work()
        note_ = result.note
        found[name] = {"opened": {k: n for k, n in opened.items() if not k.startswith("events")}, "note": note_}
    print(json.dumps({**found, "files": [study.bead_runs[0].fcs_file, *task.sample.fcs_files]}))
"""


@pytest.mark.slow
def test_every_input_is_opened_once_with_exports_and_drawn_gates_too(tmp_path: Path) -> None:
    folder = simulate_study(tmp_path, patients=1, events=3_000, seed=6)
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py"), str(folder)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    bead_file, *tube = found["files"]
    assert len(tube) == 2
    assert found["beads"]["opened"] == {bead_file: 1}
    assert found["tube"]["opened"] == dict.fromkeys(tube, 1)
    assert found["drawn"]["opened"] == dict.fromkeys([*tube, "drawn.xml"], 1)
    assert "gates of P01_BM1 gates.xml" in found["drawn"]["note"]
    assert list((folder / "events").glob("*.fcs"))
