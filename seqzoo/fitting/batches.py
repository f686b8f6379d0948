"""Batches of examples of different length, each beside examples of about its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from seqzoo.room import Batch
from seqzoo.runtime import Arrays, length, pad

_BUCKET = 8  # batches are padded to a multiple of this many steps
_POOL = 40  # batches whose examples are sorted by length together


class SortedBatches:
    """Right-padded batches of similar length, in an order that depends on seed and epoch only.

    Args:
        examples: inputs by name, each array with time first.
        targets: of each example, by name: arrays of their own length, or numbers.
        rows: of a batch.
        seed: None: a fixed order, by length.
        weights: (time,) float32 of each example, where its steps are counted one by one; padding counts nothing.
    """

    carried = False

    def __init__(
        self,
        examples: Sequence[Arrays],
        targets: Sequence[Arrays],
        rows: int,
        seed: int | None,
        weights: Sequence[np.ndarray] | None = None,
    ) -> None:
        self.examples, self.targets, self.rows, self.seed, self.weights = examples, targets, rows, seed, weights
        self.lengths = np.array([length(example) for example in examples])

    def __len__(self) -> int:
        """Batches of an epoch."""
        return math.ceil(len(self.examples) / self.rows)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch: shuffled, sorted by length inside pools, the batches shuffled again."""
        if self.seed is None:
            chunks = self._chunks(np.argsort(self.lengths, kind="stable"))
        else:
            random = np.random.default_rng([self.seed, number])
            order = random.permutation(len(self.examples))
            chunks = []
            for start in range(0, len(order), self.rows * _POOL):
                pool = order[start : start + self.rows * _POOL]
                chunks += self._chunks(pool[np.argsort(self.lengths[pool], kind="stable")])
            chunks = [chunks[i] for i in random.permutation(len(chunks))]
        for chunk in chunks:
            yield self._batch(chunk)

    def _chunks(self, order: np.ndarray) -> list[np.ndarray]:
        return [order[i : i + self.rows] for i in range(0, len(order), self.rows)]

    def _batch(self, chunk: np.ndarray) -> Batch:
        inputs, targets = ([part[i] for i in chunk] for part in (self.examples, self.targets))
        weights = None
        if self.weights is not None:
            weights = pad([{"weights": self.weights[i]} for i in chunk], _BUCKET)["weights"]
        return Batch(pad(inputs, _BUCKET), pad(targets, 1 if self.weights is None else _BUCKET), weights)
