"""What a service counts, in the form that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32, 64)
KIND = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Requests by path and status, how long they took, and how many questions were answered at once.

    `paths` are those that are told apart: whatever else is asked for is one, so that strangers cannot fill the memory.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths, self._all = frozenset(paths), CollectorRegistry()
        self._requests = Counter("seqzoo_requests", "Answered requests.", ["path", "status"], registry=self._all)
        what = "From a request's first byte to its answer's last."
        self._seconds = Histogram("seqzoo_seconds", what, ["path"], buckets=_SECONDS, registry=self._all)
        what = "Questions that were answered at once."
        self._together = Histogram("seqzoo_batch", what, ["model"], buckets=_SIZES, registry=self._all)

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Note one request."""
        path = path if path in self._paths else "other"
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def together(self, model: str, size: int) -> None:
        """Note one batch."""
        self._together.labels(model).observe(size)

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self._all)
