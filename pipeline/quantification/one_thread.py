"""BLAS in one thread: the matrices of a tube are small, and more threads would sum them in another order.

Memory that the arrays of a tube free is kept for its next arrays. Otherwise the C library returns it to the
system after nearly every gating step and requests it again, which took a twelfth of the time of a tube.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Numbers of the parameters of `mallopt`. Vendor: malloc.h of the GNU C library."""
MOST_KEPT, LARGEST_KEPT = 64 << 20, 32 << 20
"""Most bytes of free memory that are kept, and bytes of the largest array whose memory is kept: the largest
values that `mallopt` accepts. Convention: what its own rule reaches in time."""


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which numpy's matrix products run in one thread, and freed memory is kept.

    Small products take longer in several threads than in one, and tubes are what runs in parallel. A worker
    of a cluster uses one thread, too, so the results are the same wherever a tube is quantified.

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
    """Set the parameters of the C library once; a system without `mallopt` is left as it is."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(MMAP_THRESHOLD, LARGEST_KEPT)
            mallopt(TRIM_THRESHOLD, MOST_KEPT)
