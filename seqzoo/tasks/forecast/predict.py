"""Forecasts from a bundle, with intervals that were calibrated. Imports neither TensorFlow nor Keras."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError
from seqzoo.runtime import Graph
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.intervals import FEWEST_MISSES, Intervals, misses, sliding
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

DECISION, GRAPH = "decision.json", "model.onnx"
_BATCH = 256
_LOOKED_BACK = 600  # windows whose errors the intervals of a forecast go by


def estimate(graph: Graph, encoded: EncodedPanel, at: Origins) -> np.ndarray:
    """(n, horizon, quantiles) float32 in the codec's unit, rising in the last axis."""
    parts = [graph(encoded.inputs(at.take(slice(i, i + _BATCH))))[0] for i in range(0, len(at), _BATCH)]
    return np.sort(np.concatenate(parts).reshape(len(at), encoded.codec.horizon, -1), axis=-1)


def forecasts(graph: Graph, encoded: EncodedPanel, intervals: Intervals, at: Origins) -> np.ndarray:
    """(n, horizon, 1 + 2 levels) float64 in the target's unit: the forecast and the ends of its intervals."""
    raw = intervals.trust * estimate(graph, encoded, at)
    return encoded.decoded(intervals.with_intervals(raw, encoded.codec), at)


def rolled(
    graph: Graph, encoded: EncodedPanel, intervals: Intervals, at: Origins, most: int | None = None
) -> np.ndarray:
    """As `forecasts`, the intervals kept up to date by the errors that were known at each origin.

    `most`: look at about so many of the newest errors only.
    """
    back = _looked_back(encoded, intervals, most)
    if not len(back):
        return forecasts(graph, encoded, intervals, at)
    both = Origins.joined([back, at])
    _, first, place = np.unique(encoded.rows(both), return_index=True, return_inverse=True)
    raw = (intervals.trust * estimate(graph, encoded, both.take(first)))[place]  # each window once
    missed = misses(raw[: len(back)], encoded.outcomes(back), encoded.codec, intervals.levels)
    moments = np.unique(encoded.times(both), return_inverse=True)[1]
    offsets = sliding(missed, moments[: len(back)], moments[len(back) :], intervals, encoded.codec.horizon)
    return encoded.decoded(intervals.with_intervals(raw[len(back) :], encoded.codec, offsets), at)


