"""A batch on a cluster: few pieces are out at a time, and one that ends its workers is tried by itself."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
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
from pipeline.running.processes import ProcessDiedError
from pipeline.running.program import difference

if TYPE_CHECKING:
    from distributed import Client, Future

PIECES_PER_THREAD = 2
"""Of work given out at a time: one that is done, and the next. Whatever the scheduler's own settings are, a
worker that ends takes no more along. Convention: for speed, since the next one waits nowhere."""

DEATHS_ALONE = 2
"""So many workers ended while nothing else was worked on: it is the tube's own doing. Convention: one may be
the machine's doing, two alone are not."""

TRIES_ELSEWHERE = 5
"""So often a piece is given out again that came from another program, or went with its scheduler. Convention:
a cluster that restarts takes some of them."""

SECONDS_BETWEEN_LOOKS = 0.5
"""Between two looks at the workers. Convention: a look takes the scheduler a millisecond."""

SECONDS_AFTER_A_SUBMISSION = 0.1
"""Until it is seen which worker has a piece that is tried by itself. Convention: it needs less."""

SECONDS_TO_BE_QUIET = 30.0
"""So long a piece that is tried by itself waits for workers that still do what was taken back from them.
Convention: others may use the cluster too, and are not waited for."""


def on_cluster(
    address: str, tasks: Sequence[Task], work: Callable[[Task], Result], say: Callable[[str], object]
) -> Iterator[Finished[Task, Result]]:
    """Yield each task as a worker of the cluster finishes it; see `run_tasks`."""
    with connected(address) as client:
        must_be_this_program(client, address)
        say(f"cluster {address}: {settings_of(client)}")
        yield from _Batch(client, ClusterView(client, address, say), tasks, work, say).ends()


class _Batch(Generic[Task, Result]):
    """One call of `on_cluster`. Pieces are known by their place among the tasks."""

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
        self._seen = NOBODY
        self._next_look = self._quiet_by = time.monotonic()

    def ends(self) -> Iterator[Finished[Task, Result]]:
        """Yield the ends, until each piece has one."""
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
        """Give out pieces, as many as keep the workers busy; one that was set aside only by itself."""
        while self._waiting and len(self._out) < PIECES_PER_THREAD * self._seen.n_threads:
            self._alone = None
            self._submit(self._waiting.popleft())
        if self._waiting or self._out or not self._set_aside or not self._seen.n_threads:
            return
        if self._seen.is_quiet or time.monotonic() > self._quiet_by:
            self._alone = self._set_aside.popleft()
            self._submit(self._alone)
            self._next_look = time.monotonic() + SECONDS_AFTER_A_SUBMISSION

    def _submit(self, at: int) -> None:
        others = [name for name in self._seen.threads if name not in self._foreign]
        future = self._client.submit(
            attempt_there,
            self._tasks[at],
            self._work,
            LOADED,
            pure=False,
            workers=others if self._foreign else None,
            allow_other_workers=bool(self._foreign),
        )
        self._out[str(future.key)] = (at, future)
        future.add_done_callback(self._done.put)

    def _end(self, future: Future[Any]) -> Iterator[Finished[Task, Result]]:
        """Yield the end of a piece that is done; one that must be done again is put back."""
        if str(future.key) not in self._out:  # it was taken back meanwhile
            return
        at, _ = self._out.pop(str(future.key))
        if future.status == "cancelled":  # its scheduler was lost; another may be there
            yield from self._retry(at, _lost(self._tasks[at]))
            return
        error = future.exception()
        if error is None:
            yield from self._of_this_program(at, future.result())
        elif type(error).__name__ == "KilledWorker":
            self._deaths[at] += at == self._alone
            yield from self._aside_or_blamed(at)
        else:
            # What the work raises comes as a result. This is dask's own: a task that it could not send, say.
            why = f"the cluster failed, not this file: {type(error).__name__}: {error}"
            yield Finished(self._tasks[at], None, why)

    def _of_this_program(self, at: int, end: Finished[Task, Result]) -> Iterator[Finished[Task, Result]]:
        """Yield a result; one of another program is left to another worker."""
        if difference(LOADED, end.program):
            if end.worker not in self._foreign:
                self._foreign.add(end.worker)
                self._say(f"{of_this_program(end).failure}; other workers do its tubes")
            yield from self._retry(at, of_this_program(end))
        else:
            yield end

    def _retry(self, at: int, last: Finished[Task, Result]) -> Iterator[Finished[Task, Result]]:
        """Put a piece back; after some tries its last end stands."""
        self._tries[at] += 1
        if self._tries[at] < TRIES_ELSEWHERE:
            self._waiting.append(at)
        else:
            yield last

    def _look(self) -> Iterator[Finished[Task, Result]]:
        """See which workers are there, and what those had that have gone."""
        before, seen = self._seen, self._view.look()
        self._next_look = time.monotonic() + SECONDS_BETWEEN_LOOKS
        if seen is None:
            return
        self._seen = seen
        gone = set(before.threads) - set(seen.threads)
        for key in {key for name in gone for key in before.doing.get(name, ())} & set(self._out):
            at, future = self._out[key]
            if future.done():
                continue
            # What is tried by itself goes on: the scheduler has given it to another worker already.
            self._deaths[at] += at == self._alone
            if at != self._alone or self._deaths[at] >= DEATHS_ALONE:
                self._take_back(key)
                yield from self._aside_or_blamed(at)

    def _take_back(self, key: str) -> None:
        _, future = self._out.pop(key)
        future.cancel(force=True)
        self._seen = replace(self._seen, is_quiet=False)
        self._quiet_by = time.monotonic() + SECONDS_TO_BE_QUIET

    def _aside_or_blamed(self, at: int) -> Iterator[Finished[Task, Result]]:
        """Set a piece aside whose worker ended; blame it where that was its own doing."""
        if self._deaths[at] >= DEATHS_ALONE:
            yield without_answer(self._tasks[at], ProcessDiedError())
        else:
            self._set_aside.append(at)


def _lost(task: Task) -> Finished[Task, Result]:
    return without_answer(task, ConnectionError("the scheduler was lost again and again"))
