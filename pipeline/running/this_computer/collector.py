"""Python's garbage collector, which would look again and again through what is kept until the end."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[Callable[[], None]]:
    """Pause the garbage collector: sheets and results of 10,000 tubes are millions of objects in no cycle.

    The caller may call the given function when all are loaded; later objects (figures) are collected as
    usual.
    """
    before = gc.isenabled()
    gc.disable()

    def loaded() -> None:
        gc.freeze()
        if before:
            gc.enable()

    try:
        yield loaded
    finally:
        gc.unfreeze()
        if before:
            gc.enable()
