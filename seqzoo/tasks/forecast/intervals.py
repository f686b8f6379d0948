"""Intervals that hold what they promise: calibrated on validation, then kept up to date as outcomes become known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqzoo.tasks.forecast.codec import SeriesCodec

FEW = 60  # with fewer errors to look at, validation's offsets stand


@dataclass(frozen=True)
class Decision:
    """How quantiles become intervals that hold what they promise: calibrated on validation, then kept up to date.

    Attributes:
        levels: shares of the outcomes that the intervals should hold, rising.
        offsets: for each level and step ahead, how far to move the lower end down and the upper end up, in the
            codec's unit; learnt on validation.
        recent: how many origins back the errors are looked at again, once they are known.
        since: the end of training; errors of origins before it do not count.
        trust: the share of what the network says about returns that held on validation, 0 to 1; 1 for other targets.
    """

    levels: tuple[float, ...]
    offsets: tuple[tuple[tuple[float, float], ...], ...]
    recent: int
    since: str
    trust: float = 1.0

    @classmethod
    def calibrate(
        cls, raw: np.ndarray, outcomes: np.ndarray, codec: SeriesCodec, levels: Sequence[float], recent: int, since: str
    ) -> Decision:
        """Choose the offsets on (n, horizon, quantiles) estimates and (n, horizon) outcomes of validation."""
        trust = _held(_middle(raw, codec.quantiles), outcomes) if codec.target == "return" else 1.0
        offsets = quantiles_of(misses(raw * trust, outcomes, codec, levels), levels)
        pairs = tuple(tuple((float(a), float(b)) for a, b in level) for level in offsets)
        return cls(tuple(levels), pairs, recent, since, trust)

    def columns(self, raw: np.ndarray, codec: SeriesCodec, offsets: np.ndarray | None = None) -> np.ndarray:
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


def _held(said: np.ndarray, came: np.ndarray) -> float:
    """The slope of (n, horizon) outcomes on forecasts, shrunk as far as chance may have made it, between 0 and 1.

    Source: James and Stein 1961, the positive part; outcomes of overlapping horizons count once.
    """
    said, came = said.astype(np.float64), came.astype(np.float64)
    squares = (said**2).sum()
    slope = (said * came).sum() / squares if squares else 0.0
    if slope <= 0:
        return 0.0
    t_squared = slope**2 * squares / max(((came - slope * said) ** 2).mean(), 1e-12) / said.shape[1]
    return float(min(slope, 1.0) * max(0.0, 1 - 1 / t_squared))


def misses(raw: np.ndarray, outcomes: np.ndarray, codec: SeriesCodec, levels: Sequence[float]) -> np.ndarray:
    """(n, levels, horizon, 2): how far each outcome lies below the lower and above the upper end; negative inside."""
    ends = [_ends(raw, codec.quantiles, level) for level in levels]
    return np.stack([np.stack([low - outcomes, outcomes - high], -1) for low, high in ends], 1)


def quantiles_of(missed: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """(n, levels, horizon, 2) misses -> (levels, horizon, 2) offsets that cover each level, each tail apart.

    Source: Romano et al. 2019, Conformalized quantile regression.
    """
    n = len(missed)
    ranks = [min(1.0, (1 - (1 - level) / 2) * (n + 1) / n) for level in levels]
    return np.stack([np.quantile(missed[:, i], rank, axis=0, method="higher") for i, rank in enumerate(ranks)])


def sliding(missed: np.ndarray, times: np.ndarray, at: np.ndarray, decision: Decision, horizon: int) -> np.ndarray:
    """(m, levels, horizon, 2) offsets for origins at the places `at` among the rising `times`.

    Each comes from the misses of the last `decision.recent` places whose whole horizon had been seen by then: the
    quantiles slide along, so that the intervals follow a series that changes. `missed` and `times` are (n, ...), a
    row for each series and origin; `times` counts origins' places.

    Source: Xu and Xie 2021, Conformal prediction interval for dynamic time-series.
    """
    order = np.argsort(times, kind="stable")
    missed, times = missed[order], times[order]
    out = np.empty((len(at), *missed.shape[1:]))
    fixed = np.array(decision.offsets)
    for block in np.unique(at // horizon):
        now = block * horizon
        first, last = np.searchsorted(times, [now - horizon - decision.recent, now - horizon], side="right")
        out[at // horizon == block] = (
            quantiles_of(missed[first:last], decision.levels) if last - first >= FEW else fixed
        )
    return out


def _middle(raw: np.ndarray, quantiles: Sequence[float]) -> np.ndarray:
    return np.asarray(raw[..., quantiles.index(0.5) if quantiles else 0])


def _ends(raw: np.ndarray, quantiles: Sequence[float], level: float) -> tuple[np.ndarray, np.ndarray]:
    """The estimated quantiles of a level's two ends, or the forecast itself where the network has none."""
    wanted = ((1 - level) / 2, 1 - (1 - level) / 2)
    found = [int(np.argmin([abs(q - w) for q in quantiles])) for w in wanted] if quantiles else []
    if found and all(abs(quantiles[i] - w) < 1e-9 for i, w in zip(found, wanted, strict=True)):
        return raw[..., found[0]], raw[..., found[1]]
    middle = _middle(raw, quantiles)
    return middle, middle
