"""Pieces of work on this machine's cores: dask gives them out, a process of our own does each.

A process that dies takes no other piece along: which one it had is known, and that one is tried again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, TypeAlias

from pipeline.running.processes import ProcessDiedError, WorkerProcess

TRIES = 3
"""Somebody may end a process, or memory be short for a moment: three deaths are the piece's own doing. The
last try has the machine for itself, since pieces at the same time may need more memory than there is.
Convention: a third death in a row is no chance."""

SECONDS_BETWEEN_LOOKS = 0.2
"""How long an interrupt may have to wait where a system does not break off what waits.
Convention: nobody notices so short a wait."""

Answer: TypeAlias = "tuple[int, Any]"
"""Which piece of work, and its result or the exception that it ended with."""


def in_own_processes(
    work: Callable[..., Any], pieces: Sequence[tuple[Any, ...]], n_processes: int
) -> Iterator[Answer]:
    """Yield what comes of each piece of work, as it is done.

    Parameters
    ----------
    work
        A function of a module.
    pieces
        Its arguments, picklable, of each call.
    n_processes
        How many work at the same time.

    Yields
    ------
    tuple
        The index of the piece, and its result or the exception that it ended with (`ProcessDiedError` where
        it ended its process each time).
    """
    run = _Run(work, pieces, n_processes)
    dealer = Thread(target=run.deal, name="dealer", daemon=True)
    dealer.start()
    try:
        for _ in pieces:
            yield run.next_answer(dealer)
        dealer.join()
    finally:
        run.stop(dealer)


class _Run:
    """One call of `in_own_processes`."""

    def __init__(self, work: Callable[..., Any], pieces: Sequence[tuple[Any, ...]], n_processes: int) -> None:
        self._work = work
        self._pieces = pieces
        self._waiting = deque(range(len(pieces)))
        self._alone: deque[int] = deque()
        self._processes = [WorkerProcess() for _ in range(n_processes)]
        self._idle: SimpleQueue[WorkerProcess] = SimpleQueue()
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._stopped = Event()

    def deal(self) -> None:
        """Let dask give out the work; each of its threads hands a piece to a process that is idle."""
        from dask.base import compute
        from dask.delayed import delayed

        for process in self._processes:
            self._idle.put(process)
        with ThreadPoolExecutor(len(self._processes)) as threads:
            calls = [delayed(self._next_piece, pure=False)(number) for number in self._waiting]
            compute(*calls, scheduler="threads", pool=threads, optimize_graph=False)
        self._deal_alone()

    def next_answer(self, dealer: Thread) -> Answer:
        """Wait for the next answer."""
        while True:
            was_dealing = dealer.is_alive()
            try:
                return self._answers.get(timeout=SECONDS_BETWEEN_LOOKS)
            except Empty:
                if not was_dealing:
                    raise RuntimeError("the work ended before all of it was done") from None

    def stop(self, dealer: Thread) -> None:
        """End every process; work that is not done is dropped."""
        self._stopped.set()
        while dealer.is_alive():
            for process in self._processes:
                process.kill()
            dealer.join(SECONDS_BETWEEN_LOOKS)
        for process in self._processes:
            process.leave()

    def _next_piece(self, _: int) -> None:
        """Do the piece that is next in line: dask's order is another one."""
        if self._stopped.is_set():
            return
        at, process = self._waiting.popleft(), self._idle.get()
        try:
            answer = self._answer(process, at, TRIES - 1)
        finally:
            self._idle.put(process)
        if isinstance(answer, ProcessDiedError):
            self._alone.append(at)
        else:
            self._answers.put((at, answer))

    def _deal_alone(self) -> None:
        """Try what ended its process each time once more, with no other process there."""
        if not self._alone:
            return
        for process in self._processes:
            process.leave()
        for at in self._alone:
            self._answers.put((at, self._answer(self._processes[0], at, 1)))

    def _answer(self, process: WorkerProcess, at: int, tries: int) -> Any:
        for _ in range(tries):
            if self._stopped.is_set():
                break
            try:
                return process.do(self._work, *self._pieces[at])
            except ProcessDiedError:
                continue
            except Exception as error:
                return error
        return ProcessDiedError()
