"""Windows over series without a copy of the series for each: rows are gathered a batch at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seqzoo.errors import UserError
from seqzoo.room import Batch
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.panel import Panel, Series

OUTCOMES = "outcomes"  # what a batch calls its targets


@dataclass(frozen=True)
class Origins:
    """Examples by series number and origin, the last observed step: both (n,) int."""

    which: np.ndarray
    steps: np.ndarray

    def __len__(self) -> int:
        return len(self.steps)

    @classmethod
    def joined(cls, parts: Sequence[Origins]) -> Origins:
        """All of them, in order."""
        return cls(np.concatenate([part.which for part in parts]), np.concatenate([part.steps for part in parts]))

    @classmethod
    def of_series(cls, steps: Sequence[np.ndarray]) -> Origins:
        """The origins of each series of a panel, in the panel's order."""
        return cls.joined([cls(np.full(len(mine), number), mine) for number, mine in enumerate(steps)])

    def take(self, rows: slice | np.ndarray) -> Origins:
        """The rows of a slice or an index."""
        return Origins(self.which[rows], self.steps[rows])

    def chunks(self, rows: int) -> list[Origins]:
        """The same in parts of so many rows."""
        return [self.take(slice(i, i + rows)) for i in range(0, len(self), rows)]

    def thinned(self, most: int) -> Origins:
        """Every k-th, so that at most about `most` remain."""
        return self.take(slice(None, None, max(1, -(-len(self) // most))))


def origins_between(
    codec: SeriesCodec, panel: Panel, start: np.datetime64 | None = None, end: np.datetime64 | None = None
) -> Origins:
    """Origins whose outcomes lie at or after `start` and before `end`; None: no limit.

    What was observed before `start` is in their windows: it was known. No outcome is in two parts.

    Raises:
        UserError: there are none.
    """
    steps = []
    for series in panel.series:
        first = 0 if start is None else int(np.searchsorted(series.times, start))
        last = len(series) if end is None else int(np.searchsorted(series.times, end))
        origins = codec.origins(series)
        steps.append(origins[(origins + 1 >= first) & (origins + codec.horizon < last)])
    inside = Origins.of_series(steps)
    if not len(inside):
        parts = {(True, True): "data are", (True, False): "training part is", (False, False): "validation part is"}
        raise UserError(
            f"the {parts.get((start is None, end is None), 'test part is')} shorter than a window of {codec.window} "
            f"and a horizon of {codec.horizon} steps",
            "--set codec.window=..., or more data",
        )
    return inside


class EncodedPanel:
    """All series of a panel, encoded once; `Origins` name its examples.

    Attributes:
        seen: (steps of all series, features) float32.
        ahead: (steps of all series, known) float32, where the codec has a second input.
    """

    def __init__(self, codec: SeriesCodec, series: Sequence[Series]) -> None:
        encoded = [codec.encode(part) for part in series]
        self.codec, self.series = codec, series
        self.offsets = np.cumsum([0, *(len(part) for part in series)])[:-1]
        self.seen = np.concatenate([seen for seen, _ in encoded])
        self.ahead = np.concatenate([ahead for _, ahead in encoded]) if codec.future else None

    def rows(self, at: Origins) -> np.ndarray:
        """(n,) int: where the origins stand among the steps of all series."""
        return np.asarray(self.offsets[at.which] + at.steps)

    def inputs(self, at: Origins) -> dict[str, np.ndarray]:
        """`past` (n, window, features) float32 and, where the codec says so, `future` (n, horizon, known)."""
        rows = self.rows(at)
        past = {"past": self.seen[rows[:, None] + np.arange(1 - self.codec.window, 1)]}
        if self.ahead is None:
            return past
        return past | {"future": self.ahead[rows[:, None] + np.arange(1, self.codec.horizon + 1)]}

    def times(self, at: Origins) -> np.ndarray:
        """(n,) datetime64[s] of the origins."""
        return self.by_series(at, lambda series, mine: series.times[at.steps[mine]], (), "M8[s]")

    def last(self, at: Origins) -> np.ndarray:
        """(n,) float64: the targets at the origins."""
        return self.by_series(at, lambda series, mine: series.target[at.steps[mine]], ())

    def actual(self, at: Origins) -> np.ndarray:
        """(n, horizon) float64: the targets that came."""
        ahead = np.arange(1, self.codec.horizon + 1)
        return self.by_series(at, lambda series, mine: series.target[at.steps[mine][:, None] + ahead])

    def outcomes(self, at: Origins) -> np.ndarray:
        """(n, horizon) float32: the same in the codec's unit, as the network is taught them."""
        return self.by_series(at, lambda series, mine: self.codec.outcomes(series, at.steps[mine]), dtype="f4")

    def decoded(self, values: np.ndarray, at: Origins) -> np.ndarray:
        """(n, horizon, any) in the codec's unit -> float64 in the target's."""

        def decode(series: Series, mine: np.ndarray) -> np.ndarray:
            return self.codec.decode(values[mine], series, at.steps[mine])

        return self.by_series(at, decode, values.shape[1:])

    def coded(self, values: np.ndarray, at: Origins) -> np.ndarray:
        """(n, horizon) in the target's unit -> float64 in the codec's."""
        return self.by_series(at, lambda series, mine: self.codec.code(values[mine], series, at.steps[mine]))

    def by_series(
        self,
        at: Origins,
        rule: Callable[[Series, np.ndarray], np.ndarray],
        shape: tuple[int, ...] | None = None,
        dtype: str = "f8",
    ) -> np.ndarray:
        """(n, *shape), a series at a time: `rule` is given the series and the rows that are its own.

        `shape`: of one row; (horizon,) by default.
        """
        out = np.empty((len(at), *((self.codec.horizon,) if shape is None else shape)), dtype)
        for number in np.unique(at.which):
            mine = np.flatnonzero(at.which == number)
            out[mine] = rule(self.series[number], mine)
        return out


class WindowBatches:
    """Batches of windows and their (n, horizon) outcomes, in an order that depends on seed and epoch only."""

    carried = False

    def __init__(self, encoded: EncodedPanel, at: Origins, rows: int, seed: int | None) -> None:
        self.encoded, self.at, self.rows, self.seed = encoded, at, rows, seed
        self.outcomes = encoded.outcomes(at)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return math.ceil(len(self.at) / self.rows)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch, shuffled where there is a seed."""
        order = np.arange(len(self.at))
        if self.seed is not None:
            order = np.random.default_rng([self.seed, number]).permutation(order)
        for start in range(0, len(order), self.rows):
            chunk = order[start : start + self.rows]
            yield Batch(self.encoded.inputs(self.at.take(chunk)), {OUTCOMES: self.outcomes[chunk]})
