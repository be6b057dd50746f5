"""A dask cluster of real processes, that tests may kill, stop and start again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNNING = ROOT / "tests" / "pipeline" / "running"
TASKS_OF_TESTS = [str(RUNNING), str(RUNNING / "cluster")]
"""Where tests keep the functions that a worker calls."""


class DaskCluster:
    """A scheduler and its workers; each of them is a process."""

    def __init__(
        self, stack: ExitStack, folder: Path, settings: Sequence[str] = (), protocol: str = "tcp"
    ) -> None:
        self._stack, self._folder, self._settings, self._protocol = stack, folder, settings, protocol
        self.workers: list[subprocess.Popen[bytes]] = []
        self.start_scheduler()

    def start_scheduler(self, port: str = "0") -> None:
        """Start the scheduler; `port` of an earlier one starts it again at the same address."""
        file = self._folder / "scheduler.json"
        file.unlink(missing_ok=True)
        options = ["--host", "127.0.0.1", "--port", port, "--scheduler-file", str(file), "--no-dashboard"]
        options += ["--protocol", self._protocol]
        self.scheduler = self._start(["scheduler", *options], ROOT)
        while not file.exists() or not file.stat().st_size:  # the file is there before its text is
            time.sleep(0.05)
        self.address: str = json.loads(file.read_text("utf-8"))["address"]

    def start_worker(self, source: Path | None = ROOT, *, threads: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker with the packages of a folder; None: with no cd38rd at all."""
        options = ["--nthreads", str(threads), "--no-nanny", "--no-dashboard"]
        worker = self._start(["worker", self.address, *options], source)
        self.workers.append(worker)
        return worker

    def wait_for_workers(self, number: int) -> None:
        """Wait until so many are there."""
        from distributed import Client

        with Client(self.address, timeout="60s", set_as_default=False) as client:
            client.wait_for_workers(number, timeout=60)

    def _start(self, arguments: Sequence[str], source: Path | None) -> subprocess.Popen[bytes]:
        found = [] if source is None else [str(source), str(ROOT / "tests"), *TASKS_OF_TESTS]
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(found)}
            | dict(s.split("=") for s in self._settings),
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process


@contextmanager
def dask_cluster(
    folder: Path, *sources: Path | None, settings: Sequence[str] = (), protocol: str = "tcp"
) -> Iterator[DaskCluster]:
    """Give a cluster with a worker for each source of the packages.

    Parameters
    ----------
    settings
        Of dask, as its environment takes them: `DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=0`.
    """
    with ExitStack() as stack:
        cluster = DaskCluster(stack, folder, settings, protocol)
        for source in sources:
            cluster.start_worker(source)
        if sources:
            cluster.wait_for_workers(len(sources))
        yield cluster
