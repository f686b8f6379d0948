"""Baselines and tests against statsmodels, scikit-learn and textbook values."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, root_mean_squared_error

from seqzoo import judge
from seqzoo.tasks.forecast import baselines, scores
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.intervals import Intervals, misses, sliding
from seqzoo.tasks.forecast.options import CodecOptions
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins
from tests.tasks.forecast.test_codec import panel


def noisy(steps=600, seed=0):
    random = np.random.default_rng(seed)
    return 100 + 20 * np.sin(np.arange(steps) * 2 * np.pi / 12) + random.normal(0, 3, steps)


def at(*steps):
    return Origins(np.zeros(len(steps), int), np.array(steps))


def test_smoothing_is_that_of_statsmodels():
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    values = noisy(200)
    fitted = ExponentialSmoothing(
        values, trend="add", damped_trend=True, seasonal="add", seasonal_periods=12, initialization_method="heuristic"
    ).fit()
    ours = baselines.smoothed(values, 0, np.array([199]), 15, 12, fitted.params)
    theirs = np.asarray(fitted.forecast(15))
    # Their twelfth step repeats the season of a year ago, before its last update; ours has the update.
    np.testing.assert_allclose(np.delete(ours[0], 11), np.delete(theirs, 11), rtol=1e-6)
    assert abs(ours[0, 11] - theirs[11]) < 0.1


def test_ridge_is_that_of_scikit_learn():
    from sklearn.linear_model import Ridge

    whole = panel(noisy())
    codec = SeriesCodec.fit(whole, CodecOptions(window=8, horizon=2))
    encoded = EncodedPanel(codec, whole.series)
    train, validation, test = (at(*range(a, b)) for a, b in ((8, 300), (310, 400), (410, 500)))
    ours = baselines._ridge(encoded, train, validation, test)
    both = at(*range(8, 300), *range(310, 400))
    x, y = baselines._flat(encoded, both), baselines._outcomes(encoded, both)
    found = [
        np.abs(
            Ridge(alpha=a, fit_intercept=False, solver="cholesky").fit(x, y).predict(baselines._flat(encoded, test))
            - ours
        )
        for a in baselines._STRENGTHS
    ]
    assert min(float(difference.max()) for difference in found) < 1e-6


def test_rules_and_regressions_on_a_season():
    whole = panel(noisy())
    codec = SeriesCodec.fit(whole, CodecOptions(window=24, horizon=6, season=12, anchor="level"))
    encoded = EncodedPanel(codec, whole.series)
    train, held, test = (at(*range(a, b)) for a, b in ((30, 300), (330, 400), (430, 560)))
    found = baselines.predictions(encoded, train, held, test, np.array([300]))
    actual = encoded.actual(test)
    errors = {name: float(np.abs(guess - actual).mean()) for name, guess in found.items()}
    seasonal = f"{baselines.SEASONAL}, 12 steps ago"
    assert set(errors) == {
        baselines.LAST, seasonal, baselines.DRIFT, baselines.RIDGE, baselines.BOOSTING, baselines.SMOOTHING,
    }  # fmt: skip
    better = [errors[name] for name in (baselines.RIDGE, baselines.BOOSTING, baselines.SMOOTHING)]
    assert max(better) < errors[seasonal] < errors[baselines.LAST]
    np.testing.assert_array_equal(found[baselines.LAST][:, 3], whole.series[0].target[test.steps])
    np.testing.assert_array_equal(found[seasonal][:, 0], whole.series[0].target[test.steps - 11])


def test_diebold_mariano_of_equals():
    same = np.arange(50.0)
    assert judge.diebold_mariano(same, same, 1) == 1.0
    rejected = 0
    for seed in range(300):
        a, b = np.abs(np.random.default_rng(seed).normal(size=(2, 100)))
        rejected += judge.diebold_mariano(a, b, 1) < 0.05
    assert 4 <= rejected <= 30


@pytest.mark.parametrize("quantiles", [(), (0.1, 0.5, 0.9)])
def test_intervals_hold_what_they_promise(quantiles):
    random = np.random.default_rng(0)
    codec = SeriesCodec.fit(panel(noisy()), CodecOptions(window=8, horizon=2, quantiles=quantiles))
    width = max(1, len(quantiles))
    raw = np.sort(random.normal(0, 0.1, (4000, 2, width)), -1)
    outcomes = random.normal(0, 1, (4000, 2)) * [1, 3]
    intervals = Intervals.calibrate(raw[:2000], outcomes[:2000], codec, (0.8, 0.95), 500, "2024-01-01")
    columns = intervals.with_intervals(raw[2000:], codec)
    for i, level in enumerate((0.8, 0.95)):
        inside = (outcomes[2000:] >= columns[..., 1 + 2 * i]) & (outcomes[2000:] <= columns[..., 2 + 2 * i])
        assert np.abs(inside.mean(0) - level).max() < 0.03
    assert (columns[..., 3] <= columns[..., 1]).mean() > 0.95


def test_sliding_intervals_follow_a_series_that_becomes_wilder():
    random = np.random.default_rng(0)
    codec = SeriesCodec.fit(panel(noisy()), CodecOptions(window=8, horizon=2))
    raw = np.zeros((4000, 2, 1))
    outcomes = random.normal(0, 1, (4000, 2)) * np.where(np.arange(4000) < 2000, 1, 3)[:, None]
    intervals = Intervals.calibrate(raw[:1000], outcomes[:1000], codec, (0.8, 0.95), 500, "2024-01-01")
    missed = misses(raw, outcomes, codec, intervals.levels)
    places = np.arange(4000)
    offsets = sliding(missed, places, places, intervals, 2)

    def inside(columns, level):
        return float(
            ((outcomes >= columns[..., 1 + 2 * level]) & (outcomes <= columns[..., 2 + 2 * level]))[2500:].mean()
        )

    assert inside(intervals.with_intervals(raw, codec), 0) < 0.5
    kept = intervals.with_intervals(raw, codec, offsets)
    assert abs(inside(kept, 0) - 0.8) < 0.03 and abs(inside(kept, 1) - 0.95) < 0.02
    later = missed.copy()
    later[3000:] += 100
    np.testing.assert_array_equal(sliding(later, places, places[:3002], intervals, 2), offsets[:3002])


def test_returns_are_trusted_as_far_as_they_held():
    random = np.random.default_rng(0)
    actual = random.normal(0, 1, (400, 1))
    codec = SeriesCodec.fit(panel(noisy()), CodecOptions(window=4, anchor="return"))
    for said, least, most in (
        (random.normal(0, 1, (400, 1)), 0, 0.15),
        (actual, 0.999, 1),
        (-actual, 0, 0),
        (2 * actual, 0.499, 0.5),
    ):
        found = Intervals.calibrate(said[..., None], actual, codec, (0.8,), 100, "2020-01-01").trust
        assert least <= found <= most


def test_metrics_against_scikit_learn():
    random = np.random.default_rng(0)
    actual = random.normal(10, 2, (50, 3))
    columns = np.sort(actual[..., None] + random.normal(0, 1, (50, 3, 3)), -1)[..., [1, 0, 2]]
    found = scores.metrics(columns, actual, actual[:, 0] - 1, 2.0, (0.8,))
    assert found["MAE"] == pytest.approx(mean_absolute_error(actual, columns[..., 0]))
    assert found["RMSE"] == pytest.approx(root_mean_squared_error(actual.ravel(), columns[..., 0].ravel()))
    assert found["MASE"] == pytest.approx(found["MAE"] / 2)
    losses = [mean_pinball_loss(actual, columns[..., i], alpha=alpha) for i, alpha in enumerate((0.5, 0.1, 0.9))]
    assert found["pinball loss"] == pytest.approx(np.mean(losses))
