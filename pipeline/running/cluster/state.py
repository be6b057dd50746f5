"""The scheduler's report on its workers, and how long the scheduler or the workers have been silent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.running.cluster.dask_connection import SECONDS_TO_ANSWER, SchedulerError

if TYPE_CHECKING:
    from distributed import Client

SECONDS_WITHOUT_WORKERS = 20.0
"""Longest time that a run waits for a worker. Convention: a killed worker is back in a few seconds."""

SECONDS_TO_BE_SILENT = 20.0
"""A worker that is silent for so long is named to the user. Convention: a worker reports at least every 2 s,
and a tube may delay the report by a few seconds."""

SECONDS_UNTIL_LOST = 300.0
"""If all workers are silent for so long, the run stops. By default a scheduler gives a worker up after the
same time. Convention: dask's `distributed.scheduler.worker-ttl`."""

FINISHED_ARE_KEPT = "Every finished tube is kept: run the same command again, and it goes on from there"


@dataclass(frozen=True, slots=True)
class ClusterMoment:
    """The cluster at one moment.

    Attributes
    ----------
    threads
        Address of each worker → number of tubes that it can do at the same time.
    doing
        Address of each worker → keys of the pieces that it was given.
    is_quiet
        Whether no worker is busy, by their last reports.
    """

    threads: Mapping[str, int]
    doing: Mapping[str, frozenset[str]]
    is_quiet: bool

    @property
    def n_threads(self) -> int:
        """Number of tubes that the cluster can do at the same time."""
        return sum(self.threads.values())


NOBODY = ClusterMoment({}, {}, is_quiet=True)
"""The cluster before the first check: no worker is known."""


class ClusterView:
    """A view of the cluster that is updated from time to time.

    Parameters
    ----------
    client
        A client that is connected to the scheduler.
    address
        The address of the scheduler as the user typed it.
    say
        Called with a sentence if the run waits for workers.
    """

    def __init__(self, client: Client, address: str, say: Callable[[str], object]) -> None:
        self._client, self._address, self._say = client, address, say
        self._answered = self._with_workers = time.monotonic()
        self._heard: dict[str, tuple[float, float]] = {}
        self._named: set[str] = set()
        self._said_empty = False

    def look(self) -> ClusterMoment | None:
        """Return the cluster as it is now; None if the scheduler does not answer.

        Raises
        ------
        SchedulerError
            The scheduler is lost, or there has been no working worker for too long.
        """
        answer = self._scheduler_state()
        now = time.monotonic()
        if answer is None:
            if self._client.status in {"closed", "closing"} or now - self._answered > SECONDS_TO_ANSWER:
                raise self._error("the scheduler does not answer any more", "start it and its workers again")
            return None
        self._answered = now
        identity, doing = answer
        workers: Mapping[str, Mapping[str, Any]] = identity["workers"]
        self._must_have_workers(workers, now)
        self._must_be_heard(workers, now)
        return ClusterMoment(
            {name: int(worker["nthreads"]) for name, worker in workers.items()},
            {name: frozenset(map(str, keys)) for name, keys in doing.items()},
            is_quiet=not any(map(_is_busy, workers.values())),
        )

    def _scheduler_state(self) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        client, scheduler, in_time = self._client, self._client.scheduler, SECONDS_TO_ANSWER / 2
        if client.status != "running" or scheduler is None:
            return None
        try:
            identity = client.sync(scheduler.identity, n_workers=-1, callback_timeout=in_time)
            doing = client.sync(scheduler.processing, callback_timeout=in_time)
        except OSError:  # a timeout is one of them
            return None
        return identity, doing

    def _must_have_workers(self, workers: Mapping[str, object], now: float) -> None:
        if workers:
            self._with_workers, self._said_empty = now, False
            return
        if now - self._with_workers > SECONDS_WITHOUT_WORKERS:
            raise self._error(
                f"no worker has been there for {SECONDS_WITHOUT_WORKERS:g} seconds",
                f"start some with `dask worker {self._address}`",
            )
        if not self._said_empty:
            self._said_empty = True
            self._say(f"waiting for a worker: the scheduler {self._address} has none")

    def _must_be_heard(self, workers: Mapping[str, Mapping[str, Any]], now: float) -> None:
        """Name a worker that has been silent for long; raise SchedulerError if all workers have been."""
        for name, worker in workers.items():
            last_seen = float(worker["last_seen"])
            if name not in self._heard or self._heard[name][0] != last_seen:
                self._heard[name] = (last_seen, now)
                self._named.discard(name)
        silent = {name: now - self._heard[name][1] for name in workers}
        for name, seconds in silent.items():
            if seconds > SECONDS_TO_BE_SILENT and name not in self._named:
                self._named.add(name)
                self._say(
                    f"the worker {name} has been silent for {seconds:.0f} seconds: is its computer asleep or "
                    "cut off? Its tubes wait for it, or until the scheduler gives them to another one"
                )
        if workers and min(silent.values()) > SECONDS_UNTIL_LOST:
            raise self._error(
                f"no worker has said anything for {SECONDS_UNTIL_LOST:g} seconds", "start the workers again"
            )

    def _error(self, problem: str, to_do: str) -> SchedulerError:
        return SchedulerError(f"--scheduler {self._address}: {problem}; {to_do}. {FINISHED_ARE_KEPT}")


def _is_busy(worker: Mapping[str, Any]) -> bool:
    """Whether a worker is busy by its last report, with this run or with work of other users."""
    return bool(worker["metrics"].get("task_counts", {}).get("executing"))