def _looked_back(encoded: EncodedPanel, intervals: Intervals, most: int | None) -> Origins:
    """Examples after training whose outcomes have been observed, the newest `most` of them."""
    since = np.datetime64(intervals.since)
    share = None if most is None else max(FEWEST_MISSES, most // len(encoded.series))
    steps = []
    for series in encoded.series:
        origins = encoded.codec.origins(series)
        origins = origins[series.times[origins - encoded.codec.window + 1] >= since]
        steps.append(origins if share is None else origins[-share:])
    return Origins.of_series(steps)


@dataclass(frozen=True)
class Forecast:
    """The steps after the last observed one of a series.

    Attributes:
        series: its name.
        times: (horizon,) datetime64[s].
        values: (horizon,) float64.
        intervals: for each level, (horizon, 2) float64.
    """

    series: str
    times: np.ndarray
    values: np.ndarray
    intervals: dict[float, np.ndarray]


@dataclass(frozen=True)
class Anomaly:
    """A step outside its interval: `beyond` counts how far, in widths of the interval."""

    series: str
    time: np.datetime64
    value: float
    low: float
    high: float
    beyond: float


@dataclass(frozen=True)
class Band:
    """What was expected of a series: at `steps`, (n,) int, values between `low` and `high`, (n,) float64."""

    series: Series
    steps: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def outside(self) -> list[Anomaly]:
        """The steps outside their interval, the farthest first."""
        actual, times = self.series.target[self.steps], self.series.times[self.steps]
        beyond = np.maximum(self.low - actual, actual - self.high) / np.maximum(self.high - self.low, 1e-12)
        order = [i for i in np.argsort(-beyond, kind="stable") if beyond[i] > 0]
        columns = (actual, self.low, self.high, beyond)
        return [Anomaly(self.series.name, times[i], *(float(column[i]) for column in columns)) for i in order]


@dataclass(frozen=True)
class Forecaster:
    """A loaded bundle: series in, forecasts out."""

    codec: SeriesCodec
    intervals: Intervals
    graph: Graph

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Load a bundle whose files have been checked (`bundle.load_meta`).

        Raises:
            UserError: damaged files.
        """
        from seqzoo import bundle

        codec = SeriesCodec.load(folder)
        try:
            intervals = Intervals.from_json(bundle.read_json(folder, DECISION))
            shape = np.shape(intervals.offsets)
        except (TypeError, ValueError, KeyError) as error:
            raise UserError(f"{folder}: {DECISION} is damaged: {error}") from None
        graph = Graph(folder / GRAPH)
        if shape != (len(intervals.levels), codec.horizon, 2) or len(graph.inputs) != 1 + codec.future:
            raise UserError(f"{folder}: the graph, the codec and {DECISION} do not fit together")
        return cls(codec, intervals, graph)

    def save(self, folder: Path) -> None:
        """Write decision.json."""
        (folder / DECISION).write_text(json.dumps(asdict(self.intervals)), encoding="utf-8")

    def backtest(self, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        """(n, horizon, 1 + 2 levels) float64 from origins whose outcomes may be known; see `rolled`."""
        return rolled(self.graph, encoded, self.intervals, at)

    def predict(self, panel: Panel) -> Iterator[Forecast]:
        """Forecast each series of a panel from its last observed step.

        Raises:
            UserError: other columns than in training, a series it does not know, or one that is too short.
        """
        self.check(panel)
        yield from self._ahead(panel.series)

    def free_run(self, series: Series, steps: int) -> np.ndarray:
        """(steps,) float64 after the last observed step, each forecast fed back as if it had come; no intervals.

        Raises:
            UserError: the model reads other columns, which nobody knows that far ahead.
        """
        if self.codec.past or self.codec.known:
            raise UserError("a model that reads other columns cannot feed its forecasts back to itself")
        end = series.observed
        while series.observed < end + steps:
            (ahead,) = self._ahead([series])
            longer = self.codec.extended(series)
            filled = longer.target.copy()
            filled[series.observed : series.observed + self.codec.horizon] = ahead.values
            series = replace(longer, target=filled)
        return series.target[end : end + steps]

    def bands(self, panel: Panel) -> list[Band]:
        """For each series, the widest interval of each step as it was forecast one step before.

        Raises:
            UserError: as `predict`.
        """
        self.check(panel)
        return [self._band(series) for series in panel.series]

    def _band(self, series: Series) -> Band:
        steps = self.codec.origins(series)
        columns = self.backtest(EncodedPanel(self.codec, [series]), Origins(np.zeros(len(steps), int), steps))[:, 0]
        return Band(series, steps + 1, columns[:, -2], columns[:, -1])

    def check(self, panel: Panel) -> None:
        """Hold a panel's step and columns against those of the training.

        Raises:
            UserError: they differ.
        """
        known, past = self.codec.known, self.codec.past
        if (panel.known, panel.past, panel.step) != (known, past, self.codec.step):
            raise UserError(
                f"the model was trained on steps of {self.codec.step} with known columns {list(known)} and past "
                f"columns {list(past)}; these data have {panel.step}, {list(panel.known)} and {list(panel.past)}"
            )

    def _ahead(self, series: Sequence[Series]) -> Iterator[Forecast]:
        last = np.array([one.observed - 1 for one in series])
        shortest = int(last.min()) + 1
        needed = max([self.codec.window, *self.codec.lags])
        if shortest < needed:
            raise UserError(f"a forecast needs {needed} observed steps, there are {shortest}")
        longer = [self.codec.extended(one) for one in series]
        origins = Origins(np.arange(len(longer)), last)
        encoded = EncodedPanel(self.codec, longer)
        columns = rolled(self.graph, encoded, self.intervals, origins, _LOOKED_BACK)
        for one, origin, ahead in zip(longer, last, columns, strict=True):
            ends = {level: ahead[:, 1 + 2 * i : 3 + 2 * i] for i, level in enumerate(self.intervals.levels)}
            yield Forecast(one.name, one.times[origin + 1 :], ahead[:, 0], ends)
