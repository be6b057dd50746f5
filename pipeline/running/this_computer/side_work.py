"""Side work: worker processes write files while the main process goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TypeAlias

from pipeline.files.whole import older_kept, remove_unfinished
from pipeline.running.this_computer.dask_own_workers import SECONDS_BETWEEN_OWN_LOOKS
from pipeline.running.this_computer.processes import OwnProcesses, ProcessDiedError, WorkerProcess

TUBES_THAT_PAY = 2_000
"""Number of tubes above which a process is started for side work alone. Convention: it pays only then, since
starting it and sending the tables takes 2 s."""
MOST_PROCESSES = 3
"""Most processes with side work. Convention: each loads the drawing library first (1 s), for some 15
figures."""

Work: TypeAlias = Callable[[], object]
"""A piece of side work: a `functools.partial` of a function at the top level of a module. It can be pickled,
and doing it twice does no harm."""

Start: TypeAlias = Callable[[Work], object]
"""Does a piece of work: now (`at_once`), or as side work (`SideWork.start`)."""


def at_once(work: Work) -> None:
    """Do a piece of work now."""
    work()


class SideWork:
    """Gives pieces of work to worker processes; without processes each piece is done at once.

    Parameters
    ----------
    processes
        The processes; nothing else uses them at the same time.
    folder
        The folder in which all work writes.
    """

    def __init__(self, processes: Sequence[WorkerProcess], folder: Path) -> None:
        self._folder = folder
        self._processes = tuple(processes)
        self._idle: SimpleQueue[WorkerProcess] = SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(len(self._processes)) if self._processes else None
        self._started: list[tuple[Work, Future[list[Path]]]] = []

    def start(self, work: Work) -> None:
        """Start a piece of work; without processes do it now."""
        if self._threads is None:
            work()
        else:
            self._started.append((work, self._threads.submit(self._done_by_a_process, work)))

    def finish(self) -> list[Path]:
        """Wait until all work is done; return the files of an earlier run that workers could not replace.

        The first exception of a piece is raised. If a process died (out of memory) or could not be started,
        its piece is done again in this process.
        """
        older: list[Path] = []
        left_over = []
        while self._started:
            work, future = self._started[0]
            while not future.done():  # looks again and again, so that Ctrl-C is heard on every system
                wait([future], SECONDS_BETWEEN_OWN_LOOKS)
            try:
                older += future.result()
            except ProcessDiedError:
                left_over.append(work)
            del self._started[0]
        if left_over:
            remove_unfinished(self._folder)  # what the dead process was writing
        for work in left_over:
            work()
        return older

    def end(self) -> None:
        """Drop all work that is not done, and what it has half written."""
        if self._threads is None:
            return
        self._threads.shutdown(wait=False, cancel_futures=True)
        unfinished = {future for _, future in self._started if not future.done()}
        was_stopped = bool(unfinished)
        while unfinished:
            for process in self._processes:
                process.kill()  # again and again, since one may just be starting
            unfinished = wait(unfinished, SECONDS_BETWEEN_OWN_LOOKS).not_done
        self._threads.shutdown()
        if was_stopped:
            remove_unfinished(self._folder)

    def _done_by_a_process(self, work: Work) -> list[Path]:
        process = self._idle.get()
        try:
            process.must_run()
            older: list[Path] = process.do(_files_that_stayed, work)
        finally:
            self._idle.put(process)
        return older


@contextmanager
def side_work(own: OwnProcesses, folder: Path, n_tubes: int, workers: int = 1) -> Iterator[SideWork]:
    """Yield side work; at the end, what is not finished is dropped.

    Parameters
    ----------
    own
        The worker processes of the command.
    folder
        The folder in which the work writes.
    n_tubes
        Tubes of the study.
    workers
        Number of this computer's processes that worked on the tubes; 1: this process did.
    """
    pays = n_tubes > TUBES_THAT_PAY and (os.cpu_count() or 1) > 1
    number = min(workers, MOST_PROCESSES) if workers > 1 else int(pays)
    work = SideWork(own.first(number), folder)
    try:
        yield work
    finally:
        work.end()


def _files_that_stayed(work: Work) -> list[Path]:
    """Do the work; return the files of an earlier run that it could not replace."""
    with older_kept() as older:
        work()
    return older
