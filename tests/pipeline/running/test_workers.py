"""Tasks of a run: whatever one task does, the others finish."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time

import pytest

from pipeline.running.cluster import dask_connection
from pipeline.running.cluster.dask_connection import SchedulerError
from pipeline.running.workers import run_tasks, workers_for

# dask's own worker processes and sockets close a moment after their owner looks away
pytestmark = pytest.mark.filterwarnings("ignore")


def work(task: int) -> int:
    """Squares; 3 raises; 5 kills its own process, as a crash in a C library would."""
    if task == 3:
        raise ValueError("three cannot be squared")
    if task == 5:
        time.sleep(0.3)
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return task * task


def outcomes(tasks: list[int], **options: object) -> dict[int, int | str]:
    return {
        f.task: f.result if f.result is not None else f.failure for f in run_tasks(tasks, work, **options)
    }


def test_no_tasks_start_no_workers() -> None:
    assert list(run_tasks([], work, workers=4)) == []


def test_a_task_that_raises_is_one_failure_in_this_process() -> None:
    assert outcomes([1, 2, 3, 4]) == {1: 1, 2: 4, 3: "ValueError: three cannot be squared", 4: 16}


@pytest.mark.slow
def test_a_task_that_kills_its_worker_is_one_failure_and_the_rest_completes() -> None:
    ends = outcomes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], workers=2)
    assert "worker process died" in str(ends.pop(5))
    assert ends.pop(3) == "ValueError: three cannot be squared"
    assert ends == {n: n * n for n in (1, 2, 4, 6, 7, 8, 9, 10)}


@pytest.mark.slow
def test_a_running_scheduler_is_used_and_left_running() -> None:
    script = (
        "import sys; from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    c = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, host='127.0.0.1')\n"
        "    print(c.scheduler_address, flush=True); sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as cluster:
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        ends = run_tasks([2, 3], math.factorial, scheduler=address)
        assert {f.task: f.result for f in ends} == {2: 2, 3: 6}
        assert cluster.poll() is None
        cluster.communicate("\n")


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_connection, "SECONDS_TO_ANSWER", 1.0)  # the whole wait: cluster/test_pieces.py
    with pytest.raises(SchedulerError, match=r"no dask scheduler answers there"):
        list(run_tasks([1], work, scheduler="tcp://127.0.0.1:1"))


def test_few_tubes_run_in_this_process_unless_asked_otherwise() -> None:
    assert workers_for(3, None) == 1
    assert workers_for(3, 2) == 2
    assert workers_for(3, 8) == 3
    assert workers_for(3, 0) == workers_for(0, None) == 1
    assert workers_for(23, None) == 1  # docs/architecture.md, "In one process for few tubes"
    assert workers_for(1000, None, fit=1) == 1  # the memory allows no more
    assert workers_for(1000, 3, fit=1) == 3  # as was asked for
    assert workers_for(1000, None, fit=10**6) == (os.cpu_count() or 1)
    assert workers_for(24, None) == workers_for(1000, None) == (os.cpu_count() or 1)
