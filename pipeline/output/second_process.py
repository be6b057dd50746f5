"""A second process beside this one: in very large studies it writes files that nothing else waits for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from pipeline.files.whole import list_older, older_kept

TUBES_THAT_PAY = 2_000
"""A process takes 2 s to start and to be handed the tables; of more tubes, writing them takes longer."""

Start: TypeAlias = Callable[[Callable[[], None]], None]
"""What does a piece of work, now or meanwhile. The work is picklable: a `functools.partial` of a function."""


@contextmanager
def second_process(n_tubes: int) -> Iterator[Start]:
    """Yield what starts work: beside this process where the tubes are very many, else it is done at once.

    At the end all work is done; what it raised is raised here, and files that it could not replace are listed
    here (`older_kept`). The work of a process that dies (memory) is done again in this one.
    """
    if n_tubes <= TUBES_THAT_PAY or (os.cpu_count() or 1) < 2:
        yield _at_once
        return
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    started: list[tuple[Callable[[], None], Future[list[Path]]]] = []
    # "spawn" everywhere: a fork would copy the locks of this process's threads.
    with ProcessPoolExecutor(1, get_context("spawn"), ignore_interrupts) as pool:
        yield lambda work: started.append((work, pool.submit(_files_that_stayed, work)))
        for work, future in started:
            try:
                list_older(future.result())
            except BrokenProcessPool:
                work()


def ignore_interrupts() -> None:
    """Ignore the terminal's interrupt, which every process of the group gets."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _files_that_stayed(work: Callable[[], None]) -> list[Path]:
    """Do the work; return the files of an earlier run that it could not replace."""
    with older_kept() as older:
        work()
    return older


def _at_once(work: Callable[[], None]) -> None:
    work()
