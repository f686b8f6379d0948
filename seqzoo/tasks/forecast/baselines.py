"""What a forecaster has to beat: naive rules, smoothing, and regressions on the very same windows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from seqzoo.tasks.forecast.panel import Series
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

LAST, SEASONAL, DRIFT = "last value", "seasonal naive", "drift"
RIDGE, BOOSTING, SMOOTHING = "ridge regression", "gradient boosting", "exponential smoothing"
_STRENGTHS = (0.1, 10.0, 1000.0)
_CHUNK = 2048
_BOOSTED_ROWS = 150_000


def predictions(
    encoded: EncodedPanel, train: Origins, validation: Origins, test: Origins, train_ends: np.ndarray
) -> dict[str, np.ndarray]:
    """(n, horizon) float64 forecasts of each baseline at the test origins, in the target's unit.

    Args:
        encoded: the whole panel; nothing after an origin is read.
        train: examples to fit on.
        validation: more of them; strengths are chosen here.
        test: what to forecast.
        train_ends: for each series the number of steps that smoothing may be fitted on.
    """
    horizon = encoded.codec.horizon
    seasons = seasons_within(encoded, min(int(part.steps.min()) for part in (train, validation, test)))
    guesses = rules(encoded, test, seasons)
    if seasons and len(encoded.series) == 1:
        guesses[SMOOTHING] = _smoothing(encoded.series[0], int(train_ends[0]), test.steps, horizon, seasons[-1])
    for name, regression in ((RIDGE, _ridge), (BOOSTING, _boosting)):
        values = regression(encoded, train, validation, test)
        guesses[name] = encoded.decoded(values[..., None], test)[..., 0]
    return guesses


def seasons_within(encoded: EncodedPanel, first: int) -> list[int]:
    """The codec's season and seven of them, in steps, as far as the earliest origin can look back that far."""
    season = encoded.codec.season
    return [steps for steps in (season, 7 * season) if 1 < steps <= first + 1]


def rules(encoded: EncodedPanel, at: Origins, seasons: list[int]) -> dict[str, np.ndarray]:
    """As `predictions`, of what needs no training."""
    horizon = encoded.codec.horizon

    def by(rule: Callable[[Series, np.ndarray], np.ndarray]) -> np.ndarray:
        return encoded.by_series(at, lambda series, mine: rule(series, at.steps[mine]))

    guesses = {
        LAST: by(lambda series, steps: np.repeat(series.target[steps][:, None], horizon, 1)),
        DRIFT: by(lambda series, steps: _drift(series, steps, horizon)),
    }
    for season in seasons:
        guesses[f"{SEASONAL}, {season} steps ago"] = by(partial(_seasonal, horizon=horizon, season=season))
    return guesses


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


def _flat(encoded: EncodedPanel, at: Origins) -> np.ndarray:
    parts = [part.reshape(len(at), -1) for part in encoded.inputs(at).values()]
    return np.concatenate([*parts, np.ones((len(at), 1), np.float32)], 1).astype(np.float64)


def _outcomes(encoded: EncodedPanel, at: Origins) -> np.ndarray:
    return encoded.outcomes(at).astype(np.float64)


def _chunks(at: Origins) -> list[Origins]:
    return [at.take(slice(i, i + _CHUNK)) for i in range(0, len(at), _CHUNK)]


def _ridge(encoded: EncodedPanel, train: Origins, validation: Origins, test: Origins) -> np.ndarray:
    """Least squares on all inputs of a window, by normal equations; the penalty is chosen on validation."""
    squares, products = _sums(encoded, train)
    fits = [_solved(squares, products, strength) for strength in _STRENGTHS]
    errors = np.zeros(len(fits))
    for chunk in _chunks(validation):
        x, y = _flat(encoded, chunk), _outcomes(encoded, chunk)
        errors += [np.abs(x @ fit - y).sum() for fit in fits]
    more_squares, more_products = _sums(encoded, validation)
    fit = _solved(squares + more_squares, products + more_products, _STRENGTHS[int(errors.argmin())])
    return np.concatenate([_flat(encoded, chunk) @ fit for chunk in _chunks(test)])


def _sums(encoded: EncodedPanel, at: Origins) -> tuple[np.ndarray, np.ndarray]:
    """The sums of products of inputs with inputs, and with outcomes, over the examples."""
    squares = products = np.zeros(())
    for chunk in _chunks(at):
        x, y = _flat(encoded, chunk), _outcomes(encoded, chunk)
        squares, products = squares + x.T @ x, products + x.T @ y
    return squares, products


def _solved(squares: np.ndarray, products: np.ndarray, strength: float) -> np.ndarray:
    from scipy.linalg import solve

    return np.asarray(solve(squares + strength * np.eye(len(squares)), products, assume_a="pos"))


def _boosting(encoded: EncodedPanel, train: Origins, validation: Origins, test: Origins) -> np.ndarray:
    """Trees over lags, past and known columns and the step ahead; early stopping on validation, absolute loss."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    horizon = encoded.codec.horizon
    many = train.thinned(max(1, _BOOSTED_ROWS // horizon))
    held = validation.thinned(max(1, _BOOSTED_ROWS // 5 // horizon))
    model = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=500, learning_rate=0.08, max_leaf_nodes=63, early_stopping=True, random_state=0
    )
    with threadpool_limits(1, user_api="openmp"):  # its threads wait actively: 13 times slower on a busy machine
        model.fit(
            _rows(encoded, many), _outcomes(encoded, many).ravel(),
            X_val=_rows(encoded, held), y_val=_outcomes(encoded, held).ravel(),
        )  # fmt: skip
    parts = [model.predict(_rows(encoded, chunk)) for chunk in _chunks(test)]
    return np.concatenate(parts).reshape(len(test), horizon)


def _rows(encoded: EncodedPanel, at: Origins) -> np.ndarray:
    """A row for each origin and step ahead: the window's last steps, its seasonal values, what is known, the step."""
    codec = encoded.codec
    past, *future = encoded.inputs(at).values()
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
