"""A million rows: memory and speed of our windows beside keras.utils.timeseries_dataset_from_array.

Run: python tests/bench/windows.py
"""

import os
import statistics
import time
import tracemalloc

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.options import CodecOptions
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins, WindowBatches

ROWS, WINDOW, BATCH, TAKE = 1_000_000, 168, 64, 400


random = np.random.default_rng(0)
times = np.datetime64("1900-01-01", "s") + 3600 * np.arange(ROWS)
one = Series("", times, random.normal(size=ROWS), np.empty((ROWS, 0)), random.normal(size=(ROWS, 7)))
panel = Panel((one,), "y", (), tuple("abcdefg"), "1h")
raw = (one.target.nbytes + one.past.nbytes) / 2**20
codec = SeriesCodec.fit(panel, CodecOptions(window=WINDOW, horizon=1))
tracemalloc.start()
encoded = EncodedPanel(codec, panel.series)
origins = codec.origins(one)
batches = WindowBatches(encoded, Origins.of_series([origins]), BATCH, seed=0)
next(batches.epoch(0))
kept = (encoded.seen.nbytes + batches.outcomes.nbytes + origins.nbytes * 2) / 2**20
print(f"raw array {raw:.0f} MB; windows keep {kept:.0f} MB ({kept / raw:.2f} x)")
print(f"while they were made: {tracemalloc.get_traced_memory()[1] / 2**20:.0f} MB at most")
tracemalloc.stop()

theirs = keras.utils.timeseries_dataset_from_array(
    encoded.seen[:-1], one.target[WINDOW:].astype(np.float32), WINDOW, batch_size=BATCH, shuffle=True, seed=0
)


def walk(batches: object) -> float:
    """Windows a second over some batches, the first not counted."""
    iterator = iter(batches)
    next(iterator)
    started = time.perf_counter()
    for _ in range(TAKE):
        next(iterator)
    return TAKE * BATCH / (time.perf_counter() - started)


speeds = [(walk(batches.epoch(i)), walk(theirs)) for i in range(5)]
ours, keras_speed = (statistics.median(column) for column in zip(*speeds, strict=True))
print(f"ours {ours:,.0f} windows a second, Keras {keras_speed:,.0f}: {ours / keras_speed:.2f} x")
