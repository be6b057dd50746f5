"""Pieces of a run on a cluster: few are given out at a time; a piece whose worker died is tried alone."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic

from pipeline.running.attempt import (
    LOADED,
    Finished,
    Result,
    Task,
    attempt_there,
    of_this_program,
    without_answer,
)
from pipeline.running.cluster.dask_connection import connected, must_be_this_program, settings_of
from pipeline.running.cluster.state import NOBODY, ClusterView
from pipeline.running.program import difference
from pipeline.running.this_computer.processes import ProcessDiedError

if TYPE_CHECKING:
    from distributed import Client, Future

PIECES_PER_THREAD = 2
"""Pieces given out at a time per thread: the one at work, and the next. A worker that dies loses no more than
these, whatever the settings of the scheduler. Convention: for speed, since a thread never waits for its next
piece."""

DEATHS_ALONE = 2
"""If so many workers die while they work on a tube alone, the tube is the cause. Convention: the machine may
cause one death, but hardly two."""

TRIES_ELSEWHERE = 5
"""Most tries of a piece whose result came from another program, or whose scheduler was lost. Convention: a
cluster that restarts costs some tries."""

SECONDS_BETWEEN_LOOKS = 0.5
"""Time between two checks of the workers. Convention: a check costs the scheduler a millisecond."""

SECONDS_AFTER_A_SUBMISSION = 0.1
"""Time after which to check which worker has a piece that is tried alone. Convention: the scheduler needs
less."""

SECONDS_TO_BE_QUIET = 30.0
"""Longest time that a piece waits, before it is tried alone, for workers that still do work that was
cancelled. Convention: the work may also be of other users of the cluster, and the run does not wait for
theirs."""


def on_cluster(
    address: str, tasks: Sequence[Task], work: Callable[[Task], Result], say: Callable[[str], object]
) -> Iterator[Finished[Task, Result]]:
    """Yield each task as a worker of the cluster finishes it; see `run_tasks`."""
    with connected(address) as client:
        must_be_this_program(client, address)
        say(f"cluster {address}: {settings_of(client)}")
        yield from _GivenPieces(client, ClusterView(client, address, say), tasks, work, say).ends()


class _GivenPieces(Generic[Task, Result]):
    """One call of `on_cluster`. A piece is identified by its index among the tasks."""

    def __init__(
        self,
        client: Client,
        view: ClusterView,
        tasks: Sequence[Task],
        work: Callable[[Task], Result],
        say: Callable[[str], object],
    ) -> None:
        self._client, self._view, self._tasks, self._work, self._say = client, view, tasks, work, say
        self._waiting = deque(range(len(tasks)))
        self._set_aside: deque[int] = deque()
        self._out: dict[str, tuple[int, Future[Any]]] = {}
        self._done: SimpleQueue[Future[Any]] = SimpleQueue()
        self._tries: Counter[int] = Counter()
        self._deaths: Counter[int] = Counter()
        self._alone: int | None = None
        self._foreign: set[str] = set()
        self._workers = NOBODY
        self._next_look = self._quiet_by = time.monotonic()

    def ends(self) -> Iterator[Finished[Task, Result]]:
        """Yield the outcomes, until each piece has one."""
        while self._waiting or self._set_aside or self._out:
            if time.monotonic() >= self._next_look:
                yield from self._look()
            self._give_out()
            try:
                future = self._done.get(timeout=max(0.0, self._next_look - time.monotonic()))
            except Empty:
                continue
            yield from self._end(future)

    def _give_out(self) -> None:
        """Give out as many pieces as keep the workers busy; a piece that was set aside is given out alone."""
        if self._client.status == "closed":  # the next look says that the scheduler is lost
            return
        while self._waiting and len(self._out) < PIECES_PER_THREAD * self._workers.n_threads:
            self._alone = None
            self._submit(self._waiting.popleft())
        if self._waiting or self._out or not self._set_aside or not self._workers.n_threads:
            return
        if self._workers.is_quiet or time.monotonic() > self._quiet_by:
            self._alone = self._set_aside.popleft()
            self._submit(self._alone)
            self._next_look = time.monotonic() + SECONDS_AFTER_A_SUBMISSION

    def _submit(self, index: int) -> None:
        own_workers = [name for name in self._workers.threads if name not in self._foreign]
        future = self._client.submit(
            attempt_there,
            self._tasks[index],
            self._work,
            LOADED,
            pure=False,
            workers=own_workers if self._foreign else None,
            allow_other_workers=bool(self._foreign),
        )
        self._out[str(future.key)] = (index, future)
        future.add_done_callback(self._done.put)

    def _end(self, future: Future[Any]) -> Iterator[Finished[Task, Result]]:
        """Yield the outcome of a finished piece; put a piece back that must be done again."""
        if str(future.key) not in self._out:  # the piece was cancelled meanwhile
            return
        index, _ = self._out.pop(str(future.key))
        if future.status == "cancelled":  # its scheduler was lost; another may be there
            yield from self._retry(index, _lost(self._tasks[index]))
            return
        try:
            error = future.exception()
            end = future.result() if error is None else None
        except (OSError, CancelledError):  # the scheduler was lost while the result was on its way
            yield from self._retry(index, _lost(self._tasks[index]))
            return
        if end is not None:
            yield from self._of_this_program(index, end)
        elif type(error).__name__ == "KilledWorker":
            self._deaths[index] += index == self._alone
            yield from self._aside_or_blamed(index)
        else:
            # The work's own exceptions come as results. This one is dask's: it could not send a task, say.
            why = f"the cluster failed, not this file: {type(error).__name__}: {error}"
            yield Finished(self._tasks[index], None, why)

    def _of_this_program(self, index: int, end: Finished[Task, Result]) -> Iterator[Finished[Task, Result]]:
        """Yield a result; if it is from another program, give the piece to another worker."""
        if difference(LOADED, end.program):
            if end.worker not in self._foreign:
                self._foreign.add(end.worker)
                self._say(f"{of_this_program(end).failure}; other workers do its tubes")
            yield from self._retry(index, of_this_program(end))
        else:
            yield end

    def _retry(self, index: int, last: Finished[Task, Result]) -> Iterator[Finished[Task, Result]]:
        """Put a piece back; after `TRIES_ELSEWHERE` tries yield its last outcome."""
        self._tries[index] += 1
        if self._tries[index] < TRIES_ELSEWHERE:
            self._waiting.append(index)
        else:
            yield last

    def _look(self) -> Iterator[Finished[Task, Result]]:
        """Check which workers are there, and which pieces the vanished workers had."""
        before, workers = self._workers, self._view.look()
        self._next_look = time.monotonic() + SECONDS_BETWEEN_LOOKS
        if workers is None:
            return
        self._workers = workers
        gone = set(before.threads) - set(workers.threads)
        for key in {key for name in gone for key in before.doing.get(name, ())} & set(self._out):
            index, future = self._out[key]
            if future.done():
                continue
            # A piece that is tried alone goes on: the scheduler has already given it to another worker.
            self._deaths[index] += index == self._alone
            if index != self._alone or self._deaths[index] >= DEATHS_ALONE:
                self._take_back(key)
                yield from self._aside_or_blamed(index)

    def _take_back(self, key: str) -> None:
        _, future = self._out.pop(key)
        future.cancel(force=True)
        self._workers = replace(self._workers, is_quiet=False)
        self._quiet_by = time.monotonic() + SECONDS_TO_BE_QUIET

    def _aside_or_blamed(self, index: int) -> Iterator[Finished[Task, Result]]:
        """Set a piece aside whose worker died; fail it if the piece itself was the cause."""
        if self._deaths[index] >= DEATHS_ALONE:
            yield without_answer(self._tasks[index], ProcessDiedError())
        else:
            self._set_aside.append(index)


def _lost(task: Task) -> Finished[Task, Result]:
    return without_answer(task, ConnectionError("the scheduler was lost again and again"))
