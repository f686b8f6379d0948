"""Log-count ratios: how much more often an n-gram stands in texts of one class than in the others.

Fitted on the training split, they are evidence that a recurrent layer reads beside the words. A training text
must not see its own counts, or the evidence would look perfect there: `crossfit` gives each text the ratios of
the other folds, groups (films) kept whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PRIME = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Ratios:
    """A table of n-grams, by hash.

    Attributes:
        orders: the longest n-gram.
        hashes: (n,) uint32, sorted.
        values: (n, columns) float16 log ratios; one column for two classes, else one for each class.

    Source: Wang and Manning 2012, Baselines and bigrams.
    """

    orders: int
    hashes: np.ndarray
    values: np.ndarray

    @property
    def columns(self) -> int:
        """How many numbers `of` gives for each token."""
        return self.orders * int(self.values.shape[1])

    @classmethod
    def fit(
        cls,
        sequences: Sequence[np.ndarray],
        labels: np.ndarray,
        groups: Sequence[str] | None,
        classes: int,
        orders: int,
        minimum_groups: int = 1,
        smoothing: float = 1.0,
    ) -> Ratios:
        """Count in how many texts of each class an n-gram stands.

        Args:
            sequences: (time,) int32 ids, one array for each text.
            labels: (texts,) int32 class numbers.
            groups: the group of each text; an n-gram must occur in `minimum_groups` of them.
            classes: how many classes there are.
            orders: the longest n-gram.
            minimum_groups: see groups.
            smoothing: added to both counts.
        """
        group_numbers = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
        text = np.repeat(np.arange(len(sequences)), [len(s) for s in sequences])
        hashes, counts = [], []
        for grams in _hashes(sequences, orders):
            seen = np.unique(grams.astype(np.uint64) << np.uint64(32) | text.astype(np.uint64))
            gram, where = seen >> np.uint64(32), (seen & np.uint64(0xFFFFFFFF)).astype(np.int64)
            unique, index = np.unique(gram, return_inverse=True)
            in_groups = np.unique(gram << np.uint64(32) | group_numbers[where].astype(np.uint64)) >> np.uint64(32)
            keep = np.unique(in_groups, return_counts=True)[1] >= minimum_groups
            table = np.stack([np.bincount(index[labels[where] == c], minlength=len(unique)) for c in range(classes)], 1)
            hashes.append(unique[keep].astype(np.uint32))
            counts.append(table[keep])
        all_hashes, all_counts = np.concatenate(hashes), np.concatenate(counts).astype(np.float64)
        order = np.argsort(all_hashes, kind="stable")
        values = _log_ratios(all_counts, np.bincount(labels, minlength=classes), smoothing)
        return cls(orders, all_hashes[order], values[order].astype(np.float16))

    def of(self, ids: np.ndarray) -> np.ndarray:
        """(time,) int32 ids -> (time, columns) float32; an unknown n-gram has the ratio 0."""
        width = self.values.shape[1]
        out = np.zeros((len(ids), self.columns), np.float32)
        if not len(self.hashes):
            return out
        for n, grams in enumerate(_hashes([ids], self.orders)):
            place = np.minimum(np.searchsorted(self.hashes, grams), len(self.hashes) - 1)
            known = self.hashes[place] == grams
            out[known, n * width : (n + 1) * width] = self.values[place[known]]
        return out

    def save(self, path: Path) -> None:
        """Write the table as a compressed .npz."""
        np.savez_compressed(path, orders=self.orders, hashes=self.hashes, values=self.values)

    @classmethod
    def load(cls, path: Path) -> Ratios:
        """Read a table written by `save`.

        Raises:
            ValueError: it is not such a table.
        """
        with np.load(path, allow_pickle=False) as saved:
            if set(saved) != {"orders", "hashes", "values"}:
                raise ValueError("not a table of ratios")
            table = cls(int(saved["orders"]), saved["hashes"], saved["values"])
        sound = table.hashes.dtype == np.uint32 and table.hashes.ndim == 1 and table.values.ndim == 2
        if not sound or len(table.hashes) != len(table.values) or not 1 <= table.orders <= 8:
            raise ValueError("not a table of ratios")
        return table


def crossfit(
    sequences: Sequence[np.ndarray],
    labels: np.ndarray,
    groups: Sequence[str] | None,
    classes: int,
    orders: int,
    minimum_groups: int = 1,
    folds: int = 10,
    seed: int = 0,
) -> list[np.ndarray]:
    """Give each training text the evidence of the other folds: a list of (time, columns) float32."""
    number = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    fold = np.random.default_rng(seed).permutation(number.max() + 1)[number] % folds
    out: list[np.ndarray] = [np.empty(0)] * len(sequences)
    for k in range(folds):
        others = np.flatnonzero(fold != k).tolist()
        others_groups = None if groups is None else [groups[i] for i in others]
        table = Ratios.fit(
            [sequences[i] for i in others], labels[others], others_groups, classes, orders, minimum_groups
        )
        for i in np.flatnonzero(fold == k).tolist():
            out[i] = table.of(sequences[i])
    return out


def _hashes(sequences: Sequence[np.ndarray], orders: int) -> list[np.ndarray]:
    """For each order n, the (total time,) uint32 hash of the n-gram that ends at each token.

    Near the start of a text the n-gram is filled up with zeros, so that none reaches into another text.
    """
    lengths = np.array([len(s) for s in sequences])
    ids = np.concatenate([*sequences, np.empty(0, np.int32)]).astype(np.uint64)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    position = np.arange(len(ids)) - starts
    key, out = np.zeros(len(ids), np.uint64), []
    for n in range(orders):
        shifted = np.zeros_like(ids)
        shifted[n:] = ids[: len(ids) - n]
        shifted[position < n] = 0
        key = (key + shifted + np.uint64(n + 1)) * _PRIME
        key ^= key >> np.uint64(29)
        out.append((key >> np.uint64(32)).astype(np.uint32))
    return out


def _log_ratios(counts: np.ndarray, totals: np.ndarray, smoothing: float) -> np.ndarray:
    """(n, classes) counts -> (n, 1) ratios of the second class to the first, or (n, classes) one against all."""
    totals = np.maximum(totals, 1).astype(np.float64)
    if len(totals) == 2:
        scaled = counts / (totals / totals.mean())
        return np.asarray(np.log((scaled[:, 1:] + smoothing) / (scaled[:, :1] + smoothing)))
    others = counts.sum(1, keepdims=True) - counts
    balance = totals / np.maximum(totals.sum() - totals, 1)
    return np.asarray(np.log((counts + smoothing) / (others * balance + smoothing)))
