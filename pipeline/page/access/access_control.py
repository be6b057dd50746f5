"""Decides who may send requests to the page.

A loopback address alone does not protect: every user of a computer and every page in the browser can reach
it. So each request must name the given address (Host), come from the page itself (Origin), carry the cookie
that was given once for a token, and, if the system can tell, come from the same user.
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

from pipeline.page.access.peer import is_other_user
from pipeline.study.wording import capitalized

HOST = "127.0.0.1"
ENTRY = "/enter"
MOST_BYTES = 2 << 20
"""Most bytes of a request. Convention: far above any real request; a thousand polygons of a thousand corners
are refused."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The content policy of the page: it may load only its own files, and no inline script or style."""

_READING = ("GET", "HEAD")
"""Request methods that change nothing."""

REPEATED_REQUESTS = ("/api/alive", "/api/tubes", "/api/study", "/api/job", "/api/sheets")
"""Requests that an open page repeats by itself; they do not keep the program alive."""

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
    """The keys of one server: a token that is valid once, and the cookie that is given for it.

    Attributes
    ----------
    port
        The port on this computer.
    first
        The path of the first page.
    touched
        Time of the last use (`time.monotonic`).
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
        """The address of the page, without a path."""
        return f"http://{HOST}:{self.port}"

    @property
    def address(self) -> str:
        """The address that opens the page; it works once."""
        return f"{self.origin}{ENTRY}?token={self.token}"

    @property
    def cookie(self) -> str:
        """The cookie's name, which includes the port, since browsers share cookies between ports."""
        return f"cd38rd_{self.port}"

    def opens(self, token: str) -> bool:
        """Whether a token opens the page: only the right one does, and only once."""
        with self._lock:
            if self.is_used or not hmac.compare_digest(token.encode(), self.token.encode()):
                return False
            self.is_used = True
            return True

    def is_ours(self, cookies: str) -> bool:
        """Whether a request carries the cookie that was given for the token."""
        # Taken apart here, one by one: other programs of this computer set cookies for the same address, and
        # one that breaks the rules must not hide ours.
        pairs = (cookie.strip().partition("=") for cookie in cookies.split(";"))
        values = [value for name, _, value in pairs if name == self.cookie]
        return any(hmac.compare_digest(value.encode(), self.secret.encode()) for value in values)


class AccessControl:
    """Lets a request in, or answers with the reason of its refusal."""

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
            if scope["path"] not in REPEATED_REQUESTS:
                self._keys.touched = time.monotonic()
            await self._app(scope, _counted(receive), _with_headers(send))

    def _refusal(self, scope: Scope, headers: Mapping[str, str]) -> str:
        """Return why a request is refused, without a look at its cookie; "" if it is not."""
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
    "this page was not opened by cd38rd, or the program has been started again since. Start it again: cd38rd "
    "open, cd38rd review, or a double click on cd38rd-page"
)
_NO_TOKEN = (
    "this address is not valid, or was used before: it opens the page once. Start the program again for a "
    "new one; a page that is open already goes on working"
)


class TooLargeError(Exception):
    """A request is larger than allowed."""


def _counted(receive: Receive) -> Receive:
    """Return a reader of a request that stops if it is too large, whatever length the request declares."""
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
            headers = list(message.get("headers", ()))
            names = {name.lower() for name, _ in headers}
            more = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in names]
            message = {**message, "headers": [*headers, *more]}
        await send(message)

    return with_headers


async def _refuse(scope: Scope, send: Send, status: int, reason: str) -> None:
    if scope["path"].startswith("/api/"):
        await _answer(send, status, "application/json", json.dumps({"error": reason}), {})
        return
    page = f"{_HEAD}<h1>Not opened</h1><p>{escape(capitalized(reason))}.</p></html>"
    await _answer(send, status, "text/html; charset=utf-8", page, {})


async def _answer(send: Send, status: int, kind: str, text: str, more: Mapping[str, str]) -> None:
    body = text.encode("utf-8")
    headers = {**HEADERS, "content-type": kind, "content-length": str(len(body)), **more}
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [(name.encode(), value.encode()) for name, value in headers.items()]})
    await send({"type": "http.response.body", "body": body})
