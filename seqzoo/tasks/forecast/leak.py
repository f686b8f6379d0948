"""The proof that nothing leaks from the future: replace it by noise, and nothing earlier may move by a bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from seqzoo.errors import UserError
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.options import CodecOptions
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

Views = Mapping[str, np.ndarray]  # what may be known, by name
Forecasts = Callable[[EncodedPanel, Origins], np.ndarray]


def with_noise(panel: Panel, time: np.datetime64, *, known: bool, seed: int = 0) -> Panel:
    """The panel with targets and past columns after `time` replaced by positive noise; known ones too, if asked."""
    random = np.random.default_rng(seed)

    def noisy(values: np.ndarray, after: np.ndarray) -> np.ndarray:
        out = values.copy()
        spread = np.nanstd(values) or 1.0
        out[after] = np.abs(random.normal(np.nanmean(values), 3 * spread, values[after].shape)) + 0.1
        return out

    def one(series: Series) -> Series:
        after = series.times > time
        after_observed = after & ~np.isnan(series.target)
        return replace(
            series,
            target=noisy(series.target, after_observed),
            past=noisy(series.past, after) if series.past.size else series.past,
            known=noisy(series.known, after) if known and series.known.size else series.known,
        )

    return replace(panel, series=tuple(one(series) for series in panel.series))


def moved(view: Callable[[Panel], Views], panel: Panel, time: np.datetime64, *, known: bool = False) -> list[str]:
    """Names of the arrays in `view(panel)` that change when the future after `time` does.

    `view` must return only what may be known at `time`; an array whose shape changes has moved as well.
    """
    true, noised = view(panel), view(with_noise(panel, time, known=known))
    return [name for name in true if not _same(true[name], noised.get(name, np.empty(0)))]


def _same(left: np.ndarray, right: np.ndarray) -> bool:
    return left.shape == right.shape and left.dtype == right.dtype and left.tobytes() == right.tobytes()


def training_view(options: CodecOptions, end: np.datetime64) -> Callable[[Panel], Views]:
    """What training sees: the codec's scales, inputs and outcomes of the origins before `end`."""

    def view(panel: Panel) -> Views:
        codec = SeriesCodec.fit(panel.before(end), options)
        encoded = EncodedPanel(codec, panel.series)
        out: dict[str, np.ndarray] = {"scales": np.array([*codec.scales.values(), *codec.column_scales.values()])}
        out["spread"] = np.array(codec.spread)
        for number, series in enumerate(panel.series):
            last = int(np.searchsorted(series.times, end))
            origins = codec.origins(series)
            origins = origins[origins + codec.horizon < last]
            inputs = encoded.inputs(Origins(np.full(len(origins), number), origins))
            for name, array in inputs.items():
                out[f"{name} of {series.name}"] = array
            out[f"outcomes of {series.name}"] = codec.outcomes(series, origins)
        return out

    return view


def forecast_view(
    codec: SeriesCodec,
    forecasts: Forecasts,
    time: np.datetime64,
    most: int,
) -> Callable[[Panel], Views]:
    """Features of every step up to `time`, and forecasts from the last `most` origins up to it."""

    def view(panel: Panel) -> Views:
        encoded = EncodedPanel(codec, panel.series)
        out: dict[str, np.ndarray] = {}
        steps = []
        for number, series in enumerate(panel.series):
            last = int(np.searchsorted(series.times, time, side="right"))
            start = encoded.offsets[number]
            out[f"features of {series.name}"] = encoded.seen[start : start + last]
            origins = codec.origins(series)
            steps.append(origins[origins < last][-most:])
        ahead = forecasts(encoded, Origins.of_series(steps))
        ends = np.cumsum([len(origins) for origins in steps])[:-1]
        names = (f"forecasts of {series.name}" for series in panel.series)
        return out | {name: part for name, part in zip(names, np.split(ahead, ends), strict=True) if len(part)}

    return view


def prove(
    panel: Panel,
    options: CodecOptions,
    codec: SeriesCodec,
    ends: tuple[np.datetime64, np.datetime64],
    forecasts: Forecasts,
) -> int:
    """Count the arrays that were checked.

    Raises:
        UserError: something earlier moved: the report is refused.
    """
    longest = max(panel.series, key=len)
    inside = longest.times[(int(np.searchsorted(longest.times, ends[1])) + longest.observed) // 2]
    checks = [
        (training_view(options, ends[0]), ends[0] - np.timedelta64(1, "s"), True),
        (forecast_view(codec, forecasts, inside, 64), inside, False),
    ]
    seen = []

    def counted(view: Callable[[Panel], Views], panel: Panel) -> Views:
        arrays = view(panel)
        seen.append(len(arrays))
        return arrays

    leaks = [name for view, time, known in checks for name in moved(partial(counted, view), panel, time, known=known)]
    if leaks:
        raise UserError(f"the future leaks into: {', '.join(leaks[:8])}. No report is written")
    return sum(seen) // 2
