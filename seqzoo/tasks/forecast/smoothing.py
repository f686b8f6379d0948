"""Exponential smoothing with several seasons, and the theta method: constants by search, states by one recursion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

LONGEST = 1500  # steps that constants are searched on, and that states are carried over before they are used
_DRAWN = (160, 80)  # constants tried at random, then near the best of them
_KEPT = 4  # that the second draw is near to
_PANEL = 8  # series of a panel that the search looks at


class Constants(NamedTuple):
    """(tries,) float64 each; `gammas` one for each season. `phi` damps the trend."""

    alpha: np.ndarray
    beta: np.ndarray
    phi: np.ndarray
    gammas: tuple[np.ndarray, ...]

    def take(self, rows: np.ndarray) -> Constants:
        """Some of the tries."""
        return Constants(self.alpha[rows], self.beta[rows], self.phi[rows], tuple(g[rows] for g in self.gammas))


class States(NamedTuple):
    """After each step: (steps, columns) level and trend, and each season as (steps + its length, columns)."""

    level: np.ndarray
    trend: np.ndarray
    seasons: list[np.ndarray]


def carry(values: np.ndarray, lengths: Sequence[int], constants: Constants, head: int) -> States:
    """Carry level, trend and seasons over (steps, columns) values; missing ones leave them as they were.

    Columns of values and of constants are broadcast. A season's row i + length is what step i + length expects. What
    is before the first step is learnt from the first `head` steps.

    Source: Hyndman et al. 2008, Forecasting with exponential smoothing, the error-correction form of ETS(A, Ad, A);
    with two seasons, Taylor 2003, Short-term electricity demand forecasting using double seasonal exponential
    smoothing.
    """
    alpha, beta, phi, gammas = constants
    steps, columns = len(values), max(values.shape[1], len(alpha))
    begin = [_start(column[:head], lengths) for column in values.T]
    level = np.resize([first for first, _ in begin], columns).astype(float)
    trend = np.zeros(columns)
    out = States(np.empty((steps, columns)), np.empty((steps, columns)),
                 [np.empty((steps + length, columns)) for length in lengths])  # fmt: skip
    for i, (season, length) in enumerate(zip(out.seasons, lengths, strict=True)):
        season[:length] = np.stack([seasons[i] for _, seasons in begin], 1)
    missing = np.isnan(values)
    holes = missing.any(1)
    for i in range(steps):
        moved = phi * trend
        error = values[i] - level - moved
        for season in out.seasons:
            error = error - season[i]
        if holes[i]:
            error = np.where(missing[i], 0.0, error)
        level = level + moved + alpha * error
        trend = moved + beta * error
        out.level[i], out.trend[i] = level, trend
        for season, gamma, length in zip(out.seasons, gammas, lengths, strict=True):
            season[i + length] = season[i] + gamma * error
    return out


def _start(values: np.ndarray, lengths: Sequence[int]) -> tuple[float, list[np.ndarray]]:
    """The level before the first step and the first cycle of each season, from up to four cycles of the longest."""
    there = np.flatnonzero(~np.isnan(values))
    if not len(there):
        return 0.0, [np.zeros(length) for length in lengths]
    if not lengths:
        return float(values[there[0]]), []
    cycles = max(1, min(len(values) // lengths[-1], 4))
    head = np.interp(np.arange(min(len(values), cycles * lengths[-1])), there, values[there])
    place = np.arange(len(head)) - (len(head) - 1) / 2
    whole = head[len(head) % lengths[-1] :].reshape(-1, lengths[-1]).mean(1) if cycles > 1 else head[:1]
    slope = float(whole[-1] - whole[0]) / max(1, (len(whole) - 1) * lengths[-1])
    rest, seasons = head - head.mean() - slope * place, []
    for length in lengths:
        phase = np.arange(len(rest)) % length
        counts = np.maximum(np.bincount(phase, minlength=length), 1)
        seasons.append(np.bincount(phase, rest, length) / counts)
        rest = rest - seasons[-1][phase]
    return float(head.mean() + slope * place[0]), seasons


def ahead(
    states: States, phi: np.ndarray, lengths: Sequence[int], at: np.ndarray, columns: np.ndarray, steps: np.ndarray
) -> np.ndarray:
    """(n, k, c): what the states of (1 or n, c) `columns` say, at the (n,) steps `at`, of (k,) `steps` ahead."""
    here, own = (at[:, None], columns), columns if len(phi) > 1 else np.zeros_like(columns)
    damped = np.stack([(phi ** np.arange(1, h + 1)[:, None]).sum(0) for h in steps])[:, own].swapaxes(0, 1)
    out = states.level[here][:, None] + damped * states.trend[here][:, None]
    for season, length in zip(states.seasons, lengths, strict=True):
        rows = at[:, None] + steps + length - length * -(-steps // length)
        out = out + season[rows[:, :, None], columns[:, None]]
    return np.asarray(out)


@dataclass(frozen=True)
class Smoothing:
    """A fitted one.

    Attributes:
        lengths: of the seasons, in steps, rising.
        logs: whether logarithms are smoothed, so that trend and seasons multiply.
        theta: no trend is carried; half the slope of what was observed so far goes on instead.
        constants: alpha, beta, phi, then a gamma for each season.
        head: of a series so many steps, at most, may tell what was before it: those that all fitting has seen.
    """

    lengths: tuple[int, ...]
    logs: bool
    theta: bool
    constants: tuple[float, ...]
    head: int

    @property
    def told(self) -> str:
        """What is special about it."""
        seasons = f"season of {' and '.join(map(str, self.lengths))} steps" if self.lengths else "no season"
        return seasons + (", of logarithms" if self.logs else "")

    def __call__(self, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        """(n, horizon) float64 in the target's unit; nothing after an origin is read."""
        which, columns = np.unique(at.which, return_inverse=True)
        first = _begin(int(at.steps.min()), self.lengths)
        last = int(at.steps.max()) + 1
        values = np.full((last - first, len(which)), np.nan)
        for column, number in enumerate(which):
            mine = encoded.series[number].target[first:last]
            values[: len(mine), column] = mine
        found = self._ahead(_logs(values) if self.logs else values, at.steps - first, columns, encoded.codec.horizon)
        return np.exp(np.minimum(found, 700)) if self.logs else found

    def refitted(self, encoded: EncodedPanel, examples: Origins, ends: np.ndarray) -> Smoothing:
        """The same kind on the first `ends` steps of each series."""
        targets = [one.target[:end] for one, end in zip(encoded.series, ends, strict=True)]
        return search(targets, encoded.codec.horizon, self.lengths, logs=self.logs, theta=self.theta)

    def _ahead(self, values: np.ndarray, at: np.ndarray, columns: np.ndarray, horizon: int) -> np.ndarray:
        alpha, beta, phi, *gammas = (np.array([constant]) for constant in self.constants)
        states = carry(values, self.lengths, Constants(alpha, beta, phi, tuple(gammas)), self.head)
        steps = np.arange(1, horizon + 1)
        out = ahead(states, phi, self.lengths, at, columns[:, None], steps)[..., 0]
        if self.theta:
            out += _slopes(values)[at, columns][:, None] / 2 * (steps - 1 + 1 / self.constants[0])
        return out


