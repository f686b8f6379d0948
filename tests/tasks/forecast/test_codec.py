"""Series to arrays and back; windows against Keras' own; files."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.errors import UserError
from seqzoo.tasks.forecast import features
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.options import ANCHORS, CodecOptions
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.windows import OUTCOMES, EncodedPanel, Origins, WindowBatches


def panel(target, known=0, past=0, step=3600):
    steps = len(target)
    random = np.random.default_rng(0)
    times = np.datetime64("2024-01-01", "s") + step * np.arange(steps)
    one = Series(
        "", times, np.asarray(target, float), random.normal(size=(steps, known)), random.normal(size=(steps, past))
    )
    return Panel((one,), "y", tuple(f"k{i}" for i in range(known)), tuple(f"p{i}" for i in range(past)), "1h")


@settings(max_examples=60)
@given(
    st.sampled_from(ANCHORS),
    st.integers(1, 6),
    st.integers(1, 5),
    st.lists(st.floats(1, 1000), min_size=30, max_size=60).filter(lambda v: np.std(v) > 1e-3),
)
def test_outcomes_decode_to_the_targets(anchor, window, horizon, values):
    whole = panel(values)
    codec = SeriesCodec.fit(whole, CodecOptions(window=window, horizon=horizon, anchor=anchor, season=4))
    series = whole.series[0]
    origins = codec.origins(series)
    back = codec.decode(codec.outcomes(series, origins)[..., None], series, origins)[..., 0]
    actual = series.target[origins[:, None] + np.arange(1, horizon + 1)]
    np.testing.assert_allclose(back, actual, rtol=1e-3, atol=1e-2)


def test_windows_are_those_of_keras():
    import keras

    whole = panel(np.random.default_rng(0).normal(size=300), past=2)
    codec = SeriesCodec.fit(whole, CodecOptions(window=10, horizon=3))
    origins = codec.origins(whole.series[0])
    ours = EncodedPanel(codec, whole.series).inputs(Origins.of_series([origins]))["past"]
    seen = codec.encode(whole.series[0])[0]
    theirs = keras.utils.timeseries_dataset_from_array(seen[:-3], None, 10, batch_size=1000)
    np.testing.assert_array_equal(ours, np.concatenate([batch.numpy() for batch in theirs]))


def test_the_second_input_is_what_is_known_ahead():
    whole = panel(np.arange(100.0) % 13, known=1)
    codec = SeriesCodec.fit(whole, CodecOptions(window=5, horizon=2, future=True, lags=(2, 6), calendar=("hour",)))
    past, future = EncodedPanel(codec, whole.series).inputs(Origins.of_series([np.array([50])])).values()
    sizes = codec.sizes()
    assert past.shape == (1, 5, sizes["features"]) and future.shape == (1, 2, sizes["known"])
    mean, spread = codec.scales[""]
    target, known = whole.series[0].target, whole.series[0].known[:, 0]
    seen = (target - mean) / spread
    moments = codec.column_scales["k0"]
    np.testing.assert_allclose(future[0, :, 0], (known[51:53] - moments[0]) / moments[1], atol=1e-6)
    np.testing.assert_allclose(future[0, :, 5], seen[49:51], atol=1e-6)
    np.testing.assert_allclose(future[0, :, 7], seen[45:47], atol=1e-6)


def test_batches_cover_every_origin_once_in_another_order_each_epoch():
    whole = panel(np.random.default_rng(0).normal(size=200))
    codec = SeriesCodec.fit(whole, CodecOptions(window=10, horizon=3))
    origins = codec.origins(whole.series[0])
    batches = WindowBatches(EncodedPanel(codec, whole.series), Origins.of_series([origins]), 32, seed=3)

    def outcomes(number):
        return np.concatenate([batch.targets[OUTCOMES] for batch in batches.epoch(number)])

    assert len(list(batches.epoch(0))) == len(batches)
    np.testing.assert_array_equal(outcomes(0), outcomes(0))
    assert not np.array_equal(outcomes(0), outcomes(1))
    np.testing.assert_array_equal(np.sort(outcomes(0), 0), np.sort(outcomes(1), 0))


def test_a_panel_without_numbers_to_learn():
    with pytest.raises(UserError, match="constant"):
        SeriesCodec.fit(panel(np.ones(50)), CodecOptions())
    with pytest.raises(UserError, match="positive"):
        SeriesCodec.fit(panel(np.arange(-5.0, 60)), CodecOptions(anchor="return", window=5))


def test_files_come_back_and_damage_is_refused(tmp_path):
    codec = SeriesCodec.fit(panel(np.arange(90.0), known=1, past=1), CodecOptions(window=5, calendar=("hour",)))
    codec.save(tmp_path)
    assert SeriesCodec.load(tmp_path) == codec
    good = json.loads((tmp_path / "codec.json").read_text())
    of_format_1 = {"anchor": "target", "target_name": "name", "column_scales": "columns"}
    (tmp_path / "codec.json").write_text(json.dumps({of_format_1.get(name, name): v for name, v in good.items()}))
    assert SeriesCodec.load(tmp_path) == codec
    for bad in ({}, {**good, "more": 1}, {**good, "scales": {"": [0, float("nan")]}}, {**good, "scales": 3}):
        (tmp_path / "codec.json").write_text(json.dumps(bad))
        with pytest.raises(UserError, match="damaged"):
            SeriesCodec.load(tmp_path)


def test_calendar_features():
    times = np.array(["2024-01-01T00:00", "2024-01-02T06:00", "2024-12-31T12:00"], "M8[s]")
    found = features.calendar(times, ("hour", "weekday", "month", "trend"))
    assert found.shape == (3, features.width(("hour", "weekday", "month", "trend")))
    np.testing.assert_allclose(found[1, :4], [1, 0, 0, -1], atol=1e-12)
    assert found[:, 4:11].argmax(1).tolist() == [0, 1, 1]  # Monday is 0
    assert found[:, 11:23].argmax(1).tolist() == [0, 0, 11]


def test_indicators_against_pandas():
    pd = pytest.importorskip("pandas")
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, 200)))
    series = pd.Series(prices)
    rsi, macd, bollinger, volatility = features.indicators(prices).T
    moves = series.diff().fillna(0)
    up, down = (x.ewm(span=27, adjust=False).mean() for x in (moves.clip(lower=0), (-moves).clip(lower=0)))
    np.testing.assert_allclose((50 + 50 * rsi)[5:], (100 - 100 / (1 + up / down))[5:], atol=1e-6)
    expected = series.ewm(span=12, adjust=False).mean() - series.ewm(span=26, adjust=False).mean()
    np.testing.assert_allclose(macd * prices / 20, expected, atol=1e-9)
    band = series.rolling(20)
    position = ((series - band.mean()) / (2 * band.std(ddof=0))).clip(-3, 3)
    np.testing.assert_allclose(bollinger[19:], position[19:], atol=1e-6)
    returns = np.log(series).diff()
    np.testing.assert_allclose(volatility[20:] / 20, np.sqrt((returns**2).rolling(20).mean())[20:], atol=1e-9)
