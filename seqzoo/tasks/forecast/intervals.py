"""Intervals that hold what they promise: from the misses of answers given before, newer ones counting more.

Misses and offsets share their last three axes, (levels, horizon, 2): the lower end of an interval, then the upper one.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from seqzoo.tasks.forecast import combine
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.combine import Memory

_ROWS = 400  # misses that quantiles are taken of
_REPLAYED = 30  # horizons before the first origin, over which intervals learn how much they hold
_SPEED, _FASTEST = 36.0, 0.4  # with which they do, over half-lives of so many horizons
_LOWEST, _HIGHEST = -1.0, 0.98  # of the share outside, that is aimed at less or more


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


def offsets(
    missed: np.ndarray, share: np.ndarray, tails: Sequence[float], independent: float, levels: Sequence[float] = ()
) -> np.ndarray:
    """(levels, horizon, 2) by which ends must move so that each tail is held, or whole paths of some levels.

    Args:
        missed: (n, levels, horizon, 2) misses, in order.
        share: (n,) how much each counts; the sum is 1.
        tails: for each level the share of the outcomes that shall not lie beyond one end.
        independent: as how many forecasts that neither overlap nor share shocks they count.
        levels: of paths: no step of the horizon may lie outside; empty: ends are of single steps.

    Source: Romano et al. 2019, Conformalized quantile regression; weights as in Barber et al. 2023, Conformal
    prediction beyond exchangeability.
    """
    picked = np.searchsorted(np.cumsum(share), (np.arange(_ROWS) + 0.5) / _ROWS).clip(0, len(share) - 1)
    rows = missed[picked]

    def ranked(values: np.ndarray, share: float) -> np.ndarray:
        rank = share * (independent + 1) / independent
        place = int(np.ceil(min(1.0, rank) * (len(values) - 1)))
        found = np.asarray(np.partition(values, place, axis=0)[place])
        if rank <= 1:
            return found
        spread = values.std(0) * np.sqrt(1 + 1 / independent)  # the tail lies beyond all that was seen
        return np.asarray(np.maximum(found, values.mean(0) + student(share, independent - 0.5) * spread))

    moves = np.stack([ranked(rows[:, i], tail) for i, tail in enumerate(tails)])
    if levels:
        spread = rows.std(0) + 1e-12
        farthest = ((rows - moves) / spread).max((2, 3))
        more = [max(0.0, float(ranked(farthest[:, i], level))) for i, level in enumerate(levels)]
        moves += np.array(more)[:, None, None] * spread
    return moves


def student(share: float, freedom: float) -> float:
    """About the quantile of Student's t distribution: SciPy's is exact, and takes longer to import than to forecast.

    Source: Abramowitz and Stegun 1964, 26.7.5, the first three terms.
    """
    z = NormalDist().inv_cdf(share)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return float(z + first / freedom + second / freedom**2 + third / freedom**3)


def along(
    memory: Memory, at: np.ndarray, levels: Sequence[float], horizon: int, half_life: float, joint: bool = False
) -> np.ndarray:
    """(n, levels, horizon, 2) offsets for origins at the steps `at`, each from the misses that were known by then.

    They slide along, so that the intervals follow a series that changes; and where they held too little lately, or too
    much, they aim higher, or lower.

    Raises:
        ValueError: no miss was known.

    Source: Xu and Xie 2021, Conformal prediction interval for dynamic time-series; Gibbs and Candes 2021, Adaptive
    conformal inference under distribution shift.
    """
    out = np.empty((len(at), *memory.misses.shape[1:]))
    began = memory.seen - horizon
    since = at.min() - _REPLAYED * horizon
    before = began[(began >= since) & (began < at.min())]
    aim, speed = _Aim(levels), min(_FASTEST, _SPEED * horizon / half_life)
    nobody = np.empty(0, np.int64)
    replayed = [(nobody, now) for _, now in combine.blocks(before, horizon) if now >= memory.seen[0]]
    for rows, now in [*replayed, *combine.blocks(at, horizon)]:
        aim.learn(now, speed)
        share = combine.shares(memory.seen, now, half_life)
        counted = share > 0
        known, share = memory.misses[counted], share[counted]
        alone = independent(memory.seen[counted], share, horizon)
        moves = offsets(known, share, aim.tails, alone, levels if joint else ())
        out[rows] = moves
        mine = slice(*np.searchsorted(began, [now, now + horizon]))
        aim.see(memory.seen[mine], memory.misses[mine] > moves)
    return out


def independent(seen: np.ndarray, share: np.ndarray, horizon: int) -> float:
    """As how many forecasts (n,) rows count, seen at some steps, of which each has a share.

    Neighbouring forecasts overlap, and the series of one moment share its shocks: they tell as much as the root of
    their number.
    """
    moments, index = np.unique(seen, return_inverse=True)
    of_moment = np.bincount(index, share)
    series = len(seen) / len(moments)
    return max(1.5, float(series**0.5 / (of_moment @ of_moment) / max(1.0, horizon / 2)))


class _Aim:
    """The tails that are aimed at, given how much has been held of late."""

    def __init__(self, levels: Sequence[float]) -> None:
        self.levels = np.array(levels)
        self.more = np.zeros(len(levels))
        self.coming: list[tuple[int, np.ndarray]] = []

    @property
    def tails(self) -> list[float]:
        return [float(tail) for tail in (1 + self.levels + self.more) / 2]

    def see(self, seen: np.ndarray, beyond: np.ndarray) -> None:
        """Note which of (n, levels, horizon, 2) ends were passed; it is known when the last of `seen` is."""
        if len(seen):
            self.coming.append((int(seen.max()), beyond.any(-1).mean((0, 2))))

    def learn(self, now: int, speed: float) -> None:
        """Aim higher by what lay outside too often, lower by what lay outside too seldom, where that is known."""
        for _, outside in [one for one in self.coming if one[0] <= now]:
            gentle = np.minimum(1.0, 5 * (1 - self.levels))  # a rare thing tells little when it happens once
            self.more = self.more + speed * gentle * (outside - (1 - self.levels))
        self.coming = [one for one in self.coming if one[0] > now]
        self.more = np.clip(self.more, _LOWEST * (1 - self.levels), _HIGHEST * (1 - self.levels))


def with_ends(raw: np.ndarray, codec: SeriesCodec, levels: Sequence[float], moves: np.ndarray) -> np.ndarray:
    """(n, horizon, quantiles) and (n, levels, horizon, 2) -> (n, horizon, 1 + 2 levels): the middle, then the ends."""
    middle = _middle(raw, codec.quantiles)
    out = [middle]
    for i, level in enumerate(levels):
        low, high = _ends(raw, codec.quantiles, level)
        out += [np.minimum(low - moves[:, i, :, 0], middle), np.maximum(high + moves[:, i, :, 1], middle)]
    return np.stack(out, -1)


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
