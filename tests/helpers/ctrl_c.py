"""A child process that Ctrl-C reaches, however the tests were started."""

from __future__ import annotations

import signal


def hears_ctrl_c() -> None:
    """Do as a terminal does: a shell starts what runs in the background deaf to SIGINT, and children inherit it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
