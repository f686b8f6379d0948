"""Many clients at once, for minutes: `seqzoo serve` beside the same network behind a plain loop over TensorFlow.

Run: SEQZOO_DATA=... python tests/bench/serving.py RUN [MINUTES [CLIENTS]]     RUN: of `classify`, with its Keras model

Clients, service and all share this machine's cores, and nothing leaves it. Each client sends a review, waits for the
answer, and sends the next.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqzoo import fetch, registry
from seqzoo.tasks.classify import data  # noqa: F401  (data sets are registered)
from seqzoo.tasks.classify.options import DataOptions

_PAGE = os.sysconf("SC_PAGE_SIZE")


def reviews(count: int = 2000) -> list[bytes]:
    """Real reviews as whole requests."""
    found = registry.find_dataset("imdb")
    texts = found.load(fetch.fetch(found, quiet=True), DataOptions(dataset="imdb", limit=count))[0].texts
    return [_request(json.dumps({"text": text[:20_000]}).encode()) for text in texts]


def _request(body: bytes) -> bytes:
    head = "POST /classify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


class Heard:
    """What clients have seen: milliseconds of each answer, and what was no answer."""

    def __init__(self) -> None:
        self.ms: list[float] = []
        self.errors: dict[str, int] = {}

    def error(self, what: str) -> None:
        self.errors[what] = self.errors.get(what, 0) + 1


async def client(port: int, requests: list[bytes], start: int, until: float, heard: Heard) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    place = start
    while time.monotonic() < until:
        begun = time.perf_counter()
        writer.write(requests[place % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(
            next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split()[1]
        )
        await reader.readexactly(length)
        heard.ms.append(1000 * (time.perf_counter() - begun))
        if not head.startswith(b"HTTP/1.1 200"):
            heard.error(head.split(b"\r\n")[0].decode())
        place += 1
    writer.close()


async def soak(port: int, requests: list[bytes], clients: int, seconds: float, pid: int) -> tuple[Heard, list[int]]:
    """Let clients ask for so long; what they heard, and the service's memory in MB, ten times."""
    heard, memory, until = Heard(), [], time.monotonic() + seconds
    asking = [asyncio.create_task(client(port, requests, 61 * i, until, heard)) for i in range(clients)]
    for _ in range(10):
        await asyncio.sleep(seconds / 10)
        memory.append(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE >> 20)
    for done in await asyncio.gather(*asking, return_exceptions=True):
        if isinstance(done, BaseException):
            heard.error(repr(done))
    return heard, memory


@contextlib.contextmanager
def service(command: list[str], port: int) -> Iterator[int]:
    """A service that listens; its process."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def measure(name: str, command: list[str], requests: list[bytes], clients: int, seconds: float) -> float:
    port = free_port()
    with service([part.replace("PORT", str(port)) for part in command], port) as pid:
        asyncio.run(soak(port, requests, 4, 3, pid))  # warm it up
        heard, memory = asyncio.run(soak(port, requests, clients, seconds, pid))
    rate = len(heard.ms) / seconds
    p50, p99 = np.percentile(heard.ms, [50, 99])
    print(
        f"{name}: {len(heard.ms):,} answers in {seconds:g} s, {rate:,.1f} a second, p50 {p50:.1f} ms, p99 {p99:.1f} ms"
    )
    print(f"  errors: {heard.errors or 'none'}; memory in MB: {' '.join(map(str, memory))}", flush=True)
    return rate


if __name__ == "__main__":
    run, minutes, clients, *_ = [*sys.argv[1:], *("RUN", "10", "32")[len(sys.argv) - 1 :]]
    asked = reviews()
    ours = [sys.executable, "-m", "seqzoo", "serve", run, "--port", "PORT", "--quiet"]
    plain = [sys.executable, str(Path(__file__).with_name("plain_service.py")), run, "PORT"]
    fast = measure("seqzoo serve", ours, asked, int(clients), 60 * float(minutes))
    slow = measure("model.predict behind FastAPI", plain, asked, int(clients), max(20.0, 6 * float(minutes)))
    print(f"{fast / slow:.1f} times as many")
