"""Worker processes of this machine: each has one piece of work at a time, through a pipe of its own.

There is no socket and no port: no other user can reach them, and they need no network.
"""

from __future__ import annotations

import pickle
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

SECONDS_TO_END = 5.0
"""What an idle process is given to leave by itself. Convention: it needs a fraction of a second."""


class ProcessDiedError(Exception):
    """The process ended while it worked: memory ran out, a crash, or somebody ended it."""


class WorkerProcess:
    """A process that is started with its first work, and again after it died."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._tasks: Connection[Any, Any] | None = None
        self._results: Connection[Any, Any] | None = None

    def do(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return what the work gives in that process.

        Parameters
        ----------
        work
            A function of a module; it and its arguments are picklable.

        Raises
        ------
        ProcessDiedError
            The process ended; the next work starts another.
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

    def kill(self) -> None:
        """End the process at once, whatever it does; every file that it writes is whole or not there."""
        process = self._process
        if process is not None:
            process.kill()

    def leave(self) -> None:
        """Let an idle process end by itself; nobody may use it at the same time."""
        if self._tasks is not None:
            self._tasks.close()
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
        process = context.Process(target=_serve, args=(for_tasks, of_results), daemon=True)
        _leave_interrupts_to_the_first_process()
        try:
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


def _serve(tasks: Connection[Any, Any], results: Connection[Any, Any]) -> None:
    """Do what comes, until nothing more can come: the process that started this one has ended or is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError):
        while True:
            results.send_bytes(_answer(tasks.recv_bytes()))


def _answer(sent: bytes) -> bytes:
    """Return, pickled, whether the work raised, and its result or what it raised."""
    try:
        work, arguments = pickle.loads(sent)
        return pickle.dumps((False, work(*arguments)))
    except Exception as error:
        return _pickled(error)


def _pickled(error: Exception) -> bytes:
    try:
        sent = pickle.dumps((True, error))
        pickle.loads(sent)
    except Exception:
        return pickle.dumps((True, RuntimeError(f"{type(error).__name__}: {error}")))
    return sent


def _leave_interrupts_to_the_first_process() -> None:
    """Keep the terminal's interrupt, which every process of the group gets, from a process that starts."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
