"""Many tubes at once: in this process, in own worker processes, or on a running dask cluster.

A task that raises, or that kills its worker, is one failure; every other task completes. A worker says which
program it is, and what comes from another one is never used.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from pipeline.files.whole import NotWrittenError
from pipeline.running.own_workers import in_own_processes
from pipeline.running.processes import ProcessDiedError
from pipeline.running.program import Program, difference, program_with_late_modules, this_program
from pipeline.study.errors import UsageError

if TYPE_CHECKING:
    from distributed import Client

Task = TypeVar("Task")
Result = TypeVar("Result")

TUBES_THAT_PAY_FOR_WORKERS = 24
"""Fewer tubes are done before workers have started, which takes them 2-4 s. Convention: for speed."""

LOADED = this_program()
"""Asked when this module is loaded: a worker that outlives an upgrade is still the program that it was."""


SAME_PROGRAM = "install the same cd38rd, Python and libraries everywhere, and start the workers again"


class SchedulerError(UsageError):
    """The dask scheduler that was named cannot be reached, or has a worker that is another program."""


@dataclass(frozen=True, slots=True)
class Finished(Generic[Task, Result]):
    """One task's end: its result, or in words why there is none.

    Attributes
    ----------
    failure
        Kind and text of what the task raised; "" where it gave a result.
    traceback
        Where a defect of cd38rd was raised; "" where the computer failed or the worker process died.
    worker
        Who did it; "" where nobody did.
    program
        What that worker says it is.
    """

    task: Task
    result: Result | None
    failure: str = ""
    traceback: str = ""
    worker: str = ""
    program: Program = LOADED


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
        When the scheduler does not answer, or one of its workers is another program.
    """
    if not tasks:
        return
    if scheduler is not None:
        with _attached(scheduler) as client:
            _must_be_this_program(client, scheduler)
            for end in _distribute(client, tasks, work):
                yield of_this_program(end)
    elif workers <= 1:
        for task in tasks:
            yield of_this_program(attempt_there(task, work, LOADED))
    else:
        pieces = [(task, work, LOADED) for task in tasks]
        for at, answer in in_own_processes(attempt_there, pieces, workers):
            raised = isinstance(answer, BaseException)
            yield of_this_program(_without_answer(tasks[at], answer) if raised else answer)


def attempt(task: Task, work: Callable[[Task], Result]) -> Finished[Task, Result]:
    """Return what the work makes of the task, or what it raised: the batch goes on.

    A disk, a network or memory that fails is no defect of cd38rd: it comes without a traceback.
    """
    try:
        return Finished(task, work(task))
    except Exception as error:
        return _without_answer(task, error)


def attempt_there(task: Task, work: Callable[[Task], Result], wanted: Program) -> Finished[Task, Result]:
    """Attempt a task in a worker, which says who it is; nothing is done where another program is wanted.

    Some modules are loaded when a tube first needs them: if their files were changed by then, it says so.
    """
    refused: Finished[Task, Result] = Finished(task, None)
    end = attempt(task, work) if wanted == LOADED else refused
    return replace(end, worker=_own_name(), program=program_with_late_modules(LOADED))


def of_this_program(end: Finished[Task, Result]) -> Finished[Task, Result]:
    """Return the end, or a failure that names the worker where another program did it."""
    unlike = difference(LOADED, end.program)
    if not unlike:
        return end
    why = f"the worker {end.worker} runs another program ({unlike}): its result was not used; {SAME_PROGRAM}"
    return Finished(end.task, None, why, worker=end.worker, program=end.program)


def program_there() -> Program:
    """Return which program a worker is; called by dask in each."""
    return LOADED


def _must_be_this_program(client: Client, scheduler: str) -> None:
    """Refuse a cluster that has a worker of another program, before it has worked."""
    found = client.run(program_there, on_error="return")
    unlike = {name: _unlike(answer) for name, answer in found.items()}
    wrong = {name: why for name, why in unlike.items() if why}
    if wrong:
        name, why = next(iter(wrong.items()))
        others = f" (and {len(wrong) - 1} more of {len(found)} workers)" if len(wrong) > 1 else ""
        raise SchedulerError(
            f"--scheduler {scheduler}: the worker {name}{others} runs another program: {why}; {SAME_PROGRAM}"
        )


def _unlike(answer: object) -> str:
    """Say what a worker's answer tells of its program; "" where it is this one."""
    if isinstance(answer, BaseException):
        return f"it cannot say which ({type(answer).__name__}: {answer})"
    if not isinstance(answer, tuple):
        return "it does not say which"
    return difference(LOADED, answer)


def _own_name() -> str:
    """Return the address of the dask worker that this is, or the number of this process."""
    import sys

    distributed = sys.modules.get("distributed")
    if distributed is not None:
        try:
            return str(distributed.get_worker().address)
        except ValueError:
            pass
    return f"process {os.getpid()}"


def _computer_failure(error: OSError | MemoryError) -> str:
    """Return kind and reason; of a path the name alone, since this is printed in the results."""
    kind = type(error).__name__
    if isinstance(error, NotWrittenError):
        return f"{error.path.name} cannot be written ({error.reason})"
    if isinstance(error, OSError) and error.filename:
        return f"{kind}: {error.strerror} ({os.path.basename(str(error.filename))})"  # noqa: PTH119
    return f"{kind}: {error}"


def _distribute(
    client: Client, tasks: Sequence[Task], work: Callable[[Task], Result]
) -> Iterator[Finished[Task, Result]]:
    from distributed import as_completed

    futures = {client.submit(attempt_there, task, work, LOADED, pure=False): task for task in tasks}
    for future in as_completed(list(futures)):
        task = futures[future]
        error = future.exception()
        yield future.result() if error is None else Finished(task, None, _worker_failure(error))
        future.release()


def _without_answer(task: Task, error: BaseException) -> Finished[Task, Result]:
    """Return the end of a task that raised, or that no own process could do or answer."""
    if isinstance(error, ProcessDiedError):
        return Finished(task, None, _worker_failure(error))
    if isinstance(error, OSError | MemoryError):
        return Finished(task, None, f"the computer failed, not this file: {_computer_failure(error)}")
    trace = "".join(traceback.format_exception(error))
    return Finished(task, None, f"{type(error).__name__}: {error}", trace)


def _worker_failure(error: BaseException) -> str:
    if isinstance(error, ProcessDiedError) or type(error).__name__ == "KilledWorker":
        return "the worker process died while it worked on this tube (out of memory, or a crash)"
    return f"{type(error).__name__}: {error}"


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
