"""What of the source a piece of work can run: all of that is in its digest, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.dask_cluster import ROOT
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.quantification.quantify import quantify_tube
from pipeline.running.program import digest_of_work
from pipeline.running.source import PACKAGES, files_of_work, imported_packages, sources
from pipeline.simulate import simulate_study

TUBE = files_of_work(quantify_tube.__module__, sources())
BEADS = files_of_work(calibrate_bead_run.__module__, sources())


MADE_ANEW_EACH_RUN = {
    "gating/gates/gatingml.py",  # written from the stored gates
    "calibration/distribution/widening.py",  # after loading, by what all tubes of the study show
    "calibration/curve/transfer.py",  # what it gives is in the digest, as part of the curve
    "pipeline/fcs/cross_check.py",  # of `cd38rd inspect`
    "pipeline/fcs/other_readers.py",  # of `cd38rd inspect`
    "pipeline/fcs/describe.py",
}


@pytest.mark.parametrize("package", ["gating", "calibration", "pipeline/fcs", "pipeline/tube"])
def test_tubes_and_beads_depend_on_every_file_that_reads_gates_and_calibrates(package: str) -> None:
    unused = {name for name in sources() if name.startswith(f"{package}/")} - TUBE - BEADS
    assert unused <= MADE_ANEW_EACH_RUN


@pytest.mark.parametrize("package", ["output", "washout", "response", "commands", "template", "assembly"])
def test_nothing_that_comes_after_the_tubes_is_among_what_they_depend_on(package: str) -> None:
    assert not {name for name in TUBE | BEADS if name.startswith(f"pipeline/{package}/")}


def test_bead_runs_and_tubes_have_digests_of_their_own() -> None:
    assert "pipeline/beads/calibrate.py" in BEADS - TUBE
    assert "gating/sentinels.py" in TUBE - BEADS
    assert digest_of_work(quantify_tube) != digest_of_work(calibrate_bead_run)


def test_imports_are_found_wherever_they_stand() -> None:
    texts = {
        "pipeline/__init__.py": "",
        "pipeline/a.py": "def late():\n    from pipeline.room import (\n        b,\n        C,\n    )\n",
        "pipeline/room/__init__.py": "import pipeline.d, numpy as np\n",
        "pipeline/room/b.py": "from gating import e  # from gating import f\n",
        "pipeline/d.py": "",
        "gating/__init__.py": "",
        "gating/e.py": "from scipy.stats import norm\n",
        "gating/f.py": "",
    }
    assert files_of_work("pipeline.a", texts) == set(texts) - {"gating/f.py"}
    assert imported_packages(texts.values()) >= {"numpy", "scipy", "gating", "pipeline"}


@pytest.mark.slow
def test_every_module_that_a_tube_loads_is_in_its_digest(tmp_path: Path) -> None:
    study = simulate_study(tmp_path / "simulated", patients=1, events=3_000, seed=4)
    script = (
        "import sys, json; from pathlib import Path\n"
        "from pipeline.checks import check_folder\n"
        "from pipeline.beads.calibrate import calibrate_bead_run\n"
        "from pipeline.running.tasks import bead_hashes, bead_tasks, input_hashes, tube_tasks\n"
        f"study, _ = check_folder(Path({str(study)!r}))\n"
        "runs = [calibrate_bead_run(t) for t in bead_tasks(study, bead_hashes(study))]\n"
        "(task,) = tube_tasks(study, runs, input_hashes(study))\n"
        "import pickle; open(sys.argv[1], 'wb').write(pickle.dumps(task))\n"
    )
    work = (
        "import sys, json, pickle; task = pickle.load(open(sys.argv[1], 'rb'))\n"
        "from pipeline.quantification.quantify import quantify_tube\n"
        "assert quantify_tube(task).receptor.rd\n"
        "print(json.dumps([m.__spec__.name + ('/' if hasattr(m, '__path__') else '')"
        f" for n, m in list(sys.modules.items()) if n.partition('.')[0] in {PACKAGES!r}]))\n"
    )
    pickled = tmp_path / "task"
    for lines in (script, work):
        done = subprocess.run(
            [sys.executable, "-c", lines, str(pickled)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    loaded = [name.replace(".", "/") for name in json.loads(done.stdout)]
    files = {f"{name}__init__.py" if name.endswith("/") else f"{name}.py" for name in loaded}
    assert len(files) > 150
    assert files <= TUBE
