"""What is refused before anything of a request is understood: by size, time, rate, host, token and kind."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from http import HTTPStatus
from typing import Any

from seqzoo.serve.limits import Limits
from seqzoo.serve.metrics import Metrics

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = ("/", "/health", "/favicon.ico")  # and the parts of the page: need no token and count for no rate
_CLIENTS = 10_000  # of which is remembered how often they asked
_POLICY = b"default-src 'self'; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_SAFE = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


class Refused(Exception):
    """An answer that is none: a status, a sentence, and what to do about it."""

    def __init__(self, status: int, message: str, hint: str = "", retry_s: int = 0) -> None:
        super().__init__(message)
        self.status, self.message, self.hint, self.retry_s = status, message, hint, retry_s

    def body(self) -> bytes:
        """As JSON."""
        said = {"error": self.message, "hint": self.hint, "status": self.status}
        return json.dumps({name: value for name, value in said.items() if value}, ensure_ascii=False).encode()

    def headers(self) -> dict[str, str]:
        """Of such an answer."""
        kind = {"content-type": "application/json"}
        asks = {"www-authenticate": "Bearer"} if self.status == HTTPStatus.UNAUTHORIZED else {}
        return kind | asks | ({"retry-after": str(self.retry_s)} if self.retry_s else {})


class Guard:
    """Stands before an ASGI application; what gets past it has a whole body of a bearable size.

    Args:
        app: the application.
        limits: what is borne.
        metrics: counts what was answered.
        hosts: names by which clients may call the service; empty: any. A page of elsewhere that a browser was led to
            believe is this machine (DNS rebinding) calls it by another.
    """

    def __init__(self, app: App, limits: Limits, metrics: Metrics, hosts: Collection[str] = ()) -> None:
        self._app, self._limits, self._metrics, self._hosts = app, limits, metrics, frozenset(hosts)
        self._rates = Rates(limits.rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_SAFE]
            await send(message)

        try:
            self._check(scope)
            body = await self._body(receive)
        except Refused as refused:
            await _refuse(refused, noted)
        else:
            await self._app(scope, _replayed(body, receive), noted)
        finally:
            self._metrics.answered(scope["path"], status, time.perf_counter() - started)

    def _check(self, scope: Scope) -> None:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if self._hosts and _name(host) not in self._hosts:
            raise Refused(421, f"this service is not called {host[:80]!r}", "seqzoo serve --host NAME")
        if scope["path"] in OPEN or scope["path"].startswith("/page/"):
            return
        given = headers.get(b"authorization", "")
        if self._limits.token and not hmac.compare_digest(given.encode(), f"Bearer {self._limits.token}".encode()):
            raise Refused(401, "this service wants a token", "Authorization: Bearer TOKEN")
        wait = self._rates.wait(str((scope.get("client") or ("",))[0]))
        if wait:
            raise Refused(429, f"more than {self._limits.rate} requests a minute", retry_s=wait)
        if scope["method"] == "POST":
            self._check_kind(headers)

    def _check_kind(self, headers: dict[bytes, str]) -> None:
        kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused(415, f"a body of type {kind[:80] or 'none'!r}", "Content-Type: application/json")
        if headers.get(b"content-encoding", "identity").lower() != "identity":
            raise Refused(415, "bodies are not compressed here", "leave out Content-Encoding")
        length = headers.get(b"content-length", "0")
        if length.isdigit() and int(length) > self._most:
            raise self._too_large()

    @property
    def _most(self) -> int:
        return int(self._limits.body_mb * (1 << 20))

    def _too_large(self) -> Refused:
        return Refused(413, f"the body is larger than {self._limits.body_mb:g} MB", "seqzoo serve --max-body MB")

    async def _body(self, receive: Receive) -> bytes:
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                return await self._whole(receive)
        except TimeoutError:
            raise Refused(408, f"the body did not arrive within {self._limits.timeout_s:g} s") from None

    async def _whole(self, receive: Receive) -> bytes:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "the body breaks off")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._most:
                raise self._too_large()
            if not message.get("more_body"):
                return b"".join(parts)


def _name(host: str) -> str:
    """A Host header without its port."""
    return host.rpartition("]")[0][1:] if host.startswith("[") else host.partition(":")[0].lower()


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the whole body once, then waits for the client to leave."""
    left: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> MutableMapping[str, Any]:
        return left.pop() if left else await receive()

    return again


async def _refuse(refused: Refused, send: Send) -> None:
    body = refused.body()
    headers = refused.headers() | {"content-length": str(len(body)), "connection": "close"}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refused.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


class Rates:
    """How often each client may ask: so many times a minute, saved up to a minute's worth (a token bucket)."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._left: dict[str, tuple[float, float]] = {}  # what a client had left, and when

    def wait(self, client: str) -> int:
        """Seconds until this client may ask; 0: it may, and that is noted."""
        if not self._rate:
            return 0
        now = self._clock()
        left, then = self._left.pop(client, (float(self._rate), now))
        left = min(self._rate, left + (now - then) * self._rate / 60)
        allowed = left >= 1
        self._left[client] = (left - allowed, now)
        if len(self._left) > _CLIENTS:
            self._left.pop(next(iter(self._left)))  # who has not asked for the longest time
        return 0 if allowed else max(1, round((1 - left) * 60 / self._rate))
