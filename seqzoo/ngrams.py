"""Interpolated Kneser-Ney with three discounts: what counting alone can know of a text.

Source: Chen and Goodman 1999, An empirical study of smoothing techniques for language modeling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_COUNTED = 5_000_000  # of the training ids, the last: counts of more would fill the memory
_LARGEST = 2**62


@dataclass(frozen=True)
class Counts:
    """Distinct grams of one length as sorted codes, their counts, and sums over those that share a context."""

    grams: np.ndarray
    counts: np.ndarray
    discounts: np.ndarray
    contexts: np.ndarray
    totals: np.ndarray
    kept_back: np.ndarray

    @classmethod
    def of(cls, grams: np.ndarray, counts: np.ndarray, size: int) -> Counts:
        """Sum up sorted gram codes in base `size`."""
        discounts = _discounts(counts)
        contexts, first = np.unique(grams // size, return_index=True)
        totals = np.add.reduceat(counts, first)
        kept_back = np.add.reduceat(discounts[np.minimum(counts, 3)], first)
        return cls(grams, counts, discounts, contexts, totals, kept_back)

    def interpolate(self, codes: np.ndarray, size: int, lower: np.ndarray) -> np.ndarray:
        """The probability of each gram's last unit after its others, given that of the shorter gram."""
        count = _looked_up(self.grams, self.counts, codes)
        total = _looked_up(self.contexts, self.totals, codes // size)
        kept_back = _looked_up(self.contexts, self.kept_back, codes // size)
        rest = np.maximum(count - self.discounts[np.minimum(count, 3).astype(int)], 0.0)
        return np.where(total > 0, (rest + kept_back * lower) / np.maximum(total, 1), lower)


def _discounts(counts: np.ndarray) -> np.ndarray:
    """What is taken from a count of 0, 1, 2, and 3 or more; never all of it, so that every context keeps some back."""
    n1, n2, n3, n4 = (max(1, int((counts == k).sum())) for k in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    found = [1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
    return np.array([0.0, *np.clip(found, 0.05, (0.95, 1.95, 2.95))])


def _looked_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0.0)


def _continued(grams: np.ndarray, size: int, length: int) -> Counts:
    """Of the last `length` units of different grams, one longer: how many different units stand before them."""
    tails, before = np.unique(grams % size**length, return_counts=True)
    return Counts.of(tails, before, size)


def chain(grams: np.ndarray, counts: np.ndarray, size: int, order: int) -> list[Counts]:
    """Counts of every length up to `order`, as Kneser-Ney reads them, from the longest grams alone.

    Args:
        grams: (n,) different codes of `order` units, sorted.
        counts: (n,) how often each was seen.
        size: of the vocabulary.
        order: units in a gram.
    """
    found = [Counts.of(grams, counts, size)]
    for length in range(order - 1, 0, -1):
        found.append(_continued(found[-1].grams, size, length))
    return found[::-1]


def longest_order(size: int, most: int = 10) -> int:
    """The longest gram whose code fits 64 bits."""
    order = 1
    while order < most and size ** (order + 1) < _LARGEST:
        order += 1
    return order


class KneserNey:
    """Counts of every order up to `order`; `nats` may use fewer.

    Args:
        ids: (n,) int training ids below `size`.
        size: of the vocabulary.
        order: units in the longest gram, the predicted one included.
    """

    def __init__(self, ids: np.ndarray, size: int, order: int) -> None:
        self.size = size
        ids = np.asarray(ids[-MOST_COUNTED:], np.int64)
        self.raw: list[Counts] = []
        self.continued: list[Counts] = []
        for length in range(1, order + 1):
            grams, counts = np.unique(codes_of(ids, size, length), return_counts=True)
            self.raw.append(Counts.of(grams, counts, size))
            if length > 1:
                self.continued.append(_continued(grams, size, length - 1))

    def nats(self, ids: np.ndarray, order: int) -> np.ndarray:
        """(n - 1,) -log p of each id after the first, given up to `order - 1` before it."""
        ids = np.asarray(ids, np.int64)
        p = np.full(len(ids), 1 / self.size)
        for length in range(1, min(order, len(ids)) + 1):
            counts = self.raw[length - 1] if length == order else self.continued[length - 1]
            p[length - 1 :] = counts.interpolate(codes_of(ids, self.size, length), self.size, p[length - 1 :])
        return np.asarray(-np.log(p[1:]))

    def nats_between(self, ids: np.ndarray, order: int, places: np.ndarray) -> np.ndarray:
        """(len(places),) -log p of the ids there among all units, given `order - 1` on both sides.

        Every unit is put in the place, and the probabilities of what then stands there and after are multiplied.
        """
        reach, found = order - 1, []
        for place in places:
            tried = np.tile(np.asarray(ids[place - reach : place + order], np.int64), (self.size, 1))
            tried[:, reach] = np.arange(self.size)
            each = np.append(0, self.nats(tried.ravel(), order)).reshape(tried.shape)[:, reach:].sum(1)
            found.append(each[ids[place]] + np.log(np.exp(each.min() - each).sum()) - each.min())
        return np.array(found)

    def best_order(self, validation: np.ndarray) -> int:
        """The order with the fewest nats."""
        orders = range(2, len(self.raw) + 1)
        return min(orders, key=lambda order: float(self.nats(validation, order).mean()), default=1)


def codes_of(ids: np.ndarray, size: int, length: int) -> np.ndarray:
    """(n - length + 1,) the grams as numbers in base `size`."""
    codes = np.zeros(len(ids) - length + 1, np.int64)
    for i in range(length):
        codes = codes * size + ids[i : len(ids) - length + 1 + i]
    return codes
