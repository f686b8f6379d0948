"""Who answers from an origin, and how wide: by what a stage had fitted, and what was known by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqzoo.errors import UserError
from seqzoo.tasks.forecast import combine, intervals
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.combine import Fresh, Memory
from seqzoo.tasks.forecast.panel import Series
from seqzoo.tasks.forecast.simple import LAST
from seqzoo.tasks.forecast.stages import NETWORK, Stage
from seqzoo.tasks.forecast.steps import ordinals
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

BEST = "best"
LOOKED_BACK = 600  # windows whose errors a forecast goes by
_HEARD = 0.2  # weight below which a network is not worth a second training


class Told(NamedTuple):
    """Answers from some origins.

    Attributes:
        encoded, at: the origins.
        raw: (n, horizon, quantiles) in the codec's unit.
        now: (n,) int64, the steps of the origins, as `steps.ordinals` counts.
        memory: of what was known before, and of these answers where the outcomes are known.
    """

    encoded: EncodedPanel
    at: Origins
    raw: np.ndarray
    now: np.ndarray
    memory: Memory


@dataclass(frozen=True)
class Answering:
    """How a forecaster answers, whichever stage it asks.

    Attributes:
        codec: series <-> arrays.
        levels: shares of the outcomes that the intervals should hold, rising.
        answer: who answers: "best", a combination by weights; "network"; or a simple forecast by its name.
        lives: half-lives of errors, in steps: those of the weights, those of the intervals.
        doubt: how far the last value must be beaten before another has a say, see `combine.weights`.
    """

    codec: SeriesCodec
    levels: tuple[float, ...]
    answer: str
    lives: tuple[float, float]
    doubt: float = 0.0

    def used(self, stage: Stage) -> list[str]:
        """The candidates that answer, in the order of weights."""
        return stage.names if self.answer == BEST else [self.answer]

    def listens(self, stage: Stage) -> bool:
        """Whether the network has enough of a say."""
        if self.answer != BEST:
            return self.answer == NETWORK
        memory, used = stage.memory, self.used(stage)
        if NETWORK not in used or not len(memory.known):
            return NETWORK in used
        nothing = Fresh.of(memory.known[:0], np.empty((0, self.codec.horizon), np.int64), np.empty((0, 1, len(used))))
        weights, _ = self._weights(used, memory, nothing, memory.known[-1:])
        return bool(weights[0, used.index(NETWORK)] > _HEARD)

    def rests_on(self, stage: Stage) -> float:
        """As how many forecasts, that neither overlap nor share shocks, the errors count that the intervals go by."""
        memory = stage.memory
        share = combine.shares(memory.seen, memory.newest, self.lives[1])
        return intervals.independent(memory.seen, share, self.codec.horizon)

    def told(self, stage: Stage, encoded: EncodedPanel, at: Origins, most: int | None = None) -> Told:
        """Answer from origins by what a stage had fitted and what was known by then.

        `most`: look at about so many of the newest errors only.
        """
        back = self._back(stage, encoded, most)
        both = Origins.joined([back, at])
        if not len(both):
            return Told(encoded, at, np.empty((0, self.codec.horizon, 1)), np.empty(0, np.int64), stage.memory)
        _, first, place = np.unique(encoded.rows(both), return_index=True, return_inverse=True)
        raw, errors = (part[place] for part in self._candidates(stage, encoded, both.take(first)))  # each window once
        n, horizon = len(back), self.codec.horizon
        now, known = self._steps(encoded, both), self._steps(encoded, back, horizon)
        fresh = self._fresh(encoded, back, errors[:n])
        now = np.maximum(now, stage.memory.newest)  # what came before knows all that is remembered
        remembered = stage.memory.and_errors(fresh)
        weights, informed = self._weights(self.used(stage), remembered, fresh, now)
        answers = np.einsum("nhqk,nk->nhq", raw, weights)
        missed = intervals.misses(answers[:n], encoded.outcomes(back), self.codec, self.levels).astype(np.float32)
        kept = informed[:n] if informed[:n].any() else ~informed[:n]
        return Told(encoded, at, answers[n:], now[n:], remembered.and_misses(missed[kept], known[kept]))

    def columns(self, told: Told, joint: bool = False) -> np.ndarray:
        """(n, horizon, 1 + 2 levels) float64 in the target's unit: forecasts, and the ends of their intervals.

        `joint`: intervals hold whole paths, not each step by itself.
        """
        if not len(told.at):
            return np.empty((0, self.codec.horizon, 1 + 2 * len(self.levels)))
        moves = intervals.along(told.memory, told.now, self.levels, self.codec.horizon, self.lives[1], joint)
        return told.encoded.decoded(intervals.with_ends(told.raw, self.codec, self.levels, moves), told.at)

    def _back(self, stage: Stage, encoded: EncodedPanel, most: int | None) -> Origins:
        """Origins since a stage was fitted of whose outcomes some have been observed, the newest `most` of them."""
        share = None if most is None else max(1, most // len(encoded.series))
        steps = []
        for series in encoded.series:
            first = encoded.codec.origins(series)[:1]
            origins = np.arange(
                first[0] if len(first) else 0, min(series.observed - 1, len(series) - self.codec.horizon)
            )
            origins = origins[series.times[origins + 1] >= stage.since]
            steps.append(origins if share is None else origins[-share:])
        return Origins.of_series(steps)

    def _steps(self, encoded: EncodedPanel, at: Origins, later: int = 0) -> np.ndarray:
        """(n,) int64: the origins, or so many rows later, as steps of one clock."""

        def of(series: Series, mine: np.ndarray) -> np.ndarray:
            return ordinals(series.times[at.steps[mine] + later], self.codec.step)

        return encoded.by_series(at, of, (), "i8")

    def _candidates(self, stage: Stage, encoded: EncodedPanel, at: Origins) -> tuple[np.ndarray, np.ndarray]:
        """(n, horizon, quantiles, used) in the codec's unit; (n, horizon, used) errors, NaN where nobody knows yet."""
        width = max(1, len(self.codec.quantiles))
        if not len(at):
            none = np.empty((0, self.codec.horizon, len(self.used(stage))))
            return np.empty((0, self.codec.horizon, width, len(self.used(stage)))), none
        actual = encoded.actual(at)
        raw, errors = [], []
        for name in self.used(stage):
            if name == NETWORK:
                quantiles = stage.network(encoded, at)
                points = self._pointed(quantiles, encoded, at)
            else:
                points = stage.simple[name](encoded, at)
                quantiles = np.repeat(encoded.coded(points, at).astype(np.float32)[..., None], width, 2)
            raw.append(quantiles)
            errors.append(np.abs(points - actual))
        return np.stack(raw, -1), np.stack(errors, -1)

    def _pointed(self, quantiles: np.ndarray, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        middle = quantiles[..., [self.codec.quantiles.index(0.5) if self.codec.quantiles else 0]]
        return np.asarray(encoded.decoded(middle, at)[..., 0])

    def points(self, stage: Stage, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        """(n, horizon) float64: what a stage's network alone says."""
        return self._pointed(stage.network(encoded, at), encoded, at)

    def _fresh(self, encoded: EncodedPanel, at: Origins, errors: np.ndarray) -> Fresh:
        ahead = np.arange(1, self.codec.horizon + 1)

        def when(series: Series, mine: np.ndarray) -> np.ndarray:
            return ordinals(series.times[at.steps[mine][:, None] + ahead], self.codec.step)

        return Fresh.of(self._steps(encoded, at), encoded.by_series(at, when, dtype="i8"), errors)

    def _weights(self, used: list[str], memory: Memory, fresh: Fresh, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if len(used) == 1:
            return np.ones((len(now), 1)), np.ones(len(now), bool)
        return combine.along(memory, fresh, now, self.lives[0], used.index(LAST), self.doubt)

    def weights(self, stage: Stage, series: Sequence[Series]) -> dict[str, float]:
        """How much each candidate has to say after the last observed step, the mean over the series."""
        at = Origins(np.arange(len(series)), np.array([one.observed - 1 for one in series]))
        encoded = EncodedPanel(self.codec, self._extended(series))
        back = self._back(stage, encoded, LOOKED_BACK)
        fresh = self._fresh(encoded, back, self._candidates(stage, encoded, back)[1])
        memory = stage.memory.and_errors(fresh)
        now = np.maximum(self._steps(encoded, at), memory.newest)
        found = self._weights(self.used(stage), memory, fresh, now)[0].mean(0)
        return {name: float(weight) for name, weight in zip(self.used(stage), found, strict=True)}

    def _extended(self, series: Sequence[Series]) -> Sequence[Series]:
        """With times ahead, where the columns that are known in advance reach that far."""
        try:
            return [self.codec.extended(one) for one in series]
        except UserError:
            return series
