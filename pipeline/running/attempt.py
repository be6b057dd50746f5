"""One piece of work and how it ended: with a result, or with a failure in words.

A worker says which program it is, and what comes from another one is never used.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pipeline.files.whole import NotWrittenError
from pipeline.running.processes import ProcessDiedError
from pipeline.running.program import Program, difference, program_with_late_modules, this_program
from pipeline.tube.memory import NoMemoryError

Task = TypeVar("Task")
Result = TypeVar("Result")

LOADED = this_program()
"""Asked when this module is loaded: a worker that outlives an upgrade is still the program that it was."""

SAME_PROGRAM = "install the same cd38rd, Python and libraries everywhere, and start the workers again"


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


def attempt(task: Task, work: Callable[[Task], Result]) -> Finished[Task, Result]:
    """Return what the work makes of the task, or what it raised: the batch goes on.

    A disk, a network or memory that fails is no defect of cd38rd: it comes without a traceback.
    """
    try:
        return Finished(task, work(task))
    except Exception as error:
        return without_answer(task, error)


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


def without_answer(task: Task, error: BaseException) -> Finished[Task, Result]:
    """Return the end of a task that raised, or that no worker could do or answer."""
    if isinstance(error, ProcessDiedError):
        died = "the worker process died while it worked on this tube (out of memory, or a crash)"
        return Finished(task, None, died)
    if isinstance(error, OSError | MemoryError):
        return Finished(task, None, f"the computer failed, not this file: {_computer_failure(error)}")
    trace = "".join(traceback.format_exception(error))
    return Finished(task, None, f"{type(error).__name__}: {error}", trace)


def program_there() -> Program:
    """Return which program a worker is; called by dask in each."""
    return LOADED


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
    if isinstance(error, NoMemoryError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"its memory is full ({error}); run with --workers 1, or on a computer with more memory"
    if isinstance(error, NotWrittenError):
        return f"{error.path.name} cannot be written ({error.reason})"
    if isinstance(error, OSError) and error.filename:
        return f"{kind}: {error.strerror} ({os.path.basename(str(error.filename))})"  # noqa: PTH119
    return f"{kind}: {error}"
