"""Ids -> training batches: lanes whose state is carried, or the tutorials' windows with one target each."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

Batch = tuple[tuple[np.ndarray, ...], np.ndarray]


class Lanes:
    """The text as `size` parallel lanes, read window by window: (lanes, window) ids, the next ids as targets.

    The state of a lane is carried from one batch to the next, so that the network sees far behind its window
    although gradients reach back only to its beginning. Each epoch begins elsewhere, so that windows differ.
    Source: Williams and Peng 1990, truncated back-propagation through time.
    """

    carried = True

    def __init__(self, ids: np.ndarray, window: int, size: int, seed: int | None) -> None:
        self.ids, self.window, self.size, self.seed = ids, window, size, seed
        spare = window if seed is not None else 0
        self.steps = (len(ids) - 1 - spare) // self.size

    def __len__(self) -> int:
        return max(1, self.steps // self.window)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch, in the order of the text."""
        start = 0 if self.seed is None else int(np.random.default_rng([self.seed, number]).integers(self.window))
        window = min(self.window, self.steps)
        begins = start + np.arange(self.size) * self.steps
        for batch in range(len(self)):
            places = begins[:, None] + batch * window + np.arange(window + 1)
            taken = self.ids[places].astype(np.int32)
            yield (taken[:, :-1],), taken[:, 1:]


class Windows:
    """Windows in random order, each read from nothing.

    Either (batch, window) ids and the (batch,) ids that follow; or, `between`, (batch, window + 2) ids whose targets
    are all but the first and the last: (batch, window).
    """

    carried = False

    def __init__(
        self, ids: np.ndarray, window: int, stride: int, size: int, seed: int | None, between: bool = False
    ) -> None:
        self.ids, self.size, self.seed, self.between = ids, size, seed, between
        self.length = window + 2 if between else window + 1
        self.starts = np.arange(0, len(ids) - self.length + 1, stride)

    def __len__(self) -> int:
        return math.ceil(len(self.starts) / self.size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch."""
        order = self.starts
        if self.seed is not None:
            order = np.random.default_rng([self.seed, number]).permutation(order)
        for first in range(0, len(order), self.size):
            places = order[first : first + self.size, None] + np.arange(self.length)
            taken = self.ids[places].astype(np.int32)
            yield ((taken,), taken[:, 1:-1]) if self.between else ((taken[:, :-1],), taken[:, -1])
