"""What the page shows of a backtest: the test part as it was forecast, what comes next, errors and intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqzoo.errors import UserError
from seqzoo.page.text import number
from seqzoo.report import JSON, Figure, Section, Table
from seqzoo.tasks.forecast import scores
from seqzoo.tasks.forecast.answers import Forecast
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.predict import Forecaster
from seqzoo.tasks.forecast.steps import time_text
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

_POINTS = 6000  # of the timeline
_ROWS = 24  # of the table of what comes next
_LEAST_HISTORY = 30


@dataclass(frozen=True)
class Backtest:
    """Forecasts from origins whose outcomes are known.

    Attributes:
        columns: (n, horizon, 1 + 2 levels) float64: the forecast, then the ends of each interval.
    """

    encoded: EncodedPanel
    at: Origins
    columns: np.ndarray
    levels: Sequence[float]

    @property
    def values(self) -> np.ndarray:
        """(n, horizon) float64 forecasts."""
        return self.columns[..., 0]

    @cached_property
    def actual(self) -> np.ndarray:
        """(n, horizon) float64: what came."""
        return self.encoded.actual(self.at)

    @cached_property
    def coverage(self) -> list[dict[str, float]]:
        """See `scores.coverage`."""
        return scores.coverage(self.columns, self.actual, self.levels)

    def take(self, rows: np.ndarray) -> Backtest:
        """Some of the origins."""
        return Backtest(self.encoded, self.at.take(rows), self.columns[rows], self.levels)

    def error_by_step(self, values: np.ndarray) -> list[float]:
        """The mean absolute error of (n, horizon) forecasts at each step ahead."""
        return [float(error) for error in np.abs(values - self.actual).mean(0)]

    def shown(self) -> int:
        """The number of the series that is drawn: the one with the median error."""
        errors = np.bincount(self.at.which, np.abs(self.values - self.actual).mean(1))
        counts = np.bincount(self.at.which)
        there = np.flatnonzero(counts)
        order = there[np.argsort(errors[there] / counts[there], kind="stable")]
        return int(order[(len(order) - 1) // 2])

    def apart(self, number: int) -> np.ndarray:
        """Rows of one series whose horizons do not overlap, up to the last: each step is forecast once."""
        mine = np.flatnonzero(self.at.which == number)
        return mine[::-1][:: self.encoded.codec.horizon][::-1]


def ahead(forecaster: Forecaster, panel: Panel, tested: Backtest) -> Iterator[Section]:
    """The test part and what comes next: over time, closer up, and as a table."""
    series = tested.encoded.series[tested.shown()]
    coming = _coming(forecaster, panel, series.name)
    yield _timeline(tested, series, panel, coming)
    if coming is not None:
        yield _close_up(series, panel.target, coming)
        yield _table(panel, coming)


def _coming(forecaster: Forecaster, panel: Panel, name: str) -> Forecast | None:
    """The next forecast of a series; None where the columns known in advance end with the data."""
    try:
        return next((forecast for forecast in forecaster.predict(panel) if forecast.series == name), None)
    except UserError:
        return None


def _titled(text: str, series: str) -> str:
    return f"{text}: {series}" if series else text


def _short(values: np.ndarray) -> list[float | None]:
    """Numbers of four significant digits, as JSON has them."""
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in values]


def _timeline(tested: Backtest, series: Series, panel: Panel, coming: Forecast | None) -> Figure:
    rows = tested.apart(tested.shown())
    steps = (tested.at.steps[rows][:, None] + np.arange(1, tested.encoded.codec.horizon + 1)).ravel()
    columns = tested.columns[rows].reshape(len(steps), -1)
    times, actual = series.times[steps], series.target[steps]
    hidden = max(0, len(times) - _POINTS)
    times, actual, columns = times[hidden:], actual[hidden:], columns[hidden:]
    start = None
    if coming is not None:
        start = len(times)
        widest = coming.intervals[tested.levels[-1]]
        times = np.concatenate([times, coming.times])
        actual = np.concatenate([actual, np.full(len(coming.times), np.nan)])
        ends = np.concatenate([columns[:, [0, -2, -1]], np.column_stack([coming.values, widest])])
    else:
        ends = columns[:, [0, -2, -1]]
    band: dict[str, JSON] = {"name": f"{tested.levels[-1]:.0%} interval", "low": _short(ends[:, 1]),
                             "high": _short(ends[:, 2])}  # fmt: skip
    data: dict[str, JSON] = {
        "times": [time_text(time, panel.step).replace(" ", "T") for time in times],
        "lines": {"what came": _short(actual), "forecast": _short(ends[:, 0])},
        "band": band,
        "y": panel.target,
        "from": start,
    }
    horizon = tested.encoded.codec.horizon
    note = f"Each step was forecast once, up to {horizon} steps before." if horizon > 1 else "Forecast a step before."
    if hidden:
        note += f" The last {_POINTS:,} of {_POINTS + hidden:,} steps."
    return Figure(_titled("The test part and what comes next", series.name), "timeline", data, note, wide=True)


def _close_up(series: Series, target: str, coming: Forecast) -> Figure:
    """The last observed steps and the forecast with its intervals."""
    horizon = len(coming.values)
    before = series.target[max(0, series.observed - max(2 * horizon, _LEAST_HISTORY)) : series.observed]
    now = [0, float(before[-1])]

    def points(values: np.ndarray) -> list[list[float]]:
        return [now, *([h, float(value)] for h, value in enumerate(values, start=1))]

    lines = {
        "observed": [[x, float(value)] for x, value in enumerate(before, start=1 - len(before))],
        "forecast": points(coming.values),
    }
    bands = [[points(ends[:, 0]), points(ends[:, 1])] for ends in coming.intervals.values()]
    data: dict[str, JSON] = {"lines": lines, "x": "steps from the last observed one", "y": target, "whole": True,
                             "bands": bands}  # fmt: skip
    return Figure(_titled("The next forecast", series.name), "lines", data)


def _table(panel: Panel, coming: Forecast) -> Table:
    rows = []
    for h, time in list(enumerate(coming.times))[:_ROWS]:
        ends = (" to ".join(number(float(end)) for end in pair[h]) for pair in coming.intervals.values())
        rows.append([time_text(time, panel.step), number(float(coming.values[h])), *ends])
    more = len(coming.times) - len(rows)
    title = _titled("The next forecast, step by step", coming.series)
    columns = ["time", panel.target, *(f"{level:.0%} interval" for level in coming.intervals)]
    return Table(title, columns, rows, f"{more} more steps are not shown." if more else "")


def intervals(tested: Backtest, joint: Backtest) -> Table:
    """What the intervals promise, and what they held: of steps, and of whole paths by those that are for paths."""
    rows = [
        (f"{row['level']:.0%}", f"{row['coverage']:.1%}", number(row["width"]), f"{path['paths']:.1%}",
         number(path["width"]))
        for row, path in zip(tested.coverage, joint.coverage, strict=True)
    ]  # fmt: skip
    columns = ("promised", "steps held", "mean width", "whole paths held (--joint)", "mean width")
    one = [row[:3] for row in rows]
    many = tested.encoded.codec.horizon > 1
    return Table("Do the intervals hold what they promise?", columns if many else columns[:3], rows if many else one)


def numbers(measured: Sequence[Mapping[str, float]]) -> Table:
    """Metrics over all steps and, where there are several, of the first and the last; `measured` as judged."""
    every, *steps = measured
    shown = [every, steps[0], steps[-1]] if len(steps) > 1 else [every]
    columns = ["", "mean", "step 1", f"step {len(steps)}"][: 1 + len(shown)]
    kinds = {"direction": "share"}
    rows = [[name, *(number(row[name], kinds.get(name, "number")) for row in shown)] for name in every]
    return Table("Errors in numbers", columns, rows)
