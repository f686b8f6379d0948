"""Forecasts from a bundle, with intervals that were calibrated. Imports neither TensorFlow nor Keras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError
from seqzoo.runtime import Graph
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.intervals import FEW, Decision, misses, sliding
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.windows import Windows

_BATCH = 256
_AGAIN = 600  # windows that a forecast looks back at


def estimate(graph: Graph, windows: Windows, which: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """(n, horizon, quantiles) float32 in the codec's unit, rising in the last axis."""
    parts = []
    for start in range(0, len(origins), _BATCH):
        rows = slice(start, start + _BATCH)
        arrays = windows.inputs(which[rows], origins[rows])
        parts.append(graph(dict(zip(graph.inputs, arrays, strict=True)))[0])
    raw = np.concatenate(parts).reshape(len(origins), windows.codec.horizon, -1)
    return np.sort(raw, axis=-1)


def forecasts(
    graph: Graph,
    windows: Windows,
    decision: Decision,
    which: np.ndarray,
    origins: np.ndarray,
    offsets: np.ndarray | None = None,
) -> np.ndarray:
    """(n, horizon, 1 + 2 levels) float64 in the target's unit: the forecast and the ends of its intervals."""
    raw = decision.trust * estimate(graph, windows, which, origins)
    columns = decision.columns(raw, windows.codec, offsets)
    out = np.empty(columns.shape)
    for number, series in enumerate(windows.series):
        mine = which == number
        out[mine] = windows.codec.decode(columns[mine], series, origins[mine])
    return out


def rolled(
    graph: Graph, windows: Windows, decision: Decision, which: np.ndarray, origins: np.ndarray, most: int | None = None
) -> np.ndarray:
    """As `forecasts`, the intervals kept up to date by the errors that were known at each origin.

    `most`: look at about so many of the newest errors only.
    """
    back_which, back = _looked_back(windows, decision, most)
    if not len(back):
        return forecasts(graph, windows, decision, which, origins)
    outcomes = np.empty((len(back), windows.codec.horizon), np.float32)
    for number, series in enumerate(windows.series):
        mine = back_which == number
        outcomes[mine] = windows.codec.outcomes(series, back[mine])
    raw = decision.trust * estimate(graph, windows, back_which, back)
    missed = misses(raw, outcomes, windows.codec, decision.levels)
    moments, asked = windows.times(back_which, back), windows.times(which, origins)
    places = np.unique(np.concatenate([moments, asked]), return_inverse=True)[1]
    offsets = sliding(missed, places[: len(back)], places[len(back) :], decision, windows.codec.horizon)
    return forecasts(graph, windows, decision, which, origins, offsets)


def _looked_back(windows: Windows, decision: Decision, most: int | None) -> tuple[np.ndarray, np.ndarray]:
    """(series, origin) of examples after training whose outcomes have been observed, the newest `most` of them."""
    which, origins = [], []
    since = np.datetime64(decision.since)
    share = None if most is None else max(FEW, most // len(windows.series))
    for number, series in enumerate(windows.series):
        found = windows.codec.origins(series)
        found = found[series.times[found - windows.codec.window + 1] >= since]
        found = found if share is None else found[-share:]
        which.append(np.full(len(found), number))
        origins.append(found)
    return np.concatenate(which), np.concatenate(origins)


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
        came, times = self.series.target[self.steps], self.series.times[self.steps]
        beyond = np.maximum(self.low - came, came - self.high) / np.maximum(self.high - self.low, 1e-12)
        order = [i for i in np.argsort(-beyond, kind="stable") if beyond[i] > 0]
        columns = (came, self.low, self.high, beyond)
        return [Anomaly(self.series.name, times[i], *(float(column[i]) for column in columns)) for i in order]


@dataclass(frozen=True)
class Forecaster:
    """A loaded bundle: series in, forecasts out."""

    codec: SeriesCodec
    decision: Decision
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
            values = bundle.read_json(folder, "decision.json")
            decision = Decision(
                tuple(map(float, values["levels"])),
                tuple(tuple((float(a), float(b)) for a, b in level) for level in values["offsets"]),
                int(values["recent"]),
                str(np.datetime64(values["since"], "s")),
                float(values["trust"]),
            )
            shape = np.array(decision.offsets).shape
        except (TypeError, ValueError, KeyError) as error:
            raise UserError(f"{folder}: decision.json is damaged: {error}") from None
        graph = Graph(folder / "model.onnx")
        if shape != (len(decision.levels), codec.horizon, 2) or len(graph.inputs) != 1 + codec.future:
            raise UserError(f"{folder}: the graph, the codec and decision.json do not fit together")
        return cls(codec, decision, graph)

    def predict(self, panel: Panel) -> Iterator[Forecast]:
        """Forecast each series of a panel from its last observed step.

        Raises:
            UserError: other columns than in training, a series it does not know, or one that is too short.
        """
        self._check(panel)
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
            (found,) = self._ahead([series])
            longer = self.codec.extended(series)
            filled = longer.target.copy()
            filled[series.observed : series.observed + self.codec.horizon] = found.values
            series = replace(longer, target=filled)
        return series.target[end : end + steps]

    def bands(self, panel: Panel) -> list[Band]:
        """For each series, the widest interval of each step as it was forecast one step before.

        Raises:
            UserError: as `predict`.
        """
        self._check(panel)
        found = []
        for series in panel.series:
            origins = self.codec.origins(series)
            windows, which = Windows(self.codec, [series]), np.zeros(len(origins), int)
            columns = rolled(self.graph, windows, self.decision, which, origins)[:, 0]
            found.append(Band(series, origins + 1, columns[:, -2], columns[:, -1]))
        return found

    def _check(self, panel: Panel) -> None:
        known, past = self.codec.known, self.codec.past
        if (panel.known, panel.past, panel.step) != (known, past, self.codec.step):
            raise UserError(
                f"the model was trained on steps of {self.codec.step} with known columns {list(known)} and past "
                f"columns {list(past)}; these data have {panel.step}, {list(panel.known)} and {list(panel.past)}"
            )

    def _ahead(self, series: Sequence[Series]) -> Iterator[Forecast]:
        origins = np.array([one.observed - 1 for one in series])
        shortest = int(origins.min()) + 1
        if shortest < max([self.codec.window, *self.codec.lags]):
            raise UserError(f"a forecast needs {self.codec.window} observed steps, there are {shortest}")
        longer = [self.codec.extended(one) for one in series]
        windows = Windows(self.codec, longer)
        columns = rolled(self.graph, windows, self.decision, np.arange(len(longer)), origins, _AGAIN)
        for one, origin, found in zip(longer, origins, columns, strict=True):
            ends = {level: found[:, 1 + 2 * i : 3 + 2 * i] for i, level in enumerate(self.decision.levels)}
            yield Forecast(one.name, one.times[origin + 1 :], found[:, 0], ends)
