"""A service of the bundles that ship, as the command line starts it, on a port of its own."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass(frozen=True)
class Running:
    """A service that runs: where, and as which process."""

    port: int
    process: subprocess.Popen

    def connect(self, timeout: float = 20) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def raw(self, *parts: bytes, timeout: float = 20) -> Reply:
        """Send bytes as they are; what comes back until the connection is closed, or a whole answer is there."""
        with self.connect(timeout) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for part in parts:
                    connection.sendall(part)
            return self.reply(connection)

    @staticmethod
    def reply(connection: socket.socket) -> Reply:
        got = b""
        while b"\r\n\r\n" not in got:
            some = connection.recv(65536)
            if not some:
                break
            got += some
        head, _, body = got.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        while len(body) < length and (some := connection.recv(65536)):
            body += some
        return Reply(int(lines[0].split()[1]), headers, body)

    def post(self, path: str, body: object, **headers: str) -> Reply:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", path, content, **{"content_type": "application/json", **headers})

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, b"", **headers)

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        told = {"host": f"127.0.0.1:{self.port}", "content_length": str(len(body)), **headers}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in told.items())]
        return self.raw("\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1") + body)


@contextlib.contextmanager
def serving(*arguments: str, cwd=None) -> Iterator[Running]:
    command = [sys.executable, "-m", "seqzoo", "serve", *arguments, "--port", "0"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=cwd, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    )
    told = []
    try:
        for line in process.stderr:
            told.append(line)
            if found := re.match(r"http://\S+?:(\d+) ", line):
                yield Running(int(found[1]), process)
                break
        else:
            raise AssertionError("".join(told))
    finally:
        process.send_signal(signal.SIGTERM)
        _, told_last = process.communicate(timeout=30)
        assert "Traceback" not in told_last, told_last


@pytest.fixture(scope="session")
def service(tmp_path_factory) -> Iterator[Running]:
    with serving("--timeout", "2", "--max-body", "1", cwd=tmp_path_factory.mktemp("empty")) as running:
        yield running
