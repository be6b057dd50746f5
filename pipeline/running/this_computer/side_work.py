"""Side work: worker processes write files while the main process goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TypeAlias

from pipeline.files.whole import older_kept
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
    older
        Files of an earlier run that could not be replaced; filled by this process and, in `finish`, by the
        others.
    """

    def __init__(self, processes: Sequence[WorkerProcess], older: list[Path]) -> None:
        self.older = older
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

    def finish(self) -> None:
        """Wait until all work is done; raise the first exception of a piece.

        If a process died (out of memory), its piece is done again in this process.
        """
        while self._started:
            work, future = self._started.pop(0)
            try:
                self.older.extend(future.result())
            except ProcessDiedError:
                work()

    def end(self) -> None:
        """Drop all work that is not done."""
        if self._threads is None:
            return
        self._threads.shutdown(wait=False, cancel_futures=True)
        unfinished = {future for _, future in self._started if not future.done()}
        while unfinished:
            for process in self._processes:
                process.kill()  # again and again, since one may just be starting
            unfinished = wait(unfinished, SECONDS_BETWEEN_OWN_LOOKS).not_done
        self._threads.shutdown()

    def _done_by_a_process(self, work: Work) -> list[Path]:
        process = self._idle.get()
        try:
            older: list[Path] = process.do(_files_that_stayed, work)
        finally:
            self._idle.put(process)
        return older


@contextmanager
def side_work(own: OwnProcesses, n_tubes: int, workers: int = 1) -> Iterator[SideWork]:
    """Yield side work; at the end, what is not finished is dropped. Files that stay are listed in `older`.

    Parameters
    ----------
    own
        The worker processes of the command.
    n_tubes
        Tubes of the study.
    workers
        Number of processes that worked on the tubes; 1: this process did.
    """
    pays = n_tubes > TUBES_THAT_PAY and (os.cpu_count() or 1) > 1
    # this process works too
    number = min(workers - 1, MOST_PROCESSES) if workers > 1 else int(pays)
    with older_kept() as older:
        work = SideWork(own.first(number), older)
        try:
            yield work
        finally:
            work.end()


def _files_that_stayed(work: Work) -> list[Path]:
    """Do the work; return the files of an earlier run that it could not replace."""
    with older_kept() as older:
        work()
    return older
