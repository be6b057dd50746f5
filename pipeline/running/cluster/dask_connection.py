"""The connection to a given dask scheduler: it must answer in time, and its workers must run this program."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from pipeline.running.attempt import LOADED, SAME_PROGRAM, program_there
from pipeline.running.program import difference
from pipeline.study.errors import UsageError

if TYPE_CHECKING:
    from distributed import Client

SECONDS_TO_ANSWER = 10.0
"""Time for a scheduler to answer. Convention: a scheduler on the other side of the world needs less than 1
s."""

SECONDS_TO_SAY_WHICH = 25.0
"""Time for workers to load cd38rd and report their program. Convention: from a shared disk that takes a few
seconds."""

SECONDS_TO_PART = 3.0
"""Time for a scheduler to close the connection, since a lost one never does. Convention: closing takes a
fraction of a second over any network."""


class SchedulerError(UsageError):
    """The given dask scheduler cannot be reached, has no workers, or has a worker with another program."""


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Give a client of the scheduler at the address; closing it never hangs, even if the scheduler is lost.

    Raises
    ------
    SchedulerError
        If it does not answer within `SECONDS_TO_ANSWER`.
    """
    client = _answering(address)
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=SECONDS_TO_PART)


def must_be_this_program(client: Client, address: str) -> None:
    """Refuse a cluster that has a worker with another program, before any work is done.

    Raises
    ------
    SchedulerError
        A worker runs another program, or does not report its program.
    """
    try:
        answers = client.sync(
            client._run, program_there, on_error="return", callback_timeout=SECONDS_TO_SAY_WHICH
        )
    except OSError as error:  # a timeout is one of them
        raise SchedulerError(
            f"--scheduler {address}: its workers do not say within {SECONDS_TO_SAY_WHICH:g} seconds which "
            f"program they run ({_reason(error)}); start them again, and run the same command again"
        ) from None
    unlike = {name: _unlike(answer) for name, answer in answers.items()}
    wrong = {name: why for name, why in unlike.items() if why}
    if wrong:
        name, why = next(iter(wrong.items()))
        more = f" (and {len(wrong) - 1} more of {len(answers)} workers)" if len(wrong) > 1 else ""
        raise SchedulerError(
            f"--scheduler {address}: the worker {name}{more} runs another program: {why}; {SAME_PROGRAM}"
        )


def settings_of(client: Client) -> str:
    """Return in words the number of workers and the scheduler's settings for tubes and dead workers.

    No setting changes a result: this program gives out few tubes at a time and counts the deaths itself.
    """

    # A function within a function is sent whole: the scheduler itself needs no cd38rd.
    def scheduler_settings(dask_scheduler: Any = None) -> dict[str, object]:
        names = {
            "allowed_failures": "allowed-failures",
            "WORKER_SATURATION": "worker-saturation",
            "worker_ttl": "worker-ttl",
        }
        settings = {shown: getattr(dask_scheduler, name, "unknown") for name, shown in names.items()}
        return {"workers": len(dask_scheduler.workers), "threads": dask_scheduler.total_nthreads, **settings}

    try:
        answer = client.sync(client._run_on_scheduler, scheduler_settings, callback_timeout=SECONDS_TO_ANSWER)
    except Exception as error:  # a scheduler of another Python cannot run the question
        return f"the scheduler does not report its settings ({type(error).__name__})"
    return ", ".join(f"{name} {value}" for name, value in answer.items())


def _answering(address: str) -> Client:
    """Return a client once the scheduler has answered; a silent scheduler raises SchedulerError in time.

    dask's own time limit does not cover a port that accepts a connection and then stays silent. Therefore
    another thread waits for the answer.
    """
    answers: SimpleQueue[Client | Exception] = SimpleQueue()
    Thread(target=_ask, args=(address, answers), daemon=True).start()
    try:
        answer = answers.get(timeout=SECONDS_TO_ANSWER + SECONDS_TO_PART)
    except Empty:
        answer = TimeoutError(f"silent for {SECONDS_TO_ANSWER:g} seconds")
    if isinstance(answer, Exception):
        raise SchedulerError(
            f"--scheduler {address}: no dask scheduler answers there ({_refusal(answer)}); "
            "start one with `dask scheduler`, or leave the option out"
        ) from None
    return answer


def _ask(address: str, answers: SimpleQueue[Client | Exception]) -> None:
    import distributed  # its import sets its loggers up
    from distributed import Client

    # What dask logs of a scheduler that is gone are tracebacks; `ClusterView` says it in a sentence.
    for name in (
        distributed.__name__,
        *(f"{distributed.__name__}.{part}" for part in ("client", "utils", "core")),
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)

    class ClosedByUs(Client):
        """A client that `connected` closes: dask would close one that never connected again, for 20 s."""

        def __del__(self) -> None:
            """Do nothing."""

    try:
        answers.put(ClosedByUs(address, timeout=SECONDS_TO_ANSWER, set_as_default=False))  # type: ignore[no-untyped-call]
    except Exception as error:  # dask of another version fails in ways of its own
        answers.put(error)


def _refusal(error: Exception) -> str:
    """Return in words why there is no connection.

    The text of an error from reading an answer helps nobody: it holds the numbers that dask made of the bytes
    of another program.
    """
    if isinstance(error, OSError):
        return _reason(error)
    return f"what answers is another program, or a dask of another version; {type(error).__name__}"


def _reason(error: BaseException) -> str:
    """Return the text of an error, or its type if it has no text."""
    return str(error) or type(error).__name__


def _unlike(answer: object) -> str:
    """Return how a worker's program differs from this one, in words; "" if it does not."""
    if isinstance(answer, BaseException):
        return f"it cannot say which ({type(answer).__name__}: {answer})"
    if not isinstance(answer, tuple):
        return "it does not say which"
    return difference(LOADED, answer)
