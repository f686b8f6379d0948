"""Ridge regression on what lies behind an origin, all steps ahead at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from seqzoo.tasks.forecast.panel import Series
from seqzoo.tasks.forecast.steps import ordinals
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # penalties, in mean squares of a column
STARTS = {
    "last": "last value", "mean": "window's mean", "level": "mean of all", "season": "value a season ago",
    "codec": "codec's anchor",
}  # fmt: skip
_CHUNK = 2048
_CHOSEN, _FITTED = 8_000, 200_000  # examples that tell few columns apart; that any are fitted on
_ONE_OF_N = 60  # seasons up to this length have a column for each place
_HARMONICS = 8


@dataclass(frozen=True, eq=False)
class Ridge:
    """Least squares with a penalty.

    Attributes:
        window: how many values it sees; 0: the network's inputs, all of them.
        start: where its forecast starts from, see `STARTS`.
        strength: of the penalty.
        unit: by how much other columns than values are multiplied.
        coefficients: (columns, horizon) float32.
    """

    window: int
    start: str
    strength: float
    unit: float
    coefficients: np.ndarray

    @property
    def told(self) -> str:
        """What is special about it."""
        seen = f"{self.window} values" if self.window else "all inputs of the window"
        return f"{seen}, from the {STARTS[self.start]}"

    def __call__(self, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        """(n, horizon) float64 in the target's unit."""
        parts = []
        for chunk in at.chunks(_CHUNK):
            x, start = _columns(encoded, chunk, self.window, self.start, self.unit)
            parts.append(_decoded(encoded, chunk, start + x @ self.coefficients, self.start))
        return np.concatenate(parts)

    def refitted(self, encoded: EncodedPanel, examples: Origins, ends: np.ndarray) -> Ridge:
        """The same on other examples."""
        sums = _sums(encoded, examples.thinned(_FITTED), self.window, self.start, self.unit)
        return Ridge(self.window, self.start, self.strength, self.unit, _solved(*sums, self.strength))


def ridges(encoded: EncodedPanel, at: Origins, window: int, start: str) -> Iterator[Ridge]:
    """One of each strength; where there are thousands of columns the best strength depends on how many examples."""
    unit = float(np.mean([_moves(encoded, one) for one in encoded.series]))
    sums = _sums(encoded, at.thinned(_CHOSEN if window else _FITTED), window, start, unit)
    for strength in STRENGTHS:
        yield Ridge(window, start, strength, unit, _solved(*sums, strength))


def width(encoded: EncodedPanel) -> int:
    """How many inputs a network has."""
    one = Origins(np.zeros(1, int), np.array([encoded.codec.window]))
    return sum(part.size for part in encoded.inputs(one).values())


def _moves(encoded: EncodedPanel, series: Series) -> float:
    return float(np.nanstd(np.diff(series.target)) / encoded.codec.scales[series.name][1]) + 1e-9


def _sums(encoded: EncodedPanel, at: Origins, window: int, start: str, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """The sums of products of columns with columns, and with outcomes, over the examples."""
    squares = products = np.zeros(())
    for chunk in at.chunks(_CHUNK):
        x, from_here = _columns(encoded, chunk, window, start, unit)
        y = _outcomes(encoded, chunk, start) - from_here
        squares, products = squares + x.T @ x, products + x.T @ y
    return squares, products


def _solved(squares: np.ndarray, products: np.ndarray, strength: float) -> np.ndarray:
    from scipy.linalg import solve

    penalty = strength * np.trace(squares) / len(squares) * np.eye(len(squares))
    return np.asarray(solve(squares + penalty, products, assume_a="pos"), np.float32)


def _outcomes(encoded: EncodedPanel, at: Origins, start: str) -> np.ndarray:
    if start == "codec":
        return encoded.outcomes(at).astype(np.float64)
    return encoded.by_series(at, lambda one, mine: _scaled(encoded, one)[_after(encoded, at.steps[mine])])


def _decoded(encoded: EncodedPanel, at: Origins, values: np.ndarray, start: str) -> np.ndarray:
    if start == "codec":
        return np.asarray(encoded.decoded(values[..., None], at)[..., 0])

    def unscaled(series: Series, mine: np.ndarray) -> np.ndarray:
        mean, spread = encoded.codec.scales[series.name]
        return np.asarray(values[mine] * spread + mean)

    return encoded.by_series(at, unscaled)


def _after(encoded: EncodedPanel, steps: np.ndarray) -> np.ndarray:
    return np.asarray(steps[:, None] + np.arange(1, encoded.codec.horizon + 1))


def _scaled(encoded: EncodedPanel, series: Series) -> np.ndarray:
    mean, spread = encoded.codec.scales[series.name]
    return np.asarray((series.target - mean) / spread)


def _columns(encoded: EncodedPanel, at: Origins, window: int, start: str, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """(n, columns) float64 and (n, horizon), where the forecast starts from, both in the series' scale."""
    if start == "codec":
        parts = [part.reshape(len(at), -1) for part in encoded.inputs(at).values()]
        return np.concatenate([*parts, np.ones((len(at), 1))], 1, dtype=np.float64), np.zeros(())
    codec = encoded.codec
    width = window + 2 * sum(codec.horizon for _ in codec.seasons) + sum(map(_places, codec.seasons))

    def own(series: Series, mine: np.ndarray) -> np.ndarray:
        return _of_target(encoded, series, at.steps[mine], window, start, unit)

    found = encoded.by_series(at, own, (codec.horizon + width,))
    rows = encoded.rows(at)
    others = [np.ones((len(at), 1)), encoded.seen[rows, 1 : 1 + len(codec.past)]]
    if encoded.ahead is not None:
        later = encoded.ahead[rows[:, None] + np.arange(1, codec.horizon + 1), : len(codec.known)]
        others.append(later.reshape(len(at), -1))
    return np.concatenate([found[:, codec.horizon :], *(unit * part for part in others)], 1), found[:, : codec.horizon]


def _of_target(
    encoded: EncodedPanel, series: Series, steps: np.ndarray, window: int, start: str, unit: float
) -> np.ndarray:
    """Where it starts from, then the columns made of the target alone."""
    codec, values = encoded.codec, _scaled(encoded, series)
    behind = values[np.maximum(steps[:, None] - np.arange(window)[::-1], 0)]
    base = {"last": values[steps], "level": np.zeros(len(steps))}.get(start, behind.mean(1))
    begin = np.repeat(base[:, None], codec.horizon, 1)
    columns = [behind - base[:, None]]
    ahead = np.arange(1, codec.horizon + 1)
    for season in codec.seasons:
        for cycles in (0, 1):
            back = season * (-(-ahead // season) + cycles)
            then = values[np.maximum(steps[:, None] + ahead - back, 0)]
            columns.append(then - base[:, None])
            if start == "season" and season == codec.seasons[0] and not cycles:
                begin = then
        columns.append(unit * _place(ordinals(series.times[steps], codec.step) % season, season))
    return np.concatenate([begin, *columns], 1)


def _places(season: int) -> int:
    return season if season <= _ONE_OF_N else 2 * _HARMONICS


def _place(phase: np.ndarray, season: int) -> np.ndarray:
    """(n, columns): the place in a season as one of n, or as waves where it is long."""
    if season <= _ONE_OF_N:
        return np.asarray(np.eye(season)[phase])
    angles = 2 * np.pi * phase[:, None] / season * np.arange(1, _HARMONICS + 1)
    return np.concatenate([np.sin(angles), np.cos(angles)], 1)
