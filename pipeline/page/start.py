"""Starting the page: a server on loopback, an address that opens once, and an end when it is unused."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.files.own_folder import private_folder
from pipeline.page.access.access_control import HOST, Keys
from pipeline.page.remembered import last_port, remember
from pipeline.study.errors import UsageError

if TYPE_CHECKING:
    from uvicorn import Server

    from pipeline.page.open_study import OpenStudy

LOOK_EVERY = 1.0
"""Seconds between two checks whether the page is still in use. Convention."""

BACKLOG = 128
"""Connections that the system holds until they are taken. Convention: its own limit was this for long."""


@dataclass(frozen=True, slots=True)
class PageOptions:
    """The options of `cd38rd open` and `cd38rd review`; `first`: the path of the first page.

    `program`: the words that start the command `cd38rd`, with which the page starts a run.
    """

    program: tuple[str, ...]
    port: int | None = None
    browser: bool = True
    idle_minutes: float = 60.0
    first: str = "/"


def serve_page(folder: Path | None, options: PageOptions) -> None:
    """Serve the page until the user ends it or it is unused for long.

    Parameters
    ----------
    folder
        The study folder; None: the user chooses it on the page.

    Raises
    ------
    UsageError
        The port is taken.
    """
    import uvicorn

    from pipeline.page.access.patience import patient_protocol
    from pipeline.page.app import app_of
    from pipeline.page.open_study import OpenStudy

    listening = _socket(options.port, folder)
    keys = Keys(listening.getsockname()[1], options.first)
    open_study = OpenStudy(folder, keys.port, options.program)
    if folder is not None:
        remember(folder, keys.port)
    config = uvicorn.Config(
        app_of(open_study, keys),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        ws="none",
        http=patient_protocol(),
        backlog=BACKLOG,
        loop="asyncio",
        timeout_graceful_shutdown=2,
    )
    server = _ended_by_keys(uvicorn.Server(config))
    opener = _opener(keys.address) if options.browser else None
    _say(f"The page is at {keys.address}")
    _say("This address opens it once, for you alone. Ctrl-C ends it; what was saved stays saved.")
    try:
        asyncio.run(_until_idle(server, listening, open_study, keys, (opener, options.idle_minutes)))
    finally:
        open_study.close()
        if opener is not None:
            opener.unlink(missing_ok=True)
    _say("The page has ended.")


def double_clicked(program: tuple[str, ...]) -> None:
    """Open the page without a study, as after a double click; the browser shows any error.

    `program`: as in `PageOptions`.
    """
    from pipeline.commands.shell import hush_libraries, sentence_and_status, write_utf8

    for name in ("stdout", "stderr"):  # a program without a window has none
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    write_utf8()
    hush_libraries()
    named = [Path(word) for word in sys.argv[1:2] if Path(word).is_dir()]
    try:
        serve_page(named[0].resolve() if named else None, PageOptions(program))
    except Exception as error:
        sys.exit(sentence_and_status(error, sys.argv[1:2]))


def _ended_by_keys(server: Server) -> Server:
    """Make Ctrl-C and SIGTERM end the server in order: a run is stopped, and no process is left."""

    def end(*_: object) -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    # The server would raise the signal again after its end, and the program would be killed.
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
    return server


async def _until_idle(
    server: Server,
    listening: socket.socket,
    open_study: OpenStudy,
    keys: Keys,
    how: tuple[Path | None, float],
) -> None:
    opener, idle_minutes = how
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if opener is not None:
        await asyncio.to_thread(_open_browser, opener)
    keys.touched = time.monotonic()
    while not serving.done():
        await asyncio.wait({serving}, timeout=LOOK_EVERY)
        if opener is not None and keys.is_used:
            opener.unlink(missing_ok=True)
        if open_study.is_running():
            keys.touched = time.monotonic()
        elif time.monotonic() - keys.touched > 60 * idle_minutes:
            _say(f"Nobody has used the page for {idle_minutes:g} minutes.")
            server.should_exit = True
            break
    await serving


def _socket(port: int | None, folder: Path | None) -> socket.socket:
    """Return a socket for this computer only; a study's page gets its last port, if that is free."""
    ports = [port] if port else [*([last_port(folder)] if folder else []), 0]
    error: OSError | None = None
    for number in ports:
        if number is None:
            continue
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        if exclusive is not None:
            listening.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        elif os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, number))
            listening.listen(BACKLOG)
        except OSError as problem:
            listening.close()
            error = problem
            continue
        return listening
    why = error.strerror if error else "no port is free"
    raise UsageError(f"--port {port}: cannot be used ({why}), expected a port that nobody uses; leave it out")


def _opener(address: str) -> Path | None:
    """Write a file that leads the browser to the address, which other users could see on a command line."""
    try:
        path = private_folder() / f"open-{os.getpid()}.html"
        path.unlink(missing_ok=True)
        page = (
            '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0;url={escape(address)}">'
            f'<title>cd38rd</title><p><a href="{escape(address)}">Open the page</a></p>'
        )
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(page)
    except OSError as error:
        _say(f"The browser is not opened ({error.strerror}): open the address yourself")
        return None
    return path


def _open_browser(opener: Path) -> None:
    import webbrowser

    with suppress(webbrowser.Error, OSError):
        webbrowser.open(opener.as_uri())


def _say(text: str) -> None:
    if sys.stdout is not None:
        print(text, flush=True)  # noqa: T201 -- the user who started it must get the address
