"""Ids -> training batches: lanes whose state is carried, or windows that are read from nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from seqzoo.room import Batch

TARGET = "unit"


class LaneBatches:
    """The text as `rows` parallel lanes, read window by window: (rows, window) ids, the next ids as targets.

    The state of a lane is carried from one batch to the next, so that the network sees far behind its window
    although gradients reach back only to its beginning. Each epoch begins elsewhere, so that windows differ.
    Source: Williams and Peng 1990, truncated back-propagation through time.
    """

    carried = True

    def __init__(self, ids: np.ndarray, window: int, rows: int, seed: int | None) -> None:
        self.ids, self.window, self.rows, self.seed = ids, window, rows, seed
        spare = window if seed is not None else 0
        self.steps = (len(ids) - 1 - spare) // self.rows

    def __len__(self) -> int:
        """Batches of an epoch."""
        return max(1, self.steps // self.window)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch, in the order of the text."""
        start = 0 if self.seed is None else int(np.random.default_rng([self.seed, number]).integers(self.window))
        window = min(self.window, self.steps)
        begins = start + np.arange(self.rows) * self.steps
        for batch in range(len(self)):
            places = begins[:, None] + batch * window + np.arange(window + 1)
            taken = self.ids[places].astype(np.int32)
            yield _batch(taken[:, :-1], taken[:, 1:])


class WindowBatches:
    """Windows in random order, each read from nothing.

    Either (batch, window) ids and the (batch,) ids that follow; or, of `both` sides, (batch, window + 2) ids whose
    targets are all but the first and the last: (batch, window).
    """

    carried = False

    def __init__(
        self, ids: np.ndarray, window: int, stride: int, rows: int, seed: int | None, both: bool = False
    ) -> None:
        self.ids, self.rows, self.seed, self.both = ids, rows, seed, both
        self.length = window + 2 if both else window + 1
        self.starts = np.arange(0, len(ids) - self.length + 1, stride)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return math.ceil(len(self.starts) / self.rows)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch."""
        order = self.starts
        if self.seed is not None:
            order = np.random.default_rng([self.seed, number]).permutation(order)
        for first in range(0, len(order), self.rows):
            places = order[first : first + self.rows, None] + np.arange(self.length)
            taken = self.ids[places].astype(np.int32)
            yield _batch(taken, taken[:, 1:-1]) if self.both else _batch(taken[:, :-1], taken[:, -1])


def _batch(ids: np.ndarray, targets: np.ndarray) -> Batch:
    return Batch({"ids": ids}, {TARGET: targets})
