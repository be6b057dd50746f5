"""A second process: in very large studies it writes files while the main process goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from pipeline.files.whole import list_older, older_kept

TUBES_THAT_PAY = 2_000
"""Number of tubes above which a second process saves time: starting it and sending the tables takes 2 s."""

Start: TypeAlias = Callable[[Callable[[], None]], None]
"""Does a piece of work, now or in the second process. The work must be picklable: a `functools.partial`."""


@contextmanager
def second_process(n_tubes: int) -> Iterator[Start]:
    """Yield a function that starts work: in a second process for very many tubes, else at once here.

    On exit all work is done. Its exceptions are raised here, and files that it could not replace are listed
    here (`older_kept`). If the process dies (out of memory), the work is repeated in this process.
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
