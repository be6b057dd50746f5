"""Many tubes at once: in this process, on this machine's cores, or on a running dask cluster.

A task that raises, or that kills its worker, is one failure; every other task completes.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pipeline.study.errors import UsageError

if TYPE_CHECKING:
    from distributed import Client

Task = TypeVar("Task")
Result = TypeVar("Result")

TUBES_THAT_PAY_FOR_WORKERS = 24
"""Fewer tubes are done before workers have started, which takes them 2-4 s. Convention: for speed."""


class SchedulerError(UsageError):
    """The dask scheduler that was named cannot be reached."""


@dataclass(frozen=True, slots=True)
class Finished(Generic[Task, Result]):
    """One task's end: its result, or in words why there is none.

    Attributes
    ----------
    failure
        Kind and text of what the task raised; "" where it gave a result.
    traceback
        Where a defect of cd38rd was raised; "" where the computer failed or the worker process died.
    """

    task: Task
    result: Result | None
    failure: str = ""
    traceback: str = ""


def workers_for(n_tasks: int, asked: int | None) -> int:
    """Return how many worker processes to use; 1 means in this process.

    Examples
    --------
    >>> workers_for(10, None)
    1
    >>> workers_for(10, 4)
    4
    """
    if asked is not None:
        return max(1, min(asked, max(1, n_tasks)))
    return (os.cpu_count() or 1) if n_tasks >= TUBES_THAT_PAY_FOR_WORKERS else 1


def run_tasks(
    tasks: Sequence[Task], work: Callable[[Task], Result], *, workers: int = 1, scheduler: str | None = None
) -> Iterator[Finished[Task, Result]]:
    """Yield each task as it finishes, in any order.

    Parameters
    ----------
    tasks
        Small and picklable: events never cross a process border.
    work
        A pure function of one task.
    workers
        Processes on this machine; 1 runs in this process.
    scheduler
        Address of a running dask scheduler, `tcp://HOST:PORT`, used instead of own workers.

    Raises
    ------
    SchedulerError
        When the scheduler does not answer.
    """
    if not tasks:
        return
    if workers <= 1 and scheduler is None:
        for task in tasks:
            yield attempt(task, work)
        return
    with _client(workers, scheduler) as client:
        yield from _distribute(client, tasks, work)


def attempt(task: Task, work: Callable[[Task], Result]) -> Finished[Task, Result]:
    """Return what the work makes of the task, or what it raised: the batch goes on.

    A disk, a network or memory that fails is no defect of cd38rd: it comes without a traceback.
    """
    try:
        return Finished(task, work(task))
    except (OSError, MemoryError) as error:
        return Finished(task, None, f"the computer failed, not this file: {type(error).__name__}: {error}")
    except Exception as error:
        return Finished(task, None, f"{type(error).__name__}: {error}", traceback.format_exc())


def _distribute(
    client: Client, tasks: Sequence[Task], work: Callable[[Task], Result]
) -> Iterator[Finished[Task, Result]]:
    from distributed import as_completed

    futures = {client.submit(attempt, task, work, pure=False): task for task in tasks}
    for future in as_completed(list(futures)):
        task = futures[future]
        error = future.exception()
        yield future.result() if error is None else Finished(task, None, _worker_death(error))
        future.release()


def _worker_death(error: BaseException) -> str:
    if type(error).__name__ == "KilledWorker":
        return "the worker process died while it worked on this tube (out of memory, or a crash)"
    return f"{type(error).__name__}: {error}"


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Client]:
    import logging

    import dask
    from distributed import Client, LocalCluster

    # worker-saturation 1.0 and allowed-failures 1: with dask's default 1.1 a dying worker has a second
    # tube queued and the scheduler blames that innocent one too.
    with dask.config.set(
        {
            "distributed.scheduler.worker-saturation": 1.0,
            "distributed.scheduler.allowed-failures": 1,
            "distributed.comm.timeouts.connect": "10s",
            "distributed.worker.preload": ["pipeline.running.workers"],
        }
    ):
        if scheduler is not None:
            with _attached(scheduler) as client:
                yield client
            return
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            host="127.0.0.1",
            silence_logs=logging.CRITICAL,
        )
        with cluster, Client(cluster) as client:
            yield client


@contextmanager
def _attached(scheduler: str) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(scheduler, timeout="5s")
    except (OSError, ValueError, TypeError) as error:
        raise SchedulerError(
            f"--scheduler {scheduler}: no dask scheduler answers there ({error}); "
            "start one with `dask scheduler`, or leave the option out"
        ) from None
    with client:
        yield client


def dask_setup(worker: object) -> None:
    """Ignore the terminal's interrupt, which every process of the group gets; called by dask."""
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
