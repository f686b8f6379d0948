"""Simple forecasts against statsmodels, scikit-learn and what a rule says by itself."""

import sys
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from seqzoo.tasks.forecast import auto, boosting, ridge, simple, smoothing
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.options import CodecOptions
from seqzoo.tasks.forecast.smoothing import Constants, Smoothing
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins
from tests.tasks.forecast.test_codec import panel


def noisy(steps=600, seed=0):
    random = np.random.default_rng(seed)
    return 100 + 20 * np.sin(np.arange(steps) * 2 * np.pi / 12) + random.normal(0, 3, steps)


def at(*steps):
    return Origins(np.zeros(len(steps), int), np.array(steps))


def encoded_of(values, **options):
    whole = panel(values)
    codec = SeriesCodec.fit(whole, CodecOptions(**{"window": 24, "horizon": 6, "season": 12} | options))
    return EncodedPanel(codec, whole.series)


def test_smoothing_is_that_of_statsmodels():
    """Their Holt-Winters in the component form: its beta is ours over alpha."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    values = noisy(600)
    alpha, beta, gamma, phi = 0.3, 0.1, 0.2, 0.95
    fitted = ExponentialSmoothing(
        values, trend="add", damped_trend=True, seasonal="add", seasonal_periods=12, initialization_method="heuristic"
    ).fit(
        smoothing_level=alpha, smoothing_trend=beta, smoothing_seasonal=gamma, damping_trend=phi, optimized=False
    )  # fmt: skip
    constants = Constants(*(np.array([x]) for x in (alpha, alpha * beta, phi)), (np.array([gamma]),))
    states = smoothing.carry(values[:, None], [12], constants, 600)
    ours = smoothing.ahead(states, np.array([phi]), [12], np.array([599]), np.array([[0]]), np.arange(1, 12))
    # The start is another, and forgotten; their twelfth step repeats a season before its last update.
    np.testing.assert_allclose(ours[0, :, 0], np.asarray(fitted.forecast(11)), atol=1e-3)


def test_two_seasons_with_constants_of_zero_repeat_themselves():
    steps = np.arange(400)
    values = 50 + 9 * np.sin(steps * 2 * np.pi / 4) + 5 * np.cos(steps * 2 * np.pi / 20)
    none = Constants(*(np.zeros(1) for _ in range(2)), np.ones(1), (np.zeros(1), np.zeros(1)))
    states = smoothing.carry(values[:300, None], [4, 20], none, 300)
    found = smoothing.ahead(states, np.ones(1), [4, 20], np.array([299]), np.array([[0]]), np.arange(1, 41))
    np.testing.assert_allclose(found[0, :, 0], values[300:340], atol=1e-9)


def test_missing_values_leave_the_states_as_they_were():
    values = noisy(60)[:, None]
    constants = Constants(np.array([0.3]), np.array([0.0]), np.array([1.0]), ())
    whole = smoothing.carry(values, [], constants, 60)
    values[30:35] = np.nan
    with_hole = smoothing.carry(values, [], constants, 60)
    assert (with_hole.level[30:35] == whole.level[29]).all()


def test_theta_is_that_of_statsmodels():
    from statsmodels.tsa.forecasting.theta import ThetaModel

    random = np.random.default_rng(1)
    values = 40 + 0.4 * np.arange(150) + random.normal(0, 2, 150)
    fitted = ThetaModel(values, period=1, deseasonalize=False).fit()
    encoded = encoded_of(values, season=0, horizon=8)
    ours = Smoothing((), False, True, (float(fitted.params["alpha"]), 0.0, 1.0), 150)(encoded, at(149))
    np.testing.assert_allclose(ours[0], np.asarray(fitted.forecast(8)), rtol=0.01)


def test_the_search_finds_what_a_season_that_grows_needs():
    steps = np.arange(240)
    values = (50 + 0.5 * steps) * (1 + 0.3 * np.sin(2 * np.pi * steps / 12))
    encoded, origins = encoded_of(values), at(*range(180, 230))
    actual = encoded.actual(origins)
    errors = [
        float(
            np.abs(smoothing.search([values[:180]], 6, [12], logs=logs, theta=False)(encoded, origins) - actual).mean()
        )
        for logs in (False, True)
    ]
    assert errors[1] < 1 and errors[1] < errors[0]


@pytest.mark.parametrize("start", ridge.STARTS)
def test_ridge_is_that_of_scikit_learn(start):
    from sklearn.linear_model import Ridge

    encoded = encoded_of(noisy(), window=8, horizon=2)
    train, test = at(*range(30, 400)), at(*range(410, 500))
    window = 0 if start == "codec" else 8
    ours = list(ridge.ridges(encoded, train, window, start))[3]
    x, begin = ridge._columns(encoded, train, window, start, ours.unit)
    y = ridge._outcomes(encoded, train, start) - begin
    alpha = ours.strength * np.trace(x.T @ x) / x.shape[1]
    theirs = Ridge(alpha=alpha, fit_intercept=False, solver="cholesky").fit(x, y)
    rows, begin = ridge._columns(encoded, test, window, start, ours.unit)
    said = ridge._decoded(encoded, test, begin + theirs.predict(rows), start)
    np.testing.assert_allclose(ours(encoded, test), said, atol=1e-3)


def test_boosting_in_onnx_is_that_of_scikit_learn(monkeypatch):
    from sklearn.ensemble import HistGradientBoostingRegressor

    made = []
    fit = HistGradientBoostingRegressor.fit
    monkeypatch.setattr(HistGradientBoostingRegressor, "fit", lambda self, *a, **k: made.append(fit(self, *a, **k)))
    encoded = encoded_of(noisy())
    found = boosting.boosting(encoded, at(*range(30, 400)), at(*range(410, 480)))
    rows = boosting._rows(encoded, at(*range(480, 560)))
    np.testing.assert_allclose(found.graph({"rows": rows})[0][:, 0], made[0].predict(rows), atol=1e-5)
    assert (
        found.iterations == made[0].n_iter_
        and found.refitted(encoded, at(*range(30, 480)), np.array([480])).iterations >= 1
    )


def test_each_kind_on_a_season():
    encoded = encoded_of(noisy(900))
    train, held, test = (at(*range(a, b)) for a, b in ((30, 500), (510, 600), (630, 860)))
    found = simple.fitted(encoded, train, held, np.array([506]))
    actual = encoded.actual(test)
    errors = {name: float(np.abs(one(encoded, test) - actual).mean()) for name, one in found.items()}
    seasonal = f"{simple.SEASONAL}, 12 steps ago"
    better = {simple.RIDGE, simple.BOOSTING, simple.SMOOTHING, simple.THETA}
    assert set(errors) == {simple.LAST, seasonal, simple.DRIFT, simple.MEAN, simple.MEDIAN, *better}
    assert max(errors[name] for name in better) < errors[seasonal] < errors[simple.LAST]
    values = encoded.series[0].target
    np.testing.assert_array_equal(found[simple.LAST](encoded, test)[:, 3], values[test.steps])
    np.testing.assert_array_equal(found[seasonal](encoded, test)[:, 0], values[test.steps - 11])
    np.testing.assert_allclose(found[simple.MEAN](encoded, test)[0], values[: test.steps[0] + 1].mean())
    assert all(found[name].told for name in better)


def test_a_short_series_is_spared_regressions():
    encoded = encoded_of(noisy(90))
    assert not {simple.RIDGE, simple.BOOSTING} & set(
        simple.fitted(encoded, at(*range(24, 50)), at(*range(56, 80)), np.array([56]))
    )


class Echo:
    """Stands for a model of statsforecast, which wants an older pandas: says the last value, and notes what it saw."""

    seen: ClassVar[list[int]] = []

    def __init__(self, season_length=1):
        self.season_length = season_length

    def fit(self, y):
        self.seen.append(len(y))
        return self

    def forward(self, y, h):
        self.seen.append(len(y))
        return {"mean": np.full(h, y[-1])}

    forecast = forward


def test_statsforecast_is_measured_where_it_is_installed(monkeypatch):
    encoded, origins = encoded_of(np.round(np.maximum(noisy() - 105, 0))), at(500, 501, 530)
    assert auto.beside(encoded, origins, 480) == {}
    kinds = ("AutoARIMA", "AutoETS", "AutoTheta", "MSTL", "CrostonOptimized")
    models = SimpleNamespace(**dict.fromkeys(kinds, Echo))
    monkeypatch.setitem(sys.modules, "statsforecast", SimpleNamespace(models=models))
    found = auto.beside(encoded, origins, 480)
    assert list(found) == [*kinds[:4], "Croston"]
    for said in found.values():
        np.testing.assert_array_equal(said, simple.Rule(simple.LAST)(encoded, origins))
    assert Echo.seen == [480, 501, 502, 531] * 4 + [501, 502, 531]
    assert auto.beside(encoded, origins, 4000) == {}


def test_files_bring_back_the_very_forecasts(tmp_path):
    encoded = encoded_of(noisy(900))
    found = simple.fitted(encoded, at(*range(30, 500)), at(*range(510, 600)), np.array([506]))
    kept, arrays = simple.to_files(found, tmp_path, "stage-0")
    again = simple.from_files(kept, arrays, tmp_path, "stage-0")
    test = at(*range(630, 860))
    assert list(again) == list(found)
    for name, one in found.items():
        np.testing.assert_array_equal(one(encoded, test), again[name](encoded, test), err_msg=name)
