"""Work on many tubes: in this process, in own worker processes, or on a running dask cluster.

A task that raises an exception, or kills its worker, is one failure; every other task completes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext

from pipeline.running.attempt import (
    LOADED,
    Finished,
    Result,
    Task,
    attempt_there,
    of_this_program,
    without_answer,
)
from pipeline.running.this_computer.dask_own_workers import in_own_processes
from pipeline.running.this_computer.processes import OwnProcesses, WorkerProcess, own_processes

TUBES_THAT_PAY_FOR_WORKERS = 24
"""Below this number of tubes no workers are started, since their start takes 2-4 s. Convention: for speed."""


def workers_for(n_tasks: int, asked: int | None, fit: int | None = None) -> int:
    """Return how many worker processes to use; 1 means in this process.

    Parameters
    ----------
    asked
        The number that the user gave; None: as many as cores and memory allow, if workers save time.
    fit
        The number that the memory allows; None: not known.

    Examples
    --------
    >>> workers_for(10, None)
    1
    >>> workers_for(10, 4), workers_for(1000, None, fit=1)
    (4, 1)
    """
    if asked is not None:
        return max(1, min(asked, max(1, n_tasks)))
    if n_tasks < TUBES_THAT_PAY_FOR_WORKERS:
        return 1
    cores = os.cpu_count() or 1
    return cores if fit is None else max(1, min(cores, fit))


def run_tasks(
    tasks: Sequence[Task],
    work: Callable[[Task], Result],
    *,
    workers: int = 1,
    own: OwnProcesses | None = None,
    scheduler: str | None = None,
    say: Callable[[str], object] = str,
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
    own
        The worker processes of the command, which stay ready; None: they are only for these tasks.
    scheduler
        Address of a running dask scheduler, `tcp://HOST:PORT`, used instead of own workers.
    say
        Called with messages about the cluster for the user.

    Raises
    ------
    SchedulerError
        If the scheduler does not answer, has no worker, or has a worker with another program.
    """
    if not tasks:
        return
    if scheduler is not None:
        from pipeline.running.cluster.pieces import on_cluster

        yield from on_cluster(scheduler, tasks, work, say)
    elif workers <= 1:
        for task in tasks:
            yield of_this_program(attempt_there(task, work, LOADED))
    else:
        with own_processes() if own is None else nullcontext(own) as processes:
            yield from _by_processes(tasks, work, processes.first(workers))


def _by_processes(
    tasks: Sequence[Task], work: Callable[[Task], Result], processes: Sequence[WorkerProcess]
) -> Iterator[Finished[Task, Result]]:
    pieces = [(task, work, LOADED) for task in tasks]
    for index, answer in in_own_processes(attempt_there, pieces, processes):
        raised = isinstance(answer, BaseException)
        yield of_this_program(without_answer(tasks[index], answer) if raised else answer)
