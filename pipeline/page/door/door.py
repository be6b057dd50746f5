"""The door of the page: who may ask, before anything is done.

Loopback alone is no door: every user of a computer reaches it, and so does every page that the browser shows.
So each request must come to the address that was given out (Host), from the page itself (Origin), with the
cookie that a token bought once, and where the system tells it, from the same user.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from html import escape
from threading import Lock
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from pipeline.page.door.peer import is_other_user

HOST = "127.0.0.1"
ENTRY = "/enter"
MOST_BYTES = 2 << 20
"""Of a request: a thousand polygons of a thousand corners are refused. Convention."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What the page may load: itself alone, and no script or style that stands in its text."""

_READING = ("GET", "HEAD")
"""Ways to ask that change nothing."""

LOOKS = ("/api/tubes", "/api/study", "/api/job", "/api/sheets")
"""What an open page asks by itself again and again: it does not keep the program alive."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Of every answer, whatever it is."""

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class Keys:
    """The keys of one server: a token that opens once, and the cookie that it buys.

    Attributes
    ----------
    port
        Of this computer.
    first
        Where the page begins.
    touched
        When somebody last did something (`time.monotonic`).
    """

    port: int
    first: str = "/"
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    touched: float = field(default_factory=time.monotonic)
    is_used: bool = False
    _lock: Lock = field(default_factory=Lock)

    @property
    def origin(self) -> str:
        """Where the page is, without a path."""
        return f"http://{HOST}:{self.port}"

    @property
    def address(self) -> str:
        """The address that opens the page, once."""
        return f"{self.origin}{ENTRY}?token={self.token}"

    @property
    def cookie(self) -> str:
        """The cookie's name: browsers keep the cookies of all ports together."""
        return f"cd38rd_{self.port}"

    def opens(self, token: str) -> bool:
        """Whether a token opens the page: the right one does, the first time."""
        with self._lock:
            if self.is_used or not hmac.compare_digest(token.encode(), self.token.encode()):
                return False
            self.is_used = True
            return True

    def is_ours(self, cookies: str) -> bool:
        """Whether the cookies of a request hold the one that the token bought."""
        # Taken apart here, one by one: other programs of this computer set cookies for the same address, and
        # one that breaks the rules must not hide ours.
        given = (one.strip().partition("=") for one in cookies.split(";"))
        values = [value for name, _, value in given if name == self.cookie]
        return any(hmac.compare_digest(value.encode(), self.secret.encode()) for value in values)


class Door:
    """Lets a request in, or says why not."""

    def __init__(self, app: App, keys: Keys) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        reason = self._refusal(scope, headers)
        if reason:
            await _refuse(scope, send, 403, reason)
        elif scope["path"] == ENTRY:
            await self._enter(scope, send)
        elif not self._keys.is_ours(headers.get("cookie", "")):
            await _refuse(scope, send, 403, _NO_COOKIE)
        else:
            if scope["path"] not in LOOKS:
                self._keys.touched = time.monotonic()
            await self._app(scope, _counted(receive), _with_headers(send))

    def _refusal(self, scope: Scope, headers: Mapping[str, str]) -> str:
        """Return why a request is refused whatever its cookie; "" where it is not."""
        if is_other_user(scope.get("client"), self._keys.port):
            return "this page belongs to another user of this computer"
        hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
        if len(hosts) != 1 or headers.get("host") != f"{HOST}:{self._keys.port}":
            return f"this page is at {self._keys.origin} alone, and was asked for under another name"
        origin, is_read = headers.get("origin"), scope["method"] in _READING
        if origin is not None and origin != self._keys.origin:
            return "the request came from another page"
        if origin is None and not is_read:
            return "the request does not say which page it came from"
        site = headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none") and scope["path"] != ENTRY:
            return "the request came from another page"
        length = headers.get("content-length", "0")
        digits = length.isascii() and length.isdigit() and len(length) <= len(str(MOST_BYTES))
        if not digits or int(length) > MOST_BYTES:
            return f"the request is larger than {MOST_BYTES >> 20} MB"
        return ""

    async def _enter(self, scope: Scope, send: Send) -> None:
        tokens = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])
        if scope["method"] not in _READING or not self._keys.opens(tokens[0]):
            await _refuse(scope, send, 403, _NO_TOKEN)
            return
        # A page that begins anew, not a redirection: that one would still count as begun elsewhere, and
        # the browser would keep the cookie back.
        page = (
            f"{_HEAD}"
            f'<meta http-equiv="refresh" content="0;url={escape(self._keys.first)}">'
            f'<p><a href="{escape(self._keys.first)}">Go on</a></p></html>'
        )
        cookie = f"{self._keys.cookie}={self._keys.secret}; HttpOnly; SameSite=Strict; Path=/"
        self._keys.touched = time.monotonic()
        await _answer(send, 200, "text/html; charset=utf-8", page, {"set-cookie": cookie})


_HEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>cd38rd</title>'
    '<link rel="icon" href="data:,">'
)
_NO_COOKIE = (
    "this page was not opened by cd38rd, or the program was started anew since. Start it again: "
    "cd38rd open, cd38rd review, or a double click on cd38rd-page"
)
_NO_TOKEN = (
    "this address is not valid, or was used before: it opens the page once. Start the program again for a "
    "new one; a page that is open already goes on working"
)


class TooLargeError(Exception):
    """A request went on beyond what is allowed."""


def _counted(receive: Receive) -> Receive:
    """Return what reads a request and stops where it is too large, whatever length it told."""
    total = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > MOST_BYTES:
            raise TooLargeError
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            there = list(message.get("headers", ()))
            known = {name.lower() for name, _ in there}
            more = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in known]
            message = {**message, "headers": [*there, *more]}
        await send(message)

    return with_headers


async def _refuse(scope: Scope, send: Send, status: int, reason: str) -> None:
    if scope["path"].startswith("/api/"):
        await _answer(send, status, "application/json", json.dumps({"error": reason}), {})
        return
    page = f"{_HEAD}<h1>Not opened</h1><p>{escape(reason[:1].upper() + reason[1:])}.</p></html>"
    await _answer(send, status, "text/html; charset=utf-8", page, {})


async def _answer(send: Send, status: int, kind: str, text: str, more: Mapping[str, str]) -> None:
    body = text.encode("utf-8")
    headers = {**HEADERS, "content-type": kind, "content-length": str(len(body)), **more}
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [(name.encode(), value.encode()) for name, value in headers.items()]})
    await send({"type": "http.response.body", "body": body})
