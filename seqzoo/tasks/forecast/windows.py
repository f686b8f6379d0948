"""Windows over series without a copy of the series for each: rows are gathered a batch at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from seqzoo.runtime import Arrays
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.panel import Series


class Windows:
    """All series of a panel, encoded once; (number of the series, origin) names an example."""

    def __init__(self, codec: SeriesCodec, series: Sequence[Series]) -> None:
        encoded = [codec.encode(one) for one in series]
        self.codec, self.series = codec, series
        self.offsets = np.cumsum([0, *(len(one) for one in series)])[:-1]
        self.seen = np.concatenate([seen for seen, _ in encoded])
        self.ahead = np.concatenate([ahead for _, ahead in encoded]) if codec.future else None

    def times(self, which: np.ndarray, origins: np.ndarray) -> np.ndarray:
        """(n,) datetime64[s] of the origins."""
        every = np.concatenate([one.times for one in self.series])
        return np.asarray(every[self.offsets[which] + origins])

    def inputs(self, which: np.ndarray, origins: np.ndarray) -> Arrays:
        """(n, window, features) float32 and, where the codec says so, (n, horizon, known)."""
        rows = self.offsets[which] + origins
        past = self.seen[rows[:, None] + np.arange(1 - self.codec.window, 1)]
        if self.ahead is None:
            return (past,)
        return past, self.ahead[rows[:, None] + np.arange(1, self.codec.horizon + 1)]


class WindowBatches:
    """Batches of (inputs, (n, horizon) outcomes), in an order that depends on seed and epoch only."""

    def __init__(self, windows: Windows, which: np.ndarray, origins: np.ndarray, size: int, seed: int | None) -> None:
        self.windows, self.which, self.origins, self.size, self.seed = windows, which, origins, size, seed
        self.outcomes = np.empty((len(origins), windows.codec.horizon), np.float32)
        for number, series in enumerate(windows.series):
            mine = which == number
            self.outcomes[mine] = windows.codec.outcomes(series, origins[mine])

    def __len__(self) -> int:
        return math.ceil(len(self.origins) / self.size)

    def epoch(self, number: int) -> Iterator[tuple[Arrays, np.ndarray]]:
        """The batches of one epoch, shuffled where there is a seed."""
        order = np.arange(len(self.origins))
        if self.seed is not None:
            order = np.random.default_rng([self.seed, number]).permutation(order)
        for start in range(0, len(order), self.size):
            chunk = order[start : start + self.size]
            yield self.windows.inputs(self.which[chunk], self.origins[chunk]), self.outcomes[chunk]
