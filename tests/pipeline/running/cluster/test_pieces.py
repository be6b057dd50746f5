"""A run on a cluster of real processes that are killed, stopped, cut off and started again."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.dask_cluster import ROOT, dask_cluster
from pipeline.commands.exit_status import ExitStatus
from pipeline.running.attempt import Finished
from pipeline.running.cluster import pieces, state
from pipeline.running.cluster.dask_connection import SchedulerError, connected
from pipeline.running.workers import run_tasks
from pipeline.simulate import simulate_study

pytestmark = [
    pytest.mark.slow,
    # dask's own sockets close a moment after their owner looks away
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs the signals of POSIX"),
]

POISON = 7
KEPT = r"Every finished tube is kept: run the same command again"


def slow_square(number: int) -> int:
    """Squares in a moment; POISON kills its own process, as a crash in a C library would."""
    time.sleep(0.15)
    if number == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def results(ends: Iterator[Finished[int, int]] | list[Finished[int, int]]) -> dict[int, int | str]:
    return {end.task: end.failure if end.result is None else end.result for end in ends}


def squares(numbers: range) -> dict[int, int | str]:
    return {n: n * n for n in numbers}


def not_poison(n: int) -> range:
    return range(POISON + 1, POISON + 1 + n)


def test_a_cluster_without_a_worker_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state.SECONDS_WITHOUT_WORKERS == 20  # of the 30 within which a sentence is promised
    monkeypatch.setattr(state, "SECONDS_WITHOUT_WORKERS", 4.0)
    said: list[str] = []
    with dask_cluster(tmp_path) as cluster:
        began = time.monotonic()
        with pytest.raises(
            SchedulerError, match=r"no worker has been there for 4 seconds; start some with"
        ) as e:
            list(run_tasks([1, 2], slow_square, scheduler=cluster.address, say=said.append))
        assert time.monotonic() - began < 14
        assert KEPT in str(e.value)
    assert said == [
        f"cluster {cluster.address}: workers 0, threads 0, allowed-failures 3, worker-saturation 1.1, worker-ttl 300",
        f"waiting for a worker: the scheduler {cluster.address} has none",
    ]


def test_a_worker_that_comes_later_does_the_work(tmp_path: Path) -> None:
    with dask_cluster(tmp_path) as cluster:
        threading.Timer(2.0, cluster.start_worker).start()
        assert results(run_tasks([1, 2], slow_square, scheduler=cluster.address)) == {1: 1, 2: 4}


def test_when_the_last_worker_goes_the_run_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "SECONDS_WITHOUT_WORKERS", 4.0)
    with dask_cluster(tmp_path, ROOT) as cluster:
        running = run_tasks(list(not_poison(100)), slow_square, scheduler=cluster.address)
        first = next(running)
        cluster.workers[0].kill()
        with pytest.raises(SchedulerError, match="no worker has been there for 4 seconds"):
            list(running)
        assert first.result is not None


def test_a_port_that_accepts_and_is_silent_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(SchedulerError, match=r"no dask scheduler answers there \(.*\); start one with"):
            list(run_tasks([1], slow_square, scheduler=address))
        assert time.monotonic() - began < 30


def test_a_scheduler_that_dies_is_one_sentence(tmp_path: Path) -> None:
    with dask_cluster(tmp_path, ROOT) as cluster:
        running = run_tasks(list(not_poison(100)), slow_square, scheduler=cluster.address)
        next(running)
        cluster.scheduler.kill()
        began = time.monotonic()
        with pytest.raises(SchedulerError, match=rf"the scheduler does not answer any more; .*{KEPT}"):
            list(running)
        assert time.monotonic() - began < 30


def test_a_scheduler_that_dies_before_it_handed_a_result_over_is_one_sentence(tmp_path: Path) -> None:
    with dask_cluster(tmp_path, ROOT) as cluster:
        running = run_tasks(list(not_poison(4)), slow_square, scheduler=cluster.address)
        next(running)
        time.sleep(1.0)  # meanwhile the next piece is done; its result is still with the worker
        cluster.scheduler.kill()
        cluster.workers[0].kill()
        with pytest.raises(SchedulerError, match=rf"the scheduler does not answer any more; .*{KEPT}"):
            list(running)


def test_a_connection_that_was_closed_takes_no_piece_and_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    monkeypatch.setattr(pieces, "SECONDS_BETWEEN_LOOKS", 3.0)  # pieces are given out before the next look
    with dask_cluster(tmp_path, ROOT) as cluster:
        running = run_tasks(list(not_poison(100)), slow_square, scheduler=cluster.address)
        next(running)
        for client in list(Client._instances):
            client.close()
        with pytest.raises(SchedulerError, match="the scheduler does not answer any more"):
            list(running)


def test_a_scheduler_that_is_started_again_goes_on(tmp_path: Path) -> None:
    numbers = not_poison(40)
    with dask_cluster(tmp_path, ROOT) as cluster:
        running = run_tasks(list(numbers), slow_square, scheduler=cluster.address)
        ends = [next(running)]
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        cluster.start_scheduler(cluster.address.rsplit(":", 1)[1])
        cluster.start_worker()
        ends += running
    assert results(ends) == squares(numbers)


def test_a_scheduler_that_stops_answering_is_one_sentence(tmp_path: Path) -> None:
    with dask_cluster(tmp_path, ROOT) as cluster:
        running = run_tasks(list(not_poison(100)), slow_square, scheduler=cluster.address)
        next(running)
        cluster.scheduler.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(SchedulerError, match="the scheduler does not answer any more"):
            list(running)
        assert time.monotonic() - began < 30


def test_a_worker_that_is_silent_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "SECONDS_TO_BE_SILENT", 3.0)
    monkeypatch.setattr(state, "SECONDS_UNTIL_LOST", 8.0)
    said: list[str] = []
    with dask_cluster(tmp_path, ROOT) as cluster:
        running = run_tasks(list(not_poison(100)), slow_square, scheduler=cluster.address, say=said.append)
        next(running)
        cluster.workers[0].send_signal(signal.SIGSTOP)
        with pytest.raises(
            SchedulerError, match="no worker has said anything for 8 seconds; start the workers"
        ):
            list(running)
    assert len(said) == 2
    assert "has been silent for 3 seconds: is its computer asleep or cut off?" in said[1]


@pytest.mark.parametrize("allowed", ["0", "3"])
def test_a_tube_that_ends_each_worker_is_blamed_and_no_other(tmp_path: Path, allowed: str) -> None:
    numbers = range(20)
    settings = [f"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES={allowed}"]
    with dask_cluster(tmp_path, ROOT, ROOT, settings=settings) as cluster:
        stop = threading.Event()
        keeper = threading.Thread(target=keep_two_workers, args=(cluster, stop))
        keeper.start()
        try:
            ends = results(run_tasks(list(numbers), slow_square, scheduler=cluster.address))
        finally:
            stop.set()
            keeper.join()
    assert "the worker process died while it worked on this" in str(ends.pop(POISON))
    assert ends == {n: n * n for n in numbers if n != POISON}


def test_workers_that_somebody_kills_blame_no_tube(tmp_path: Path) -> None:
    numbers = not_poison(120)
    with dask_cluster(tmp_path, ROOT, ROOT) as cluster:
        stop = threading.Event()
        keeper = threading.Thread(target=keep_two_workers, args=(cluster, stop))
        keeper.start()
        ends = []
        try:
            for n, end in enumerate(run_tasks(list(numbers), slow_square, scheduler=cluster.address)):
                ends.append(end)
                if n % 15 == 7:
                    cluster.workers[-1].kill()
        finally:
            stop.set()
            keeper.join()
    assert results(ends) == squares(numbers)


def keep_two_workers(cluster: object, stop: threading.Event) -> None:
    """Start a worker where one has ended, as a nanny or a job scheduler does."""
    from helpers.dask_cluster import DaskCluster

    assert isinstance(cluster, DaskCluster)
    while not stop.wait(0.1):
        if sum(worker.poll() is None for worker in cluster.workers) < 2:
            cluster.start_worker()


def test_a_cluster_that_works_is_not_quiet(tmp_path: Path) -> None:
    with dask_cluster(tmp_path, ROOT) as cluster, connected(cluster.address) as client:
        seen = state.ClusterView(client, cluster.address, str)
        assert seen.look().is_quiet
        working = client.submit(time.sleep, 6)
        time.sleep(3)  # a worker says what it does at least every half second
        assert not seen.look().is_quiet
        working.cancel()


def test_a_task_that_dask_cannot_send_is_neither_a_bad_tube_nor_a_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "known_here_alone.py").write_text("def work(n):\n    return n\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    work = importlib.import_module("known_here_alone").work
    (tmp_path / "cluster").mkdir()
    with dask_cluster(tmp_path / "cluster", ROOT) as cluster:
        (end,) = run_tasks([1], work, scheduler=cluster.address)
    assert end.result is None
    assert end.failure.startswith("the cluster failed, not this file: ")
    assert end.traceback == ""


def test_the_command_line_says_it_in_one_line_and_keeps_what_is_finished(tmp_path: Path) -> None:
    study = simulate_study(tmp_path / "simulated", patients=10, events=3_000, seed=4)
    store = study / "results" / "store"
    with dask_cluster(tmp_path, ROOT) as cluster:
        command = [sys.executable, "-m", "pipeline.cli", "run", str(study), "--scheduler", cluster.address]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
            while len(list(store.glob("*.json"))) < 2:
                time.sleep(0.05)
            cluster.scheduler.kill()
            _, said = run.communicate()
    assert run.returncode == ExitStatus.WRONG_USAGE
    (line,) = said.splitlines()
    assert line.startswith(f"cd38rd: --scheduler {cluster.address}: the scheduler does not answer any more;")
    assert 2 <= len(list(store.glob("*.json"))) < 10


@pytest.mark.slow
def test_a_port_that_answers_in_another_language_is_one_sentence_and_no_traceback() -> None:
    script = """
        import socket
        from threading import Thread
        from pipeline.running.cluster.dask_connection import SchedulerError, connected
        def answer(server):
            while True:
                connection, _ = server.accept()
                connection.sendall(b"HTTP/1.1 400 Bad Request\\r\\n\\r\\n" * 20)
                connection.close()
        server = socket.create_server(("127.0.0.1", 0))
        Thread(target=answer, args=(server,), daemon=True).start()
        try:
            with connected(f"tcp://127.0.0.1:{server.getsockname()[1]}"):
                print("connected")
        except SchedulerError as error:
            print(error)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=120,
    )  # fmt: skip
    assert "no dask scheduler answers there (what answers is another program" in done.stdout
    assert "allocate" not in done.stdout
    assert (done.stderr, done.returncode) == ("", 0)
