"""BLAS in one thread: a tube's matrices are small, and more threads would add them up in another order.

Memory that a tube's arrays free is kept for its next ones. Else the C library gives it back to the system
after nearly every step of the gating and asks for it again, which took a twelfth of a tube's time.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Numbers by which `mallopt` knows what is set. Vendor: malloc.h of the GNU C library."""
MOST_KEPT, LARGEST_KEPT = 64 << 20, 32 << 20
"""Bytes that are free and kept, at most, and those of the largest array that is: all that `mallopt` takes.
Convention: what its own rule reaches in time."""


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which numpy's matrix products run in one thread, and freed memory is kept.

    Small products take longer in several threads than in one, and tubes are what runs in parallel. A worker
    of the cluster has one thread too, so the bytes are the same wherever a tube is quantified.

    Examples
    --------
    >>> with one_thread():
    ...     True
    True
    """
    _keep_freed_memory()
    limits: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limits


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@cache
def _keep_freed_memory() -> None:
    """Tell the C library once; a system without the call does as it always does."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(MMAP_THRESHOLD, LARGEST_KEPT)
            mallopt(TRIM_THRESHOLD, MOST_KEPT)
