"""Series on a checked time axis. NumPy only: a saved forecaster reads its input through here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqzoo.tasks.forecast.steps import seconds_of


@dataclass(frozen=True)
class Series:
    """One series, a row for each step.

    Attributes:
        name: "" where there is only one.
        times: (steps,) datetime64[s], strictly rising.
        target: (steps,) float64; NaN at the end where only the known columns reach into the future.
        known: (steps, columns) float64, known in advance.
        past: (steps, columns) float64, known up to now.
    """

    name: str
    times: np.ndarray
    target: np.ndarray
    known: np.ndarray
    past: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    @property
    def observed(self) -> int:
        """How many steps lie before the future: up to the last target that is a number."""
        numbers = np.flatnonzero(~np.isnan(self.target))
        return int(numbers[-1]) + 1 if len(numbers) else 0

    def take(self, rows: slice | np.ndarray) -> Series:
        """The rows of a slice or an index."""
        return Series(self.name, self.times[rows], self.target[rows], self.known[rows], self.past[rows])


@dataclass(frozen=True)
class Panel:
    """Series that share their columns and their step."""

    series: tuple[Series, ...]
    target: str
    known: tuple[str, ...]
    past: tuple[str, ...]
    step: str

    def before(self, time: np.datetime64) -> Panel:
        """The part strictly before a time."""
        cut = [one.take(slice(0, int(np.searchsorted(one.times, time)))) for one in self.series]
        return replace(self, series=tuple(cut))

    def __len__(self) -> int:
        """Steps of all series together."""
        return sum(map(len, self.series))

    @property
    def last(self) -> np.datetime64:
        """The last observed time of any series."""
        return np.datetime64(max(one.times[one.observed - 1] for one in self.series))

    def fingerprint(self) -> str:
        """SHA-256 over all that was observed: what a model learns from. Rows known in advance do not count."""
        digest = hashlib.sha256(repr((self.target, self.known, self.past, self.step)).encode())
        for one in self.series:
            digest.update(one.name.encode())
            past = one.take(slice(0, one.observed))
            for array in (past.times.astype("M8[s]").astype(np.int64), past.target, past.known, past.past):
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


# --- other shapes -----------------------------------------------------------------------------------


def resampled(series: Series, step: str) -> Series:
    """Means over bins of `step`, each labelled by its last moment's bin end, so that no label precedes its data.

    A bin (t - step, t] is labelled t: at time t everything in it is past.
    """
    length = seconds_of(step)
    bins = -(-series.times.astype("M8[s]").astype(np.int64) // length)
    labels, index = np.unique(bins, return_inverse=True)

    def mean(values: np.ndarray) -> np.ndarray:
        good = ~np.isnan(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(
                np.bincount(index[good], values[good], len(labels)) / np.bincount(index[good], minlength=len(labels))
            )

    known, past = (
        np.stack([mean(c) for c in m.T], 1) if m.shape[1] else np.empty((len(labels), 0))
        for m in (series.known, series.past)
    )
    return Series(series.name, (labels * length).astype("M8[s]"), mean(series.target), known, past)


def columns_of(names: Sequence[str], table: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """(rows, names) float64."""
    return np.stack([table[name] for name in names], 1) if names else np.empty((rows, 0))
