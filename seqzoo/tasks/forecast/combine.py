"""Which of several forecasts answers: weights from the errors that were known when a forecast was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

_POWER = 16  # of how much nearer one forecast was than another
_SLOWER = 4  # times as long half-lives, over which a lead may be told as well
_FORGOTTEN = 8  # half-lives after which nothing counts
_KEPT = 1000  # rows of misses in a file
_RENEWED = 2000  # times that weights are renewed along many origins


class Fresh(NamedTuple):
    """Errors of some moments' forecasts, step by step: the first steps are known before the last.

    Attributes:
        began: (moments,) int64, the steps of the origins, rising, as `panel.ordinals` counts.
        when: (moments, horizon) int64, the steps at which outcomes were observed.
        sums: (moments, horizon, candidates) mean absolute errors over all series, summed over the steps so far.
    """

    began: np.ndarray
    when: np.ndarray
    sums: np.ndarray

    @classmethod
    def of(cls, began: np.ndarray, when: np.ndarray, errors: np.ndarray) -> Fresh:
        """Of (n,), (n, horizon) and (n, horizon, candidates) for series and origins."""
        moments, index = np.unique(began, return_inverse=True)
        order = np.argsort(index, kind="stable")
        starts = np.searchsorted(index[order], np.arange(len(moments)))
        if not len(moments):
            return cls(moments, when, errors)
        counts = np.diff([*starts, len(order)])[:, None, None]
        means = np.add.reduceat(errors[order], starts) / counts
        return cls(moments, np.maximum.reduceat(when[order], starts), np.cumsum(means, 1))

    def errors(self) -> np.ndarray:
        """(moments, candidates) over whole horizons; NaN where those are not over."""
        return np.asarray(self.sums[:, -1] / self.when.shape[1])

    def so_far(self, now: int) -> tuple[np.ndarray, np.ndarray]:
        """(k, candidates) errors of horizons that had begun and were not over, and (k,) which share of them was."""
        horizon = self.when.shape[1]
        first, last = np.searchsorted(self.began, [now - 2 * horizon, now])
        steps = (self.when[first:last] <= now).sum(1)
        some = (steps > 0) & (steps < horizon)
        rows, steps = np.arange(first, last)[some], steps[some]
        return self.sums[rows, steps - 1] / steps[:, None], steps / horizon


@dataclass(frozen=True, eq=False)
class Memory:
    """How forecasts fared that were made before their outcomes were known, in the order in which those came.

    Attributes:
        known: (n,) int64, the step, as `panel.ordinals` counts, at which the last outcome of a moment was observed.
        errors: (n, candidates) float64, each candidate's mean absolute error over the steps ahead and all series.
        seen: (m,) int64, as `known`, of the answers: a row for each series.
        misses: (m, levels, horizon, 2) float32, how far outcomes lay outside the answers' ends: `intervals.misses`.
    """

    known: np.ndarray
    errors: np.ndarray
    seen: np.ndarray
    misses: np.ndarray

    @classmethod
    def empty(cls, candidates: int, levels: int, horizon: int) -> Memory:
        """Of nothing."""
        none = np.empty(0, np.int64)
        return cls(none, np.empty((0, candidates)), none, np.empty((0, levels, horizon, 2), np.float32))

    @property
    def newest(self) -> int:
        """The last step at which something was observed."""
        return int(self.seen.max(initial=np.iinfo(np.int64).min))

    def and_errors(self, fresh: Fresh) -> Memory:
        """With errors of whole horizons."""
        known = np.concatenate([self.known, fresh.when[:, -1]])
        order = np.argsort(known, kind="stable")
        return replace(self, known=known[order], errors=np.concatenate([self.errors, fresh.errors()])[order])

    def and_misses(self, misses: np.ndarray, known: np.ndarray) -> Memory:
        """With (n, levels, horizon, 2) misses of single series, whose outcomes were known at (n,) steps."""
        seen = np.concatenate([self.seen, known])
        order = np.argsort(seen, kind="stable")
        return replace(self, seen=seen[order], misses=np.concatenate([self.misses, misses])[order])

    def thinned(self) -> Memory:
        """About a thousand rows, evenly; the newest stays."""
        stride = -(-len(self.seen) // _KEPT) or 1
        rows = np.arange(len(self.seen))[::-1][::stride][::-1]
        moments = np.arange(len(self.known))[::-1][:: -(-len(self.known) // _KEPT) or 1][::-1]
        return Memory(self.known[moments], self.errors[moments].astype(np.float32), self.seen[rows], self.misses[rows])


def counts(known: np.ndarray, now: int, half_life: float) -> np.ndarray:
    """(n,) how much each row counts at the step `now`: a new one 1, what was not known yet nothing; all old ones 1."""
    age = now - known
    found = np.where((age >= 0) & (age < _FORGOTTEN * half_life), 0.5 ** (np.maximum(age, 0) / half_life), 0.0)
    return np.asarray(found if found.any() else (age >= 0) * 1.0)


def shares(known: np.ndarray, now: int, half_life: float) -> np.ndarray:
    """(n,) the same with a sum of 1.

    Raises:
        ValueError: nothing was known.
    """
    found = counts(known, now, half_life)
    if not found.any():
        raise ValueError("no error is known yet")
    return np.asarray(found / found.sum())


def weights(errors: np.ndarray, share: np.ndarray, horizon: int, last: int, doubt: float = 0.0) -> np.ndarray:
    """(candidates,) weights: a high power of how near each was; as far as the lead may be chance, the last value.

    On a walk nothing beats the last value, and what seems to leads by less than its error may stray.

    Args:
        errors: (n, candidates) at moments whose outcomes are known.
        share: (n,) how much each moment counts.
        horizon: steps ahead: so many neighbouring moments tell as much as one.
        last: which candidate is the last value.
        doubt: so many of its errors a lead must be before it counts at all.
    """
    counted = share > 0
    errors, share = errors[counted], share[counted]
    mean = share @ errors
    floor = 1e-9 * mean.max() + 1e-300
    near = ((mean + floor) / (mean.min() + floor)) ** -_POWER
    near /= near.sum()
    lead = errors[:, last] - errors[:, int(mean.argmin())]
    sure = max(_strays(lead, share, horizon), _strays(lead, share ** (1 / _SLOWER), horizon))
    trust = min(1.0, max(0.0, sure - doubt))
    near *= trust
    near[last] += 1 - trust
    return np.asarray(near)


def _strays(lead: np.ndarray, share: np.ndarray, horizon: int) -> float:
    """How many of its own errors a mean is above nothing: (n,) leads, and how much each counts."""
    share = share / share.sum()
    gained = float(share @ lead)
    independent = max(1.0, 1 / float(share @ share) / horizon)
    stray = float(np.sqrt(share @ (lead - gained) ** 2 / independent))
    return gained / stray if stray > 0 else np.inf * np.sign(gained) if gained else 0.0


def along(
    memory: Memory, fresh: Fresh, at: np.ndarray, half_life: float, last: int, doubt: float
) -> tuple[np.ndarray, np.ndarray]:
    """(n, candidates) weights for origins, each from what was known by then, and whether anything was.

    Args:
        memory: errors of whole horizons, those of `fresh` too.
        fresh: errors of these very origins.
        at: (n,) int64, the steps of the origins, as `panel.ordinals` counts.
        half_life: of an error, in steps.
        last: which candidate is the last value.
        doubt: see `weights`.
    """
    out = np.full((len(at), memory.errors.shape[1]), 1 / memory.errors.shape[1])
    informed, horizon = np.zeros(len(at), bool), fresh.when.shape[1]
    often = min(horizon, max(1, len(np.unique(at)) // _RENEWED))
    for rows, now in blocks(at, often):
        errors, counted = _known(memory, fresh, now, half_life)
        if len(errors):
            out[rows], informed[rows] = weights(errors, counted / counted.sum(), horizon, last, doubt), True
    return out, informed


def _known(memory: Memory, fresh: Fresh, now: int, half_life: float) -> tuple[np.ndarray, np.ndarray]:
    """(k, candidates) errors that were known at a step, and (k,) how much each counts."""
    first = int(np.searchsorted(memory.known, now - _FORGOTTEN * half_life))
    end = int(np.searchsorted(memory.known, now, side="right"))
    past = slice(first if first < end else 0, end)
    young, parts = fresh.so_far(now)
    whole = counts(memory.known[past], now, half_life)
    return np.concatenate([memory.errors[past], young]), np.concatenate([whole, parts])


def blocks(at: np.ndarray, length: int) -> Sequence[tuple[np.ndarray, int]]:
    """Rows of neighbouring origins, so many moments together, and the earliest moment of each."""
    if not len(at):
        return []
    moments, index = np.unique(at, return_inverse=True)
    order = np.argsort(index, kind="stable")
    ends = np.searchsorted(index[order], np.arange(0, len(moments), length))
    return [(rows, int(moments[i * length])) for i, rows in enumerate(np.split(order, ends[1:]))]
