"""The memory that a tube takes: one that does not fit is named with what it needs, and what the system leaves is known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.fcs import read_fcs, write_fcs
from pipeline.simulate import simulate_study
from pipeline.tube.memory import NoMemoryError, check_memory, free_memory, memory_of, processes_that_fit

GB = 10**9

SCRIPT = """
import resource, sys
from pathlib import Path
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.quantification.quantify import quantify_tube
from pipeline.running.tasks import bead_tasks, tube_tasks
from pipeline.running.workers import run_tasks
from pipeline.study.sheets.reading import read_study
study, _ = read_study(Path(sys.argv[1]))
tasks = tube_tasks(study, tuple(calibrate_bead_run(task) for task in bead_tasks(study, {})), {})
small = [task for task in tasks if task.sample.sample_id != sys.argv[2]]
quantify_tube(small[0])
taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + 70_000_000, resource.RLIM_INFINITY))
for end in run_tasks(tasks, quantify_tube, workers=1):
    print(end.task.sample.sample_id, end.result.receptor.status if end.result else end.failure, sep=": ")
"""


def a_system(folder: Path, files: dict[str, str]) -> tuple[Path, Path]:
    """Write what Linux tells of a process and its control groups."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return folder / "proc", folder / "cgroup"


def test_a_container_leaves_what_its_limit_leaves_and_files_in_the_cache_are_no_loss(tmp_path):
    system = a_system(
        tmp_path,
        {
            "proc/meminfo": "MemTotal: 64000000 kB\nMemAvailable: 50000000 kB\n",
            "proc/self/cgroup": "0::/jobs/one\n",
            "cgroup/jobs/memory.max": "max\n",
            "cgroup/jobs/one/memory.max": f"{4 * GB}\n",
            "cgroup/jobs/one/memory.current": f"{3 * GB}\n",
            "cgroup/jobs/one/memory.stat": f"anon 5\ninactive_file {2 * GB}\n",
        },
    )
    assert free_memory(*system) == 3 * GB


def test_a_limit_on_all_jobs_together_counts_too(tmp_path):
    system = a_system(
        tmp_path,
        {
            "proc/meminfo": "MemAvailable: 50000000 kB\n",
            "proc/self/cgroup": "0::/jobs/one\n",
            "cgroup/jobs/memory.max": f"{2 * GB}\n",
            "cgroup/jobs/memory.current": f"{1 * GB}\n",
            "cgroup/jobs/one/memory.max": f"{4 * GB}\n",
            "cgroup/jobs/one/memory.current": "0\n",
        },
    )
    assert free_memory(*system) == 1 * GB


def test_the_first_control_groups_are_understood_and_their_no_limit_is_none(tmp_path):
    group = "cgroup/memory/slurm/job7"
    files = {
        "proc/meminfo": "MemAvailable: 8000000 kB\n",
        "proc/self/cgroup": "7:cpu,cpuacct:/x\n5:memory:/slurm/job7\n",
        f"{group}/memory.limit_in_bytes": f"{6 * GB}\n",
        f"{group}/memory.usage_in_bytes": f"{5 * GB}\n",
        f"{group}/memory.stat": f"total_inactive_file {GB}\n",
        "cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "cgroup/memory/memory.usage_in_bytes": "0\n",
    }
    assert free_memory(*a_system(tmp_path / "limited", files)) == 2 * GB
    files[f"{group}/memory.limit_in_bytes"] = "9223372036854771712\n"
    assert free_memory(*a_system(tmp_path / "free", files)) == 8_000_000 << 10


def test_where_the_system_says_nothing_nothing_is_known(tmp_path):
    assert free_memory(tmp_path / "proc", tmp_path / "cgroup") is None


def test_this_system_is_asked_and_larger_tubes_leave_room_for_fewer_workers():
    free = free_memory()
    if free is None:
        pytest.skip("this system does not say how much memory is free")
    assert processes_that_fit(free) == 1
    assert (processes_that_fit(0) or 0) >= 1
    assert memory_of(10_000_000, 13) < 1.4 * 10_000_000 * 13 * 4


@pytest.mark.skipif(free_memory() is None, reason="this system does not say what memory is free")
def test_a_tube_that_no_computer_holds_is_refused_and_one_that_this_one_holds_is_not():
    check_memory("small.fcs", 2_000_000, 14)
    with pytest.raises(
        NoMemoryError, match=r"^vast\.fcs: 10,000,000,000,000 events × 14 channels take 756,?000\.0 GB"
    ):
        check_memory("vast.fcs", 10**13, 14)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of memory as Linux has it")
def test_a_tube_that_does_not_fit_is_named_with_what_it_needs_and_the_others_are_done(tmp_path):
    folder = simulate_study(tmp_path / "sim", patients=2, events=4_000, seed=5)
    large = next(folder.rglob("P01_BM1.fcs"))
    file = read_fcs(large)
    times = 1_100_000 // file.n_events
    keywords = {
        name: file.keywords[name] for name in ("$SPILLOVER", "$TIMESTEP", "$CYT") if name in file.keywords
    }
    write_fcs(large, np.tile(file.events(), times), file.channels, markers=file.markers, keywords=keywords)
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py", folder, "P01_BM1"],
        capture_output=True,
        text=True,
        check=True,
    )
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert said["P02_BM1"] in ("OK", "LOW_EVENTS")
    assert "the computer failed, not this file: P01_BM1.fcs: 1,100,000 events × " in said["P01_BM1"]
    assert "take 0.1 GB of memory, and 0." in said["P01_BM1"]
    assert "run with --workers 1" in said["P01_BM1"]
