"""Intervals that hold what they promise: calibrated on validation, then kept up to date as outcomes become known.

Misses and offsets share their last three axes, (levels, horizon, 2): the lower end of an interval, then the upper one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqzoo.tasks.forecast.codec import SeriesCodec

FEWEST_MISSES = 60  # with fewer errors to look at, validation's offsets stand
Offsets = tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True)
class Intervals:
    """How quantiles become intervals that hold what they promise: calibrated on validation, then kept up to date.

    Attributes:
        levels: shares of the outcomes that the intervals should hold, rising.
        offsets: for each level and step ahead, how far to move the lower end down and the upper end up, in the
            codec's unit; learnt on validation.
        recent: how many origins back the errors are looked at again, once they are known.
        since: the end of training; errors of origins before it do not count.
        trust: the share of what the network says about returns that held on validation, 0 to 1; 1 for other anchors.
    """

    levels: tuple[float, ...]
    offsets: Offsets
    recent: int
    since: str
    trust: float = 1.0

    @classmethod
    def calibrate(
        cls, raw: np.ndarray, outcomes: np.ndarray, codec: SeriesCodec, levels: Sequence[float], recent: int, since: str
    ) -> Intervals:
        """Choose the offsets on (n, horizon, quantiles) estimates and (n, horizon) outcomes of validation."""
        trust = shrunk_slope(_middle(raw, codec.quantiles), outcomes) if codec.anchor == "return" else 1.0
        offsets = offsets_of(misses(raw * trust, outcomes, codec, levels), levels)
        return cls(tuple(levels), _pairs(offsets.tolist()), recent, since, trust)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Intervals:
        """Rebuild them.

        Raises:
            KeyError, TypeError, ValueError: a missing or mistyped field.
        """
        return cls(
            tuple(map(float, values["levels"])),
            _pairs(values["offsets"]),
            int(values["recent"]),
            str(np.datetime64(values["since"], "s")),
            float(values["trust"]),
        )

    def with_intervals(self, raw: np.ndarray, codec: SeriesCodec, offsets: np.ndarray | None = None) -> np.ndarray:
        """(n, horizon, quantiles) -> (n, horizon, 1 + 2 levels): the forecast, then each interval's two ends.

        `offsets`: (levels, horizon, 2), or (n, levels, horizon, 2); those of validation by default.
        """
        moves = np.array(self.offsets) if offsets is None else offsets
        middle = _middle(raw, codec.quantiles)
        out = [middle]
        for i, level in enumerate(self.levels):
            low, high = _ends(raw, codec.quantiles, level)
            out += [np.minimum(low - moves[..., i, :, 0], middle), np.maximum(high + moves[..., i, :, 1], middle)]
        return np.stack(out, -1)


def _pairs(offsets: Sequence[Sequence[Sequence[float]]]) -> Offsets:
    return tuple(tuple((float(low), float(high)) for low, high in level) for level in offsets)


def shrunk_slope(forecast: np.ndarray, outcomes: np.ndarray) -> float:
    """The slope of (n, horizon) outcomes on forecasts, shrunk as far as chance may have made it, between 0 and 1.

    Source: James and Stein 1961, the positive part; outcomes of overlapping horizons count once.
    """
    forecast, outcomes = forecast.astype(np.float64), outcomes.astype(np.float64)
    squares = (forecast**2).sum()
    slope = (forecast * outcomes).sum() / squares if squares else 0.0
    if slope <= 0:
        return 0.0
    t_squared = slope**2 * squares / max(((outcomes - slope * forecast) ** 2).mean(), 1e-12) / forecast.shape[1]
    return float(min(slope, 1.0) * max(0.0, 1 - 1 / t_squared))


def misses(raw: np.ndarray, outcomes: np.ndarray, codec: SeriesCodec, levels: Sequence[float]) -> np.ndarray:
    """(n, levels, horizon, 2): how far each outcome lies below the lower and above the upper end; negative inside."""
    out = np.empty((len(raw), len(levels), codec.horizon, 2), np.result_type(raw, outcomes))
    for i, level in enumerate(levels):
        low, high = _ends(raw, codec.quantiles, level)
        out[:, i, :, 0], out[:, i, :, 1] = low - outcomes, outcomes - high
    return out


def offsets_of(missed: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """(n, levels, horizon, 2) misses -> (levels, horizon, 2) offsets that cover each level, each tail apart.

    Source: Romano et al. 2019, Conformalized quantile regression.
    """
    n = len(missed)
    ranks = [min(1.0, (1 - (1 - level) / 2) * (n + 1) / n) for level in levels]
    return np.stack([np.quantile(missed[:, i], rank, axis=0, method="higher") for i, rank in enumerate(ranks)])


def sliding(missed: np.ndarray, places: np.ndarray, at: np.ndarray, intervals: Intervals, horizon: int) -> np.ndarray:
    """(m, levels, horizon, 2) offsets for origins at the places `at`.

    Each comes from the misses of the last `intervals.recent` places whose whole horizon had been seen by then: the
    offsets slide along, so that the intervals follow a series that changes.

    Args:
        missed: (n, levels, horizon, 2) misses, a row for each series and origin.
        places: (n,) int of these origins: 0 for the earliest moment, and so on.
        at: (m,) int places on the same axis.
        intervals: whose offsets stand where there are too few misses.
        horizon: steps ahead.

    Source: Xu and Xie 2021, Conformal prediction interval for dynamic time-series.
    """
    order = np.argsort(places, kind="stable")
    missed, places = missed[order], places[order]
    out = np.empty((len(at), *missed.shape[1:]))
    fixed = np.array(intervals.offsets)
    for block in np.unique(at // horizon):
        now = block * horizon
        first, last = np.searchsorted(places, [now - horizon - intervals.recent, now - horizon], side="right")
        enough = last - first >= FEWEST_MISSES
        out[at // horizon == block] = offsets_of(missed[first:last], intervals.levels) if enough else fixed
    return out


def _middle(raw: np.ndarray, quantiles: Sequence[float]) -> np.ndarray:
    return np.asarray(raw[..., quantiles.index(0.5) if quantiles else 0])


def _ends(raw: np.ndarray, quantiles: Sequence[float], level: float) -> tuple[np.ndarray, np.ndarray]:
    """The estimated quantiles of a level's two ends, or the forecast itself where the network has none."""
    wanted = ((1 - level) / 2, 1 - (1 - level) / 2)
    near = [[i for i, q in enumerate(quantiles) if abs(q - end) < 1e-9] for end in wanted]
    if all(near):
        return raw[..., near[0][0]], raw[..., near[1][0]]
    middle = _middle(raw, quantiles)
    return middle, middle
