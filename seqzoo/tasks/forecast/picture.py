"""Pictures of forecasts made of characters."""

from __future__ import annotations

import numpy as np

from seqzoo.page.text import chart
from seqzoo.tasks.forecast.answers import Band, Forecast

_WIDTH = 66


def ahead(observed: np.ndarray, forecast: Forecast, width: int = _WIDTH) -> str:
    """The last of (steps,) observed values and the forecast with its widest interval, as lines of text."""
    steps = len(forecast.values)
    before = observed[-max(10, width - steps) :] if steps < width - 10 else observed[-20:]
    low, high = list(forecast.intervals.values())[-1].T
    x = len(before) + np.arange(steps)
    points = [("•", np.arange(len(before)), before), ("●", x, forecast.values)]
    return chart(len(before) + steps, [(x, low, high)], points)


def surroundings(band: Band, time: np.datetime64, width: int = _WIDTH) -> str:
    """The band and what came around one moment, which is marked, as lines of text."""
    place = int(np.searchsorted(band.series.times[band.steps], time))
    first = max(0, min(place - width // 2, len(band.steps) - width))
    part = slice(first, first + width)
    actual = band.series.target[band.steps]
    x = np.arange(len(band.steps[part]))
    marked = ("◆", np.array([place - first]), actual[place : place + 1])
    return chart(len(x), [(x, band.low[part], band.high[part])], [("•", x, actual[part]), marked])
