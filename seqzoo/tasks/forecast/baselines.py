"""What a forecaster has to beat: naive rules, smoothing, and regressions on the very same windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from seqzoo.tasks.forecast.panel import Series
from seqzoo.tasks.forecast.windows import Windows

LAST, SEASONAL, DRIFT = "last value", "seasonal naive", "drift"
RIDGE, BOOSTING, SMOOTHING = "ridge regression", "gradient boosting", "exponential smoothing"
_STRENGTHS = (0.1, 10.0, 1000.0)
_CHUNK = 2048
_BOOSTED_ROWS = 150_000


@dataclass(frozen=True)
class Origins:
    """Examples by series number and origin, both (n,) int."""

    which: np.ndarray
    steps: np.ndarray

    def __len__(self) -> int:
        return len(self.steps)

    def thinned(self, most: int) -> Origins:
        """Every k-th, so that at most about `most` remain."""
        stride = max(1, -(-len(self) // most))
        return Origins(self.which[::stride], self.steps[::stride])


def predictions(
    windows: Windows, train: Origins, validation: Origins, test: Origins, train_ends: np.ndarray
) -> dict[str, np.ndarray]:
    """(n, horizon) float64 forecasts of each baseline at the test origins, in the target's unit.

    Args:
        windows: of the whole panel; nothing after an origin is read.
        train: examples to fit on.
        validation: more of them; strengths are chosen here.
        test: what to forecast.
        train_ends: for each series the number of steps that smoothing may be fitted on.
    """
    codec = windows.codec
    first = min(int(at.steps.min()) for at in (train, validation, test))
    seasons = [s for s in (codec.season, 7 * codec.season) if 1 < s <= first + 1]
    rules: dict[str, Callable[[Series, np.ndarray], np.ndarray]] = {
        LAST: lambda one, at: np.repeat(one.target[at][:, None], codec.horizon, 1),
        DRIFT: lambda one, at: _drift(one, at, codec.horizon),
    }
    for season in seasons:
        rules[f"{SEASONAL}, {season} steps ago"] = partial(_seasonal, horizon=codec.horizon, season=season)
    found = {name: _by_series(windows, test, rule) for name, rule in rules.items()}
    if seasons and len(windows.series) == 1:
        found[SMOOTHING] = _smoothing(windows.series[0], int(train_ends[0]), test.steps, codec.horizon, seasons[-1])
    found[RIDGE] = _decoded(windows, test, _ridge(windows, train, validation, test))
    found[BOOSTING] = _decoded(windows, test, _boosting(windows, train, validation, test))
    return found


def _by_series(windows: Windows, at: Origins, rule: Callable[[Series, np.ndarray], np.ndarray]) -> np.ndarray:
    out = np.empty((len(at), windows.codec.horizon))
    for number, series in enumerate(windows.series):
        mine = at.which == number
        out[mine] = rule(series, at.steps[mine])
    return out


def _decoded(windows: Windows, at: Origins, values: np.ndarray) -> np.ndarray:
    out = np.empty(values.shape)
    for number, series in enumerate(windows.series):
        mine = at.which == number
        out[mine] = windows.codec.decode(values[mine][..., None], series, at.steps[mine])[..., 0]
    return out


def actual(windows: Windows, at: Origins) -> np.ndarray:
    """(n, horizon) float64: what came."""
    ahead = np.arange(1, windows.codec.horizon + 1)
    return _by_series(windows, at, lambda one, steps: one.target[steps[:, None] + ahead])


# --- rules -------------------------------------------------------------------------------------------


def _drift(series: Series, at: np.ndarray, horizon: int) -> np.ndarray:
    """The line through the first and the last value."""
    slope = (series.target[at] - series.target[0]) / np.maximum(at, 1)
    return np.asarray(series.target[at][:, None] + slope[:, None] * np.arange(1, horizon + 1))


def _seasonal(series: Series, at: np.ndarray, horizon: int, season: int) -> np.ndarray:
    ahead = np.arange(1, horizon + 1)
    back = at[:, None] + ahead - season * -(-ahead // season)
    return np.asarray(series.target[back])


def _smoothing(series: Series, fitted_on: int, at: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Additive Holt-Winters: constants by statsmodels on the training part, then carried through the rest."""
    import warnings

    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    values = series.target
    begin = max(0, fitted_on - max(20 * season, 2000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a search that has not converged still gives constants
        model = ExponentialSmoothing(
            values[begin:fitted_on], trend="add", damped_trend=True, seasonal="add", seasonal_periods=season,
            initialization_method="heuristic" if fitted_on - begin >= 2 * season + 10 else "estimated",
        ).fit(optimized=True)  # fmt: skip
    return smoothed(values, begin, at, horizon, season, model.params)


def smoothed(
    values: np.ndarray, begin: int, at: np.ndarray, horizon: int, season: int, constants: dict[str, object]
) -> np.ndarray:
    """Carry damped additive Holt-Winters from `begin` on; (n, horizon) forecasts from the origins `at`.

    Source: Hyndman and Athanasopoulos, Forecasting, principles and practice, section 8.3.
    """
    alpha, beta, gamma, phi = (
        float(constants[f"{name}"])  # type: ignore[arg-type]
        for name in ("smoothing_level", "smoothing_trend", "smoothing_seasonal", "damping_trend")
    )
    level, trend = float(constants["initial_level"]), float(constants["initial_trend"])  # type: ignore[arg-type]
    seasons = [float(s) for s in constants["initial_seasons"]]  # type: ignore[attr-defined]
    out = np.empty((len(at), horizon))
    damped = np.cumsum(phi ** np.arange(1, horizon + 1))
    wanted = {int(step): row for row, step in enumerate(at)}
    for step in range(begin, int(at.max()) + 1):
        place = (step - begin) % season
        value, carried = values[step], level + phi * trend
        new = alpha * (value - seasons[place]) + (1 - alpha) * carried
        trend = beta * (new - level) + (1 - beta) * phi * trend
        seasons[place] = gamma * (value - carried) + (1 - gamma) * seasons[place]
        level = new
        if step in wanted:
            ahead = [(place + h) % season for h in range(1, horizon + 1)]
            out[wanted[step]] = level + damped * trend + np.array(seasons)[ahead]
    return out


# --- regressions -------------------------------------------------------------------------------------


def _flat(windows: Windows, at: Origins) -> np.ndarray:
    parts = [part.reshape(len(at), -1) for part in windows.inputs(at.which, at.steps)]
    return np.concatenate([*parts, np.ones((len(at), 1), np.float32)], 1).astype(np.float64)


def _outcomes(windows: Windows, at: Origins) -> np.ndarray:
    return _by_series(windows, at, windows.codec.outcomes)


def _chunks(at: Origins) -> list[Origins]:
    return [Origins(at.which[i : i + _CHUNK], at.steps[i : i + _CHUNK]) for i in range(0, len(at), _CHUNK)]


def _ridge(windows: Windows, train: Origins, validation: Origins, test: Origins) -> np.ndarray:
    """Least squares on all inputs of a window, by normal equations; the penalty is chosen on validation."""
    squares = products = np.zeros(())
    best = _STRENGTHS[0]
    for part, more in ((train, False), (validation, True)):
        if more:
            fits = [_solved(squares, products, strength) for strength in _STRENGTHS]
            errors = np.zeros(len(fits))
            for chunk in _chunks(validation):
                x, y = _flat(windows, chunk), _outcomes(windows, chunk)
                errors += [np.abs(x @ fit - y).sum() for fit in fits]
            best = _STRENGTHS[int(errors.argmin())]
        for chunk in _chunks(part):
            x, y = _flat(windows, chunk), _outcomes(windows, chunk)
            squares, products = squares + x.T @ x, products + x.T @ y
    fit = _solved(squares, products, best)
    return np.concatenate([_flat(windows, chunk) @ fit for chunk in _chunks(test)])


def _solved(squares: np.ndarray, products: np.ndarray, strength: float) -> np.ndarray:
    from scipy.linalg import solve

    return np.asarray(solve(squares + strength * np.eye(len(squares)), products, assume_a="pos"))


def _boosting(windows: Windows, train: Origins, validation: Origins, test: Origins) -> np.ndarray:
    """Trees over lags, past and known columns and the step ahead; early stopping on validation, absolute loss."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    horizon = windows.codec.horizon
    many = train.thinned(max(1, _BOOSTED_ROWS // horizon))
    held = validation.thinned(max(1, _BOOSTED_ROWS // 5 // horizon))
    model = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=500, learning_rate=0.08, max_leaf_nodes=63, early_stopping=True, random_state=0
    )
    with threadpool_limits(1, user_api="openmp"):  # its threads wait actively: 13 times slower on a busy machine
        model.fit(
            _rows(windows, many), _outcomes(windows, many).ravel(),
            X_val=_rows(windows, held), y_val=_outcomes(windows, held).ravel(),
        )  # fmt: skip
    parts = [model.predict(_rows(windows, chunk)) for chunk in _chunks(test)]
    return np.concatenate(parts).reshape(len(test), horizon)


def _rows(windows: Windows, at: Origins) -> np.ndarray:
    """A row for each origin and step ahead: the window's last steps, its seasonal values, what is known, the step."""
    codec = windows.codec
    past, *future = windows.inputs(at.which, at.steps)
    n, window, _ = past.shape
    ahead = np.arange(codec.horizon)
    lags = past[:, -min(window, 24) :, 0]
    means = np.stack([past[:, -k:, 0].mean(1) for k in sorted({1, min(window, 24), window})], 1)
    common = np.concatenate([lags, means, past[:, -1, 1:]], 1)
    seasonal = [
        past[:, np.clip(window + ahead - s * -(-(ahead + 1) // s), 0, window - 1), 0]
        for s in (codec.season, 2 * codec.season, 7 * codec.season)
        if 1 < s <= window
    ]
    own = [np.broadcast_to(ahead.astype(np.float32), (n, codec.horizon)), *seasonal]
    columns = [np.repeat(common, codec.horizon, 0), *(one.reshape(-1, 1) for one in own)]
    columns += [future[0].reshape(n * codec.horizon, -1)] if future else []
    return np.concatenate(columns, 1)
