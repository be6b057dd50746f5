"""One piece of work and its outcome: a result, or a failure in words.

A worker reports which program it runs; a result from another program is never used.
"""

from __future__ import annotations

import io
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from errno import EBADF, EFAULT, ENOTSOCK, ENOTTY, ESPIPE
from typing import Generic, TypeVar

from pipeline.files.whole import NotWrittenError
from pipeline.running.program import Program, difference, program_with_late_modules, this_program
from pipeline.running.this_computer.processes import ProcessDiedError
from pipeline.tube.memory import NoMemoryError

Task = TypeVar("Task")
Result = TypeVar("Result")

LOADED = this_program()
"""The program at the time this module is loaded: a worker that is still running after an upgrade runs the old
program."""

SAME_PROGRAM = "install the same cd38rd, Python and libraries everywhere, and start the workers again"


WRONG_CALLS = (
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    io.UnsupportedOperation,
)
WRONG_CALL_NUMBERS = frozenset({EBADF, EFAULT, ENOTTY, ENOTSOCK, ESPIPE})
"""Errors of the operating system that only a wrong call of the program causes, by type and by number: a wrong
path, a closed file, a file that cannot do what is asked. Standard: POSIX.1-2017, System Interfaces, 2.3."""


@dataclass(frozen=True, slots=True)
class Finished(Generic[Task, Result]):
    """The outcome of one task: its result, or the reason in words why there is none.

    Attributes
    ----------
    failure
        Type and text of the exception that the task raised; "" if it gave a result.
    traceback
        The traceback of a defect of cd38rd; "" if the computer failed or the worker process died.
    worker
        Name of the worker that did the task; "" if no worker did.
    program
        The program that this worker reports.
    """

    task: Task
    result: Result | None
    failure: str = ""
    traceback: str = ""
    worker: str = ""
    program: Program = LOADED


def attempt(task: Task, work: Callable[[Task], Result]) -> Finished[Task, Result]:
    """Return the result of the task, or its exception as a failure, so that the run goes on.

    A failure of disk, network or memory is not a defect of cd38rd and has no traceback. A wrong call of the
    operating system is a defect.
    """
    try:
        return Finished(task, work(task))
    except Exception as error:
        return without_answer(task, error)


def attempt_there(task: Task, work: Callable[[Task], Result], program: Program) -> Finished[Task, Result]:
    """Attempt a task in a worker, which reports its name; do nothing if its program is not the wanted one.

    Some modules are loaded only when a tube first needs them: if their files have changed by then, the
    outcome shows it.
    """
    refused: Finished[Task, Result] = Finished(task, None)
    end = attempt(task, work) if program == LOADED else refused
    return replace(end, worker=_own_name(), program=program_with_late_modules(LOADED))


def of_this_program(end: Finished[Task, Result]) -> Finished[Task, Result]:
    """Return the outcome, or a failure that names the worker if it runs another program."""
    unlike = difference(LOADED, end.program)
    if not unlike:
        return end
    why = f"the worker {end.worker} runs another program ({unlike}): its result was not used; {SAME_PROGRAM}"
    return Finished(end.task, None, why, worker=end.worker, program=end.program)


def without_answer(task: Task, error: BaseException) -> Finished[Task, Result]:
    """Return the outcome of a task that raised an exception, or that no worker could do or answer."""
    if isinstance(error, ProcessDiedError):
        died = "the worker process died while it worked on this (out of memory, or a crash)"
        return Finished(task, None, died)
    if isinstance(error, OSError | MemoryError) and not _is_wrong_call(error):
        return Finished(task, None, f"the computer failed, not this file: {_computer_failure(error)}")
    trace = "".join(traceback.format_exception(error))
    return Finished(task, None, f"{type(error).__name__}: {error}", trace)


def _is_wrong_call(error: BaseException) -> bool:
    """Return whether the program asked the system for what cannot be: a defect, no failing computer.

    Each file that a person names is opened by code that turns its errors into an `FcsError`, a `UserError` or
    a `NotWrittenError`. A path that does not exist is therefore a wrong path of the program.
    """
    if isinstance(error, NotWrittenError):
        return False
    return isinstance(error, WRONG_CALLS) or (
        isinstance(error, OSError) and error.errno in WRONG_CALL_NUMBERS
    )


def program_there() -> Program:
    """Return the program of a worker; dask calls this in each worker."""
    return LOADED


def _own_name() -> str:
    """Return the address of this dask worker, or the number of this process."""
    import sys

    distributed = sys.modules.get("distributed")
    if distributed is not None:
        try:
            return str(distributed.get_worker().address)
        except ValueError:
            pass
    return f"process {os.getpid()}"


def _computer_failure(error: OSError | MemoryError) -> str:
    """Return type and reason; a path is cut to the file name, since the text is printed in the results."""
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
