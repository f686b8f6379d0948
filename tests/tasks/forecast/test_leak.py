"""Ten planted leaks, each caught; the house itself, none."""

import numpy as np
import pytest

from seqzoo.tasks.forecast import features, leak
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.options import CodecOptions
from seqzoo.tasks.forecast.panel import Panel, Series, resampled
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

OPTIONS = CodecOptions(window=12, horizon=4, anchor="season", season=6, calendar=("hour",), future=True, lags=(6,))
STEPS = 400


def panel(steps=STEPS):
    random = np.random.default_rng(1)
    times = np.datetime64("2024-01-01", "s") + 3600 * np.arange(steps)
    target = 50 + 10 * np.sin(np.arange(steps) / 6) + random.normal(size=steps)
    columns = random.normal(size=(steps, 2))
    return Panel((Series("", times, target, columns[:, :1], columns[:, 1:]),), "y", ("k",), ("p",), "1h")


WHOLE = panel()
TIMES = WHOLE.series[0].times
END = TIMES[250]
NOW = END - np.timedelta64(1, "s")


def moved(view, time=NOW, known=True):
    return leak.moved(view, WHOLE, time, known=known)


@pytest.mark.parametrize("anchor", ["level", "change", "season", "return"])
def test_the_house_does_not_leak(anchor):
    options = CodecOptions(**{**vars(OPTIONS), "anchor": anchor, "indicators": True})
    assert not moved(leak.training_view(options, END))
    codec = SeriesCodec.fit(WHOLE.before(END), options)

    def sums(encoded, at):
        return np.stack([part.sum((1, 2)) for part in encoded.inputs(at).values()], 1)

    inside = TIMES[320]
    assert not moved(leak.forecast_view(codec, sums, inside, 50), inside, known=False)
    assert leak.prove(WHOLE, options, codec, (END, TIMES[300]), sums) >= 5


def training(panel, options=OPTIONS, fit_before=END, end=END):
    codec = SeriesCodec.fit(panel.before(fit_before), options)
    series = panel.series[0]
    origins = codec.origins(series)
    encoded = EncodedPanel(codec, panel.series)
    return codec, series, encoded, origins[origins + codec.horizon < np.searchsorted(TIMES, end)]


def scaler_on_all_data(panel):
    _, _, encoded, origins = training(panel, fit_before=TIMES[-1])
    return {"inputs": encoded.inputs(Origins.of_series([origins]))["past"]}


def centred_rolling_mean(panel):
    target = panel.series[0].target
    smooth = np.convolve(target, np.ones(5) / 5, "same")
    return {"mean": smooth[TIMES <= NOW]}


def straddling_windows(panel):
    codec, series, _, _ = training(panel)
    origins = codec.origins(series)
    origins = origins[TIMES[origins] < END]  # by the origin, not by the end of its horizon
    return {"outcomes": codec.outcomes(series, origins)}


def shuffled_split(panel):
    codec, series, _, _ = training(panel)
    origins = np.random.default_rng(0).permutation(codec.origins(series))[:200]
    return {"outcomes": codec.outcomes(series, origins)}


def future_covariate(panel):
    past = panel.series[0].past[:, 0]
    return {"tomorrow": np.roll(past, -1)[TIMES <= NOW]}


def backfill(panel):
    target = panel.series[0].target.copy()
    holes = np.arange(len(target)) % 7 == 1
    holes[245:255] = True
    follows = np.array([next((j for j in range(i, len(target)) if not holes[j]), i) for i in range(len(target))])
    return {"filled": target[follows][TIMES <= NOW]}


def resample_label(panel):
    series = panel.series[0]
    labels = TIMES.astype("M8[D]")  # a day's mean under the day's first moment
    means = np.array([series.target[labels == day].mean() for day in np.unique(labels)])
    return {"daily": means[np.unique(labels).astype("M8[s]") <= NOW]}


def target_in_features(panel):
    target = panel.series[0].target
    return {"features": np.stack([target[:-4], target[4:]], 1)[TIMES[:-4] <= NOW]}


def validation_overlap(panel):
    codec, series, _, origins = training(panel, end=TIMES[270])  # trains on twenty steps of validation
    return {"outcomes": codec.outcomes(series, origins)}


def target_encoding(panel):
    target, hours = panel.series[0].target, np.arange(STEPS) % 24
    means = np.array([target[hours == hour].mean() for hour in range(24)])
    return {"encoded": means[hours][TIMES <= NOW]}


PLANTED = [
    scaler_on_all_data, centred_rolling_mean, straddling_windows, shuffled_split, future_covariate, backfill,
    resample_label, target_in_features, validation_overlap, target_encoding,
]  # fmt: skip


@pytest.mark.parametrize("view", PLANTED, ids=lambda view: view.__name__)
def test_a_planted_leak_is_caught(view):
    assert len(PLANTED) == 10
    assert moved(view)


def test_resampling_labels_a_bin_by_its_end():
    def daily(panel):
        found = resampled(panel.series[0], "1D")
        return {"daily": found.target[found.times <= NOW]}

    assert not moved(daily)


def test_a_wrong_calibration_would_be_refused():
    codec = SeriesCodec.fit(WHOLE.before(END), OPTIONS)

    def peeking(encoded, at):
        return encoded.series[0].target[at.steps + 1]

    from seqzoo.errors import UserError

    with pytest.raises(UserError, match="leaks into: forecasts"):
        leak.prove(WHOLE, OPTIONS, codec, (END, TIMES[300]), peeking)


def test_indicators_look_back_only():
    target = WHOLE.series[0].target
    assert np.array_equal(features.indicators(target)[:200], features.indicators(target[:200]))
