"""Features of a time and of the past: nothing here looks ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from seqzoo.tasks.forecast.steps import DAY

INDICATORS = ("rsi", "macd", "bollinger", "volatility")
_WIDTHS = {"hour": 4, "weekday": 7, "yearday": 4, "month": 12, "trend": 1}


def width(names: Sequence[str]) -> int:
    """How many columns `calendar` gives."""
    return sum(_WIDTHS[name] for name in names)


def calendar(times: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """(steps, width) float64: hour and yearday as two harmonics, weekday and month as one of n, trend in decades."""
    days = times.astype("M8[D]")
    make: dict[str, Callable[[], np.ndarray]] = {
        "hour": lambda: _harmonics((times - days).astype("m8[s]").astype(np.int64) / DAY),
        "yearday": lambda: _harmonics((days - days.astype("M8[Y]").astype("M8[D]")).astype(int) / 365.25),
        "weekday": lambda: np.eye(7)[(days.astype(np.int64) + 3) % 7],
        "month": lambda: np.eye(12)[times.astype("M8[M]").astype(np.int64) % 12],
        "trend": lambda: (days.astype(np.int64)[:, None] - 10_957) / 3652.5,
    }
    return np.concatenate([make[name]() for name in names], 1) if names else np.empty((len(times), 0))


def _harmonics(share: np.ndarray) -> np.ndarray:
    angles = 2 * np.pi * np.stack([share, 2 * share], 1)
    return np.concatenate([np.sin(angles), np.cos(angles)], 1)


def _average(values: np.ndarray, span: float) -> np.ndarray:
    """Exponential moving average that starts at the first value."""
    weight = 2 / (span + 1)
    average, out = float(values[0]), np.empty(len(values))
    for i, value in enumerate(values.tolist()):
        average = out[i] = weight * value + (1 - weight) * average
    return out


def _rolling(values: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the last `length` values, of fewer at the start."""
    shifted = values - values[0]
    count = np.minimum(np.arange(1, len(values) + 1), length)

    def total(x: np.ndarray) -> np.ndarray:
        sums = np.cumsum(x)
        sums[length:] -= np.cumsum(x)[:-length]
        return sums

    mean = total(shifted) / count
    return mean + values[0], np.sqrt(np.maximum(total(shifted**2) / count - mean**2, 0))


def volatility(prices: np.ndarray, length: int) -> np.ndarray:
    """(steps,) root mean square of the last `length` logarithmic returns, of all so far at the start."""
    squares = np.diff(np.log(prices), prepend=np.nan) ** 2
    squares[0] = squares[1] if len(squares) > 1 else 0.0
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([np.full(length - 1, np.nan), squares]), length)
    return np.asarray(np.sqrt(np.maximum(np.nanmean(windows, axis=1), 1e-10)))


def indicators(prices: np.ndarray) -> np.ndarray:
    """(steps, 4) float64: RSI(14) in -1..1, MACD(12, 26) and Bollinger(20, 2) position and volatility(20).

    Source: Wilder 1978; Appel 1979; Bollinger 1992. MACD and volatility are relative to the price.
    """
    moves = np.diff(prices, prepend=prices[0])
    up, down = _average(np.maximum(moves, 0), 27), _average(np.maximum(-moves, 0), 27)
    rsi = (up - down) / np.maximum(up + down, 1e-12)
    macd = (_average(prices, 12) - _average(prices, 26)) / prices * 20
    mean, spread = _rolling(prices, 20)
    bollinger = (prices - mean) / np.maximum(2 * spread, 1e-12)
    return np.stack([rsi, macd, np.clip(bollinger, -3, 3), volatility(prices, 20) * 20], 1)
