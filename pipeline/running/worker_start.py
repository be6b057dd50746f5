"""What a worker process does when it starts: leave Ctrl-C to the process that was called."""

from __future__ import annotations

import signal


def dask_setup(worker: object) -> None:
    """Ignore the terminal's interrupt, which every process of the group gets; called by dask."""
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
