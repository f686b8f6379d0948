"""A network, counted n-grams, and what the text itself has shown so far, mixed into one probability. NumPy only.

The network's and the n-grams' probabilities are multiplied, each to a power, and divided by their sum: where one of
them is sure, it is heard. What was read of this very text then refines the result as Kneser-Ney refines a shorter
context by a longer one: a name that came once is expected to come again.

Source: Hinton 2002, Training products of experts; Kuhn and De Mori 1990, A cache-based natural language model; Teh
2006, A hierarchical Bayesian language model based on Pitman-Yor processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from seqzoo.counts import NGrams

_ORDERS = {"character": (4, 5, 6), "word": (1, 2), "token": (1, 2)}  # units of the contexts that a text is searched for
_DISCOUNT = 0.9  # of each count there
STRENGTHS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # of a cache, to choose among
_LEAST = 1e-300  # probability
_REACH = 16  # units that any context holds, at most


@dataclass(frozen=True)
class Weights:
    """How much each is heard.

    Attributes:
        network: power of its probabilities; counts: of the n-grams'.
        cache: how many times a context must have come before what followed weighs as much as the rest; 0: no cache.
    """

    network: float = 1.0
    counts: float = 0.0
    cache: float = 0.0

    def __post_init__(self) -> None:
        if not self.network > 0 or not self.counts >= 0 or not self.cache >= 0:
            raise ValueError("a mixture needs a weight above 0 for the network, and others of 0 or more")


Seen = dict[tuple[int, ...], dict[int, int]]


class Reading:
    """One text, as far as it was read: its newest units, and what followed which context of `orders` units in it."""

    def __init__(self, orders: Sequence[int], recent: Sequence[int] = (), seen: Seen | None = None) -> None:
        self.recent = tuple(recent)[-_REACH:]
        self._orders = tuple(orders)
        self._seen: Seen = {} if seen is None else seen

    def ahead(self, unit: int) -> Reading:
        """This text and one unit more, which is only thought of: nothing is remembered of it."""
        return Reading(self._orders, (*self.recent, unit), self._seen)

    def read(self, units: Iterable[int]) -> None:
        """Read on. A longer context remembers first; a shorter one only what was new to all longer ones."""
        for unit in units:
            for order in reversed(self._orders):
                if len(self.recent) >= order:
                    after = self._seen.setdefault(self.recent[-order:], {})
                    after[unit] = after.get(unit, 0) + 1
                    if after[unit] > 1:
                        break
            self.recent = (*self.recent[1 - _REACH :], unit)

    def refine(self, p: np.ndarray, strength: float) -> None:
        """Refine (size,) probabilities of the next unit, in place, by what came after the same contexts before."""
        for order in self._orders:
            after = self._seen.get(self.recent[-order:]) if len(self.recent) >= order else None
            if after is None:
                break
            total = sum(after.values()) + strength
            p *= (strength + _DISCOUNT * len(after)) / total
            for unit, count in after.items():
                p[unit] += (count - _DISCOUNT) / total


@dataclass(frozen=True)
class Mixture:
    """How the probabilities of a text's next unit are made.

    Attributes:
        ngrams: of the training text, if there are any; weights: what each is worth.
        unit: of the codec: a cache of characters needs longer contexts than one of words.
        validation: the nats by which the weights were chosen, step by step; empty where a recipe states them.
    """

    ngrams: NGrams | None
    weights: Weights
    unit: str = "character"
    validation: Mapping[str, float] = field(default_factory=dict)

    def begin(self) -> Reading:
        """A text of which nothing was read."""
        return Reading(_ORDERS[self.unit])

    def logits(self, network: np.ndarray, reading: Reading) -> np.ndarray:
        """(size,) float64 log probabilities of the next unit, from the network's (size,) logits."""
        z = np.multiply(network, self.weights.network, dtype=np.float64)
        if self.ngrams is not None and self.weights.counts:
            counted = self.ngrams.probabilities(reading.recent)
            np.log(counted, out=counted)
            counted *= self.weights.counts
            z += counted
        z -= np.maximum.reduce(z)
        np.exp(z, out=z)
        z /= np.add.reduce(z)
        if self.weights.cache:
            reading.refine(z, self.weights.cache)
        np.maximum(z, _LEAST, out=z)
        return np.asarray(np.log(z, out=z))
