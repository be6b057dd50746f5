"""Pieces of work on this machine's cores: dask gives them out, and an own process does each.

If a process dies, only its one piece is lost; that piece is known, and is tried again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, TypeAlias

from pipeline.running.this_computer.processes import ProcessDiedError, WorkerProcess

TRIES = 3
"""Tries of a piece whose process dies. A user may end a process, or memory may be short for a moment; after
three deaths the piece itself is the cause. The last try runs alone on the machine, since several pieces at a
time may need more memory than there is. Convention: three deaths in a row are no chance."""

SECONDS_BETWEEN_OWN_LOOKS = 0.2
"""Longest delay of an interrupt (Ctrl-C) on a system that does not interrupt a waiting thread. Convention:
nobody notices so short a delay."""

Answer: TypeAlias = "tuple[int, Any]"
"""The index of the piece of work, and its result or its exception."""


def in_own_processes(
    work: Callable[..., Any], pieces: Sequence[tuple[Any, ...]], processes: Sequence[WorkerProcess]
) -> Iterator[Answer]:
    """Yield the outcome of each piece of work as soon as it is done.

    Parameters
    ----------
    work
        A function at the top level of a module.
    pieces
        The arguments of each call; they can be pickled.
    processes
        The processes that work at the same time; at least one. They stay ready for further work.

    Yields
    ------
    tuple
        The index of the piece, and its result or its exception (`ProcessDiedError` if its process died at
        every try).
    """
    run = _Run(work, pieces, processes)
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

    def __init__(
        self,
        work: Callable[..., Any],
        pieces: Sequence[tuple[Any, ...]],
        processes: Sequence[WorkerProcess],
    ) -> None:
        self._work = work
        self._pieces = pieces
        self._waiting = deque(range(len(pieces)))
        self._alone: deque[int] = deque()
        self._processes = processes
        self._idle: SimpleQueue[WorkerProcess] = SimpleQueue()
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._stopped = Event()

    def deal(self) -> None:
        """Let dask give out the work; each of its threads hands a piece to an idle process."""
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
                return self._answers.get(timeout=SECONDS_BETWEEN_OWN_LOOKS)
            except Empty:
                if not was_dealing:
                    raise RuntimeError("the work ended before all of it was done") from None

    def stop(self, dealer: Thread) -> None:
        """Drop unfinished work, and end the processes that do it."""
        self._stopped.set()
        while dealer.is_alive():
            for process in self._processes:
                process.kill()
            dealer.join(SECONDS_BETWEEN_OWN_LOOKS)

    def _next_piece(self, _: int) -> None:
        """Do the next piece in our order, since dask calls in another order."""
        if self._stopped.is_set():
            return
        index, process = self._waiting.popleft(), self._idle.get()
        try:
            answer = self._answer(process, index, TRIES - 1)
        finally:
            self._idle.put(process)
        if isinstance(answer, ProcessDiedError):
            self._alone.append(index)
        else:
            self._answers.put((index, answer))

    def _deal_alone(self) -> None:
        """Try each piece whose process died every time once more, with no other process running."""
        if not self._alone:
            return
        for process in self._processes:
            process.leave()
        for index in self._alone:
            self._answers.put((index, self._answer(self._processes[0], index, 1)))

    def _answer(self, process: WorkerProcess, index: int, tries: int) -> Any:
        for _ in range(tries):
            if self._stopped.is_set():
                break
            try:
                return process.do(self._work, *self._pieces[index])
            except ProcessDiedError:
                continue
            except Exception as error:
                return error
        return ProcessDiedError()
