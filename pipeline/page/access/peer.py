"""The user at the other end of a connection on this computer, if the system reports it (Linux)."""

from __future__ import annotations

import os
from pathlib import Path

_TABLE = Path("/proc/net/tcp")
_ROOT = 0
"""User number of root, who may read everything anyway; connections from a Windows browser (WSL) also belong
to root."""


def is_other_user(client: tuple[str, int] | None, port: int) -> bool:
    """Whether a connection is known to be another user's; False if the system does not report it.

    Parameters
    ----------
    client
        Address and port of the other end.
    port
        Port of this end.
    """
    if client is None or not hasattr(os, "getuid"):
        return False
    try:
        table = _TABLE.read_text("ascii")
    except OSError:
        return False
    owner = owner_in(table, client, port)
    return owner is not None and owner not in (os.getuid(), _ROOT)


def owner_in(table: str, client: tuple[str, int], ours: int) -> int | None:
    """Return the user of the socket from a client to our port on 127.0.0.1; None if there is no such socket.

    Parameters
    ----------
    table
        Text of /proc/net/tcp: local address, remote address, …, user, in hexadecimal but for the user.
    """
    host = "".join(f"{int(part):02X}" for part in reversed(client[0].split(".")))
    local, remote = f"{host}:{client[1]:04X}", f"0100007F:{ours:04X}"
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and words[1] == local and words[2] == remote:
            return int(words[7])
    return None
