"""The way to a dask scheduler that was named: it answers in time, and its workers are this program."""

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
"""What a scheduler is given to answer. Convention: one on the other side of the world needs less than one."""

SECONDS_TO_SAY_WHICH = 25.0
"""What workers are given to load cd38rd and say which program it is. Convention: from a shared disk that
takes a few."""

SECONDS_TO_PART = 3.0
"""What a scheduler is given to say farewell; one that is gone is not waited for. Convention: a farewell takes
a part of a second over any network."""


class SchedulerError(UsageError):
    """The dask scheduler that was named cannot be reached, has no workers, or one that is another program."""


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Give a client of the scheduler at the address; whatever becomes of the scheduler, leaving ends in time.

    Raises
    ------
    SchedulerError
        When it does not answer within `SECONDS_TO_ANSWER`.
    """
    client = _answering(address)
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=SECONDS_TO_PART)


def must_be_this_program(client: Client, address: str) -> None:
    """Refuse a cluster that has a worker of another program, before it has worked.

    Raises
    ------
    SchedulerError
        A worker runs another program, or does not say which.
    """
    try:
        answers = client.sync(
            client._run, program_there, on_error="return", callback_timeout=SECONDS_TO_SAY_WHICH
        )
    except OSError as error:  # among them that the time is over
        raise SchedulerError(
            f"--scheduler {address}: its workers do not say within {SECONDS_TO_SAY_WHICH:g} seconds which "
            f"program they run ({_reason(error)}); start them again, and run the same command again"
        ) from None
    unlike = {name: _unlike(answer) for name, answer in answers.items()}
    wrong = {name: why for name, why in unlike.items() if why}
    if wrong:
        name, why = next(iter(wrong.items()))
        others = f" (and {len(wrong) - 1} more of {len(answers)} workers)" if len(wrong) > 1 else ""
        raise SchedulerError(
            f"--scheduler {address}: the worker {name}{others} runs another program: {why}; {SAME_PROGRAM}"
        )


def settings_of(client: Client) -> str:
    """Return in words how many workers there are, and how the scheduler deals with tubes and deaths.

    None of it decides a result: few tubes are given out at a time, and deaths are counted here.
    """

    # A function within a function is sent whole: the scheduler itself needs no cd38rd.
    def asked(dask_scheduler: Any = None) -> dict[str, object]:
        names = {
            "allowed_failures": "allowed-failures",
            "WORKER_SATURATION": "worker-saturation",
            "worker_ttl": "worker-ttl",
        }
        found = {shown: getattr(dask_scheduler, name, "unknown") for name, shown in names.items()}
        return {"workers": len(dask_scheduler.workers), "threads": dask_scheduler.total_nthreads, **found}

    try:
        answer = client.sync(client._run_on_scheduler, asked, callback_timeout=SECONDS_TO_ANSWER)
    except Exception as error:  # a scheduler of another Python cannot run the question
        return f"the scheduler does not tell its settings ({type(error).__name__})"
    return ", ".join(f"{name} {value}" for name, value in answer.items())


def _answering(address: str) -> Client:
    """Return a client once the scheduler has answered; one that is silent is not waited for any longer.

    dask's own time limit does not hold for a port that accepts and then says nothing, so that another thread
    waits for it.
    """
    answers: SimpleQueue[Client | Exception] = SimpleQueue()
    Thread(target=_ask, args=(address, answers), daemon=True).start()
    try:
        answer = answers.get(timeout=SECONDS_TO_ANSWER + SECONDS_TO_PART)
    except Empty:
        answer = TimeoutError(f"silent for {SECONDS_TO_ANSWER:g} seconds")
    if isinstance(answer, Exception):
        raise SchedulerError(
            f"--scheduler {address}: no dask scheduler answers there ({_reason(answer)}); "
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
    try:
        answers.put(Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False))
    except Exception as error:  # dask of another version fails in ways of its own
        answers.put(error)


def _reason(error: BaseException) -> str:
    """Return what an error says, or its kind where it says nothing."""
    return str(error) or type(error).__name__


def _unlike(answer: object) -> str:
    """Say what a worker's answer tells of its program; "" where it is this one."""
    if isinstance(answer, BaseException):
        return f"it cannot say which ({type(answer).__name__}: {answer})"
    if not isinstance(answer, tuple):
        return "it does not say which"
    return difference(LOADED, answer)
