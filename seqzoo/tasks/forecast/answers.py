"""What a forecaster says: what comes next, what was expected, and what nobody expected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqzoo.tasks.forecast.panel import Series


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
