"""BLAS in one thread: a tube's matrices are small, and more threads would add them up in another order."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which numpy's matrix products run in one thread.

    Small products take longer in several threads than in one, and tubes are what runs in parallel. A worker
    of the cluster has one thread too, so the bytes are the same wherever a tube is quantified.

    Examples
    --------
    >>> with one_thread():
    ...     True
    True
    """
    limits: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limits


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
