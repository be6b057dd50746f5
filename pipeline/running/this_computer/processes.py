"""Worker processes of this machine: each gets one piece of work at a time, through its own pipe.

They use no socket and no port: no other user can reach them, and they need no network.
"""

from __future__ import annotations

import os
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any

SECONDS_TO_END = 5.0
"""Time for an idle process to end by itself. Convention: it needs a fraction of a second."""


class ProcessDiedError(Exception):
    """The process died while it worked: memory ran out, it crashed, or a user ended it."""


class WorkerProcess:
    """A process that starts with its first piece of work, and starts again after it died.

    Parameters
    ----------
    module
        Loaded by the process when it starts; "": only what its work needs.
    """

    def __init__(self, module: str = "") -> None:
        self._module = module
        self._process: BaseProcess | None = None
        self._tasks: Connection[Any, Any] | None = None
        self._results: Connection[Any, Any] | None = None

    def do(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return the result of the work in that process.

        Parameters
        ----------
        work
            A function at the top level of a module; it and its arguments can be pickled.

        Raises
        ------
        ProcessDiedError
            The process died; the next piece of work starts another.
        Exception
            What the work raised.
        """
        sent = pickle.dumps((work, arguments))
        tasks, results = self._started()
        try:
            tasks.send_bytes(sent)
            received = results.recv_bytes()
        except (EOFError, OSError):
            self.kill()
            self._forget()
            raise ProcessDiedError from None
        raised, answer = pickle.loads(received)
        if raised:
            raise answer
        return answer

    def must_run(self) -> None:
        """Start the process if it does not run.

        Raises
        ------
        ProcessDiedError
            The system starts no further process.
        """
        try:
            self._started()
        except OSError:
            raise ProcessDiedError from None

    def kill(self) -> None:
        """End the process at once, even at work. A file being written stays under its unfinished name."""
        process = self._process
        if process is not None:
            process.kill()

    def no_more_work(self) -> None:
        """Tell an idle process that it may end; the next piece of work starts another."""
        if self._tasks is not None:
            self._tasks.close()

    def leave(self) -> None:
        """Let an idle process end by itself; no other thread may use it at the same time."""
        self.no_more_work()
        if self._process is not None:
            self._process.join(SECONDS_TO_END)
        self.kill()
        self._forget()

    def _started(self) -> tuple[Connection[Any, Any], Connection[Any, Any]]:
        if self._tasks is not None and self._results is not None:
            return self._tasks, self._results
        # "spawn" everywhere: a fork would copy the locks of this process's threads.
        context = get_context("spawn")
        for_tasks, self._tasks = context.Pipe(duplex=False)
        self._results, of_results = context.Pipe(duplex=False)
        process = context.Process(target=_serve, args=(for_tasks, of_results, self._module), daemon=True)
        try:
            with _interrupts_left_to_this_process():
                process.start()
            self._process = process
        except OSError:
            self._forget()
            raise
        finally:
            for_tasks.close()
            of_results.close()
        return self._tasks, self._results

    def _forget(self) -> None:
        if self._process is not None:
            self._process.join()
        for end in (self._tasks, self._results):
            if end is not None:
                with suppress(OSError):
                    end.close()
        self._process = self._tasks = self._results = None


class OwnProcesses:
    """The worker processes of a command: each starts with its first piece of work, and all end together.

    So one start of a process serves the bead runs, both passes of the tubes, and the files of the results.

    Parameters
    ----------
    module
        Loaded by each process when it starts.
    """

    def __init__(self, module: str = "") -> None:
        self._module = module
        self._processes: list[WorkerProcess] = []

    def start_early(self, number: int) -> None:
        """Start so many processes, which load their module while this one goes on; none where that fails."""
        with suppress(ProcessDiedError):  # their first piece of work tries again, and says what is wrong
            for process in self.first(number):
                process.must_run()

    def first(self, number: int) -> tuple[WorkerProcess, ...]:
        """Return so many processes, the ones used before first; all others end and give back their memory."""
        while len(self._processes) < number:
            self._processes.append(WorkerProcess(self._module))
        _end_idle(self._processes[number:])
        del self._processes[number:]
        return tuple(self._processes)

    def leave(self) -> None:
        """Let every process end; none is at work."""
        _end_idle(self._processes)


def _end_idle(processes: Sequence[WorkerProcess]) -> None:
    for process in processes:
        process.no_more_work()
    for process in processes:
        process.leave()


@contextmanager
def own_processes(module: str = "") -> Iterator[OwnProcesses]:
    """Yield the worker processes of a command; at the end they end. Each loads a module when it starts."""
    processes = OwnProcesses(module)
    try:
        yield processes
    finally:
        processes.leave()


def _serve(tasks: Connection[Any, Any], results: Connection[Any, Any], module: str) -> None:
    """Do each piece of work that arrives, until the parent process closes the pipe or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_the_owner, name="owner", daemon=True).start()
    if module:
        import_module(module)
    with suppress(EOFError, BrokenPipeError):
        while True:
            results.send_bytes(_answer(tasks.recv_bytes()))


def _end_with_the_owner() -> None:
    """End this process, even at work, when its owner has ended: nobody would wait for the results."""
    owner = parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)


def _answer(sent: bytes) -> bytes:
    """Return, pickled, whether the work raised an exception, and its result or the exception."""
    try:
        work, arguments = pickle.loads(sent)
        return pickle.dumps((False, work(*arguments)))
    except Exception as error:
        error.add_note(f"In a worker process:\n{''.join(traceback.format_exception(error))}")
        return _pickled(error)


def _pickled(error: Exception) -> bytes:
    try:
        sent = pickle.dumps((True, error))
        pickle.loads(sent)
    except Exception:
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        for note in error.__notes__:
            plain.add_note(note)
        return pickle.dumps((True, plain))
    return sent


@contextmanager
def _interrupts_left_to_this_process() -> Iterator[None]:
    """Start a process with Ctrl-C blocked in it; the terminal sends it to every process of the group."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # else the start of the first process would unblock it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