def _begin(origin: int, lengths: Sequence[int]) -> int:
    """Where to begin, so that states have settled by an origin; the same for origins near each other."""
    back = max([LONGEST, *(8 * length for length in lengths)])
    return max(0, (origin - back) // back * back)


def _logs(values: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(values)
    return np.where(np.isfinite(logs), logs, np.nan)


def _slopes(values: np.ndarray) -> np.ndarray:
    """(steps, columns): the slope of a straight line through the values up to each step.

    Source: Assimakopoulos and Nikolopoulos 2000, The theta model; its drift as in Hyndman and Billah 2003.
    """
    there = ~np.isnan(values)
    x = np.arange(len(values), dtype=float)[:, None] * there
    y = np.where(there, values, 0.0)
    y = y - y[0]
    y = np.where(there, y, 0.0)
    n, sx, sy, sxx, sxy = (np.cumsum(part, 0) for part in (there.astype(float), x, y, x * x, x * y))
    spread = n * sxx - sx * sx
    return np.where(spread > 0, (n * sxy - sx * sy) / np.maximum(spread, 1e-12), 0.0)


# --- the search --------------------------------------------------------------------------------------


def search(
    targets: Sequence[np.ndarray], horizon: int, lengths: Sequence[int], *, logs: bool, theta: bool
) -> Smoothing:
    """The constants whose forecasts of the first, the middle and the last step ahead were nearest, over all series.

    Args:
        targets: of each series, (steps,) float64, up to where fitting must end.
        horizon: steps ahead.
        lengths: of the seasons, rising.
        logs: see `Smoothing`.
        theta: see there.
    """
    random = np.random.default_rng(0)
    chosen = targets[:: max(1, -(-len(targets) // _PANEL))]
    values = [_logs(one[:, None]) if logs else one[:, None] for one in chosen]
    values = [one[_begin(len(one) - 1, lengths) :] for one in values]
    best, near = np.inf, None
    for count in _DRAWN:
        tries = _drawn(random, count, len(lengths), theta, near)
        errors = np.sum([_errors(one, horizon, lengths, tries, theta) for one in values], 0)
        order = np.argsort(errors, kind="stable")
        if errors[order[0]] < best or near is None:
            best, found = float(errors[order[0]]), tries.take(order[:1])
        near = tries.take(np.resize(order[:_KEPT], _DRAWN[1]))
    constants = tuple(float(one[0]) for one in (*found[:3], *found.gammas))
    return Smoothing(tuple(lengths), logs, theta, constants, min(map(len, targets)))


def _errors(values: np.ndarray, horizon: int, lengths: Sequence[int], tries: Constants, theta: bool) -> np.ndarray:
    """(tries,) mean absolute errors, in mean moves of the series."""
    states = carry(values, lengths, tries, len(values))
    steps = np.array(sorted({1, max(1, horizon // 2), horizon}))
    skipped = min(len(values) // 4, 2 * (lengths[-1] if lengths else 5))
    at = np.arange(skipped, len(values) - 1)[-LONGEST:]
    unit = np.nanmean(np.abs(np.diff(values[:, 0]))) or 1.0
    slopes = _slopes(values) / 2
    total, every = np.zeros(len(tries.alpha)), np.arange(len(tries.alpha))[None]
    for h in steps:
        known = at[at + h < len(values)]
        if len(known) < 3:
            continue
        said = ahead(states, tries.phi, lengths, known, every, np.array([h]))[:, 0]
        if theta:
            said = said + slopes[known] * (h - 1 + 1 / tries.alpha)
        total += np.nanmean(np.abs(said - values[known + h]), 0) / unit
    return np.where(np.isfinite(total), total, np.inf)


def _drawn(random: np.random.Generator, count: int, seasons: int, theta: bool, near: Constants | None) -> Constants:
    """Constants at random, on a logarithmic scale; or near to others, the first of which stay."""
    if near is not None:
        return _moved(random, near, theta)

    def scaled(low: float, high: float, none: float = 0.0) -> np.ndarray:
        values = np.exp(random.uniform(np.log(low), np.log(high), count))
        return np.where(random.random(count) < none, 0.0, values)

    alpha = scaled(0.01, 1.0)
    beta = np.zeros(count) if theta else alpha * scaled(0.002, 0.5, none=0.4)
    phi = np.where((random.random(count) < 0.25) | (beta == 0), 1.0, 1 - scaled(0.01, 0.3))
    return Constants(alpha, beta, phi, tuple((1 - alpha) * scaled(0.005, 0.5, none=0.15) for _ in range(seasons)))


def _moved(random: np.random.Generator, near: Constants, theta: bool) -> Constants:
    def moved(values: np.ndarray, most: float = 1.0) -> np.ndarray:
        steps = np.exp(random.normal(0, 0.5, len(values)))
        steps[0] = 1.0
        return np.asarray(np.clip(values * steps, 0.0, most))

    alpha = np.clip(moved(near.alpha), 0.005, 0.999)
    gammas = tuple(np.minimum(moved(gamma), 1 - alpha) for gamma in near.gammas)
    phi = np.where(near.phi >= 1, 1.0, 1 - np.clip(moved(1 - near.phi), 0.005, 0.4))
    return Constants(alpha, near.beta if theta else np.minimum(moved(near.beta), alpha), phi, gammas)
