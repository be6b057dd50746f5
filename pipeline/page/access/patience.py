"""Idle connections: they are closed before they can block a connection with a request."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.page.access.access_control import HEADERS

MOST_WAITING = 64
"""Most idle connections at a time. Convention: a browser opens six to a page, and a system allows a program
at least 256."""


class _PatientConnection(H11Protocol):
    """HTTP/1.1, with a list of the idle connections of its server, the oldest first."""

    waiting: ClassVar[dict[H11Protocol, None]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waits()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self.waiting.pop(self, None)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and self in self.connections:
            self._waits()

    def connection_lost(self, exc: Exception | None) -> None:
        self.waiting.pop(self, None)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer an invalid request with the page's own headers."""
        named = {**HEADERS, "content-type": "text/plain; charset=utf-8", "connection": "close"}
        headers = [(name.encode(), value.encode()) for name, value in named.items()]
        answer = (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=msg.encode("ascii")),
            h11.EndOfMessage(),
        )
        for event in answer:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _waits(self) -> None:
        self.waiting.pop(self, None)
        self.waiting[self] = None
        while len(self.waiting) > MOST_WAITING:
            oldest = next(iter(self.waiting))
            del self.waiting[oldest]
            oldest.transport.abort()


def patient_protocol() -> type[H11Protocol]:
    """Return the protocol of one server: beyond `MOST_WAITING` it closes the longest idle connection.

    Every user of a computer can open connections to the page and send half a request on each.
    """

    class OfOneServer(_PatientConnection):
        waiting: ClassVar[dict[H11Protocol, None]] = {}

    return OfOneServer
