"""Uvicorn around the application: connections that say nothing are closed, and a stop lets answers finish."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Collection, Sequence
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from seqzoo.errors import UserError
from seqzoo.serve.app import application
from seqzoo.serve.guard import Guard
from seqzoo.serve.limits import Limits
from seqzoo.serve.loaded import Loaded

_SILENT_S = 10.0  # a connection may say nothing
_HEADERS = 32 << 10  # bytes, at most
_CONNECTIONS = 1000
_GRACE_S = 10
_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Impatient(H11Protocol):
    """HTTP/1.1 of connections that must send a whole head of a request in time."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._late = asyncio.get_running_loop().call_later(_SILENT_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for any more."""
        self._late.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        cycle, transport = (getattr(self, name) for name in ("cycle", "transport"))
        if cycle is None and not transport.is_closing():
            transport.write(_LATE)
            transport.close()


def run(
    loaded: Sequence[Loaded], limits: Limits, host: str, port: int, hosts: Collection[str], say: Callable[[str], None]
) -> None:
    """Serve until told to stop (Ctrl-C or SIGTERM); what is being answered then is finished.

    Raises:
        UserError: the address cannot be had.
    """
    app, metrics = application(loaded, limits)
    config = uvicorn.Config(
        Guard(app, limits, metrics, hosts), http=Impatient, ws="none", lifespan="on", log_level="warning",
        access_log=False, server_header=False, h11_max_incomplete_event_size=_HEADERS,
        limit_concurrency=_CONNECTIONS, timeout_graceful_shutdown=_GRACE_S,
    )  # fmt: skip
    listening = _listen(host, port)
    at, where = listening.getsockname()[1], f"[{host}]" if ":" in host else host
    say(f"http://{where}:{at}  (Ctrl-C stops)")
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()  # who reads the address may call it at once
    except OSError as error:
        listening.close()
        raise UserError(f"cannot listen on {host}:{port}: {error.strerror}", "seqzoo serve --port 0") from None
    return listening
