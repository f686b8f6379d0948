"""Batches of examples of different length, each beside examples of about its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from seqzoo.room import Batch
from seqzoo.runtime import Arrays, pad

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
        multiple: of steps, to which a batch is padded.

    Examples are sorted by the length of their first array, then by that of the next.
    """

    carried = False

    def __init__(
        self,
        examples: Sequence[Arrays],
        targets: Sequence[Arrays],
        rows: int,
        seed: int | None,
        weights: Sequence[np.ndarray] | None = None,
        multiple: int = _BUCKET,
    ) -> None:
        self.examples, self.targets, self.rows, self.seed, self.weights = examples, targets, rows, seed, weights
        self.multiple = multiple
        self.lengths = np.array(
            [[len(array) if array.ndim else 0 for array in example.values()] for example in examples]
        )

    def __len__(self) -> int:
        """Batches of an epoch."""
        return math.ceil(len(self.examples) / self.rows)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch: shuffled, sorted by length inside pools, the batches shuffled again."""
        if self.seed is None:
            chunks = self._chunks(self._sorted(np.arange(len(self.examples))))
        else:
            random = np.random.default_rng([self.seed, number])
            order = random.permutation(len(self.examples))
            chunks = []
            for start in range(0, len(order), self.rows * _POOL):
                pool = order[start : start + self.rows * _POOL]
                chunks += self._chunks(self._sorted(pool))
            chunks = [chunks[i] for i in random.permutation(len(chunks))]
        for chunk in chunks:
            yield self._batch(chunk)

    def _sorted(self, places: np.ndarray) -> np.ndarray:
        return places[np.lexsort(self.lengths[places].T[::-1])]

    def _chunks(self, order: np.ndarray) -> list[np.ndarray]:
        return [order[i : i + self.rows] for i in range(0, len(order), self.rows)]

    def _batch(self, chunk: np.ndarray) -> Batch:
        inputs, targets = ([part[i] for i in chunk] for part in (self.examples, self.targets))
        weights = None
        if self.weights is not None:
            weights = pad([{"weights": self.weights[i]} for i in chunk], self.multiple)["weights"]
        return Batch(pad(inputs, self.multiple), pad(targets, 1 if self.weights is None else self.multiple), weights)
