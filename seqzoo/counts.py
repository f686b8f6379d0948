"""Counted n-grams that travel in a bundle: what follows a context, by Kneser-Ney. NumPy only."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError
from seqzoo.ngrams import MOST_COUNTED, Counts, chain, codes_of

FILE = "counts.npz"
_LARGEST = 2**16 - 1  # a count
_FEW = 6  # units that are refined sooner one by one than as an array
_SHORT = 4  # units of the contexts whose probabilities are kept once they were asked for
_KEPT = 2_000_000  # numbers kept, at most


@dataclass(frozen=True)
class Successors:
    """For every context of one length the units that follow it.

    Attributes:
        contexts: (m,) int64 codes, sorted.
        starts: (m + 1,) int64; the units of context i lie from starts[i] to starts[i + 1].
        units: (n,) ids; shares: (n,) float64, the probability of each, what is kept back taken off.
        kept_back: (m,) float64 probability that is left to the shorter context.
    """

    contexts: np.ndarray
    starts: np.ndarray
    units: np.ndarray
    shares: np.ndarray
    kept_back: np.ndarray

    @classmethod
    def of(cls, counts: Counts, size: int) -> Successors:
        """Divide counts by those of their contexts."""
        starts = np.append(np.searchsorted(counts.grams // size, counts.contexts), len(counts.grams))
        totals = np.repeat(counts.totals, np.diff(starts))
        shares = (counts.counts - counts.discounts[np.minimum(counts.counts, 3)]) / totals
        return cls(counts.contexts, starts, counts.grams % size, shares, counts.kept_back / counts.totals)

    def refine(self, p: np.ndarray, context: int) -> bool:
        """Turn (size,) probabilities after a shorter context, in place, into those after this one, if it ever came."""
        i = int(self.contexts.searchsorted(context))
        contexts, starts, units, shares, kept_back = self._views
        if i == len(contexts) or contexts[i] != context:
            return False
        begin, end = starts[i], starts[i + 1]
        p *= kept_back[i]
        if end - begin > _FEW:
            p[self.units[begin:end]] += self.shares[begin:end]
            return True
        for place in range(begin, end):
            p[units[place]] += shares[place]
        return True

    @cached_property
    def _views(self) -> tuple[memoryview, ...]:
        """The arrays again: a single number is read from a view in a fraction of the time."""
        arrays = (self.contexts, self.starts, self.units, self.shares, self.kept_back)
        return tuple(np.ascontiguousarray(one).data for one in arrays)


@dataclass(frozen=True)
class NGrams:
    """The n-grams of one length, as sorted codes in base `size`, and how often each stands in the training text."""

    size: int
    order: int
    grams: np.ndarray
    counts: np.ndarray

    @classmethod
    def fit(cls, ids: np.ndarray, size: int, order: int) -> NGrams:
        """Count the n-grams of the last of (n,) ids below `size`; see `ngrams.MOST_COUNTED`."""
        codes = codes_of(np.asarray(ids[-MOST_COUNTED:], np.int64), size, order)
        grams, counts = np.unique(codes, return_counts=True)
        return cls(size, order, grams, np.minimum(counts, _LARGEST))

    @cached_property
    def _tables(self) -> list[Successors]:
        return [Successors.of(counts, self.size) for counts in chain(self.grams, self.counts, self.size, self.order)]

    @cached_property
    def _known(self) -> dict[tuple[int, ...], np.ndarray]:
        return {}

    def probabilities(self, recent: tuple[int, ...]) -> np.ndarray:
        """(size,) float64 probabilities of the unit after `recent` ones, the newest last."""
        short = recent[-_SHORT:]
        p = self._known.get(short)
        if p is None:
            p = np.full(self.size, 1 / self.size)
            self._refine(p, short, 0)
            if len(self._known) * self.size < _KEPT:
                self._known[short] = p
        p = p.copy()
        self._refine(p, recent, len(short) + 1)
        return p

    def _refine(self, p: np.ndarray, recent: tuple[int, ...], first: int) -> None:
        """Refine probabilities, in place, by contexts of `first` units and more."""
        context, weight = 0, 1
        for length, table in enumerate(self._tables[: len(recent) + 1]):
            if length:
                context += recent[-length] * weight
                weight *= self.size
            if length >= first and not table.refine(p, context):
                return  # what never came, came after nothing longer

    # --- files ---------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write counts.npz: steps from code to code, the bytes of equal weight side by side, so that they compress."""
        steps = np.diff(self.grams, prepend=0).astype("<u8").view(np.uint8).reshape(-1, 8).T
        np.savez_compressed(
            folder / FILE,
            steps=np.ascontiguousarray(steps),
            counts=self.counts.astype("<u2"),
            shape=np.array([self.size, self.order]),
        )

    @classmethod
    def load(cls, folder: Path) -> NGrams:
        """Read what `save` wrote.

        Raises:
            UserError: missing or damaged.
        """
        try:
            with (folder / FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                size, order = map(int, arrays["shape"])
                steps, counts = np.ascontiguousarray(arrays["steps"].T).view("<u8").ravel(), arrays["counts"]
            grams = np.cumsum(steps.astype(np.int64))
            if not 1 < size or not 1 < order or len(grams) != len(counts) or not len(grams):
                raise ValueError("sizes that do not fit together")
            if (counts < 1).any() or (steps[1:] < 1).any() or size**order <= int(grams[-1]):
                raise ValueError("codes or counts that cannot be")
            return cls(size, order, grams, counts.astype(np.int64))
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise UserError(f"{folder}: {FILE} is missing or damaged: {error}") from None
